"""A scenario that is over in the blink of an eye: two cities, two variants, a partition."""

from pathlib import Path

import pytest

from sim.scenario import Scenario, load

TINY = """
title = "Two cities count"
regions = ["West Europe", "East US"]
horizon = "4s"
checkers = ["convergence", "no-lost-write", "not-vacuous"]

[workload]
kind = "commands"
clients = 2
every = "50ms"
keys = 1

[workload.mix]
"INCR counter:{key}" = 2
"SADD members:{key} {mine}" = 2
"SET text:{key} {word} EX {number}" = 1

[[variants]]
name = "calm"

[[variants]]
name = "partition"

[[variants.faults]]
kind = "partition"
regions = ["West Europe", "East US"]
at = "1s"
lasts = "2s"
"""


@pytest.fixture
def tiny_path(tmp_path: Path) -> Path:
    path = tmp_path / "tiny.toml"
    path.write_text(TINY)
    return path


@pytest.fixture
def tiny(tiny_path: Path) -> Scenario:
    return load(str(tiny_path))
