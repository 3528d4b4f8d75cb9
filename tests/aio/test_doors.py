"""Doors that refuse, hang, cut and reset, played as faults: what redis-py does then."""

import asyncio
from typing import Any

import pytest
import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError, TimeoutError

from sim.lab import Lab
from tests.sim.two_cities import EAST, WEST


def client(lab: Lab, region: str = WEST, retries: int = 0, **options: Any) -> Any:
    return redis.Redis(host=lab.host(region), retry=Retry(NoBackoff(), retries), **options)


async def refused(lab: Lab, error: str = "Connection refused") -> None:
    with pytest.raises((ConnectionError, TimeoutError), match=error):
        await client(lab, socket_connect_timeout=1).ping()


def test_refuse_turns_away_who_connects_and_leaves_the_others_alone() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> None:
        before = client(lab)
        await before.ping()
        lab.begin("refuse", region=WEST, lasts="5s")
        await refused(lab)
        assert await before.ping()
        assert await client(lab, EAST).ping()
        await asyncio.sleep(5)
        assert await client(lab).ping()

    lab.run(main())


def test_hang_leaves_who_connects_waiting_until_the_first_packet_is_sent_again() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> float:
        loop = asyncio.get_running_loop()
        lab.begin("hang", region=WEST, lasts="2s")
        await refused(lab, "Timeout connecting")
        begin = loop.time()
        assert await client(lab, socket_connect_timeout=30).ping()
        return loop.time() - begin

    # After a second that was spent above: sent at 1 s, and again at 2 s.
    assert lab.run(main()) == pytest.approx(1, abs=0.1)


def test_of_two_that_overlap_each_ends_by_itself() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> None:
        lab.begin("hang", region=WEST, lasts="5s")
        lab.begin("refuse", region=WEST, lasts="3s")
        await refused(lab)
        lab.begin("refuse", region=WEST, lasts="30s")
        await asyncio.sleep(4)
        await refused(lab)
        await asyncio.sleep(2)
        await refused(lab)
        lab.heal()
        assert await client(lab).ping()

    lab.run(main())


def test_reset_breaks_every_connection_of_the_region_once() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> None:
        here, there = client(lab), client(lab, EAST)
        await here.ping()
        await there.ping()
        lab.begin("reset", region=WEST)
        with pytest.raises(ConnectionError):
            await here.ping()
        assert await here.ping()
        assert await there.ping()

    lab.run(main())


def test_idle_cut_forgets_silent_connections_of_before_and_since() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> None:
        plain: dict[str, Any] = {"socket_keepalive": False, "socket_timeout": 1}
        before, there = client(lab, **plain), client(lab, EAST, **plain)
        await before.ping()
        await there.ping()
        await asyncio.sleep(60)  # The balancer begins to count when it comes.
        lab.begin("idle-cut", region=WEST, after="40s")
        since = client(lab, **plain)
        for each in (before, since):
            await each.ping()
        await asyncio.sleep(30)
        await before.ping()
        await asyncio.sleep(30)
        assert await before.ping()
        with pytest.raises(TimeoutError):
            await since.ping()
        lab.heal()
        await asyncio.sleep(100)
        assert await before.ping()
        assert await there.ping()

    lab.run(main())
