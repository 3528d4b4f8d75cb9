"""Counter: increments of all authors add up; a reset takes away exactly what it saw.

Each author keeps one *part*: (last dot, birth dot, cumulative amount), replaced as a whole by its
next increment. Adding up parts is exact, and a part heard twice counts once.

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

from collections.abc import Container, Iterable, Iterator
from fractions import Fraction
from typing import ClassVar

from crdb.crdts.base import CRDT, Delta, Residue
from crdb.crdts.causal import Dots, each, lacking, pack, removed
from crdb.dots import SEQ_BITS, CausalContext, Dot, actor_of

Amount = int | Fraction
Part = tuple[Dot, Dot, Amount]
"""(last dot, birth dot, cumulative amount) of one author."""


def latest(parts: Iterable[Part]) -> dict[int, Part]:
    """Each author's latest part."""
    found: dict[int, Part] = {}
    for part in sorted(parts):
        found[actor_of(part[0])] = part
    return found


class CounterDelta(Delta, frozen=True, gc=False):
    parts: tuple[Part, ...] = ()
    resets: tuple[tuple[Dot, tuple[Part, ...]], ...] = ()
    """(dot of the reset, the parts that it saw)."""
    covers: Dots | None = None
    """Older resets that a new one contains; in a full sync also parts."""

    def join(self, other: "CounterDelta") -> "CounterDelta":
        gone = (*each(self.covers), *each(other.covers))
        parts = latest((*self.parts, *other.parts)).values()
        resets = sorted({*self.resets, *other.resets})
        return CounterDelta(
            tuple(part for part in sorted(parts) if part[0] not in gone),
            tuple(reset for reset in resets if reset[0] not in gone),
            pack(gone),
        )

    def dots(self) -> Iterator[Dot]:
        yield from (part[0] for part in self.parts)
        for dot, records in self.resets:
            yield dot
            yield from (record[0] for record in records)
        yield from each(self.covers)


class Counter(CRDT[CounterDelta]):
    """A sum. Metadata: one part an author; one record an author for a reset not yet stable."""

    __slots__ = ("parts", "resets", "total")

    name: ClassVar[str] = "counter"

    def __init__(self) -> None:
        self.parts: dict[int, Part] = {}
        self.resets: dict[Dot, tuple[Part, ...]] = {}
        self.total: Amount = 0

    def increment(self, amount: Amount, dot: Dot) -> CounterDelta:
        mine = self.parts.get(dot >> SEQ_BITS)
        if mine is None:
            return CounterDelta(((dot, dot, amount),))
        return CounterDelta(((dot, mine[1], mine[2] + amount),))

    def clear(self, dot: Dot) -> CounterDelta:
        if not self.parts:
            return CounterDelta()
        seen = latest((*self._records().values(), *self.parts.values()))
        return CounterDelta((), ((dot, tuple(sorted(seen.values()))),), pack(self.resets))

    def merge(self, delta: CounterDelta, seen: Container[Dot]) -> Residue | None:
        if delta.resets or delta.covers is not None or self.resets:
            return self._merge_with_resets(delta, seen)
        parts = self.parts
        for part in delta.parts:
            last, _, amount = part
            mine = parts.get(last >> SEQ_BITS)
            if mine is None:
                if last not in seen:
                    parts[last >> SEQ_BITS] = part
                    self.total += amount
            elif mine[0] < last:
                parts[last >> SEQ_BITS] = part
                self.total += amount - mine[2]
        return None if parts else Residue()

    def _merge_with_resets(self, delta: CounterDelta, seen: Container[Dot]) -> Residue | None:
        missed = lacking(delta.covers, pack(self.dots()))
        gone = each(delta.covers)
        resets = self.resets | {dot: parts for dot, parts in delta.resets if dot not in seen}
        self.resets = {dot: resets[dot] for dot in resets if dot not in gone}
        new = (part for part in delta.parts if part[0] not in seen)
        records = self._records()
        self.parts = {
            actor: part
            for actor, part in latest((*self.parts.values(), *new)).items()
            if part[0] not in gone and not (actor in records and part[0] <= records[actor][0])
        }
        self._count(records)
        lingering = tuple(dot for dot, _ in delta.resets)
        return Residue(missed, lingering) if missed or lingering or not self.parts else None

    def _records(self) -> dict[int, Part]:
        """The latest part of each author that a reset here has seen."""
        return latest(part for reset in self.resets.values() for part in reset)

    def _count(self, records: dict[int, Part]) -> None:
        self.total = 0
        for actor, (_, birth, amount) in self.parts.items():
            record = records.get(actor)
            same = record is not None and record[1] == birth
            self.total += amount - record[2] if record is not None and same else amount

    def forget(self, dot: Dot) -> None:
        births = {part[1] for part in self.parts.values()}
        if not any(part[1] in births for part in self.resets.get(dot, ())):
            self.resets.pop(dot, None)

    def complete(self) -> CounterDelta:
        return CounterDelta(tuple(sorted(self.parts.values())), tuple(sorted(self.resets.items())))

    def covered(self, whole: CounterDelta, theirs: CausalContext) -> CounterDelta:
        there = [part[0] for part in whole.parts] + [dot for dot, _ in whole.resets]
        gone = removed(pack(self.dots()), pack(there), theirs)
        return CounterDelta(whole.parts, whole.resets, gone)

    def dots(self) -> Iterator[Dot]:
        yield from (part[0] for part in self.parts.values())
        yield from self.resets

    def alive(self) -> bool:
        return bool(self.parts)

    def empty(self) -> bool:
        return not self.parts and not self.resets

    def value(self) -> Amount:
        return self.total

    def __repr__(self) -> str:
        return f"Counter({self.total}, {self.parts!r}, {self.resets!r})"
