"""Who is let in: passwords, two keys, tokens, TLS; and who is not."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from sim.scenario import load
from sim.serve import Server, served
from sim.serve.certificates import context, development
from sim.serve.connection import Connection
from tests.serve.conftest import heard, raw, until

EAST = "East US"


@pytest.fixture(scope="module")
def guarded() -> Iterator[Server]:
    with served("three-cities", passwords=["first", "second"], speed=100) as server:
        yield server


def client(server: Server, **options: Any) -> redis.Redis:
    once = Retry(NoBackoff(), 1)  # redis-py would wait for seconds before it gives up.
    return redis.Redis(port=server.ports[EAST], decode_responses=True, retry=once, **options)


def test_who_says_nothing_may_only_say_who_it_is(guarded: Server) -> None:
    line = raw(
        guarded.ports[EAST], b"GET k\r\nNOPE\r\nHELLO 3\r\nCRDB.HEAL\r\nAUTH nope\r\nQUIT\r\n"
    )
    replies = heard(line).splitlines()
    assert replies[0] == replies[1] == replies[3] == b"-NOAUTH Authentication required."
    assert replies[2].startswith(b"-NOAUTH HELLO must be called")
    assert replies[4].startswith(b"-WRONGPASS")
    assert replies[5] == b"+OK"


@pytest.mark.parametrize("key", ["first", "second"])
@pytest.mark.parametrize("protocol", [2, 3])
def test_either_key_lets_in(guarded: Server, key: str, protocol: int) -> None:
    with client(guarded, password=key, protocol=protocol) as known:
        assert known.ping()
        assert known.execute_command("ACL WHOAMI") == "default"


def test_what_was_sent_along_with_the_password_is_answered_in_order(guarded: Server) -> None:
    line = raw(guarded.ports[EAST], b"PING\r\nAUTH first\r\nPING\r\nQUIT\r\n")
    assert heard(line).splitlines()[1:] == [b"+OK", b"+PONG", b"+OK"]


def test_a_key_is_changed_while_clients_use_either() -> None:
    with (
        served("three-cities", passwords=["old", "spare"]) as server,
        client(server, password="old", single_connection_client=True) as early,
    ):
        assert early.ping()
        with client(server, password="spare") as operator:
            new = operator.execute_command("CRDB.ROTATE", 1)
        assert early.ping(), "who is in stays in"
        with client(server, password=new) as late, client(server, password="spare") as other:
            assert late.ping()
            assert other.ping()
        with client(server, password="old") as refused, pytest.raises(redis.AuthenticationError):
            refused.ping()


class Tokens(redis.CredentialProvider):
    """Fetches a new token whenever one is asked for."""

    def __init__(self, operator: redis.Redis, lasts_s: int) -> None:
        self._operator = operator
        self._lasts_s = lasts_s
        self.fetched = 0

    def get_credentials(self) -> tuple[str, str]:
        self.fetched += 1
        return "ann", self._operator.execute_command("CRDB.TOKEN", "ann", self._lasts_s)


def test_a_token_ends_and_a_credential_provider_renews_it(guarded: Server) -> None:
    with client(guarded, password="first") as operator:
        provider = Tokens(operator, lasts_s=1)
        with client(guarded, credential_provider=provider) as ann:
            assert ann.execute_command("ACL WHOAMI") == "ann"
            [number] = [each.session.number for each in connections(guarded, b"ann")]
            until(lambda: not connections(guarded, b"ann"))
            provider._lasts_s = 10_000
            assert ann.ping(), "redis-py calls again, with a new token"
            assert ann.client_id() != number
            assert provider.fetched == 2


def connections(server: Server, user: bytes) -> list[Connection]:
    found = server.call(lambda: list(server.fronts[EAST].connections.values()))
    return [each for each in found if each.session.user == user]


def test_a_connection_that_says_auth_again_with_a_newer_token_stays(guarded: Server) -> None:
    with (
        client(guarded, password="first") as operator,
        client(guarded, single_connection_client=True, password="first") as ann,
    ):
        ann.execute_command("AUTH", "ann", operator.execute_command("CRDB.TOKEN", "ann", 2))
        ann.execute_command("AUTH", "ann", operator.execute_command("CRDB.TOKEN", "ann", 10_000))
        number = ann.client_id()
        with client(guarded, password="first") as other:
            other.execute_command("AUTH", "ann", operator.execute_command("CRDB.TOKEN", "ann", 3))
            until(lambda: len(connections(guarded, b"ann")) == 1)
        assert ann.client_id() == number


def test_a_token_that_has_ended_lets_nobody_in(guarded: Server) -> None:
    with client(guarded, password="first") as operator:
        token = operator.execute_command("CRDB.TOKEN", "bob", 0)
        with pytest.raises(redis.AuthenticationError):
            operator.execute_command("AUTH", "bob", token)


def test_users_are_made_and_unmade(guarded: Server) -> None:
    with client(guarded, password="first") as operator:
        operator.execute_command("ACL", "SETUSER", "eve", "on", ">pw", "~*", "+@all")
        with client(guarded, username="eve", password="pw") as eve:
            assert eve.execute_command("ACL WHOAMI") == "eve"
            assert operator.execute_command("ACL", "DELUSER", "eve") == 1
        with (
            client(guarded, username="eve", password="pw") as eve,
            pytest.raises(redis.AuthenticationError),
        ):
            eve.ping()
        with pytest.raises(redis.ResponseError, match="fewer rights are not supported"):
            operator.execute_command("ACL", "SETUSER", "eve", "-@write")


def test_others_than_this_machine_are_served_only_with_a_password() -> None:
    with pytest.raises(ValueError, match="expected a password with it"):
        Server(load("three-cities"), address="0.0.0.0")


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return development(tmp_path_factory.mktemp("tls"), "127.0.0.1")


def test_tls_is_spoken_and_whoever_does_not_is_refused_and_the_log_says_why(
    files: tuple[Path, Path],
) -> None:
    log: list[str] = []
    with served("three-cities", tls=context(*files), log=log.append) as server:
        port = server.ports[EAST]
        with redis.Redis(port=port, ssl=True, ssl_ca_certs=str(files[0])) as known:
            assert known.ping()
            with (
                redis.Redis(port=port, retry=Retry(NoBackoff(), 1)) as plain,
                pytest.raises(redis.ConnectionError),
            ):
                plain.ping()
            until(lambda: log)
            assert known.ping()
        if shutil.which("redis-cli"):
            words = ["redis-cli", "-p", str(port), "--tls", "--cacert", str(files[0]), "PING"]
            told = subprocess.run(words, capture_output=True, text=True, check=True).stdout
            assert told == "PONG\n"
    assert "no TLS" in log[0]


def test_a_stranger_to_the_certificate_hangs_up(files: tuple[Path, Path]) -> None:
    with served("three-cities", tls=context(*files)) as server:
        strict = ssl.create_default_context()
        with (
            socket.create_connection(("127.0.0.1", server.ports[EAST])) as bare,
            pytest.raises(ssl.SSLCertVerificationError),
        ):
            strict.wrap_socket(bare, server_hostname="localhost")


def test_the_key_of_a_certificate_is_its_owners_only(files: tuple[Path, Path]) -> None:
    assert files[1].stat().st_mode & 0o077 == 0
