"""convergence: after healing and quiescence all regions hold the same.

Equal regions can be equally wrong: what was lost is the claim of `no-lost-write`.
"""

from typing import Any

from sim.checkers import Verdict, verdict
from sim.history import History

NAME = "convergence"

NOT_QUIET = "not quiet"
"""The phase of a run that gave up waiting for its regions."""


def check(history: History) -> Verdict:
    readings = history.readings
    if any(event.what == NOT_QUIET for event in history.of_kind("phase")):
        return Verdict(NAME, "unknown", ["writes were still on their way when it was read"])
    if len(readings) < 2:
        return Verdict(NAME, "unknown", [f"{len(readings)} region was read at the end"])
    keys = sorted(set().union(*readings.values()))
    differing = [
        f"{key}: " + ", ".join(f"{name} {_shown(held.get(key))}" for name, held in readings.items())
        for key in keys
        if any(
            held.get(key) != next(iter(readings.values())).get(key) for held in readings.values()
        )
    ]
    return verdict(NAME, differing, f"{len(readings)} regions hold the same {len(keys)} keys")


def _shown(entry: dict[str, Any] | None) -> str:
    if entry is None:
        return "has nothing"
    deadline = entry.get("deadline_us")
    until = "" if deadline is None else f" until {deadline} µs"
    return f"has {entry['type']} {entry['value']!r}{until}"
