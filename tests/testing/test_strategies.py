"""Schedules: only of worlds that there can be, of every kind of fault, and the same from a file."""

import pytest
from hypothesis import find, given, settings

from crdb import registry
from sim.faults import Fault
from sim.faults.clock_step import ClockStep
from sim.faults.reset import Reset
from sim.scenario import BadScenario
from sim.testing import (
    ClusterSettings,
    Schedule,
    any_faults,
    cluster_faults,
    partitions,
    schedules,
    some_regions,
)
from sim.testing.schedule import read, written
from tests.sim.two_cities import EAST, WEST

WIDEST = schedules(
    some_regions(2, 4),
    any_faults() | cluster_faults(),
    within="1h",
    sync_delays=["", "WAN", "YMMR"],
    cluster=ClusterSettings("oss", ranges=4),
)


@given(WIDEST)
def test_every_schedule_makes_a_world(schedule: Schedule) -> None:
    world = schedule.world()
    assert list(world.regions) == list(schedule.regions)
    world.engine.run(until=1)


@given(WIDEST)
def test_a_schedule_is_the_same_after_it_was_written(schedule: Schedule) -> None:
    assert read(written(schedule)) == schedule


@pytest.mark.parametrize(
    "kind", registry.classes("sim.faults", Fault), ids=lambda kind: kind.__name__
)
def test_every_kind_of_fault_is_drawn(kind: type[Fault]) -> None:
    drawn = (any_faults() | cluster_faults()).among([WEST, EAST])
    assert isinstance(find(drawn, lambda fault: isinstance(fault, kind)), kind)


def test_all_faults_end_by_themselves() -> None:
    lasting = [fault for fault in _drawn() if type(fault) not in (ClockStep, Reset)]
    assert lasting
    assert all(fault.lasts for fault in lasting)


def _drawn() -> list[Fault]:
    seen: list[Fault] = []

    @given(any_faults().among([WEST, EAST]))
    def look(fault: Fault) -> None:
        seen.append(fault)

    look()
    return seen


def test_one_of_several_faults_goes_when_the_others_suffice() -> None:
    drawn = schedules([WEST, EAST], partitions(), within="1s")
    simplest = find(
        drawn,
        lambda schedule: any(fault.lasts > 1_000_000 for fault in schedule.faults),
        settings=settings(max_examples=1000, database=None, derandomize=True),
    )
    assert len(simplest.faults) == 1


def test_a_schedule_by_hand_has_to_be_possible() -> None:
    with pytest.raises(BadScenario, match="regions"):
        Schedule((WEST, WEST)).world()
    with pytest.raises(ValueError, match="Expected `int`, got `str`"):
        read({"regions": [WEST], "seed": "one"})
