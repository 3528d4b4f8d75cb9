"""Sorted set: members as in an OR-set, each with a score that is a register times a counter.

A member means here what a string means at a key (`crdb.crdts.string`), with a double for a number:
ZADD assigns the score and takes away the increments that it saw, ZINCRBY adds to it, a removal
takes what it saw. The score is the assigned number plus the sum of the increments, added exactly
and rounded once, so it does not depend on the order in which they came.

The usual member was assigned and never incremented: one small tuple. Only increments and concurrent
assignments make it a `String`, until nothing but one assignment is left of it.

>>> from crdb.crdts.base import NOTHING
>>> from crdb.dots import dot
>>> york, kyoto = ZSet(), ZSet()
>>> base = york.assign(b"ann", 10.0, order=1, dot=dot(1, 1))
>>> for city in (york, kyoto):
...     _ = city.merge(base, NOTHING)
>>> gone = york.remove([b"ann"], dot(1, 2))             # York removes ann ...
>>> more = kyoto.increment(b"ann", 5, dot(2, 1))        # ... while Kyoto adds 5 to her 10
>>> for city in (york, kyoto):
...     _, _ = city.merge(gone, NOTHING), city.merge(more, NOTHING)
>>> york.value(), kyoto.value()
({b'ann': 5.0}, {b'ann': 5.0})

Published: concurrent ZADDs of a member by the author's clock, at equal time the smaller region;
ZINCRBYs add up; a removal takes the observed part of the score only. Our choice, since no page
says it: ZADD concurrent with ZINCRBY gives the assigned score plus the increments that it did not
see; while an infinity is assigned, increments do not show.

Source: Redis Active-Active, "Conflict resolution: sorted sets".
"""

from collections.abc import Container, Iterator, Mapping, Sequence
from fractions import Fraction
from itertools import chain
from math import inf, isfinite
from operator import itemgetter
from typing import Any, ClassVar

from sortedcontainers import SortedList

from crdb.crdts.base import CRDT, Delta, Residue, Written, of_part, together
from crdb.crdts.causal import Dots, each, removed
from crdb.crdts.counter import Amount, CounterDelta, Part
from crdb.crdts.register import Register, RegisterDelta
from crdb.crdts.string import String, StringDelta, as_string_delta
from crdb.dots import Dot

Member = bytes
Single = tuple[Dot, int, float]
"""(dot, stamp, score) of the one assignment that a member consists of."""
Held = Single | String
Change = Single | StringDelta


class ZSetDelta(Delta, frozen=True, gc=False):
    changes: dict[Member, Change]
    covers: dict[Member, Dots]
    """The assignments that a `Single`, or a removal, takes away. A `StringDelta` has its own."""

    def dots(self) -> Iterator[Dot]:
        for change in self.changes.values():
            yield from dots_of(change)
        for dots in self.covers.values():
            yield from each(dots)


class ScoreDelta(Delta, frozen=True, gc=False):
    """The usual delta, of one member."""

    member: Member
    change: Change | Part | None
    """None for a removal."""
    covers: Dots | None

    def dots(self) -> Iterator[Dot]:
        if self.change is not None:
            yield from dots_of(self.change)
        yield from each(self.covers)


def dots_of(held: Held | StringDelta | Part) -> Iterator[Dot]:
    return iter(held[:1]) if type(held) is tuple else held.dots()  # type: ignore[union-attr]


def as_zset_delta(delta: ZSetDelta | ScoreDelta) -> ZSetDelta:
    if isinstance(delta, ZSetDelta):
        return delta
    change, covers = parted(factors(delta.change, delta.covers))
    return ZSetDelta(
        {} if change is None else {delta.member: change},
        {} if covers is None else {delta.member: covers},
    )


def factors(change: Change | Part | None, covers: Dots | None) -> StringDelta:
    """A change as that of a string."""
    if change is None:
        return StringDelta(RegisterDelta(covers=covers), CounterDelta())
    if isinstance(change, tuple):
        return StringDelta(RegisterDelta(*change, covers), CounterDelta())
    return as_string_delta(change)


def parted(delta: StringDelta) -> tuple[Change | None, Dots | None]:
    """The inverse of `factors`, in the smallest form."""
    register = delta.register
    if register.losers or delta.counter != CounterDelta():
        return delta, None
    single = (register.dot, register.order, register.top) if register.dot else None
    return single, register.covers


def shown(string: String) -> float:
    """The score: the exact sum, rounded once."""
    register, total = string.register, string.counter.total
    base: float = register.top if register is not None and register.dot else 0.0
    if not total or not isfinite(base):
        return base
    exact = Fraction(base) + total
    try:
        return float(exact)
    except OverflowError:
        return inf if exact > 0 else -inf


