"""A command line in an empty folder, and a scenario that is over in the blink of an eye: two
cities, two variants, a partition."""

import json
from pathlib import Path
from typing import Any

import pytest

from sim.cli import status_of
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


class Said:
    """What one command line led to."""

    def __init__(self, capsys: pytest.CaptureFixture[str], words: tuple[object, ...]) -> None:
        self.status = status_of([str(word) for word in words])
        self.out, self.err = capsys.readouterr()

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def crdb(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Any:
    """Run a command line in an empty folder."""
    monkeypatch.chdir(tmp_path)
    return lambda *words: Said(capsys, words)
