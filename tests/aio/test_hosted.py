"""asyncio code that lives in a scenario: through all phases of a run, beside model clients."""

import asyncio
import time
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import pytest
import redis.asyncio as redis

from sim import aio
from sim.faults.outage import Outage
from sim.history import History
from sim.scenario import Scenario, Variant
from sim.units import Duration, Period
from sim.workloads import Workload
from sim.world import World
from tests.told import EAST, WEST

Code = Callable[[World, aio.WorldLoop], Coroutine[Any, Any, None]]


class Hosted(Workload, frozen=True, tag="hosted", kw_only=True):
    """One program, in East US."""

    code: Code

    def start(self, world: Any) -> None:
        loop = world.host()
        with aio.at(EAST):
            loop.live(self.code(world, loop))


def world(code: Code, horizon_us: int = 10_000_000) -> World:
    down = Outage(region=WEST, at=Duration(2_000_000), lasts=Duration(3_000_000))
    scenario = Scenario("hosted", [WEST, EAST], Hosted(code=code), horizon=Period(horizon_us))
    return World(scenario, Variant("outage", faults=[down]))


async def count(world: World, loop: aio.WorldLoop) -> None:
    """Once a second, in West Europe."""
    client = redis.Redis(host=world.doors[WEST].host, socket_timeout=1)
    while True:
        await client.incr("n")
        await asyncio.sleep(1)


def run(code: Code) -> History:
    return world(code).run()


def test_it_lives_through_work_and_quiescence_and_ends_when_the_world_is_read() -> None:
    history = run(count)
    numbers = {name: held["n"]["value"] for name, held in history.readings.items()}
    assert numbers[WEST] == numbers[EAST]
    # Eleven seconds with the one of quiescence; three of them in vain.
    assert 7 <= int(numbers[WEST]) <= 10


def test_the_same_seed_is_the_same_run() -> None:
    worlds = [world(count), world(count)]
    for each in worlds:
        each.run()
    assert worlds[0].fingerprint() == worlds[1].fingerprint()


def test_what_it_raises_ends_the_run() -> None:
    async def fail(world: World, loop: aio.WorldLoop) -> None:
        await asyncio.sleep(3)
        raise ZeroDivisionError(f"at {loop.time()}")

    with pytest.raises(ZeroDivisionError, match=r"at 3\.0"):
        run(fail)


def test_nobody_waits_in_vain_where_time_passes_anyway() -> None:
    """A program that nothing will ever wake is no deadlock of the others."""

    async def wait(world: World, loop: aio.WorldLoop) -> None:
        await loop.create_future()

    hours = 30 * 3600 * 1_000_000
    waiting = world(wait, hours)
    waiting.run()
    assert waiting.engine.now >= hours


def test_clocks_and_dice_are_given_back() -> None:
    real = time.time
    run(count)
    assert time.time is real


def test_it_can_await_a_process_of_the_engine() -> None:
    found: list[Any] = []

    def steps(world: World, error: Exception | None) -> Generator[Any, Any, int]:
        yield world.engine.timeout(1_500_000)
        if error is not None:
            raise error
        return world.engine.now

    async def main(world: World, loop: aio.WorldLoop) -> None:
        found.append(await loop.process(steps(world, None)))
        with pytest.raises(KeyError):
            await loop.process(steps(world, KeyError()))
        found.append(loop.time())
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(loop.process(steps(world, None)), 1)

    run(main)
    assert found == [1_500_000, 3.0]
