"""The decorator: what it finds, how far it shrinks, what it reports, and how it gets on with
Hypothesis and pytest."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import Phase, example, settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from sim.aio import Deadlock
from sim.faults.partition import PartitionFault
from sim.testing import (
    Counterexample,
    Property,
    Schedule,
    Stage,
    counterexample,
    partitions,
    skews,
    some_regions,
    under_faults,
)
from sim.units import Duration
from tests.sim.two_cities import EAST, WEST
from tests.testing.programs import acquirer, home_region, set_nx

REGIONS = (WEST, EAST)


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is found is kept below the working directory."""
    monkeypatch.chdir(tmp_path)


def found(test: Property) -> Counterexample:
    simplest = counterexample(test)
    assert simplest is not None
    return simplest


def sets(simplest: Counterexample) -> list[tuple[str, str, Any]]:
    return sorted((op.place, op.name, op.value) for op in simplest.played.history.ops)


def test_two_racing_claims_need_no_fault() -> None:
    simplest = found(set_nx.captures_once)
    assert simplest.played.schedule == Schedule(REGIONS)
    assert sets(simplest) == [(EAST, "SET", b"OK"), (WEST, "SET", b"OK")]


def test_a_claim_that_comes_later_needs_one_fault() -> None:
    simplest = found(set_nx.captures_once_though_resubmitted)
    (cut,) = simplest.played.schedule.faults
    assert cut == PartitionFault(at=Duration(0), lasts=Duration(10_000_000), regions=REGIONS)
    assert sets(simplest) == [(EAST, "SET", b"OK"), (WEST, "SET", b"OK")]


@pytest.mark.parametrize("test", [home_region.captures_once, acquirer.captures_once])
def test_a_design_that_holds_is_not_refuted(test: Property) -> None:
    assert counterexample(test) is None
    test()


def test_what_a_design_relies_on_is_found() -> None:
    simplest = found(home_region.captures_once_with_amnesia)
    assert [each.place() for each in simplest.played.schedule.faults] == [WEST]
    assert "at_most_one is False of 2" in simplest.story


def test_a_violation_is_found_within_few_examples() -> None:
    runs = 0

    @settings(database=None, phases=[Phase.generate], max_examples=20)
    @under_faults(REGIONS, set_nx.FAULTS)
    async def counted(world: Stage) -> None:
        nonlocal runs
        runs += 1
        captured = await world.everywhere(lambda region: set_nx.claim(world, region))
        assert captured.count(True) <= 1

    assert counterexample(counted) is not None
    assert runs <= 5


def test_calling_it_raises_what_the_program_raised_with_the_story() -> None:
    with pytest.raises(AssertionError) as raised:
        set_nx.captures_once()
    told = "\n".join(raised.value.__notes__)
    assert "schedule=Schedule(regions=('West Europe', 'East US')" in told
    assert 'client 1 in East US: SET payment:17 "East US" NX EX 86400 → OK' in told
    assert "replay:  crdb replay runs/testing/captures_once/replay.json" in told


def test_few_operations_are_left() -> None:
    @under_faults(REGIONS, partitions(), keys=st.lists(st.sampled_from("abc"), max_size=5))
    async def counts(world: Stage, keys: list[str]) -> None:
        async with Redis(host=world.host(WEST)) as redis:
            for key in keys:
                await redis.incr(key)
            assert await redis.get("b") is None

    simplest = found(counts)
    assert simplest.played.arguments == {"keys": ["b"]}
    assert [op.name for op in simplest.played.history.ops] == ["INCRBY", "GET"]
    assert "no faults, 2 operations, seed 0, keys = ['b']" in simplest.story


def test_other_errors_come_with_the_same_story() -> None:
    @under_faults(REGIONS, partitions())
    async def asks(world: Stage) -> None:
        async with Redis(host=world.host(WEST)) as redis:
            await redis.set("k", "v")
            await redis.incr("k")

    simplest = found(asks)
    assert type(simplest.error).__name__ == "ResponseError"
    assert "INCRBY k 1 → error ERR value is not an integer" in simplest.story
    assert "  await redis.incr(" in simplest.story


