"""Saved: a recorded run as a folder that `crdb replay` takes, and as a scenario to be changed."""

import re
from pathlib import Path

import msgspec

from sim.kept import folder_of, keep
from sim.run import run
from sim.scenario import Scenario, table_of

BARE = re.compile(r"[\w-]+", re.ASCII)
"""A key that TOML takes without quotes."""


def save(scenario: Scenario, seed: int, out: Path) -> Path:
    """Play a scenario once, and keep what comes of it; returns the folder. Figures are for
    `crdb run`: they take longer than the whole run.

    Raises `sim.kept.BadRun` for a folder that cannot be written, and OSError.
    """
    folder = folder_of(scenario, seed, out)
    keep(run(scenario, seed), folder, figures=False)
    (folder / f"{scenario.name}.toml").write_text(as_toml(scenario), encoding="utf-8")
    return folder


def as_toml(scenario: Scenario) -> str:
    """A scenario file: a line for each key, and one for each request.

    What JSON writes as a text, a number or an array, TOML reads as the same.
    """
    table = table_of(scenario)
    del table["name"]
    requests = table.pop("workload")["requests"]
    settings = "".join(f"{_key(key)} = {_inline(value)}\n" for key, value in table.items())
    sent = "".join(f"    {_inline(each)},\n" for each in requests)
    return f'{settings}\n[workload]\nkind = "recorded"\nrequests = [\n{sent}]\n'


def _inline(value: object) -> str:
    if isinstance(value, dict):
        pairs = [f"{_key(key)} = {_inline(each)}" for key, each in value.items()]
        return "{" + ", ".join(pairs) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_inline, value)) + "]"
    return msgspec.json.encode(value).decode()


def _key(name: str) -> str:
    return name if BARE.fullmatch(name) else _inline(name)
