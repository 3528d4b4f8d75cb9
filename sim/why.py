"""Why: the concurrent writes behind a value, each with its dot, its author and whether it shows.

What a *dot* stands for depends on the type. In a text it is one SET, with the author's clock, which
decides; in a counter it is one author's part of the sum, which does not show while a text hides it;
in a set it is one member. A key of two types shows the hidden one's writes behind its name. A key
that has had a deadline shows its deadlines too: the longest is in force.

The rule by which one of them won is told with its source: *published* in Redis' documentation of
Active-Active, or *our choice*, which ARCHITECTURE.md lists.

The author of a write that carries a stamp is told by the stamp. A dot alone knows its actor only:
a replica that has begun anew has another actor than before, and the old one is shown by number.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from html import escape
from typing import Any

from crdb import stamps
from crdb.crdts.base import CRDT
from crdb.crdts.expiry import FOREVER, Expiry
from crdb.dots import Dot, actor_of
from crdb.dots import name as dot_name
from crdb.keyspace import Entry
from sim.clock import EPOCH_US
from sim.words import plain

Names = Mapping[int, str]


@dataclass(frozen=True)
class Sibling:
    """One concurrent write that is still held."""

    value: str
    dot: str
    clock_us: int | None
    """The author's clock since the world began; None where no clock decides."""
    author: str
    shows: bool

    def cells(self) -> tuple[str, ...]:
        clock = "" if self.clock_us is None else _seconds(self.clock_us)
        return ("shows" if self.shows else "hidden", self.value, self.dot, clock, self.author)


@dataclass(frozen=True)
class Reason:
    """Why a key reads as it does in one region: its concurrent writes, the one that shows first."""

    key: str
    region: str
    kind: str
    value: Any
    siblings: tuple[Sibling, ...]
    rules: tuple[str, ...] = ()
    """By what the first won; of a key that is not there, what removed it."""

    @property
    def title(self) -> str:
        held = self.kind if self.value is None else f"{self.kind} {self.value!r}"
        return f"{self.key} in {self.region}: {held}"

    def __str__(self) -> str:
        lines = [self.title]
        for each in self.siblings:
            shows, value, dot, clock, author = each.cells()
            middle = f"  clock {clock}" if clock else ""
            lines.append(f"  {shows:6} {value}  dot {dot}{middle}  by {author}")
        return "\n".join([*lines, *(f"  {rule}" for rule in self.rules)])

    def _repr_html_(self) -> str:
        rows = [("", "value", "dot", "clock", "author"), *(each.cells() for each in self.siblings)]
        table = "".join(
            f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>" for row in rows
        )
        told = "".join(f"<br>{escape(rule)}" for rule in self.rules)
        shown = f"<table>{table}</table>" if self.siblings else ""
        return f"<b>{escape(self.title)}</b>{told}{shown}"


def siblings(
    entry: Entry, regions: Names, actors: Names, epoch_us: int = EPOCH_US
) -> Iterator[Sibling]:
    """Yield all that a key holds, deadlines last; names of the regions by number and by actor.

    Clocks are told as time since ``epoch_us``.
    """
    for state in entry.states():
        if isinstance(state, Expiry):
            yield from _deadlines(state, regions, epoch_us)
        else:
            shows = state is entry.value
            for found in _writes(state, regions, actors, shows, epoch_us):
                yield found if shows else replace(found, value=f"{state.name} {found.value}")


def rules(entry: Entry) -> Iterator[str]:
    """Yield by which rules a key reads as it does, each with its source."""
    if entry.others:
        yield "two types: the one of smaller rank shows, and neither is lost (our choice)"
    if entry.value is not None:
        yield from entry.value.rules()
    deadlines = [] if entry.expiry is None else list(entry.expiry.siblings().values())
    ends_ms = [order >> stamps.BITS for order, _ in deadlines]
    if len(ends_ms) > 1 and min(ends_ms) != FOREVER:
        if max(ends_ms) == FOREVER:
            yield "no end beats every deadline (published for PERSIST; for SET our choice)"
        else:
            yield "concurrent deadlines: the longest is in force (published)"


def _writes(
    state: CRDT[Any], regions: Names, actors: Names, shows: bool, epoch_us: int
) -> Iterator[Sibling]:
    for dot, value, order, first in state.written():
        clock_us = None if order is None else stamps.clock_us(order) - epoch_us
        author = _author(dot, actors) if order is None else regions[stamps.region(order)]
        yield Sibling(_shown(value), dot_name(dot), clock_us, author, shows and first)


def _shown(value: Any) -> str:
    """What was written, on one line: of a field or member its name before its value."""
    if isinstance(value, tuple):
        name, of = value
        return f"{plain(name)!r}: {_shown(of)}"
    return value if isinstance(value, str) else repr(plain(value))


def _deadlines(expiry: Expiry, regions: Names, epoch_us: int) -> Iterator[Sibling]:
    deadlines = {
        dot: (order >> 12, stamps.region(order)) for dot, (order, _) in expiry.siblings().items()
    }
    if all(deadline_ms == FOREVER for deadline_ms, _ in deadlines.values()):
        return
    for dot, (deadline_ms, region) in deadlines.items():
        end = _seconds(1000 * deadline_ms - epoch_us)
        until = "no end" if deadline_ms == FOREVER else f"until {end}"
        yield Sibling(until, dot_name(dot), None, regions[region], dot == expiry.dot)


def _author(dot: Dot, actors: Names) -> str:
    return actors.get(actor_of(dot), f"actor {actor_of(dot)}")


def _seconds(at_us: int) -> str:
    return f"{at_us / 1e6:+.6f} s"
