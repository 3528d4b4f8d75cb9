"""What the history of a recorded program says of its operations, held against what it was told."""

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, ResponseError, TimeoutError

from sim import aio
from sim.aio.conversations import Conversation
from sim.history import FAIL, INFO, OK, History, Op
from sim.lab import Lab
from tests.sim.two_cities import EAST, WEST


def recorded(lab: Lab, main: Coroutine[Any, Any, Any]) -> list[Op]:
    world = lab.world
    aio.run(main, world.wires, world.names, world.streams["aio"], WEST, world.history)
    return world.history.ops


def client(lab: Lab, region: str = WEST, **options: Any) -> Any:
    return redis.Redis(host=lab.host(region), retry=Retry(NoBackoff(), 0), **options)


@pytest.mark.parametrize("protocol", [2, 3])
def test_operations_are_entered_as_the_program_sees_them(protocol: int) -> None:
    lab = Lab(WEST, EAST)
    times: list[float] = []

    async def main() -> None:
        r = client(lab, EAST, protocol=protocol)
        await r.ping()
        times.append(asyncio.get_running_loop().time())
        await r.set("k", "v", nx=True)
        times.append(asyncio.get_running_loop().time())
        assert await r.set("k", "w", nx=True) is None
        with pytest.raises(ResponseError):
            await r.incr("k")
        await r.hset("h", mapping={"f": "v"})
        await r.hgetall("h")
        await r.sadd("s", "a", "b")
        assert await r.smembers("s") == {b"a", b"b"}

    ops = recorded(lab, main())
    assert [(op.name, op.outcome) for op in ops] == [
        ("PING", OK),
        ("SET", OK),
        ("SET", OK),
        ("INCRBY", FAIL),
        ("HSET", OK),
        ("HGETALL", OK),
        ("SADD", OK),
        ("SMEMBERS", OK),
    ]
    first = ops[1]
    assert (first.place, first.args, first.value) == (EAST, (b"k", b"v", b"NX"), b"OK")
    assert (first.invoked_us, first.completed_us) == tuple(round(each * 1e6) for each in times)
    assert ops[2].value is None
    assert ops[3].value == "ERR value is not an integer or out of range"
    assert {op.process for op in ops} == {1}
    (made,) = lab.world.history.of_kind("client")
    assert (made.place, made.what, made.detail) == (WEST, EAST, {"process": 1})


def test_a_transaction_shows_what_was_queued_and_what_came_of_it() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> None:
        async with client(lab).pipeline() as pipe:
            await pipe.set("k", "v").incr("k").execute(raise_on_error=False)

    ops = recorded(lab, main())
    assert [op.name for op in ops] == ["MULTI", "SET", "INCRBY", "EXEC"]
    error = "ERR value is not an integer or out of range"
    assert [op.value for op in ops] == [b"OK", b"QUEUED", b"QUEUED", [b"OK", error]]


def test_what_gets_no_answer_may_have_happened() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> None:
        r = client(lab, EAST, socket_timeout=1)
        await r.set("k", "v")
        lab.begin("partition", regions=[WEST, EAST], channels=["client"])
        with pytest.raises(TimeoutError):
            await r.incr("n")
        lab.heal()
        crashing = client(lab, WEST)
        blocked = asyncio.create_task(crashing.blpop("q"))
        await asyncio.sleep(1)
        lab.world.regions[WEST].crash()
        with pytest.raises(ConnectionError):
            await blocked

    timed_out, crashed = recorded(lab, main())[1:]
    assert (timed_out.name, timed_out.outcome, timed_out.value) == ("INCRBY", INFO, "closed")
    assert timed_out.completed_us is not None
    assert timed_out.completed_us - timed_out.invoked_us == pytest.approx(1e6, abs=10)
    assert (crashed.name, crashed.outcome) == ("BLPOP", INFO)
    assert crashed.value == "connection reset by peer"


def test_what_is_under_way_at_the_end_stays_open() -> None:
    lab = Lab(WEST, EAST)
    kept: list[Any] = []

    async def main() -> None:
        reader, writer = await asyncio.open_connection(lab.host(EAST), 6379)
        kept.extend([reader, writer])
        writer.write(b"PING\r\n")

    (op,) = recorded(lab, main())
    assert (op.name, op.outcome, op.completed_us) == ("PING", INFO, None)


@pytest.mark.parametrize("protocol", [2, 3])
def test_messages_answer_nothing(protocol: int) -> None:
    lab = Lab(WEST, EAST)

    async def main() -> None:
        listener = client(lab, protocol=protocol).pubsub()
        await listener.subscribe("a", "b")
        publisher = client(lab, protocol=protocol)
        kinds = []
        async for message in listener.listen():
            kinds.append(message["type"])
            if len(kinds) == 2:
                await publisher.publish("a", "hello")
            elif message["type"] == "message":
                await listener.ping()
            elif message["type"] == "pong":
                break
        assert kinds == ["subscribe", "subscribe", "message", "pong"]
        await publisher.set("k", "v")

    ops = [(op.name, op.process, op.outcome) for op in recorded(lab, main())]
    assert ops == [("SUBSCRIBE", 1, OK), ("PUBLISH", 2, OK), ("PING", 1, OK), ("SET", 2, OK)]


@pytest.mark.parametrize("mark", [b"*", b">"])
def test_a_message_between_request_and_reply_answers_nothing(mark: bytes) -> None:
    history = History()
    talk = Conversation(history, process=1, place=WEST)
    talk.asked(b"SUBSCRIBE a\r\n", 0)
    talk.told(mark + b"3\r\n+subscribe\r\n+a\r\n:1\r\n", 1)
    talk.asked(b"PING\r\n", 2)
    talk.told(mark + b"3\r\n+message\r\n+a\r\n+hello\r\n", 3)
    talk.told(b"*2\r\n+pong\r\n+\r\n", 4)
    assert [(op.name, op.completed_us) for op in history.ops] == [("SUBSCRIBE", 1), ("PING", 4)]


def test_a_programs_own_servers_are_no_regions() -> None:
    lab = Lab(WEST, EAST)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(await reader.readline())
        writer.close()

    async def main() -> None:
        server = await asyncio.start_server(serve, "echo.example", 8080)
        reader, writer = await asyncio.open_connection("echo.example", 8080)
        writer.write(b"PING\r\n")
        assert await reader.readline() == b"PING\r\n"
        writer.close()
        server.close()

    assert not recorded(lab, main())


def test_a_run_that_is_recorded_is_the_same_run() -> None:
    def packets(record: bool) -> str:
        lab = Lab(WEST, EAST)

        async def main() -> None:
            for _ in range(3):
                async with client(lab, EAST) as r:
                    await r.incr("n")

        recorded(lab, main()) if record else lab.run(main())
        return lab.world.engine.fingerprint()

    assert packets(True) == packets(False)
