"""Unmodified redis-py among the regions: what it does every day, and what it lives through."""

import asyncio
import socket
from typing import Any

import pytest
import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import ConnectionError, TimeoutError, WatchError

from sim import aio
from sim.lab import Lab
from sim.wires import Mood
from tests.sim.two_cities import EAST, WEST


def client(lab: Lab, region: str = WEST, **options: Any) -> Any:
    options = {"retry": Retry(NoBackoff(), 0)} | options
    return redis.Redis(host=lab.host(region), **options)


@pytest.mark.parametrize("protocol", [2, 3])
def test_everyday_commands(protocol: int) -> None:
    lab = Lab(WEST, EAST)

    async def main() -> None:
        r = client(lab, protocol=protocol, client_name="me", decode_responses=True)
        assert await r.set("k", "v", ex=100)
        assert (await r.get("k"), await r.ttl("k"), await r.get("none")) == ("v", 100, None)
        assert await r.sadd("s", "a", "b") == 2
        assert await r.smembers("s") == {"a", "b"}
        assert await r.client_getname() == "me"
        with pytest.raises(redis.ResponseError, match="WRONGTYPE"):
            await r.incr("s")
        async with r.pipeline(transaction=False) as pipe:
            assert await pipe.incr("n").incr("n").get("n").execute() == [1, 2, "2"]
        await r.aclose()

    lab.run(main())


@pytest.mark.parametrize("protocol", [2, 3])
def test_watch_lets_only_one_of_two_win(protocol: int) -> None:
    lab = Lab(WEST, EAST)

    async def add(r: Any) -> int:
        tries = 0
        while True:
            tries += 1
            async with r.pipeline() as pipe:
                try:
                    await pipe.watch("n")
                    old = int(await pipe.get("n") or 0)
                    pipe.multi()
                    await pipe.set("n", old + 1).execute()
                    return tries
                except WatchError:
                    continue

    async def main() -> tuple[list[int], bytes]:
        r = client(lab, protocol=protocol)
        return await asyncio.gather(*(add(r) for _ in range(5))), await r.get("n")

    tries, total = lab.run(main())
    assert (max(tries) > 1, total) == (True, b"5")


@pytest.mark.parametrize("protocol", [2, 3])
def test_blocked_commands_wake_when_something_comes_and_end_in_time(protocol: int) -> None:
    lab = Lab(WEST, EAST)

    async def main() -> list[float]:
        loop, r = asyncio.get_running_loop(), client(lab, protocol=protocol)
        begin, times = loop.time(), []
        with aio.at(EAST):
            loop.call_later(2, asyncio.create_task, give(client(lab, EAST)))
        assert list(await r.blpop("q", timeout=30)) == [b"q", b"a"]
        times.append(loop.time() - begin)
        found = await r.xread({"s": "$"}, block=30_000)
        assert "{b'f': b'v'}" in repr(found)  # The shape is the protocol's.
        times.append(loop.time() - begin)
        assert await r.blpop("q", timeout=3) is None
        assert not await r.xread({"s": "$"}, block=3_000)
        times.append(loop.time() - begin)
        return times

    async def give(r: Any) -> None:
        await r.rpush("q", "a")
        await asyncio.sleep(2)
        await r.xadd("s", {"f": "v"})

    popped, read, gave_up = lab.run(main())
    assert 2 < popped < 2.5
    assert 4 < read < 4.5
    assert gave_up - read == pytest.approx(6, abs=0.1)


@pytest.mark.parametrize("leave", ["cancel", "time-out", "crash"])
def test_a_blocked_client_that_has_left_takes_nothing(leave: str) -> None:
    lab = Lab(WEST, EAST)
    region = lab.world.regions[WEST]

    async def main() -> list[bytes]:
        r = client(lab, socket_timeout=2 if leave == "time-out" else None)
        blocked = asyncio.create_task(r.blpop("q", timeout=0))
        await asyncio.sleep(1)
        assert region.replica.waiting
        if leave == "cancel":
            blocked.cancel()
        elif leave == "crash":
            region.crash()
            region.restart()
        with pytest.raises((asyncio.CancelledError, TimeoutError, ConnectionError)):
            await blocked
        await asyncio.sleep(1)
        await client(lab).rpush("q", "a")
        return await client(lab).lrange("q", 0, -1)  # type: ignore[no-any-return]

    assert lab.run(main()) == [b"a"]
    assert not region.replica.waiting


@pytest.mark.parametrize("protocol", [2, 3])
def test_publish_reaches_subscribers_here_and_elsewhere(protocol: int) -> None:
    lab = Lab(WEST, EAST)

    async def listen(region: str) -> bytes:
        async with client(lab, region, protocol=protocol).pubsub() as pubsub:
            await pubsub.subscribe("news")
            async for message in pubsub.listen():
                if message["type"] == "message":
                    return message["data"]  # type: ignore[no-any-return]
        raise AssertionError

    async def main() -> list[bytes]:
        readers = [asyncio.create_task(listen(region)) for region in (WEST, EAST)]
        await asyncio.sleep(2)
        assert await client(lab).publish("news", "hello") == 1
        return await asyncio.gather(*readers)

    assert lab.run(main()) == [b"hello", b"hello"]


def test_a_distant_region_takes_its_round_trips() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> tuple[float, float]:
        loop, times = asyncio.get_running_loop(), []
        for place in (WEST, EAST):
            with aio.at(place):
                r = client(lab, EAST)
                await r.ping()
                begin = loop.time()
                await r.ping()
                times.append(loop.time() - begin)
        return times[0], times[1]

    far, near = lab.run(main())
    assert 0.08 < far < 0.1
    assert near < 0.002


