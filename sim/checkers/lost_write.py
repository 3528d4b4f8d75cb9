"""no-lost-write: what a client was told is stored is there at the end, unless something took it.

Judged are keys that were only ever asked with SET and reads (a string), with INCR, DECR, INCRBY,
DECRBY and reads (a counter), or with SADD and reads (a set). There the history tells what may have
taken a write away: a later SET, or its own expiry. An operation without answer may have happened,
so it can excuse what is missing, but it is missed by nobody.
"""

from collections.abc import Iterator
from typing import Any, NamedTuple

from sim.checkers import Verdict, verdict
from sim.history import FAIL, INFO, OK, History, Op
from sim.units import MS, SECOND, clock
from sim.windows import last_us

NAME = "no-lost-write"

READS = frozenset({"GET", "STRLEN", "EXISTS", "TTL", "PTTL", "TYPE", "SMEMBERS", "SCARD"})
COUNTING = {"INCR": 1, "INCRBY": 1, "DECR": -1, "DECRBY": -1}


def check(history: History) -> Verdict:
    if not history.readings:
        return Verdict(NAME, "unknown", ["no region was read at the end"])
    end_us = last_us(history)
    by_key: dict[str, list[Op]] = {}
    for op in history.ops:
        if op.args and isinstance(op.args[0], bytes) and op.outcome is not FAIL:
            by_key.setdefault(_text(op.args[0]), []).append(op)
    wrong, judged = [], 0
    for key, ops in by_key.items():
        writes = [op for op in ops if op.name not in READS]
        names = {op.name for op in writes}
        if not writes or not (names <= {"SET"} or names <= {"SADD"} or names <= set(COUNTING)):
            continue
        judged += 1
        for region, held in history.readings.items():
            found = held.get(key, {}).get("value")
            wrong += [f"{key} in {region}: {what}" for what in _missing(writes, found, end_us)]
    if not judged:
        return Verdict(NAME, "unknown", ["no key was used in a way that can be judged"])
    return verdict(NAME, wrong, f"the writes on {judged} keys are where they should be")


def _missing(writes: list[Op], found: Any, end_us: int) -> Iterator[str]:
    name = writes[0].name
    if name == "SET":
        yield from _missing_strings(
            [write for op in writes if (write := _assigned(op))], found, end_us
        )
    elif name == "SADD":
        held = set(found or ())
        for op in writes:
            lost = [_text(member) for member in op.args[1:] if _text(member) not in held]
            if op.outcome is OK and lost:
                yield f"{', '.join(lost)}, added at {clock(op.invoked_us)}, is missing"
    else:
        steps = [(op.outcome, _step(op)) for op in writes]
        told = sum(step for outcome, step in steps if outcome is OK)
        low = told + sum(min(0, step) for outcome, step in steps if outcome is INFO)
        high = told + sum(max(0, step) for outcome, step in steps if outcome is INFO)
        if not low <= int(found or 0) <= high:
            yield f"counts {found}, expected {low} to {high}"


class Assignment(NamedTuple):
    """A SET that stored its value, or may have."""

    op: Op
    value: str
    expires_us: int | None
    """The earliest time at which the key may expire; None for never."""

    @property
    def told(self) -> bool:
        return self.op.outcome is OK


def _missing_strings(writes: list[Assignment], found: Any, end_us: int) -> Iterator[str]:
    """A write is lost if nothing may have replaced it and something else, or nothing, is there."""
    for write in writes:
        replaced = any(
            other is not write
            and (
                other.op.completed_us is None
                or not other.told
                or other.op.completed_us >= write.op.invoked_us
            )
            for other in writes
        )
        expired = write.expires_us is not None and write.expires_us <= end_us
        if write.told and not replaced and not expired and found != write.value:
            there = "nothing is there" if found is None else f"{found!r} is there"
            yield f"{write.value!r} was stored at {clock(write.op.invoked_us)}, but {there}"


def _assigned(op: Op) -> Assignment | None:
    """Return what a SET stored; None if its condition was not met."""
    options = [_text(word).upper() for word in op.args[2:]]
    refused = op.value is not None if "GET" in options and "NX" in options else op.value is None
    if op.outcome is OK and refused and ("NX" in options or "XX" in options):
        return None
    units = {"EX": SECOND, "PX": MS}
    lives = [int(options[at + 1]) * units[word] for at, word in enumerate(options) if word in units]
    return Assignment(op, _text(op.args[1]), op.invoked_us + lives[0] if lives else None)


def _step(op: Op) -> int:
    size = int(op.args[1]) if len(op.args) > 1 else 1
    return COUNTING[op.name] * size


def _text(word: Any) -> str:
    return word.decode(errors="backslashreplace") if isinstance(word, bytes) else str(word)
