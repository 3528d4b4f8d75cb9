"""A world's phases: what the history knows of them, and that nothing outside shifts a run."""

import subprocess
import sys
from typing import Any

import msgspec
import pytest

import sim.world
from sim.checkers import judge
from sim.workloads import Workload
from tests.sim.two_cities import world


def phases(made: sim.world.World) -> list[str]:
    return [each.what for each in made.history.of_kind("phase")]


def test_a_run_that_does_not_come_to_rest_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    quiet = world()
    quiet.run()
    assert phases(quiet) == ["work", "heal", "quiesce", "read"]
    monkeypatch.setattr(sim.world, "QUIESCE_US_MAX", 0)
    restless = world()
    restless.run()
    assert phases(restless) == ["work", "heal", "quiesce", "not quiet", "read"]
    assert judge("convergence", restless.history).verdict == "unknown"


class Closing(Workload, frozen=True, tag="closing", kw_only=True):
    """Says when it is told to finish."""

    def start(self, world: Any) -> None:
        world.history.happened(0, "start", "", "")

    def finish(self, world: Any) -> None:
        world.history.happened(world.engine.now, "finish", "", str(world.history.readings))


def test_a_workload_can_enter_what_is_open_before_the_regions_are_read() -> None:
    made = world()
    made.scenario = msgspec.structs.replace(made.scenario, workload=Closing())
    made.run()
    assert [each.what for each in made.history.of_kind("finish")] == ["{}"]


PRINT = """
from decimal import ROUND_FLOOR, getcontext
getcontext().rounding, getcontext().prec = ROUND_FLOOR, 6
from tests.sim.test_world import fingerprint
print(fingerprint())
"""


def fingerprint() -> str:
    made = world(sync={"delay": "LNKD-DISK"})
    made.run()
    return made.fingerprint()


def test_the_fingerprint_does_not_depend_on_the_decimal_context_around_the_run() -> None:
    """In another process, since tables are made once and kept."""
    found = subprocess.run(
        [sys.executable, "-c", PRINT], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == fingerprint()
