"""What real clients say and hear: both protocols, pipelines, blocking, messages, lines by hand."""

import asyncio
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest
import redis
import redis.asyncio

from sim.serve import Server, served
from tests.serve.conftest import heard, raw, until


def test_two_regions_count_what_both_were_told(west, east) -> None:
    assert west.incr("global:signups") in (1, 2)
    east.incr("global:signups")
    until(lambda: west.get("global:signups") == east.get("global:signups") == "2")


@pytest.mark.parametrize("protocol", [2, 3])
def test_either_protocol_is_spoken(world: Server, protocol: int) -> None:
    with redis.Redis(port=world.ports["East US"], protocol=protocol) as client:
        client.hset("spoken", mapping={"a": "1"})
        assert client.hgetall("spoken") == {b"a": b"1"}
        assert client.client_info()["resp"] == str(protocol)


def test_a_pipeline_is_answered_in_order(west) -> None:
    with west.pipeline(transaction=False) as pipeline:
        for number in range(2000):
            pipeline.set(f"piped:{number}", number).get(f"piped:{number}")
        replies = pipeline.execute()
    assert replies[1::2] == [str(number) for number in range(2000)]


def test_a_client_that_blocks_is_woken_from_another_region(world: Server, west, east) -> None:
    with ThreadPoolExecutor(1) as pool:
        late = pool.submit(west.blpop, ["jobs"], 0)
        until(lambda: world.blocked("West Europe"))
        east.rpush("jobs", "mow")
        assert late.result() == ("jobs", "mow")


def test_what_comes_behind_a_request_that_blocks_waits_for_it(world: Server, east) -> None:
    line = raw(world.ports["East US"], b"BLPOP behind 0\r\nSET behind:said 1\r\nQUIT\r\n")
    until(lambda: world.blocked("East US"))
    assert east.get("behind:said") is None
    east.rpush("behind", "x")
    assert heard(line) == b"*2\r\n$6\r\nbehind\r\n$1\r\nx\r\n+OK\r\n+OK\r\n"


def test_a_message_reaches_who_listens_in_another_region(west, east) -> None:
    with east.pubsub() as ear:
        ear.subscribe("news")
        until(lambda: ear.get_message(timeout=1))
        west.publish("news", "rain")
        until(lambda: (told := ear.get_message(timeout=1)) and told["data"] == "rain")


def test_lines_typed_by_hand_are_understood(world: Server) -> None:
    line = raw(world.ports["East US"], b"SET typed 1\r\nGET typed\nPING hello\r\nQUIT\r\n")
    assert heard(line) == b"+OK\r\n$1\r\n1\r\n$5\r\nhello\r\n+OK\r\n"


def test_asyncio_clients_are_served() -> None:
    async def many(port: int) -> int:
        async with redis.asyncio.Redis(port=port, max_connections=200) as client:
            return max(await asyncio.gather(*(client.incr("many") for _ in range(200))))

    with served("three-cities") as server:
        assert asyncio.run(many(server.ports["East US"])) == 200


@pytest.mark.skipif(shutil.which("redis-cli") is None, reason="redis-cli is not installed")
def test_redis_cli_is_served(world: Server) -> None:
    def cli(*words: str) -> str:
        port = str(world.ports["East US"])
        return subprocess.run(
            ["redis-cli", "-p", port, *words], capture_output=True, text=True, check=True
        ).stdout

    assert cli("INCR", "typed:cli") == "1\n"
    assert cli("-3", "HGETALL", "none") == "(empty hash)\n" or cli("-3", "PING") == "PONG\n"
