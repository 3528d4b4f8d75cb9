"""CLIENT, CONFIG, INFO and their like: what clients and people ask a server about itself, in the
words of the real one."""

from urllib.error import HTTPError
from urllib.request import urlopen

import pytest
import redis

from crdb.command import entries
from crdb.commands.refused import REFUSED
from sim.serve import Server, served
from sim.serve.answers import ANSWERS
from tests.oracle import running_oracle
from tests.serve.conftest import heard, raw, until

EAST = "East US"


def test_every_answer_is_in_the_table_and_every_hosted_command_has_one(west) -> None:
    table = {each.name: each for each in entries()}
    assert set(ANSWERS) <= set(table)
    hosted = {name for name, each in table.items() if each.run.__module__.endswith("hosted")}
    assert hosted <= set(ANSWERS)
    refused = {name for name, each in table.items() if each.conflict == REFUSED}
    with pytest.raises(redis.ResponseError, match="not supported in Active-Active"):
        west.execute_command(*sorted(refused - set(ANSWERS))[0].split("|"))


REQUESTS = [
    "CONFIG GET maxmemory",
    "CONFIG SET maxmemory x",
    "CONFIG SET maxmemory 10mb",
    "CONFIG SET maxmemory 10mb maxmemory 5",
    "CONFIG SET nope 1",
    "CONFIG SET hz x",
    "CONFIG SET timeout -1",
    "CONFIG SET timeout x",
    "CONFIG SET databases 3",
    "CONFIG SET maxmemory-policy x",
    "CONFIG SET appendfsync ALWAYS",
    "CONFIG SET notify-keyspace-events Q",
    "CONFIG SET a b c",
    "CONFIG SET activedefrag maybe",
    "CONFIG SET client-output-buffer-limit x",
    "CONFIG REWRITE",
    "CONFIG RESETSTAT",
    "CONFIG",
    "CONFIG NOPE",
    "CONFIG GET",
    "CLIENT LIST TYPE x",
    "CLIENT LIST ID x",
    "CLIENT LIST ID 99999",
    "CLIENT LIST nope",
    "CLIENT KILL 1.2.3.4:5",
    "CLIENT KILL ID 99999",
    "CLIENT KILL ID x",
    "CLIENT KILL NOPE 1",
    "CLIENT KILL TYPE x",
    "CLIENT KILL SKIPME maybe ID 3",
    "CLIENT PAUSE x",
    "CLIENT PAUSE -1",
    "CLIENT PAUSE 10 NOPE",
    "CLIENT UNPAUSE",
    "CLIENT UNBLOCK 9999",
    "CLIENT UNBLOCK x",
    "CLIENT UNBLOCK 1 NOPE",
    "CLIENT REPLY NOPE",
    "CLIENT TRACKING NOPE",
    "CLIENT CACHING YES",
    "CLIENT GETREDIR",
    "CLIENT NO-EVICT NOPE",
    "CLIENT NO-EVICT ON",
    "SLOWLOG GET -2",
    "SLOWLOG GET x",
    "SLOWLOG LEN",
    "SLOWLOG RESET",
    "LATENCY LATEST",
    "LATENCY HISTORY nope",
    "LATENCY RESET",
    "LATENCY GRAPH x",
    "LATENCY HISTOGRAM nope",
    "MEMORY USAGE nope",
    "MEMORY USAGE nope SAMPLES x",
    "MEMORY USAGE nope NOPE 1",
    "MEMORY PURGE",
    "ACL WHOAMI",
    "ACL USERS",
    "ACL LIST",
    "ACL CAT nope",
    "ACL GETUSER nope",
    "ACL SETUSER jo nope",
    "ACL SETUSER jo <zz",
    "ACL DELUSER jo nope",
    "ACL DELUSER default",
    "ACL GENPASS x",
    "ACL LOG",
    "ACL LOG x",
    "ACL LOG RESET",
    "ACL DRYRUN default GET a",
    "ACL DRYRUN nope GET a",
    "MODULE LIST",
    "DEBUG SLEEP 0",
    "RESET",
]


