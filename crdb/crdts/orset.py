"""OR-set: a member is in the set while it holds a dot. Add wins.

Every add gives the member a fresh dot that covers the dots it had; a remove covers the dots that
it saw. So a remove takes away only the adds it knows, and an add concurrent with it survives.
Removed members leave nothing behind: the replica's causal context remembers their dots.

>>> from crdb.crdts.base import NOTHING
>>> from crdb.dots import dot
>>> paris, osaka = ORSet(), ORSet()
>>> first = paris.add([b"tea"], dot(1, 1))
>>> for city in (paris, osaka):
...     _ = city.merge(first, NOTHING)
>>> remove = paris.remove([b"tea"])           # Paris removes tea ...
>>> again = osaka.add([b"tea"], dot(2, 1))    # ... while Osaka adds it once more
>>> for city in (paris, osaka):
...     _, _ = city.merge(remove, NOTHING), city.merge(again, NOTHING)
>>> paris.value(), osaka.value()
({b'tea'}, {b'tea'})

Source: Bieniusa et al., "An optimized conflict-free replicated set" (2012); Redis Active-Active,
"Conflict resolution: sets".
"""

from collections.abc import Container, Iterator, Sequence
from itertools import filterfalse
from typing import ClassVar

from crdb.crdts.base import CRDT, Delta, Residue, Written
from crdb.crdts.causal import Dots, each, join, lacking, pack, removed
from crdb.dots import Dot

Member = bytes


class SetDelta(Delta, frozen=True, gc=False):
    adds: dict[Member, Dots]
    covers: dict[Member, Dots]

    def dots(self) -> Iterator[Dot]:
        for part in (self.adds, self.covers):
            for dots in part.values():
                yield from each(dots)


class MemberDelta(Delta, frozen=True, gc=False):
    """The usual delta, of one member: a tenth of the dictionaries' memory."""

    member: Member
    add: Dot | None
    """None for a removal."""
    covers: Dots | None

    def dots(self) -> Iterator[Dot]:
        yield from each(self.add)
        yield from each(self.covers)


def as_set_delta(delta: SetDelta | MemberDelta) -> SetDelta:
    if isinstance(delta, SetDelta):
        return delta
    adds: dict[Member, Dots] = {} if delta.add is None else {delta.member: delta.add}
    return SetDelta(adds, {} if delta.covers is None else {delta.member: delta.covers})


