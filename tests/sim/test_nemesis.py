"""The nemesis begins nothing after the work, and leaves nothing broken."""

import pytest

from sim.faults.outage import Outage
from sim.history import History
from sim.scenario import Variant, build
from sim.units import Duration, us
from sim.world import World

SCENARIO = build(
    {
        "title": "two cities",
        "regions": ["West Europe", "East US"],
        "horizon": "10s",
        "workload": {"kind": "commands", "mix": {"INCR k": 1}, "clients": 1},
    }
)


def history(*faults: Outage) -> History:
    return World(SCENARIO, Variant("v", faults=list(faults)), seed=1).run()


def outage(at: str, lasts: str = "0s") -> Outage:
    return Outage(region="East US", at=Duration(us(at)), lasts=Duration(us(lasts)))


def told(history: History) -> list[tuple[int, str]]:
    return [(each.at_us, each.kind) for each in history.of_kind("fault", "heal")]


def test_a_fault_lasts_as_long_as_it_says() -> None:
    assert told(history(outage("2s", "3s"))) == [(us("2s"), "fault"), (us("5s"), "heal")]


@pytest.mark.parametrize("lasts", ["0s", "1h"])
def test_a_fault_without_an_end_is_healed_after_the_work(lasts: str) -> None:
    assert told(history(outage("2s", lasts))) == [(us("2s"), "fault"), (us("10s"), "heal")]


def test_a_fault_that_would_begin_after_the_work_does_not() -> None:
    # The first second of quiescence is always waited for, so it would have had its time.
    assert told(history(outage("10500ms", "1s"))) == []
