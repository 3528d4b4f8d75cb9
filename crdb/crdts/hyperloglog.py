"""HyperLogLog: registers that only rise, and deletions that win.

Each author keeps one *part*: the registers that it raised, its last dot, and what it had seen when
the part began. What a client reads is the highest of all parts. A deletion stays as a record, its
dot; it kills every part that had not seen it when it began, even one that it had not seen itself.
An author whose part was killed begins a new one, which has seen the deletion, and lives.

>>> from crdb.crdts.base import NOTHING
>>> from crdb.dots import dot
>>> from crdb.sketch import spot
>>> quito, seoul = HyperLogLog(), HyperLogLog()
>>> first = quito.add([spot(b"x")], dot(1, 1), {})
>>> for city in (quito, seoul):
...     _ = city.merge(first, NOTHING)
>>> delete = quito.clear(dot(1, 2))                             # DEL in Quito ...
>>> second = seoul.add([spot(b"y")], dot(2, 1), {1: 1})         # ... while Seoul adds y
>>> for city in (quito, seoul):
...     _, _ = city.merge(delete, NOTHING), city.merge(second, NOTHING)
>>> quito.alive(), seoul.alive()
(False, False)
>>> third = seoul.add([spot(b"z")], dot(2, 2), {1: 2, 2: 1})    # after it has seen the deletion
>>> seoul.merge(third, NOTHING), seoul.count()
(None, 1)

SET with the bytes of a HyperLogLog assigns a register beside the parts, and the value is what all
of them together hold. So of two concurrent SETs the later clock wins, and adds come on top.

Published: adds merge, a deletion wins over concurrent adds. Our choice, since no page says it: SET
takes the adds that it saw by a deletion, so that one concurrent with it dies too; where it saw
none, it deletes nothing, and a concurrent add counts.

An author's later part means that it had seen the earlier one die: one part an author is enough. So
is one deletion: who has seen a later one has seen the earlier. It goes when it is stable.

Source: Redis Active-Active, "Conflict resolution: HyperLogLog".
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from typing import ClassVar

from crdb.crdts.base import CRDT, Delta, Residue, Written
from crdb.crdts.causal import Dots, each, lacking, pack
from crdb.crdts.register import Register, RegisterDelta
from crdb.dots import Dot, actor_of, seq_of
from crdb.dots import dot as dot_of
from crdb.sketch import Few, Registers, dense, estimate, lifted, raising, registers, spots_of


class Spots(Delta, frozen=True, gc=False):
    """What one author has raised; as the delta of an add, what it has raised now."""

    last: Dot
    birth: Dot
    seen: dict[int, int]
    """What the author had seen when the part began: actor -> sequence number."""
    spots: tuple[int, ...]

    def dots(self) -> Iterator[Dot]:
        yield self.last


class HyperLogLogDelta(Delta, frozen=True, gc=False):
    """Everything that is not just an add."""

    register: RegisterDelta
    parts: tuple[Spots, ...]
    """At most one an author, in order."""
    deletions: tuple[Dot, ...] = ()
    covers: Dots | None = None
    """In a full sync: births of parts that died where their deletion is forgotten."""

    def dots(self) -> Iterator[Dot]:
        yield from self.register.dots()
        for part in self.parts:
            yield from part.dots()
        yield from self.deletions
        yield from each(self.covers)


def as_delta(delta: Spots | HyperLogLogDelta) -> HyperLogLogDelta:
    return HyperLogLogDelta(RegisterDelta(), (delta,)) if isinstance(delta, Spots) else delta


class Part:
    """The same in a state."""

    __slots__ = ("birth", "last", "seen", "sketch")

    def __init__(self, delta: Spots) -> None:
        self.last = delta.last
        self.birth = delta.birth
        self.seen = delta.seen
        self.sketch: Registers = lifted(Few(), delta.spots)

    def raised(self, delta: Spots) -> None:
        self.last = max(self.last, delta.last)
        self.sketch = lifted(self.sketch, delta.spots)

    def whole(self) -> Spots:
        return Spots(self.last, self.birth, self.seen, spots_of(self.sketch))

    def is_killed_by(self, deletions: Mapping[int, int]) -> bool:
        return any(self.seen.get(actor, 0) < seq for actor, seq in deletions.items())


class HyperLogLog(CRDT[Spots | HyperLogLogDelta]):
    """The registers of a set's cardinality. Metadata: two dots and a vector for each author."""

    __slots__ = ("assigned", "counted", "deletions", "parts", "register")

    name: ClassVar[str] = "string"
    rank: ClassVar[int] = 15
    deletes_win: ClassVar[bool] = True

    DOTS = 2
    """How many dots an assignment takes: the value's and the deletion's."""

    def __init__(self) -> None:
        self.register: Register | None = None
        """What was SET: the bytes of a HyperLogLog."""
        self.assigned: Registers | None = None
        """The registers that these say."""
        self.parts: dict[int, Part] = {}
        self.deletions: dict[int, int] = {}
        """Actor -> sequence number of its last deletion that is not yet stable."""
        self.counted: int | None = None
        """The estimate, once it was asked for."""

    def add(self, spots: Sequence[int], dot: Dot, seen: Mapping[int, int]) -> Spots:
        """PFADD and PFMERGE. ``seen``: what the author has applied, own writes included."""
        mine = self.parts.get(actor_of(dot))
        raised = tuple(raising([] if mine is None else [mine.sketch], spots))
        if mine is None:
            return Spots(dot, dot, dict(seen), raised)
        return Spots(dot, mine.birth, mine.seen, raised)

    def assign(self, text: bytes, order: int, dot: Dot) -> HyperLogLogDelta:
        """SET: ``order`` is the author's stamp; takes the dots ``dot`` and ``dot + 1``."""
        register = self.register or Register()
        deletions = (dot + 1,) if self.parts else ()
        return HyperLogLogDelta(register.write(text, order, dot), (), deletions)

    def clear(self, dot: Dot) -> HyperLogLogDelta:
        register = self.register or Register()
        return HyperLogLogDelta(register.clear(dot), (), (dot,))

    @classmethod
    def join(
        cls, first: Spots | HyperLogLogDelta, second: Spots | HyperLogLogDelta
    ) -> HyperLogLogDelta:
        both = cls()
        one, two = as_delta(first), as_delta(second)
        for delta in (one, two):
            both._delete(delta, ())
            both._take(delta.parts, ())
        register = Register.join(one.register, two.register)
        covers = pack((*each(one.covers), *each(two.covers)))
        return HyperLogLogDelta(register, both._parts(), both._records(), covers)

    def merge(self, delta: Spots | HyperLogLogDelta, seen: Container[Dot]) -> Residue | None:
        self.counted = None
        if type(delta) is Spots:
            self._take((delta,), seen)
            return None if self.parts or self.alive() else Residue()
        whole = as_delta(delta)
        if self.register is None:
            self.register = Register()
        residue = self.register.merge(whole.register, seen) or Residue()
        self.assigned = registers(self.register.value() or b"")
        missed = lacking(whole.covers, pack(part.birth for part in self.parts.values()))
        self._delete(whole, seen)
        self._take(whole.parts, seen)
        if missed or whole.deletions or residue.missed or not self.alive():
            return Residue(residue.missed + missed, whole.deletions)
        return None

    def _delete(self, delta: HyperLogLogDelta, seen: Container[Dot]) -> None:
        for dot in delta.deletions:
            # One that was seen is here, or stable: nothing that it kills can still come.
            if dot not in seen:
                actor = actor_of(dot)
                self.deletions[actor] = max(seq_of(dot), self.deletions.get(actor, 0))
        gone = each(delta.covers)
        for actor, part in list(self.parts.items()):
            if part.birth in gone or part.is_killed_by(self.deletions):
                del self.parts[actor]

    def _take(self, parts: Sequence[Spots], seen: Container[Dot]) -> None:
        for delta in parts:
            actor = actor_of(delta.last)
            mine = self.parts.get(actor)
            if mine is not None and mine.birth == delta.birth:
                mine.raised(delta)
            elif mine is None or mine.birth < delta.birth:
                part = Part(delta)
                late = delta.last in seen or delta.birth in seen
                if not late and not part.is_killed_by(self.deletions):
                    self.parts[actor] = part

    def forget(self, dot: Dot) -> None:
        if self.deletions.get(actor_of(dot), seq_of(dot) + 1) <= seq_of(dot):
            del self.deletions[actor_of(dot)]

    def beyond(self, seen: Container[Dot]) -> HyperLogLogDelta:
        register = self.register or Register()
        return HyperLogLogDelta(
            register.beyond(seen),
            tuple(part for part in self._parts() if part.last not in seen),
            tuple(dot for dot in self._records() if dot not in seen),
        )

    def covered(self, whole: Spots | HyperLogLogDelta, gone: Container[Dot]) -> HyperLogLogDelta:
        register, there = self.register or Register(), as_delta(whole)
        births = {part.birth for part in there.parts}
        dead = (
            part.birth
            for part in self.parts.values()
            if part.birth not in births and (part.last in gone or part.birth in gone)
        )
        return HyperLogLogDelta(
            register.covered(there.register, gone), there.parts, there.deletions, pack(dead)
        )

    def _parts(self) -> tuple[Spots, ...]:
        return tuple(self.parts[actor].whole() for actor in sorted(self.parts))

    def _records(self) -> tuple[Dot, ...]:
        return tuple(dot_of(actor, seq) for actor, seq in sorted(self.deletions.items()))

    def dots(self) -> Iterator[Dot]:
        if self.register is not None:
            yield from self.register.dots()
        for part in self.parts.values():
            yield part.birth
            if part.last != part.birth:
                yield part.last
        yield from self._records()

    def alive(self) -> bool:
        return bool(self.parts) or (self.register is not None and self.register.alive())

    def empty(self) -> bool:
        return not self.alive() and not self.deletions

    def told(self) -> str:
        return f"about {self.count()} members"

    def written(self) -> Iterator[Written]:
        if self.register is not None:
            for found in self.register.written():
                yield found._replace(value="a whole HyperLogLog")
        for part in self._parts():
            yield Written(part.last, f"{len(part.spots)} registers raised")

    def rules(self) -> Iterator[str]:
        if len(self.parts) > 1:
            yield "the highest of all registers counts (published)"
        if self.deletions:
            yield "what had not seen a deletion dies with it (published)"

    def sketches(self) -> list[Registers]:
        """What the value is the highest of."""
        found = [part.sketch for part in self.parts.values()]
        return found if self.assigned is None else [*found, self.assigned]

    def count(self) -> int:
        """The estimated number of different elements."""
        if self.counted is None:
            self.counted = estimate(self.sketches())
        return self.counted

    def value(self) -> bytes:
        return dense(self.sketches())

    def __repr__(self) -> str:
        return f"HyperLogLog({self.count()}, {self._parts()!r}, {self.deletions!r})"


Spots.crdt = HyperLogLogDelta.crdt = HyperLogLog
