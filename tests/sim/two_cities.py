"""Two cities with one client each, and a world of them: for the tests of what happens there."""

from typing import Any

from sim.faults import Fault
from sim.scenario import Scenario, Variant, build
from sim.units import Duration, us
from sim.world import World

WEST, EAST = "West Europe", "East US"


def scenario(**changes: Any) -> Scenario:
    return build(
        {
            "title": "two cities",
            "regions": [WEST, EAST],
            "horizon": "10s",
            "workload": {"kind": "commands", "mix": {"INCR k": 1}, "clients": 1},
        }
        | changes
    )


def world(*faults: Fault, seed: int = 1, **changes: Any) -> World:
    return World(scenario(**changes), Variant("v", faults=list(faults)), seed=seed)


def span(text: str) -> Duration:
    """A duration as people write it."""
    return Duration(us(text))
