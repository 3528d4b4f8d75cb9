"""How operations and faults are written in stories and pictures: short, as in redis-cli.

>>> from sim.history import History, OK
>>> op = Op(1, "East US", "SET", (b"greeting", b"good day", b"NX"), 0, 500, OK, None)
>>> f"{asked(op)} → {outcome(op)}"
'SET greeting "good day" NX → (nil)'
>>> from sim.scenario import fault
>>> settings(fault(kind="partition", regions=["East US", "West US"], lasts="10s", drop=True))
'lasts 10 s, drop'
"""

from typing import Any

import msgspec

from sim.faults import Fault
from sim.history import FAIL, INFO, Op
from sim.units import Offset, human
from sim.words import plain

WORD_LETTERS = 40
"""A longer word is cut."""

PLACED = ("at", "region", "regions")
"""Settings that the story tells by other means."""


def asked(op: Op) -> str:
    """The command line."""
    return " ".join([op.name, *map(_word, op.args)])


def outcome(op: Op) -> str:
    """What the client knows."""
    if op.outcome is FAIL:
        return f"error {op.value}"
    if op.outcome is INFO:
        if op.completed_us is None:
            return "no answer so far"
        return f"no answer in {human(op.completed_us - op.invoked_us)}, may have happened"
    return "(nil)" if op.value is None else _word(op.value)


def settings(fault: Fault) -> str:
    """What a fault says beyond its kind, time and place, without defaults."""
    return ", ".join(
        _setting(field.name, value)
        for field in msgspec.structs.fields(fault)
        if field.name not in PLACED and (value := getattr(fault, field.name)) != field.default
    )


def _setting(name: str, value: Any) -> str:
    if value is True:
        return name
    if isinstance(value, Offset):
        return f"{name} {human(value)}"
    if isinstance(value, tuple):
        return f"{name} {' and '.join(map(str, value))}"
    return f"{name} {value}"


def _word(value: Any) -> str:
    told = plain(value)
    text = told if isinstance(told, str) else repr(told)
    if len(text) > WORD_LETTERS:
        text = f"{text[:WORD_LETTERS]}…"
    return f'"{text}"' if isinstance(told, str) and (" " in text or not text) else text
