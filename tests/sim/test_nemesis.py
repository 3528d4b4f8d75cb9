"""The nemesis begins nothing after the work, mends all, and tells equal faults apart."""

from typing import Any

import pytest

from sim.faults import Fault, Undo
from sim.faults.outage import Outage
from sim.faults.partition import PartitionFault
from sim.history import History
from sim.rng import Dice
from sim.units import us
from sim.windows import windows
from tests.sim.two_cities import EAST, WEST, span, world


def outage(at: str, lasts: str = "0s") -> Outage:
    return Outage(region=EAST, at=span(at), lasts=span(lasts))


def partition(at: str, lasts: str) -> PartitionFault:
    return PartitionFault(regions=(WEST, EAST), at=span(at), lasts=span(lasts))


def told(history: History) -> list[tuple[int, str]]:
    return [(each.at_us, each.kind) for each in history.of_kind("fault", "heal")]


def test_a_fault_lasts_as_long_as_it_says() -> None:
    history = world(outage("2s", "3s")).run()
    assert told(history) == [(us("2s"), "fault"), (us("5s"), "heal")]


@pytest.mark.parametrize("lasts", ["0s", "1h"])
def test_a_fault_without_an_end_is_healed_after_the_work(lasts: str) -> None:
    history = world(outage("2s", lasts)).run()
    assert told(history) == [(us("2s"), "fault"), (us("10s"), "heal")]


def test_a_fault_that_would_begin_after_the_work_does_not() -> None:
    # The first second of quiescence is always waited for, so it would have had its time.
    assert told(world(outage("10500ms", "1s")).run()) == []


def test_two_equal_faults_are_two() -> None:
    history = world(partition("2s", "3s"), partition("2s", "3s")).run()
    ends = [(each.begin_us, each.end_us) for each in windows(history)]
    assert ends == [(us("2s"), us("5s"))] * 2


@pytest.mark.parametrize("kind", [outage, partition])
def test_each_of_two_overlapping_faults_has_its_own_window(kind: Any) -> None:
    history = world(kind("1s", "4s"), kind("2s", "6s")).run()
    ends = [(each.begin_us, each.end_us) for each in windows(history)]
    assert ends == [(us("1s"), us("5s")), (us("2s"), us("8s"))]


def test_a_region_is_down_until_the_last_of_its_outages_is_over() -> None:
    broken = world(outage("1s", "4s"), outage("2s", "6s"))
    region, up = broken.regions[EAST], {}
    for at_s in (1, 4, 6, 7, 9):
        broken.engine.call_at(us(at_s, "s") - 1, lambda at_s: up.update({at_s: region.up}), at_s)
    broken.run()
    assert up == {1: True, 4: False, 6: False, 7: False, 9: True}


class Gambler(Fault, frozen=True, tag="gambler", kw_only=True):
    """Only throws its dice."""

    def start(self, world: Any, dice: Dice) -> Undo:
        world.history.happened(world.engine.now, "throw", "", str(dice.below(2**63)))
        return lambda: None

    def place(self) -> str:
        return ""


def test_equal_faults_have_dice_of_their_own() -> None:
    def throws(*faults: Fault) -> list[str]:
        return [each.what for each in world(*faults).run().of_kind("throw")]

    fault = Gambler(at=span("1s"))
    assert len(set(throws(fault, fault))) == 2
    assert throws(fault, outage("2s"))[0] == throws(fault, fault)[0]