class ZSet(CRDT[ZSetDelta | ScoreDelta]):
    """Members with scores. Metadata: a dot and a stamp a member; more where writes were
    concurrent, and for increments what a counter takes."""

    __slots__ = ("_order", "members", "records")

    name: ClassVar[str] = "zset"
    rank: ClassVar[int] = 40

    DOTS = 2
    """How many dots an assignment takes at most: the score's and the reset's."""

    def __init__(self) -> None:
        self.members: dict[Member, Held] = {}
        self.records: dict[Member, String] = {}
        """Those of the strings with a reset not yet stable. Their member may be gone."""
        self._order: Any = None
        """A `SortedList` of (score, member), made when a rank or a range is first asked for."""

    def order(self) -> Any:
        """The members as (score, member), sorted. It is kept from now on: only for reading."""
        if self._order is None:
            self._order = SortedList((self.score(member), member) for member in self.members)
        return self._order

    def score(self, member: Member) -> float | None:
        held = self.members.get(member)
        if held is None:
            return None
        return held[2] if type(held) is tuple else shown(held)  # type: ignore[arg-type]

    def assign(self, member: Member, score: float, order: int, dot: Dot) -> ScoreDelta:
        """ZADD: ``order`` is the author's stamp; takes the dots ``dot`` and ``dot + 1``."""
        held = self.members.get(member)
        if not isinstance(held, String):
            return ScoreDelta(member, (dot, order, score), None if held is None else held[0])
        covers = None if held.register is None else held.register.held()
        register = RegisterDelta(dot, order, score, covers)
        return ScoreDelta(member, StringDelta(register, held.counter.clear(dot + 1)), None)

    def assign_now(self, member: Member, score: float, order: int, dot: Dot) -> ScoreDelta | None:
        """`assign` and `merge` in one step; takes one dot. None, and no change, for a member that
        is, or left, more than one assignment: what that leaves to do only `merge` says."""
        members = self.members
        mine = members.get(member)
        if mine is None:
            if self.records and member in self.records:
                return None
            covers = before = None
        elif type(mine) is tuple:
            covers, before = mine[0], mine[2]
        else:
            return None
        single = members[member] = (dot, order, score)
        if self._order is not None:
            self._reorder(member, before, score)
        return ScoreDelta(member, single, covers)

    def increment(self, member: Member, amount: Amount, dot: Dot) -> ScoreDelta:
        return ScoreDelta(member, self._string(member).increment(amount, dot), None)

    def remove(self, members: Sequence[Member], dot: Dot) -> ZSetDelta | ScoreDelta:
        """Takes as many dots as there are members."""
        changes: dict[Member, Change] = {}
        covers: dict[Member, Dots] = {}
        for number, member in enumerate(members):
            held = self.members.get(member)
            if isinstance(held, String):
                changes[member] = held.clear(dot + number)
            elif held is not None:
                covers[member] = held[0]
        if len(members) == 1:
            return ScoreDelta(members[0], changes.get(members[0]), covers.get(members[0]))
        return ZSetDelta(changes, covers)

    def clear(self, dot: Dot) -> ZSetDelta | ScoreDelta:
        return self.remove(list(self.members), dot)

    def clear_dots(self) -> int:
        return max(1, len(self.members))

    @classmethod
    def made(cls, scores: Mapping[Member, float], order: int, dot: Dot) -> ZSetDelta:
        """Members where nothing is, with the dots ``dot``, ``dot + 1``, … in their order."""
        changes: dict[Member, Change] = {
            member: (dot + number, order, score)
            for number, (member, score) in enumerate(scores.items())
        }
        return ZSetDelta(changes, {})

    @classmethod
    def join(cls, first: ZSetDelta | ScoreDelta, second: ZSetDelta | ScoreDelta) -> ZSetDelta:
        one, two = as_zset_delta(first), as_zset_delta(second)
        joined = ZSetDelta({}, {})
        for member in one.changes | two.changes | one.covers | two.covers:
            halves = [factors(of.changes.get(member), of.covers.get(member)) for of in (one, two)]
            note(joined, member, String.join(*halves))
        return joined

    def merge(self, delta: ZSetDelta | ScoreDelta, seen: Container[Dot]) -> Residue | None:
        if type(delta) is ScoreDelta:
            left = self._merge(delta.member, delta.change, delta.covers, seen)
        else:
            changes, covers = as_zset_delta(delta).changes, as_zset_delta(delta).covers
            left = together(
                self._merge(member, changes.get(member), covers.get(member), seen)
                for member in dict.fromkeys(chain(changes, covers))
            )
        return Residue() if left is None and not self.members else left

    def _merge(
        self,
        member: Member,
        change: Change | Part | None,
        covers: Dots | None,
        seen: Container[Dot],
    ) -> Residue | None:
        mine = self.members.get(member)
        if type(mine) is tuple:
            saw = mine[0] == covers
        else:
            saw = mine is None and covers is None and member not in self.records
        if saw and change is None:  # The usual change saw what is here.
            self._put(member, None, self.score(member))
            return None
        if saw and type(change) is tuple and change[0] not in seen:
            self._put(member, change, self.score(member))
            return None
        string, before = self._string(member), self.score(member)
        residue = string.merge(factors(change, covers), seen)
        self._settle(member, string, before)
        return residue

    def _string(self, member: Member) -> String:
        """The member as a string; one that is not held as such is a copy."""
        held = self.members.get(member) or self.records.get(member)
        if isinstance(held, String):
            return held
        string = String()
        if held is not None:
            register = string.register = Register()
            register.dot, register.order, register.top = held
        return string

    def _settle(self, member: Member, string: String, before: float | None) -> None:
        """Keep a string that has changed in the smallest form; it had that score before."""
        if string.counter.resets:
            self.records[member] = string
        else:
            self.records.pop(member, None)
        if not string.alive():
            self._put(member, None, before)
            return
        register = string.register
        if string.counter.empty() and register is not None and register.losers is None:
            self._put(member, (register.dot, register.order, register.top), before)
        else:
            self._put(member, string, before)

    def _put(self, member: Member, held: Held | None, before: float | None) -> None:
        if held is None:
            self.members.pop(member, None)
        else:
            self.members[member] = held
        if self._order is not None:
            self._reorder(member, before, self.score(member))

    def _reorder(self, member: Member, before: float | None, after: float | None) -> None:
        if before != after:
            if before is not None:
                self._order.remove((before, member))
            if after is not None:
                self._order.add((after, member))

    def forget(self, dot: Dot) -> None:
        for member, string in list(self.records.items()):
            before = self.score(member)
            string.forget(dot)
            self._settle(member, string, before)

    def _held(self) -> Iterator[tuple[Member, Held]]:
        """All that is here: the members, and what is left of those that are gone."""
        yield from self.members.items()
        for member, string in self.records.items():
            if member not in self.members:
                yield member, string

    def beyond(self, seen: Container[Dot]) -> ZSetDelta:
        part = ZSetDelta({}, {})
        for member, held in self._held():
            if isinstance(held, String):
                note(part, member, held.beyond(seen))
            elif held[0] not in seen:
                part.changes[member] = held
        return part

    def covered(self, whole: ZSetDelta | ScoreDelta, gone: Container[Dot]) -> ZSetDelta:
        mine, theirs = dict(self._held()), as_zset_delta(whole).changes
        found = ZSetDelta({}, {})
        for member in mine | theirs:
            here, there = mine.get(member), theirs.get(member)
            if isinstance(here, String) or isinstance(there, StringDelta):
                note(found, member, self._string(member).covered(factors(there, None), gone))
            elif here != there:
                if there is not None:
                    found.changes[member] = there
                over = removed(here and here[0], there and there[0], gone)
                if over is not None:
                    found.covers[member] = over
        return found

    def dots(self) -> Iterator[Dot]:
        for _, held in self._held():
            yield from dots_of(held)

    def alive(self) -> bool:
        return bool(self.members)

    def empty(self) -> bool:
        return not self.members and not self.records

    def value(self) -> dict[Member, float | None]:
        return {member: self.score(member) for member in self.members}

    def written(self) -> Iterator[Written]:
        for member, held in sorted(self.members.items(), key=itemgetter(0)):
            if isinstance(held, String):
                register = held.register or Register()
                yield from (each.of(member) for each in register.written())
                counts = isfinite(register.top or 0)
                for each in held.counter.written():
                    yield each.of(member)._replace(shows=counts)
            else:
                yield Written(held[0], held[2], held[1]).of(member)

    def rules(self) -> Iterator[str]:
        yield "a member is here while it has a score that no removal has seen (published)"
        for member, held in sorted(self.members.items(), key=itemgetter(0)):
            if isinstance(held, String):
                yield from of_part(member, (held.register or Register()).rules())
                if len(held.counter.parts) > 1:
                    yield from of_part(member, ["increments add up (published)"])

    def __repr__(self) -> str:
        return f"ZSet({self.value()!r}, {self.members!r}, {self.records!r})"


def note(delta: ZSetDelta, member: Member, change: StringDelta) -> None:
    """Put a member's change into a delta that is being made; nothing for one that is empty."""
    found, covers = parted(change)
    if found is not None:
        delta.changes[member] = found
    if covers is not None:
        delta.covers[member] = covers


ZSetDelta.crdt = ScoreDelta.crdt = ZSet