class ORSet(CRDT[SetDelta | MemberDelta]):
    """A set of byte strings. Metadata: one dot a member, one more for each concurrent add."""

    __slots__ = ("members",)

    name: ClassVar[str] = "set"
    rank: ClassVar[int] = 20

    def __init__(self) -> None:
        self.members: dict[Member, Dots] = {}

    def add(self, members: Sequence[Member], dot: Dot) -> SetDelta | MemberDelta:
        """Add members with the dots ``dot``, ``dot + 1``, … in their order."""
        mine = self.members
        if len(members) == 1:
            return MemberDelta(members[0], dot, mine.get(members[0]))
        adds: dict[Member, Dots] = {}
        covers: dict[Member, Dots] = {}
        for member in members:
            adds[member] = dot
            dot += 1
            if member in mine:
                covers[member] = mine[member]
        return SetDelta(adds, covers)

    def add_now(self, members: Sequence[Member], dot: Dot) -> SetDelta | MemberDelta:
        """`add` and `merge` in one step."""
        mine = self.members
        if len(members) == 1:
            member = members[0]
            delta = MemberDelta(member, dot, mine.get(member))
            mine[member] = dot
            return delta
        adds: dict[Member, Dots] = {}
        covers: dict[Member, Dots] = {}
        for member in members:
            if member in mine and member not in adds:
                covers[member] = mine[member]
            adds[member] = mine[member] = dot
            dot += 1
        return SetDelta(adds, covers)

    def remove(self, members: Sequence[Member]) -> SetDelta | MemberDelta:
        mine = self.members
        if len(members) == 1:
            return MemberDelta(members[0], None, mine.get(members[0]))
        return SetDelta({}, {member: mine[member] for member in members if member in mine})

    def clear(self, dot: Dot) -> SetDelta:
        return SetDelta({}, dict(self.members))

    @classmethod
    def join(cls, first: SetDelta | MemberDelta, second: SetDelta | MemberDelta) -> SetDelta:
        one, two = as_set_delta(first), as_set_delta(second)
        adds: dict[Member, Dots] = {}
        covers: dict[Member, Dots] = {}
        for member in one.adds | two.adds | one.covers | two.covers:
            gone = pack((*each(one.covers.get(member)), *each(two.covers.get(member))))
            new = join(one.adds.get(member), two.adds.get(member), None, ())
            new = join(new, None, gone, ())
            if gone is not None:
                covers[member] = gone
            if new is not None:
                adds[member] = new
        return SetDelta(adds, covers)

    def merge(self, delta: SetDelta | MemberDelta, seen: Container[Dot]) -> Residue | None:
        if type(delta) is MemberDelta:
            member, dot, gone = delta.member, delta.add, delta.covers
            if dot is None and gone is not None and self.members.get(member) == gone:
                del self.members[member]
                return None if self.members else Residue()
            missed = self._merge(member, dot, gone, seen)
        else:
            missed = self._merge_all(as_set_delta(delta), seen)
        return Residue(missed) if missed or not self.members else None

    def _merge_all(self, delta: SetDelta, seen: Container[Dot]) -> tuple[Dot, ...]:
        adds, covers = delta.adds, delta.covers
        missed: tuple[Dot, ...] = ()
        for member, dots in adds.items():
            missed += self._merge(member, dots, covers.get(member), seen)
        for member, gone in covers.items():
            if member not in adds:
                missed += self._merge(member, None, gone, seen)
        return missed

    def _merge(
        self, member: Member, dots: Dots | None, gone: Dots | None, seen: Container[Dot]
    ) -> tuple[Dot, ...]:
        """Join one member's dots; returns the covered ones that were not here."""
        members = self.members
        mine = members.get(member)
        if mine == gone:  # The usual delta saw what is here.
            if type(dots) is int and dots not in seen:
                members[member] = dots
                return ()
            if dots is None and mine is not None:
                del members[member]
                return ()
        joined = join(mine, dots, gone, seen)
        if joined is not None:
            members[member] = joined
        elif mine is not None:
            del members[member]
        return lacking(gone, mine)

    def complete(self) -> SetDelta:
        return SetDelta(dict(self.members), {})

    def beyond(self, seen: Container[Dot]) -> SetDelta:
        found = ((member, join(None, dots, None, seen)) for member, dots in self.members.items())
        return SetDelta({member: dots for member, dots in found if dots is not None}, {})

    def covered(self, whole: SetDelta | MemberDelta, gone: Container[Dot]) -> SetDelta:
        # Nearly all is usually the same on both sides: no call of a function for that.
        mine, theirs = self.members, as_set_delta(whole).adds
        here = mine.get
        adds = {member: dots for member, dots in theirs.items() if here(member) != dots}
        differing = list(filterfalse(theirs.__contains__, mine))
        differing += [member for member in adds if member in mine]
        found = ((each, removed(mine[each], theirs.get(each), gone)) for each in differing)
        return SetDelta(adds, {member: over for member, over in found if over is not None})

    def dots(self) -> Iterator[Dot]:
        for dots in self.members.values():
            yield from each(dots)

    def alive(self) -> bool:
        return bool(self.members)

    def value(self) -> set[Member]:
        return set(self.members)

    def written(self) -> Iterator[Written]:
        for member, dots in sorted(self.members.items()):
            yield from (Written(dot, member) for dot in each(dots))

    def rules(self) -> Iterator[str]:
        yield "a member is here while it has an add that no remove has seen (published)"

    def __repr__(self) -> str:
        return f"ORSet({self.members!r})"


SetDelta.crdt = MemberDelta.crdt = ORSet