def test_a_deadlock_comes_with_the_same_story() -> None:
    @settings(max_examples=1)
    @under_faults(REGIONS)
    async def waits(world: Stage) -> None:
        async with Redis(host=world.host(WEST)) as redis:
            await redis.set("k", "v")
            await asyncio.Event().wait()

    simplest = found(waits)
    assert isinstance(simplest.error, Deadlock)
    assert "SET k v → OK" in simplest.story
    assert "Event.wait (locks.py:" in simplest.story


def test_a_program_that_never_ends_has_failed() -> None:
    @settings(max_examples=1)
    @under_faults(REGIONS, limit="10s")
    async def goes_on(world: Stage) -> None:
        while True:
            await asyncio.sleep(1)

    assert "after 10 s these have not ended" in found(goes_on).story


def test_final_reads_are_made_when_all_has_converged() -> None:
    async def agree(world: Stage, written: str) -> None:
        assert set(world.read("k").values()) == {written}
        for region in world.regions:
            async with Redis(host=world.host(region), decode_responses=True) as redis:
                assert await redis.get("k") == written

    @under_faults(REGIONS, partitions() | skews(), final=agree)
    async def writes(world: Stage) -> str:
        async with Redis(host=world.host(WEST)) as redis:
            await redis.set("k", "v")
        return "v"

    writes()

    @under_faults(REGIONS, partitions(), final=agree)
    async def writes_another(world: Stage) -> str:
        await writes.program.main(world)
        return "w"

    simplest = found(writes_another)
    assert simplest.played.schedule == Schedule(REGIONS)
    assert "the final reads begin" in simplest.story


def test_pauses_find_what_depends_on_when_a_task_begins() -> None:
    """A reader that comes after the news has, and only then."""

    @under_faults(REGIONS)
    async def reads_nothing(world: Stage) -> None:
        async def visit(region: str) -> Any:
            async with Redis(host=world.host(region)) as redis:
                return await (redis.set("k", "v") if region == WEST else redis.get("k"))

        assert (await world.everywhere(visit))[1] is None

    simplest = found(reads_nothing)
    assert simplest.played.schedule.pauses == (0, 100_000)
    assert not simplest.played.schedule.faults


def test_regions_can_be_drawn_too() -> None:
    seen: set[int] = set()

    @settings(max_examples=30)
    @under_faults(some_regions(2, 4), partitions())
    async def looks(world: Stage) -> None:
        seen.add(len(world.regions))
        await world.everywhere(lambda region: Redis(host=world.host(region)).ping())

    looks()
    assert seen == {2, 3, 4}


def test_settings_and_examples_stand_above_and_below() -> None:
    seen: list[int] = []
    told = Schedule(REGIONS, seed=77)

    @settings(max_examples=7)
    @example(schedule=told, n=5)
    @under_faults(REGIONS, n=st.integers(0, 9))
    async def above(world: Stage, n: int) -> None:
        seen.append(n)

    @under_faults(REGIONS, n=st.integers(0, 9))
    @example(schedule=told, n=5)
    @settings(max_examples=7)
    async def below(world: Stage, n: int) -> None:
        seen.append(n)

    for test in (above, below):
        seen.clear()
        test()
        assert seen[0] == 5
        assert len(seen) == 8


def test_a_deadline_does_not_count() -> None:
    @settings(max_examples=3, deadline=timedelta(microseconds=1))
    @under_faults(REGIONS)
    async def takes_longer(world: Stage) -> None:
        await world.pause()

    takes_longer()


@pytest.mark.parametrize("where", ["fixture"])
@settings(max_examples=3)
@under_faults(REGIONS, n=st.integers())
async def test_fixtures_and_parameters_are_passed_on(world: Stage, n: int, where: str) -> None:
    assert (where, type(n)) == ("fixture", int)
    await world.pause()


class TestMethods:
    @settings(max_examples=3)
    @under_faults(REGIONS)
    async def test_methods_are_programs_too(self, world: Stage) -> None:
        assert isinstance(self, TestMethods)


def test_what_is_no_program_is_refused() -> None:
    with pytest.raises(TypeError, match=r"plain: expected `async def plain\(world, …\)`"):

        @under_faults(REGIONS)
        def plain(world: Stage) -> Any: ...

    with pytest.raises(ValueError, match="expected two or more, as some of the faults"):
        under_faults([WEST], partitions())
    with pytest.raises(ValueError, match="expected a number and a unit"):
        under_faults(REGIONS, partitions(), within="5")