OF_VALKEY = {
    "CONFIG REWRITE": "Valkey keeps a file",
    "CLIENT LIST ID x": "Redis' own text",
    "CLIENT KILL ID x": "Redis' own text",
    "MODULE LIST": "Valkey's Lua is a module",
    "DEBUG SLEEP 0": "Valkey has to be started for it",
}
"""Where this server differs from Redis 7, whose answer is ours."""


def test_the_texts_are_those_of_the_real_server(world: Server) -> None:
    with running_oracle() as oracle, oracle.clients(1) as [there]:
        here = redis.Redis(port=world.ports[EAST], single_connection_client=True, protocol=2)
        different = {}
        for line in REQUESTS:
            here.connection.send_command(*line.split())  # type: ignore[union-attr]
            try:
                ours: object = here.connection.read_response()  # type: ignore[union-attr]
            except redis.ResponseError as error:
                ours = str(error)
            theirs = there.execute(line.encode().split())
            if plain(ours) != plain(theirs) and line not in OF_VALKEY:
                different[line] = ours, theirs
    assert not different


def plain(reply: object) -> object:
    """redis-py cuts an error's code, and does not tell a status from a text."""
    if isinstance(reply, list):
        return [plain(each) for each in reply]
    text = reply.decode() if isinstance(reply, bytes) else str(reply)
    return text.removeprefix("ERR ").rstrip()


def test_info_has_the_sections_that_are_read(west) -> None:
    west.set("a", 1)
    with pytest.raises(redis.ResponseError):
        west.execute_command("INCR", "a", "b")
    found = west.info("everything")
    assert found["redis_version"].startswith("7.")
    assert found["role"] == "master"
    assert found["db0"]["keys"] >= 1
    assert found["used_memory"] > 1_000_000
    assert found["errorstat_ERR"]["count"] >= 1
    assert found["cmdstat_set"]["calls"] >= 1
    assert found["crdt_region"] == "West Europe"
    assert set(west.info("clients")) >= {"connected_clients", "blocked_clients"}
    raw_text = west.execute_command("INFO", "server", "cpu", "nope")
    assert raw_text is not None


def test_clients_are_listed_named_and_killed(world: Server, east) -> None:
    other = redis.Redis(port=world.ports[EAST], client_name="victim", decode_responses=True)
    assert other.ping()
    found = {each["name"]: each for each in east.client_list()}
    assert found["victim"]["addr"].startswith("127.0.0.1:")
    assert found["victim"]["laddr"] == f"127.0.0.1:{world.ports[EAST]}"
    assert east.client_kill_filter(_id=found["victim"]["id"]) == 1
    until(lambda: "victim" not in {each["name"] for each in east.client_list()})
    assert other.ping(), "redis-py calls again"
    assert east.client_kill_filter(_type="normal", skipme=True) >= 1
    other.close()


def test_a_pause_holds_writes_and_lets_reads_through(world: Server, east) -> None:
    east.set("paused", "0")
    east.execute_command("CLIENT", "PAUSE", "100000000", "WRITE")
    line = raw(world.ports[EAST], b"INCR paused\r\nQUIT\r\n")
    until(lambda: len(east.client_list()) >= 2)
    assert east.get("paused") == "0"
    east.execute_command("CLIENT", "UNPAUSE")
    assert heard(line) == b":1\r\n+OK\r\n"


def test_a_pause_ends_by_itself(world: Server, east) -> None:
    east.execute_command("CLIENT", "PAUSE", "500")  # Five milliseconds of ours.
    assert heard(raw(world.ports[EAST], b"PING\r\nQUIT\r\n")) == b"+PONG\r\n+OK\r\n"


def test_replies_are_left_out_when_not_wanted(world: Server) -> None:
    sent = b"CLIENT REPLY OFF\r\nPING\r\nCLIENT REPLY ON\r\nCLIENT REPLY SKIP\r\nPING\r\nECHO a\r\n"
    assert heard(raw(world.ports[EAST], sent + b"QUIT\r\n")) == b"+OK\r\n$1\r\na\r\n+OK\r\n"


