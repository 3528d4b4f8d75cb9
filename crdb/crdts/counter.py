"""Counter: increments of all authors add up; a reset takes away exactly what it saw.

Each author keeps one *part*: (last dot, birth dot, cumulative amount), replaced as a whole by its
next increment; a part by itself is the delta of an increment. Adding up parts is exact, and a
part heard twice counts once.

A reset (DEL, or SET on a string) cannot just remove the parts: an increment concurrent with it
arrives as a part that contains the removed amount too. So it records, for each author, the part
that it saw, and the value of a part is its cumulative amount less the one recorded for the same
birth. An author that sees its whole part reset starts again from a new birth.

>>> from crdb.crdts.base import NOTHING
>>> from crdb.dots import dot
>>> here, there = Counter(), Counter()
>>> seven = here.increment(7, dot(1, 1))
>>> for place in (here, there):
...     _ = place.merge(seven, NOTHING)
>>> reset = there.clear(dot(2, 1))            # DEL there, having seen 7 ...
>>> five = here.increment(5, dot(1, 2))       # ... while here 5 are added
>>> for place in (here, there):
...     _, _ = place.merge(reset, NOTHING), place.merge(five, NOTHING)
>>> here.value(), there.value()               # not 0, and not 12
(5, 5)

Only the latest record of an author matters: its dots are in order, and a later birth means that
it had seen the earlier part reset. So resets that pile up during a partition stay bounded by
authors x authors. A record goes when it is stable and no part of its birth is left.

Amounts are int, or Fraction after INCRBYFLOAT: both add exactly, in any order.

Source: the reset anomaly and embedded counters, Baquero, Almeida, Lerche, "The problem with
embedded CRDT counters and a solution" (PaPoC 2016).
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from fractions import Fraction
from operator import attrgetter
from typing import Any, ClassVar

from crdb.crdts.base import CRDT, Delta, Residue, Written
from crdb.crdts.causal import Dots, each, lacking, pack, removed
from crdb.decimals import show
from crdb.dots import SEQ_BITS, Dot, actor_of

Amount = int | Fraction

NO_RESETS: Mapping[Dot, Any] = {}
"""Shared by all counters without one, which nearly all are; what is kept is never changed."""


class Part(Delta, frozen=True, gc=False):
    """What one author has added since its birth dot."""

    last: Dot
    birth: Dot
    amount: Amount

    def dots(self) -> Iterator[Dot]:
        yield self.last


_last = attrgetter("last")


def latest(parts: Iterable[Part]) -> dict[int, Part]:
    """Each author's latest part."""
    return {actor_of(part.last): part for part in sorted(parts, key=_last)}


def _tuple(parts: Iterable[Part]) -> tuple[Part, ...]:
    return tuple(sorted(parts, key=_last))


class CounterDelta(Delta, frozen=True, gc=False):
    parts: tuple[Part, ...] = ()
    resets: tuple[tuple[Dot, tuple[Part, ...]], ...] = ()
    """(dot of the reset, the parts that it saw)."""
    covers: Dots | None = None
    """Older resets that a new one contains; in a full sync also parts."""

    def dots(self) -> Iterator[Dot]:
        yield from map(_last, self.parts)
        for dot, records in self.resets:
            yield dot
            yield from map(_last, records)
        yield from each(self.covers)


def as_counter_delta(delta: Part | CounterDelta) -> CounterDelta:
    return CounterDelta((delta,)) if isinstance(delta, Part) else delta


