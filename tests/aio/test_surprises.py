"""What surprises in redis-py 8, each as small as it can be shown, and what helps.

Seen with redis-py 8.1. Its defaults: eleven attempts a command, time-outs of 5 s, keepalive on.
"""

import asyncio
import time
from typing import Any

import pytest
import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, TimeoutError

from sim.lab import Lab
from tests.sim.two_cities import EAST, WEST


def client(lab: Lab, region: str = WEST, **options: Any) -> Any:
    return redis.Redis(host=lab.host(region), **options)


def once() -> Retry:
    return Retry(NoBackoff(), 0)


async def took(what: Any) -> float:
    loop = asyncio.get_running_loop()
    begin = loop.time()
    await what
    return loop.time() - begin


@pytest.mark.parametrize("interval", [0, 100])
def test_a_health_check_costs_the_time_out_that_it_should_have_spared(interval: int) -> None:
    """It is made when the next command comes, not in the meantime: whoever waits for the command
    waits for the check of a connection that a balancer has cut long ago."""
    lab = Lab(WEST, EAST)
    lab.begin("idle-cut", region=WEST)

    async def main() -> float:
        r = client(
            lab,
            socket_keepalive=False,
            socket_timeout=2,
            health_check_interval=interval,
            retry=Retry(NoBackoff(), 1),
        )
        await r.set("n", 1)
        await asyncio.sleep(300)
        return await took(r.incr("n"))

    assert lab.run(main()) == pytest.approx(2, abs=0.1)
    assert lab[WEST]("GET n") == "2"


def test_keepalive_is_what_helps_against_a_balancer_and_is_on() -> None:
    lab = Lab(WEST, EAST)
    lab.begin("idle-cut", region=WEST)

    async def main() -> float:
        r = client(lab, retry=once())
        await r.ping()
        await asyncio.sleep(3600)
        return await took(r.ping())

    assert lab.run(main()) < 0.01


def test_keepalive_ends_what_was_cut_within_45_seconds_and_the_pool_connects_anew() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> list[float]:
        times = []
        for silence in (44, 46):
            r = client(lab, socket_timeout=2, retry=Retry(NoBackoff(), 1))
            await r.ping()
            lab.world.wires.cut()
            await asyncio.sleep(silence)
            times.append(await took(r.ping()))
        return times

    early, late = lab.run(main())
    assert early == pytest.approx(2, abs=0.1)
    assert late < 0.1


def test_a_subscriber_whose_connection_timed_out_hears_none_for_ever() -> None:
    """Keepalive ends the connection with ETIMEDOUT, which since Python 3.11 is the very exception
    of `asyncio.timeout`. redis-py takes it for its own, says None, and does not connect again:
    ``listen()`` then spins and lets no other task run. Without keepalive it waits for ever."""
    lab = Lab(WEST, EAST)

    async def main(keepalive: bool) -> tuple[list[Any], list[float]]:
        loop, heard, times = asyncio.get_running_loop(), [], []
        pubsub = client(lab, socket_keepalive=keepalive).pubsub()
        await pubsub.subscribe("news")
        await pubsub.get_message(timeout=1)
        lab.world.wires.cut()
        begin = loop.time()
        async with asyncio.timeout(3000):
            for _ in range(20):
                heard.append(await pubsub.get_message(timeout=None))
                times.append(loop.time() - begin)
        return heard, times

    with pytest.raises(asyncio.TimeoutError):
        lab.run(main(False))
    heard, times = lab.run(main(True))
    assert heard == [None] * 20
    assert times == [pytest.approx(45, abs=0.1)] * 20


def test_the_synchronous_subscriber_connects_again() -> None:
    lab = Lab(WEST, EAST)

    def main() -> tuple[float, Any]:
        pubsub = lab.redis(WEST).pubsub()
        pubsub.subscribe("news")
        pubsub.get_message(timeout=1)
        lab.world.wires.cut()
        begin = time.monotonic()
        lab.redis(WEST).publish("news", "unheard")
        message = pubsub.get_message(timeout=None)
        return time.monotonic() - begin, message and message["type"]

    took_s, heard = lab.run_sync(main)
    assert took_s == pytest.approx(45, abs=0.1)
    assert heard == "subscribe"


def test_one_incr_counts_twice_if_its_reply_is_lost() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> int:
        r = client(lab, EAST)
        await r.ping()
        watch = asyncio.create_task(reset_when(lab, 1))
        told = await r.incr("n")
        await watch
        return told  # type: ignore[no-any-return]

    assert lab.run(main()) == 2


async def reset_when(lab: Lab, counts: int) -> None:
    """Reset the connections each time when the server has counted, so many times."""
    region = lab.world.regions[EAST]
    for seen in range(counts):
        while True:
            entry = region.replica.keyspace.keys.get(b"n")
            if entry is not None and entry.value is not None and int(entry.value.told()) > seen:
                break
            await asyncio.sleep(0.001)
        lab.world.wires.reset()


def test_one_incr_that_fails_may_have_counted_eleven_times() -> None:
    lab = Lab(WEST, EAST)

    async def main(**options: Any) -> None:
        r = client(lab, EAST, **options)
        await r.ping()
        watch = asyncio.create_task(reset_when(lab, 11))
        with pytest.raises(ConnectionError):
            await r.incr("n")
        watch.cancel()

    lab.run(main())
    assert lab[EAST]("GET n") == "11"
    lab = Lab(WEST, EAST)
    lab.run(main(retry=once()))
    assert lab[EAST]("GET n") == "1"


def test_a_command_that_is_cancelled_leaves_its_reply_to_nobody() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> bytes:
        r = client(lab, EAST, single_connection_client=True, retry=once())
        await r.mset({"mine": "1", "yours": "2"})
        with pytest.raises(asyncio.TimeoutError):
            async with asyncio.timeout(0.01):
                await r.get("mine")
        return await r.get("yours")  # type: ignore[no-any-return]

    assert lab.run(main()) == b"2"


def test_blpop_that_waits_longer_than_the_socket_s_time_out_is_an_error() -> None:
    """The socket's 5 s count from the call: a blocking command needs a longer one, or none."""
    lab = Lab(WEST, EAST)

    async def main(**options: Any) -> None:
        await client(lab, retry=once(), **options).blpop("q", timeout=8)

    with pytest.raises(TimeoutError):
        lab.run(main())
    lab.run(main(socket_timeout=None))
    lab.run(main(socket_timeout=10))
