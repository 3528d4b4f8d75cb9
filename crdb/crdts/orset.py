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

from collections.abc import Container, Iterable, Iterator
from typing import ClassVar

from crdb.crdts.base import CRDT, Delta, Residue
from crdb.crdts.causal import Dots, each, join, lacking, pack, removed
from crdb.dots import CausalContext, Dot

Member = bytes


class SetDelta(Delta, frozen=True, gc=False):
    adds: dict[Member, Dots]
    covers: dict[Member, Dots]

    def dots(self) -> Iterator[Dot]:
        for part in (self.adds, self.covers):
            for dots in part.values():
                yield from each(dots)


class ORSet(CRDT[SetDelta]):
    """A set of byte strings. Metadata: one dot a member, one more for each concurrent add."""

    __slots__ = ("members",)

    name: ClassVar[str] = "set"
    rank: ClassVar[int] = 20

    def __init__(self) -> None:
        self.members: dict[Member, Dots] = {}

    def add(self, members: Iterable[Member], dot: Dot) -> SetDelta:
        """Add members with the dots ``dot``, ``dot + 1``, … in their order."""
        mine = self.members
        adds: dict[Member, Dots] = {}
        covers: dict[Member, Dots] = {}
        for member in members:
            adds[member] = dot
            dot += 1
            if member in mine:
                covers[member] = mine[member]
        return SetDelta(adds, covers)

    def add_now(self, members: Iterable[Member], dot: Dot) -> SetDelta:
        """`add` and `merge` in one step."""
        mine = self.members
        adds: dict[Member, Dots] = {}
        covers: dict[Member, Dots] = {}
        for member in members:
            if member in mine and member not in adds:
                covers[member] = mine[member]
            adds[member] = mine[member] = dot
            dot += 1
        return SetDelta(adds, covers)

    def remove(self, members: Iterable[Member]) -> SetDelta:
        mine = self.members
        return SetDelta({}, {member: mine[member] for member in members if member in mine})

    def clear(self, dot: Dot) -> SetDelta:
        return SetDelta({}, dict(self.members))

    @classmethod
    def join(cls, first: SetDelta, second: SetDelta) -> SetDelta:
        adds: dict[Member, Dots] = {}
        covers: dict[Member, Dots] = {}
        for member in first.adds | second.adds | first.covers | second.covers:
            gone = pack((*each(first.covers.get(member)), *each(second.covers.get(member))))
            new = join(first.adds.get(member), second.adds.get(member), None, ())
            new = join(new, None, gone, ())
            if gone is not None:
                covers[member] = gone
            if new is not None:
                adds[member] = new
        return SetDelta(adds, covers)

    def merge(self, delta: SetDelta, seen: Container[Dot]) -> Residue | None:
        members, adds, covers = self.members, delta.adds, delta.covers
        missed: tuple[Dot, ...] = ()
        for member, dots in adds.items():
            mine = members.get(member)
            if mine is None and isinstance(dots, int) and member not in covers:
                if dots not in seen:
                    members[member] = dots
                continue
            gone = covers.get(member)
            if mine == gone and isinstance(dots, int) and dots not in seen:
                members[member] = dots
                continue
            missed += lacking(gone, mine)
            self._put(member, join(mine, dots, gone, seen))
        for member, gone in covers.items():
            if member in adds:
                continue
            mine = members.get(member)
            if mine == gone:
                del members[member]
            else:
                missed += lacking(gone, mine)
                self._put(member, join(mine, None, gone, seen))
        return Residue(missed) if missed or not members else None

    def _put(self, member: Member, dots: Dots | None) -> None:
        if dots is None:
            self.members.pop(member, None)
        else:
            self.members[member] = dots

    def complete(self) -> SetDelta:
        return SetDelta(dict(self.members), {})

    def covered(self, whole: SetDelta, theirs: CausalContext) -> SetDelta:
        covers: dict[Member, Dots] = {}
        for member, dots in self.members.items():
            there = whole.adds.get(member)
            if there != dots and (gone := removed(dots, there, theirs)) is not None:
                covers[member] = gone
        return SetDelta(whole.adds, covers)

    def dots(self) -> Iterator[Dot]:
        for dots in self.members.values():
            yield from each(dots)

    def alive(self) -> bool:
        return bool(self.members)

    def value(self) -> set[Member]:
        return set(self.members)

    def __repr__(self) -> str:
        return f"ORSet({self.members!r})"


SetDelta.crdt = ORSet