class Counter(CRDT[Part | CounterDelta]):
    """A sum. Metadata: one part an author; one record an author for a reset not yet stable."""

    __slots__ = ("parts", "resets", "total")

    name: ClassVar[str] = "counter"

    def __init__(self) -> None:
        self.parts: dict[int, Part] = {}
        self.resets: Mapping[Dot, tuple[Part, ...]] = NO_RESETS
        self.total: Amount = 0

    def increment(self, amount: Amount, dot: Dot) -> Part:
        mine = self.parts.get(dot >> SEQ_BITS)
        if mine is None:
            return Part(dot, dot, amount)
        return Part(dot, mine.birth, mine.amount + amount)

    def increment_now(self, amount: Amount, dot: Dot) -> Part:
        """`increment` and `merge` in one step."""
        parts, actor = self.parts, dot >> SEQ_BITS
        try:
            mine = parts[actor]
            part = Part(dot, mine.birth, mine.amount + amount)
        except KeyError:
            part = Part(dot, dot, amount)
        parts[actor] = part
        self.total += amount
        return part

    def clear(self, dot: Dot) -> CounterDelta:
        if not self.parts:
            return CounterDelta()
        seen = latest((*self._records().values(), *self.parts.values()))
        return CounterDelta((), ((dot, _tuple(seen.values())),), pack(self.resets))

    @classmethod
    def join(cls, first: Part | CounterDelta, second: Part | CounterDelta) -> CounterDelta:
        one, two = as_counter_delta(first), as_counter_delta(second)
        gone = (*each(one.covers), *each(two.covers))
        parts = latest((*one.parts, *two.parts)).values()
        resets = dict(one.resets) | dict(two.resets)
        return CounterDelta(
            _tuple(part for part in parts if part.last not in gone),
            tuple((dot, resets[dot]) for dot in sorted(resets) if dot not in gone),
            pack(gone),
        )

    def merge(self, delta: Part | CounterDelta, seen: Container[Dot]) -> Residue | None:
        if type(delta) is not Part:
            return self._merge_resets(as_counter_delta(delta), seen)
        parts, actor = self.parts, delta.last >> SEQ_BITS
        mine = parts.get(actor)
        if mine is None:
            if self.resets:
                return self._merge_resets(as_counter_delta(delta), seen)
            if delta.last not in seen:
                parts[actor] = delta
                self.total += delta.amount
        elif mine.birth != delta.birth and self.resets:
            return self._merge_resets(as_counter_delta(delta), seen)
        elif mine.last < delta.last:
            # Of one birth, what a reset saw has been taken off already, and cancels out.
            parts[actor] = delta
            self.total += delta.amount - mine.amount
        return None if parts else Residue()

    def _merge_resets(self, delta: CounterDelta, seen: Container[Dot]) -> Residue | None:
        missed = lacking(delta.covers, pack(self.dots()))
        gone = each(delta.covers)
        resets = {**self.resets, **{d: parts for d, parts in delta.resets if d not in seen}}
        self.resets = {dot: resets[dot] for dot in resets if dot not in gone} or NO_RESETS
        records = self._records()
        new = (part for part in delta.parts if part.last not in seen)
        self.parts = {
            actor: part
            for actor, part in latest((*self.parts.values(), *new)).items()
            if part.last not in gone and not (actor in records and part.last <= records[actor].last)
        }
        self.total = sum(self._counted(actor, records) for actor in self.parts)
        lingering = tuple(dot for dot, _ in delta.resets)
        return Residue(missed, lingering) if missed or lingering or not self.parts else None

    def _records(self) -> dict[int, Part]:
        """The latest part of each author that a reset here has seen."""
        return latest(part for reset in self.resets.values() for part in reset)

    def _counted(self, actor: int, records: dict[int, Part]) -> Amount:
        """An author's amount less what a reset saw of it."""
        part, record = self.parts[actor], records.get(actor)
        if record is None or record.birth != part.birth:
            return part.amount
        return part.amount - record.amount

    def forget(self, dot: Dot) -> None:
        births = {part.birth for part in self.parts.values()}

        def is_done(reset: Dot) -> bool:
            stable = actor_of(reset) == actor_of(dot) and reset <= dot
            return stable and not any(part.birth in births for part in self.resets[reset])

        kept = {reset: parts for reset, parts in self.resets.items() if not is_done(reset)}
        self.resets = kept or NO_RESETS

    def beyond(self, seen: Container[Dot]) -> CounterDelta:
        return CounterDelta(
            _tuple(part for part in self.parts.values() if part.last not in seen),
            tuple((dot, self.resets[dot]) for dot in sorted(self.resets) if dot not in seen),
        )

    def covered(self, whole: Part | CounterDelta, gone: Container[Dot]) -> CounterDelta:
        there = as_counter_delta(whole)
        live = [part.last for part in there.parts] + [dot for dot, _ in there.resets]
        return CounterDelta(there.parts, there.resets, removed(pack(self.dots()), pack(live), gone))

    def dots(self) -> Iterator[Dot]:
        yield from map(_last, self.parts.values())
        yield from self.resets

    def alive(self) -> bool:
        return bool(self.parts)

    def empty(self) -> bool:
        return not self.parts and not self.resets

    def value(self) -> Amount:
        return self.total

    def written(self) -> Iterator[Written]:
        for _, part in sorted(self.parts.items()):
            sign = "+" if part.amount >= 0 else ""
            yield Written(part.last, f"{sign}{show(part.amount).decode()}")

    def __repr__(self) -> str:
        return f"Counter({self.total}, {self.parts!r}, {self.resets!r})"
