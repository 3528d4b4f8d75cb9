"""no-lost-write: what a client was told is stored is there at the end, unless something took it.

Judged are keys that were only ever written with SET (a string), with INCR, DECR, INCRBY and DECRBY
(a counter), or with SADD (a set). There the history tells what may have taken a write away: a later
SET, one in another region that had not arrived yet (of concurrent writes the later clock's stays),
or its own expiry. An operation without answer may have happened, so it can excuse what is missing,
but it is missed by nobody.

Not judged, since the history does not tell what became of them: keys written inside of MULTI, or
with a deadline that was kept (KEEPTTL) or named by a region's clock (EXAT, PXAT).
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sim.checkers import Verdict, verdict
from sim.checkers._keys import touches
from sim.history import FAIL, INFO, OK, History, Op
from sim.units import MS, SECOND, clock
from sim.windows import Window, last_us, windows
from sim.words import plain

NAME = "no-lost-write"

COUNTING = {"INCR": 1, "INCRBY": 1, "DECR": -1, "DECRBY": -1}
UNSURE = frozenset({"KEEPTTL", "EXAT", "PXAT"})
LIVES = {"EX": SECOND, "PX": MS}


def check(history: History) -> Verdict:
    if not history.readings:
        return Verdict(NAME, "unknown", ["no region was read at the end"])
    told = Told.by(history)
    by_key: dict[str, list[Op]] = {}
    for key, command, op in touches(history):
        if command.write and op.outcome is not FAIL:
            by_key.setdefault(key, []).append(op)
    judged = {key: writes for key, writes in by_key.items() if _can_be_judged(writes)}
    wrong = [
        f"{key} in {region}: {what}"
        for key, writes in judged.items()
        for region, held in history.readings.items()
        for what in _missing(writes, held.get(key, {}).get("value"), told)
    ]
    if not judged:
        return Verdict(NAME, "unknown", ["no key was used in a way that can be judged"])
    return verdict(NAME, wrong, f"the writes on {len(judged)} keys are where they should be")


def _can_be_judged(writes: list[Op]) -> bool:
    names = {op.name for op in writes}
    if not (names <= {"SET"} or names <= {"SADD"} or names <= set(COUNTING)):
        return False
    return not any(op.value == "QUEUED" or UNSURE & set(_options(op)) for op in writes)


class Told(NamedTuple):
    """What the history tells of times: how late writes arrived, and how far clocks were apart."""

    end_us: int
    lag_us: int
    skew_us: int
    faults: list[Window]

    @classmethod
    def by(cls, history: History) -> "Told":
        offsets = [int(event.detail["offset_us"]) for event in history.of_kind("clock")]
        return cls(
            last_us(history),
            max((lag.lag_us for lag in history.lags), default=0),
            max(offsets, default=0) - min(offsets, default=0),
            windows(history),
        )

    def unseen(self, begin_us: int, end_us: int) -> bool:
        """Return whether a write of then may not have arrived elsewhere by the end of this time."""
        return end_us <= begin_us + self.lag_us or any(
            fault.begin_us <= begin_us + self.lag_us and end_us <= fault.end_us + self.lag_us
            for fault in self.faults
        )


def _missing(writes: list[Op], found: Any, told: Told) -> Iterator[str]:
    name = writes[0].name
    if name == "SET":
        assignments = [write for op in writes if (write := _assigned(op)) is not None]
        yield from _missing_strings(assignments, found, told)
    elif name == "SADD":
        held = set(found or ())
        for op in writes:
            lost = [plain(member) for member in op.args[1:] if plain(member) not in held]
            if op.outcome is OK and lost:
                yield f"{', '.join(lost)}, added at {clock(op.invoked_us)}, is missing"
    else:
        steps = [(op.outcome, _step(op)) for op in writes]
        sure = sum(step for outcome, step in steps if outcome is OK)
        low = sure + sum(min(0, step) for outcome, step in steps if outcome is INFO)
        high = sure + sum(max(0, step) for outcome, step in steps if outcome is INFO)
        if not low <= int(found or 0) <= high:
            yield f"counts {found}, expected {low} to {high}"


class Assignment(NamedTuple):
    """A SET that stored its value, or may have."""

    op: Op
    value: str
    expires_us: int | None
    """The earliest time at which the key may expire by its author's clock; None for never."""

    def replaced_by(self, other: "Assignment", told: Told) -> bool:
        """Return whether the other write may have taken this one's place."""
        then_us, now_us = other.op.completed_us, self.op.invoked_us
        if other.op.outcome is not OK or then_us is None or then_us >= now_us:
            return True
        return other.op.place != self.op.place and told.unseen(then_us, now_us)

    def expired(self, told: Told) -> bool:
        return self.expires_us is not None and self.expires_us - told.skew_us <= told.end_us


def _missing_strings(writes: list[Assignment], found: Any, told: Told) -> Iterator[str]:
    """A write is lost if nothing may have replaced it and something else, or nothing, is there."""
    for write in writes:
        if write.op.outcome is not OK or write.expired(told) or found == write.value:
            continue
        if not any(write.replaced_by(other, told) for other in writes if other is not write):
            there = "nothing is there" if found is None else f"{found!r} is there"
            yield f"{write.value!r} was stored at {clock(write.op.invoked_us)}, but {there}"


def _assigned(op: Op) -> Assignment | None:
    """Return what a SET stored; None if its condition was not met."""
    options = _options(op)
    refused = op.value is not None if "GET" in options and "NX" in options else op.value is None
    if op.outcome is OK and refused and ("NX" in options or "XX" in options):
        return None
    lives = [int(options[at + 1]) * LIVES[word] for at, word in enumerate(options) if word in LIVES]
    return Assignment(op, plain(op.args[1]), op.invoked_us + lives[0] if lives else None)


def _options(op: Op) -> list[str]:
    """The words of a SET after its value."""
    return [plain(word).upper() for word in op.args[2:]]


def _step(op: Op) -> int:
    size = int(op.args[1]) if len(op.args) > 1 else 1
    return COUNTING[op.name] * size