def test_unknown_names_and_closed_ports_are_refused_as_by_the_system() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> None:
        with pytest.raises(socket.gaierror, match="Name or service not known"):
            await asyncio.open_connection("nowhere.redis.example", 6379)
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(lab.host(WEST), 1)
        with pytest.raises(ConnectionError, match="Name or service not known"):
            await redis.Redis(host="redis.io", retry=Retry(NoBackoff(), 0)).ping()

    lab.run(main())


@pytest.mark.parametrize("drop", [False, True])
def test_a_partition_ends_in_a_time_out_and_retries_live_through_it(drop: bool) -> None:
    lab = Lab(WEST, EAST)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        plain = client(lab, EAST, socket_timeout=1)
        retry = Retry(ExponentialWithJitterBackoff(base=0.1, cap=2), 20)
        stubborn = client(lab, EAST, socket_timeout=1, retry=retry)
        assert await plain.set("k", "v")
        assert await stubborn.get("k") == b"v"
        lab.begin("partition", regions=[WEST, EAST], channels=["client"], drop=drop)
        begin = loop.time()
        with pytest.raises(TimeoutError):
            await plain.get("k")
        assert loop.time() - begin == pytest.approx(1, abs=0.1)
        loop.call_later(10, lab.heal)
        assert await stubborn.get("k") == b"v"
        assert 10 < loop.time() - begin < 15

    lab.run(main())


def test_a_crash_resets_connections_and_refuses_until_the_restart() -> None:
    lab = Lab(WEST, EAST)
    region = lab.world.regions[WEST]

    async def main() -> None:
        r = client(lab)
        await r.set("k", "v")
        region.crash()
        with pytest.raises(ConnectionError):
            await r.get("k")
        with pytest.raises(ConnectionError, match="Connection refused"):
            await r.get("k")
        asyncio.get_running_loop().call_later(3, region.restart)
        retry = Retry(ExponentialWithJitterBackoff(base=0.1, cap=1), 20)
        assert await client(lab, retry=retry).get("k") == b"v"
        assert not region.lines.keys() - {each for each in region.lines if each.number > 1}

    lab.run(main())


def test_a_listener_that_is_silent_lets_the_call_time_out() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        lab.world.doors[WEST].set(Mood.SILENT)
        begin = loop.time()
        with pytest.raises(TimeoutError, match="Timeout connecting"):
            await client(lab, socket_connect_timeout=5).ping()
        assert loop.time() - begin == pytest.approx(5, abs=1e-3)
        loop.call_later(2, lab.world.doors[WEST].set, Mood.ACCEPT)
        assert await client(lab, socket_connect_timeout=30).ping()
        lab.world.doors[WEST].set(Mood.REFUSE)
        with pytest.raises(ConnectionError, match="refused"):
            await client(lab).ping()

    lab.run(main())


def test_connections_can_be_reset_and_cut() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> None:
        r = client(lab, socket_timeout=1)
        await r.ping()
        assert lab.world.wires.reset() == 1
        with pytest.raises(ConnectionError):
            await r.ping()
        await r.ping()
        assert lab.world.wires.cut() >= 1
        with pytest.raises(TimeoutError):
            await r.ping()

    lab.run(main())


def test_loss_costs_time_and_no_bytes() -> None:
    lab = Lab(WEST, EAST)
    lab.begin("loss", share=0.2, channels=["client"])

    async def main() -> int:
        r = client(lab, socket_timeout=None)
        for _ in range(100):
            await r.incr("n")
        return int(await r.get("n"))

    assert lab.run(main()) == 100


def test_tls_is_taken_as_given() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> bool:
        return await redis.Redis(host=lab.host(WEST), port=10_000, ssl=True).ping()

    assert lab.run(main())


def test_a_users_own_service_of_several_tasks_runs_beside_it() -> None:
    lab = Lab(WEST, EAST)

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        r = client(lab)
        while line := await reader.readline():
            writer.write(b"%d\n" % await r.incr(line.strip()))
            await writer.drain()
        writer.close()

    async def ask(times: int) -> list[bytes]:
        reader, writer = await asyncio.open_connection("counter.example", 8080)
        found = []
        for _ in range(times):
            writer.write(b"visits\n")
            found.append(await reader.readline())
        writer.close()
        await writer.wait_closed()
        return found

    async def main() -> list[bytes]:
        with aio.at(WEST):
            server = await asyncio.start_server(serve, "counter.example", 8080)
        with aio.at(EAST):
            answers = await asyncio.gather(ask(3), ask(2))
        server.close()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection("counter.example", 8080)
        return sorted(line for each in answers for line in each)

    assert lab.run(main()) == [b"1\n", b"2\n", b"3\n", b"4\n", b"5\n"]


def fingerprint(seed: int) -> str:
    """Of a run with retries, a partition and a crash."""
    lab = Lab(WEST, EAST, seed=seed)

    async def work(n: int) -> None:
        retry = Retry(ExponentialWithJitterBackoff(base=0.05, cap=1), 30)
        r = client(lab, (WEST, EAST)[n % 2], socket_timeout=0.5, retry=retry)
        for _ in range(20):
            await r.incr("n")
            await r.sadd("s", n)
            await asyncio.sleep(0.1)

    async def main() -> None:
        loop = asyncio.get_running_loop()
        cut = {"regions": [WEST, EAST], "channels": ["client", "sync"]}
        loop.call_later(0.5, lambda: lab.begin("partition", **cut))
        loop.call_later(0.8, lab.world.regions[EAST].crash)
        loop.call_later(1.5, lab.world.regions[EAST].restart)
        loop.call_later(2, lab.heal)
        await asyncio.gather(*(work(n) for n in range(4)))

    lab.run(main())
    return lab.world.fingerprint()
