"""History: all that passes from a run to those who judge, measure and draw.

Operations are what a client did and what it knows of the outcome. `INFO` is the honest third
answer beside `OK` and `FAIL`: no reply came, so it may or may not have happened. Happenings are
everything else with a time and a place: a fault began, a region switched over, the provider took
money. Lags say how long writes took to become visible elsewhere. Readings are what each region
held at the end, after healing and quiescence.

>>> history = History()
>>> history.op(Op(process=1, place="East US", name="INCR", args=("visits",),
...               invoked_us=10, completed_us=260, outcome=OK, value=1))
>>> history.happened(500, "fault", "East US", "crash")
>>> [event.what for event in history.happenings], len(history.fingerprint())
(['crash'], 32)

Source: the operation types of Jepsen (invoke, ok, fail, info).
"""

from enum import StrEnum
from hashlib import blake2b
from typing import Any

import msgspec

from sim.words import plain


class Outcome(StrEnum):
    """What the client knows of its operation."""

    OK = "ok"
    FAIL = "fail"
    INFO = "info"


OK, FAIL, INFO = Outcome


class Op(msgspec.Struct, frozen=True, gc=False):
    """One operation of one client. A process has one operation under way at a time."""

    process: int
    place: str
    """The region that was asked."""
    name: str
    args: tuple[Any, ...]
    invoked_us: int
    completed_us: int | None
    """None for an operation that was cut short: it stays open to the end."""
    outcome: Outcome
    value: Any = None
    """The reply, or the error's text."""


class Happening(msgspec.Struct, frozen=True, gc=False):
    """Something that happened in the world."""

    at_us: int
    kind: str
    """``fault``, ``heal``, ``phase``, ``failover``, ``capture``, …"""
    place: str
    what: str
    detail: dict[str, Any] = {}


class Lag(msgspec.Struct, frozen=True, gc=False):
    """The oldest write of a message became visible: so long after it was made."""

    at_us: int
    source: str
    target: str
    lag_us: int
    writes: int
    """How many writes came with it."""
    last: int = 0
    """The last of them, by the number that the source's replica gave its group."""


Reading = dict[str, dict[str, Any]]
"""Region -> key -> what the region holds: type, value, deadline."""


class History:
    """What happened in one run, in order of completion."""

    def __init__(self) -> None:
        self.ops: list[Op] = []
        self.happenings: list[Happening] = []
        self.lags: list[Lag] = []
        self.readings: Reading = {}
        self.op = self.ops.append
        """Enter an operation, when its outcome is known."""

    def happened(self, at_us: int, kind: str, place: str, what: str, **detail: Any) -> None:
        """Enter a happening at engine time ``at_us``; the details must be plain values."""
        self.happenings.append(Happening(at_us, kind, place, what, detail))

    def of_kind(self, *kinds: str) -> list[Happening]:
        """Return the happenings of any of these kinds, as they were entered: in order of time."""
        return [each for each in self.happenings if each.kind in kinds]

    def jsonl(self) -> bytes:
        """One JSON object a line; bytes as text, with backslashes where they are none."""
        lines: list[dict[str, Any]] = []
        for name, rows in self._tables():
            lines += [
                {"record": name} | plain(msgspec.to_builtins(row, builtin_types=(bytes,)))
                for row in rows
            ]
        lines.append({"record": "readings", "readings": self.readings})
        return b"".join(msgspec.json.encode(line) + b"\n" for line in lines)

    def fingerprint(self) -> str:
        """A digest of everything here."""
        digest = blake2b(digest_size=16)
        for _, rows in self._tables():
            for row in rows:
                digest.update(msgspec.msgpack.encode(row))
        digest.update(msgspec.json.encode(self.readings, order="deterministic"))
        return digest.hexdigest()

    def _tables(self) -> tuple[tuple[str, list[Any]], ...]:
        return ("op", self.ops), ("happening", self.happenings), ("lag", self.lags)
