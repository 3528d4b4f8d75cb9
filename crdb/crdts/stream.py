"""Stream: entries in order of their ids, and consumer groups.

Entries are an observed-remove set. Each has its id and its writer's dot, and what is deleted is the
entries that were seen. So two regions may add entries of one id: both stay, in order of their dots.

>>> from crdb.crdts.base import NOTHING
>>> from crdb.dots import dot
>>> lyon, kobe = Stream(), Stream()
>>> first = lyon.add((7, 1), (b"say", b"hello"), dot(1, 1))
>>> for city in (lyon, kobe):
...     _ = city.merge(first, NOTHING)
>>> delete = lyon.clear(dot(1, 2))                          # DEL in Lyon ...
>>> second = kobe.add((8, 2), (b"say", b"bye"), dot(2, 1))  # ... while Kobe adds one more
>>> for city in (lyon, kobe):
...     _, _ = city.merge(delete, NOTHING), city.merge(second, NOTHING)
>>> [list(city.entries) == [(8, 2, dot(2, 1))] for city in (lyon, kobe)]
[True, True]

Of a group it is replicated that it exists, and up to where a region has acknowledged everything.
Both are *marks*, with what their author had seen. Deletion wins: a deletion of the group, or of
the key, stays as a record until it is stable, and kills every mark that had not seen it.

>>> create = kobe.create(b"readers", (0, 0), dot(2, 2), {2: 1})
>>> destroy = lyon.clear(dot(1, 3))
>>> for city in (lyon, kobe):
...     _, _ = city.merge(create, NOTHING), city.merge(destroy, NOTHING)
>>> [sorted(city.groups) for city in (lyon, kobe)]
[[], []]

Published: all of that; a stream without entries and groups does not exist. Our choice, as no page
says it: groups that two regions create at once begin at the lower id; an acknowledgement speaks of
the entries that its region had seen, so that a late one is not lost by it; XTRIM is a deletion of
what it saw. The last id, the number of entries ever added and the highest deleted id are local, as
`consumers` is: what this region has seen of the stream since it exists here.

Source: Redis Active-Active, "Conflict resolution: streams".
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from operator import itemgetter
from typing import Any, ClassVar

from msgspec import field
from sortedcontainers import SortedDict

from crdb.crdts.base import CRDT, Delta, Residue, Written
from crdb.crdts.causal import Dots, each, lacking, pack
from crdb.crdts.consumers import ZERO, Group, Id, Key, Mark
from crdb.dots import Dot, actor_of, seq_of
from crdb.dots import dot as dot_of

Fields = tuple[bytes, ...]
"""Names and values in turn."""

Slot = tuple[bytes, bool, int]
"""Group, which of the two marks, and its author: a later mark replaces the earlier."""

EVERY = None
"""Instead of a name, for the deletion of the key: it kills the marks of every group."""


class EntryDelta(Delta, frozen=True, gc=False):
    """The usual delta: one entry more."""

    key: Key
    fields: Fields

    def dots(self) -> Iterator[Dot]:
        yield self.key[2]


class StreamDelta(Delta, frozen=True, gc=False):
    entries: dict[Key, Fields] = field(default_factory=dict)
    gone: tuple[Key, ...] = ()
    """Entries that were seen and deleted."""
    marks: tuple[Mark, ...] = ()
    deletions: tuple[tuple[bytes | None, Dot], ...] = ()
    """Of a group, or of `EVERY` one."""
    covers: Dots | None = None
    """In a full sync: marks that died where their deletion is forgotten."""

    def dots(self) -> Iterator[Dot]:
        for key in (*self.entries, *self.gone):
            yield key[2]
        for mark in self.marks:
            yield mark.dot
        for _, dot in self.deletions:
            yield dot
        yield from each(self.covers)


def as_stream_delta(delta: EntryDelta | StreamDelta) -> StreamDelta:
    return StreamDelta({delta.key: delta.fields}) if isinstance(delta, EntryDelta) else delta


def slot_of(mark: Mark) -> Slot:
    return mark.name, mark.acknowledges, actor_of(mark.dot)


class Stream(CRDT[EntryDelta | StreamDelta]):
    """Entries and groups. Metadata: a dot an entry; two marks and a deletion a group and author."""

    __slots__ = ("added", "deletions", "entries", "groups", "last", "marks", "removed")

    name: ClassVar[str] = "stream"
    rank: ClassVar[int] = 60
    deletes_win: ClassVar[bool] = True

    def __init__(self) -> None:
        self.entries: SortedDict[Key, Fields] = SortedDict()
        self.marks: dict[Slot, Mark] = {}
        self.deletions: dict[tuple[bytes | None, int], int] = {}
        """(name, author) -> sequence number of its last deletion that is not yet stable."""
        self.groups: dict[bytes, Group] = {}
        """The groups that exist, each with its local side."""
        self.last: Id = ZERO
        """The highest id that was here."""
        self.added = 0
        """How many entries have arrived here."""
        self.removed: Id = ZERO
        """The highest id that was taken away from here, but for those at the beginning."""

    # ── mutators ────────────────────────────────────────────────────────────────────────────

    def add(self, position: Id, fields: Fields, dot: Dot) -> EntryDelta:
        return EntryDelta((*position, dot), fields)

    def remove(self, keys: Iterable[Key]) -> StreamDelta:
        """XDEL and trimming; every key is that of an entry here."""
        return StreamDelta(gone=tuple(sorted(keys)))

    def create(self, name: bytes, position: Id, dot: Dot, seen: Mapping[int, int]) -> StreamDelta:
        """``seen``: what the author has applied, own writes included."""
        return StreamDelta(marks=(Mark(name, False, dot, position, dict(seen)),))

    def acknowledge(
        self, name: bytes, position: Id, dot: Dot, seen: Mapping[int, int]
    ) -> StreamDelta:
        """Everything that is here up to this id has been delivered and acknowledged."""
        return StreamDelta(marks=(Mark(name, True, dot, position, dict(seen)),))

    def destroy(self, name: bytes, dot: Dot) -> StreamDelta:
        return StreamDelta(deletions=((name, dot),))

    def clear(self, dot: Dot) -> StreamDelta:
        return StreamDelta(gone=tuple(self.entries), deletions=((EVERY, dot),))

    def acknowledged(self, name: bytes, actor: int) -> Id:
        """Up to where that author has acknowledged: at least where the group began."""
        starts = (mark.id for mark in self.marks.values() if mark.name == name)
        ack = self.marks.get((name, True, actor))
        return min(starts) if ack is None else ack.id

    # ── joining ─────────────────────────────────────────────────────────────────────────────

    @classmethod
    def join(cls, first: EntryDelta | StreamDelta, second: EntryDelta | StreamDelta) -> StreamDelta:
        both, one, two = cls(), as_stream_delta(first), as_stream_delta(second)
        for delta in (one, two):
            both._delete(delta.deletions, ())
            both._mark(delta.marks, ())
        gone = {*one.gone, *two.gone}
        entries = {**one.entries, **two.entries}
        covers = pack((*each(one.covers), *each(two.covers)))
        return StreamDelta(
            {key: entries[key] for key in entries if key not in gone},
            tuple(sorted(gone)),
            tuple(mark for mark in both._marks() if mark.dot not in each(covers)),
            both._records(),
            covers,
        )

    def merge(self, delta: EntryDelta | StreamDelta, seen: Container[Dot]) -> Residue | None:
        if type(delta) is EntryDelta:
            if delta.key[2] not in seen:
                self._arrive(delta.key, delta.fields)
            return None if self.alive() else Residue()
        whole = as_stream_delta(delta)
        missed = [key[2] for key in whole.gone if not self._leave(key)]
        if whole.marks or whole.deletions or whole.covers:
            missed += lacking(whole.covers, pack(mark.dot for mark in self.marks.values()))
            self._delete(whole.deletions, seen)
            self._mark(whole.marks, seen)
            gone = each(whole.covers)
            self.marks = {at: mark for at, mark in self.marks.items() if mark.dot not in gone}
            self._group(whole.marks)
        for key in sorted(whole.entries):
            if key[2] not in seen:
                self._arrive(key, whole.entries[key])
        if missed or whole.deletions or not self.alive():
            return Residue(tuple(missed), tuple(dot for _, dot in whole.deletions))
        return None

    def _arrive(self, key: Key, fields: Fields) -> None:
        if key in self.entries:
            return
        self.entries[key] = fields
        self.added += 1
        self.last = max(self.last, key[:2])
        for name, group in self.groups.items():
            if key[:2] <= group.delivered:
                group.arrived(key, self._acks(name))

    def _leave(self, key: Key) -> bool:
        """Take an entry away. False if it is not here."""
        if key not in self.entries:
            return False
        if key != self.entries.peekitem(0)[0]:
            self.removed = max(self.removed, key[:2])
        del self.entries[key]
        for group in self.groups.values():
            group.gone(key)
        return True

    def _delete(self, deletions: Iterable[tuple[bytes | None, Dot]], seen: Container[Dot]) -> None:
        records = self.deletions
        for name, dot in deletions:
            # One that was seen is here, or stable: nothing that it kills can still come.
            actor, seq = actor_of(dot), seq_of(dot)
            if dot in seen or records.get((EVERY, actor), 0) > seq:
                continue
            if name is EVERY:
                for at in [at for at in records if at[1] == actor and records[at] < seq]:
                    del records[at]
            records[name, actor] = max(seq, records.get((name, actor), 0))
        self.marks = {at: mark for at, mark in self.marks.items() if not self._kills(mark)}

    def _kills(self, mark: Mark) -> bool:
        """Whether a deletion here kills that mark: one of its group which it had not seen."""
        return any(
            mark.seen.get(actor, 0) < seq
            for (name, actor), seq in self.deletions.items()
            if name is EVERY or name == mark.name
        )

    def _mark(self, marks: Iterable[Mark], seen: Container[Dot]) -> None:
        for mark in marks:
            mine = self.marks.get(slot_of(mark))
            newer = mine is None or mine.dot < mark.dot
            if newer and mark.dot not in seen and not self._kills(mark):
                self.marks[slot_of(mark)] = mark

    def _group(self, new: Iterable[Mark]) -> None:
        """Let the local sides of the groups follow the marks."""
        creations: dict[bytes, list[Mark]] = {}
        for mark in self.marks.values():
            if not mark.acknowledges:
                creations.setdefault(mark.name, []).append(mark)
        for name in [name for name in self.groups if name not in creations]:
            del self.groups[name]
        for name, found in creations.items():
            start, births = min(mark.id for mark in found), frozenset(mark.dot for mark in found)
            group, acks = self.groups.get(name), self._acks(name)
            if group is None or births.isdisjoint(group.births):
                # Destroyed and created again, and both were heard at once: it begins anew.
                group = self.groups[name] = Group(start, births)
            else:
                if births - group.births and start < group.start:
                    group.widened(start, self.entries, acks)
                group.births = births
                acks = [ack for ack in new if ack in acks]
            for ack in acks:
                group.acknowledged(ack, self.entries)

    def _acks(self, name: bytes) -> list[Mark]:
        return [mark for mark in self.marks.values() if mark.acknowledges and mark.name == name]

    def forget(self, dot: Dot) -> None:
        actor, seq = actor_of(dot), seq_of(dot)
        self.deletions = {
            at: last for at, last in self.deletions.items() if at[1] != actor or last > seq
        }

    def beyond(self, seen: Container[Dot]) -> StreamDelta:
        return StreamDelta(
            {key: fields for key, fields in self.entries.items() if key[2] not in seen},
            (),
            tuple(mark for mark in self._marks() if mark.dot not in seen),
            tuple(record for record in self._records() if record[1] not in seen),
        )

    def covered(self, whole: EntryDelta | StreamDelta, gone: Container[Dot]) -> StreamDelta:
        there = as_stream_delta(whole)
        live = {mark.dot for mark in there.marks}
        return StreamDelta(
            {key: fields for key, fields in there.entries.items() if key not in self.entries},
            tuple(key for key in self.entries if key not in there.entries and key[2] in gone),
            there.marks,
            there.deletions,
            pack(mark.dot for mark in self._marks() if mark.dot not in live and mark.dot in gone),
        )

    def _marks(self) -> tuple[Mark, ...]:
        return tuple(self.marks[at] for at in sorted(self.marks))

    def _records(self) -> tuple[tuple[bytes | None, Dot], ...]:
        records = ((name, dot_of(actor, seq)) for (name, actor), seq in self.deletions.items())
        return tuple(sorted(records, key=itemgetter(1)))

    def dots(self) -> Iterator[Dot]:
        for key in self.entries:
            yield key[2]
        for mark in self.marks.values():
            yield mark.dot
        for _, dot in self._records():
            yield dot

    def alive(self) -> bool:
        return bool(self.entries or self.groups)

    def empty(self) -> bool:
        return not (self.entries or self.marks or self.deletions)

    def told(self) -> dict[str, Any]:
        entries = {b"%d-%d" % key[:2]: list(fields) for key, fields in self.entries.items()}
        return {"entries": entries, "groups": sorted(self.groups)}

    def written(self) -> Iterator[Written]:
        for (ms, number, dot), fields in self.entries.items():
            yield Written(dot, b" ".join(fields)).of(b"%d-%d" % (ms, number))
        for mark in self._marks():
            what = b"acknowledged to" if mark.acknowledges else b"delivers from"
            yield Written(mark.dot, b"%s %d-%d" % (what, *mark.id)).of(b"group " + mark.name)

    def rules(self) -> Iterator[str]:
        yield "an entry is here until a deletion that has seen it (published)"
        if self.groups:
            yield "a group is here if its creation had seen every deletion (published)"

    def value(self) -> tuple[list[Any], dict[bytes, tuple[Id, Id]]]:
        """The entries, and for each group where it begins and up to where it is acknowledged."""
        entries = [(key[:2], fields) for key, fields in self.entries.items()]
        groups = {}
        for name in sorted(self.groups):
            starts = [
                mark.id
                for mark in self.marks.values()
                if mark.name == name and not mark.acknowledges
            ]
            acks = [mark.id for mark in self._acks(name)]
            groups[name] = min(starts), max(acks, default=ZERO)
        return entries, groups

    def __repr__(self) -> str:
        return f"Stream({self.entries!r}, {self._marks()!r}, {self.deletions!r})"


EntryDelta.crdt = StreamDelta.crdt = Stream
