"""redis-py's own failover client between two regions, unmodified: away when one goes, and back.

It checks each region's health every few seconds, goes to the heaviest that is well, and by
``auto_fallback_interval`` back to a heavier one that is well again.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from redis.asyncio.retry import Retry
from redis.backoff import ExponentialWithJitterBackoff

from sim.lab import Lab
from tests.sim.two_cities import EAST, WEST

multidb = pytest.importorskip("redis.asyncio.multidb.client")
config = pytest.importorskip("redis.asyncio.multidb.config")

pytestmark = pytest.mark.filterwarnings("ignore:MultiDBClient is an experimental")

GRACE_S = 60
"""So long redis-py leaves a region alone that it has found ill."""


def client(lab: Lab, first: str, second: str, **options: Any) -> Any:
    """Of two regions, with short time-outs; it prefers the first."""
    databases = [
        config.DatabaseConfig(
            weight=weight, client_kwargs={"host": lab.host(name), "socket_timeout": 1}
        )
        for name, weight in ((first, 1.0), (second, 0.5))
    ]
    retry = Retry(ExponentialWithJitterBackoff(base=0.1, cap=1), 20)
    options = {"auto_fallback_interval": 30, "command_retry": retry} | options
    return multidb.MultiDBClient(config.MultiDbConfig(databases_config=databases, **options))


def active(db: Any) -> str:
    """The host that commands go to."""
    host: str = db.command_executor.active_database.client.get_connection_kwargs()["host"]
    return host


async def watch(db: Any, command: Callable[[], Awaitable[Any]], seconds: int) -> list[Any]:
    """Call again and again; the calls after which another region is active, with the time since
    the beginning and how long the call took."""
    loop = asyncio.get_running_loop()
    start, turns = loop.time(), [(0.0, 0.0, active(db))]
    while loop.time() - start < seconds:
        begin = loop.time()
        await command()
        if active(db) != turns[-1][-1]:
            turns.append((loop.time() - start, loop.time() - begin, active(db)))
        await asyncio.sleep(0.25)
    return turns


@pytest.mark.parametrize("fault", ["outage", "partition", "dropping"])
def test_it_fails_over_within_a_health_check_and_falls_back_when_all_is_well(fault: str) -> None:
    lab = Lab(WEST, EAST)
    acked = 0
    faults: dict[str, Callable[[], None]] = {
        "outage": lambda: lab.begin("outage", region=EAST, lasts="90s"),
        "partition": lambda: lab.begin(
            "partition", regions=[WEST, EAST], channels=["client"], lasts="90s"
        ),
        "dropping": lambda: lab.begin(
            "partition", regions=[WEST, EAST], channels=["client"], drop=True, lasts="90s"
        ),
    }

    async def main() -> list[Any]:
        async with client(lab, EAST, WEST) as db:
            await db.ping()
            asyncio.get_running_loop().call_later(10, faults[fault])

            async def add() -> None:
                nonlocal acked
                await db.incr("n")
                acked += 1

            return await watch(db, add, 240)

    _, away, back = lab.run(main(), WEST)
    assert (away[-1], back[-1]) == (lab.host(WEST), lab.host(EAST))
    # A check every 5 s, of three probes half a second apart, ends after 3 s at the latest.
    assert 10 < away[0] < 10 + 5 + 3 + 1
    assert away[1] > 1  # The calls in between waited, and none has failed.
    # Ill for 90 s, looked at again after each minute, gone back to by the next fallback.
    assert 10 + 90 < back[0] < 10 + 2 * GRACE_S + 30 + 5
    lab.converge()
    # INCR is tried again when no reply has come: at least once, and never less.
    assert int(lab[WEST]("GET n")) >= acked


def test_what_was_written_before_the_outage_is_missing_until_the_region_is_back() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> tuple[bytes | None, bytes]:
        async with client(lab, EAST, WEST) as db:
            await db.ping()
            lab.begin("partition", regions=[WEST, EAST], channels=["sync"])
            assert await db.set("order", "paid")
            lab.begin("outage", region=EAST, lasts="120s")
            while active(db) != lab.host(WEST):
                await db.ping()
                await asyncio.sleep(0.1)
            found = await db.get("order")
            lab.heal()
            await asyncio.sleep(180)
            return found, await db.get("order")

    assert lab.run(main(), WEST) == (None, b"paid")


def test_a_subscription_moves_with_it() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> bytes:
        async with client(lab, EAST, WEST) as db:
            pubsub = await db.pubsub()
            await pubsub.subscribe("news")
            assert (await pubsub.get_message(timeout=1))["type"] == "subscribe"
            lab.begin("outage", region=EAST, lasts="120s")
            while active(db) != lab.host(WEST):
                await db.ping()
                await asyncio.sleep(0.1)
            await asyncio.sleep(1)
            await db.publish("news", "moved")
            while True:
                message = await pubsub.get_message(timeout=1)
                if message is not None and message["type"] == "message":
                    return message["data"]  # type: ignore[no-any-return]

    assert lab.run(main(), WEST) == b"moved"


def test_nobody_is_well() -> None:
    lab = Lab(WEST, EAST)

    async def main() -> None:
        lab.begin("outage", region=WEST)
        lab.begin("outage", region=EAST)
        async with client(lab, EAST, WEST):
            pass

    with pytest.raises(Exception, match="Initial health check failed"):
        lab.run(main())