@pytest.mark.parametrize(
    ("how", "said"), [(b"TIMEOUT", b"*-1"), (b"ERROR", b"-UNBLOCKED client unblocked via")]
)
def test_a_client_is_unblocked_by_another(world: Server, east, how: bytes, said: bytes) -> None:
    line = raw(world.ports[EAST], b"CLIENT ID\r\nBLPOP nothing 0\r\n")
    number = int(line.recv(100)[1:-2])
    until(lambda: world.blocked(EAST))
    assert east.client_unblock(number, error=how == b"ERROR")
    line.sendall(b"QUIT\r\n")
    reply = heard(line)
    assert reply.startswith((said, b"$-1"))
    assert reply.endswith(b"+OK\r\n")


def test_reset_makes_a_connection_new(world: Server) -> None:
    sent = b"HELLO 3\r\nCLIENT SETNAME jo\r\nMULTI\r\nRESET\r\nCLIENT GETNAME\r\nGET none\r\n"
    lines = heard(raw(world.ports[EAST], sent + b"QUIT\r\n")).split(b"\r\n")
    assert lines[-6:] == [b"+OK", b"+RESET", b"$-1", b"$-1", b"+OK", b""]


def test_who_monitors_sees_what_is_asked_but_no_password(world: Server, east) -> None:
    line = raw(world.ports[EAST], b"MONITOR\r\n")
    assert line.recv(100) == b"+OK\r\n"
    heard(raw(world.ports[EAST], b"AUTH s3cret\r\nQUIT\r\n"))
    east.set("watched\n", "a\xff")
    told = b""
    while b"watched" not in told:
        told += line.recv(10_000)
    assert b'"SET" "watched\\n" "a\\xc3\\xbf"\r\n' in told
    assert b"s3cret" not in told
    line.close()
    until(lambda: not world.fronts[EAST].monitors)


def test_what_was_slow_is_told_with_who_asked(world: Server, east) -> None:
    east.config_set("slowlog-log-slower-than", 0)
    east.set("late", "x" * 1000)
    east.config_set("slowlog-log-slower-than", 10_000)
    [entry] = [each for each in east.slowlog_get(10) if "SET late" in str(each["command"])]
    assert "(872 more bytes)" in str(entry["command"])
    assert entry["client_address"].startswith(b"127.0.0.1:")
    assert east.slowlog_reset()
    assert east.slowlog_len() == 0


def test_the_histogram_counts_every_call(east) -> None:
    east.config_resetstat()
    for _ in range(7):
        east.execute_command("get", "a")
    with east.pipeline(transaction=False) as pipeline:
        for _ in range(5):
            pipeline.get("a")
        pipeline.execute()
    found = east.execute_command("LATENCY", "HISTOGRAM", "get")["get"]
    assert found["calls"] == 12
    assert max(found["histogram_usec"].values()) == 12


def test_notifications_are_switched_on_while_it_serves(east) -> None:
    with east.pubsub() as ear:
        ear.psubscribe("__keyevent@0__:*")
        until(lambda: ear.get_message(timeout=1))
        east.config_set("notify-keyspace-events", "KEA")
        east.set("told", 1)
        until(lambda: (told := ear.get_message(timeout=1)) and told["data"] == "told")
    east.config_set("notify-keyspace-events", "")


def test_memory_usage_grows_with_the_value(east) -> None:
    east.sadd("few", *range(3))
    east.sadd("many", *range(300))
    assert 0 < east.memory_usage("few") < east.memory_usage("many")


def test_prometheus_is_told_what_is_counted() -> None:
    with served("three-cities", metrics_port=0) as server:
        with redis.Redis(port=server.ports[EAST]) as client:
            client.set("a", 1)
        url = f"http://127.0.0.1:{server.metrics_port}"
        with urlopen(f"{url}/metrics", timeout=10) as answer:
            told = answer.read().decode().splitlines()
        assert 'crdb_up{region="East US"} True' not in told
        assert 'crdb_up{region="East US"} 1' in told
        assert 'crdb_commands_total{region="East US",command="set"} 1' in told
        assert told.count("# TYPE crdb_up gauge") == 1
        with pytest.raises(HTTPError, match="404"):
            urlopen(f"{url}/else", timeout=10)
