"""Hash: an OR-set of fields, each of which is a string with a deadline of its own.

A field is there while a write to it is that no removal saw; so an update beats a concurrent HDEL.
Its value means what a key's does (`crdb.crdts.string`): HSET assigns a register and resets the
counter that it saw, HINCRBY adds to the counter. Removed fields leave nothing behind, except a
reset that is not yet stable.

>>> from crdb.crdts.base import NOTHING
>>> from crdb.dots import dot
>>> cairo, quito = Hash(), Hash()
>>> first = cairo.assign({b"stock": b"10"}, order=1, dot=dot(1, 1))
>>> for city in (cairo, quito):
...     _ = city.merge(first, NOTHING)
>>> remove = cairo.remove([b"stock"], dot(1, 2))        # Cairo takes the field out ...
>>> add = quito.increment(b"stock", 5, dot(2, 1))       # ... while Quito adds 5 to it
>>> for city in (cairo, quito):
...     _, _ = city.merge(remove, NOTHING), city.merge(add, NOTHING)
>>> cairo.value(), quito.value()                        # what the removal did not see
({b'stock': b'5'}, {b'stock': b'5'})

The usual field, of one assignment and nothing else, is a `Written`. It becomes a `Field` for a
counter, a concurrent assignment or a deadline, and a `Written` again after them. A field that is
gone and still holds a record, or a deadline set concurrently with its removal, is a *ghost*.

Published: the OR-set, and that a value is a string or a counter. Our choice, since no page says
it: HSET and HDEL concurrent with HINCRBY as SET and DEL with INCR; deadlines as those of keys.

Source: Redis Active-Active, "Conflict resolution: hashes".
"""

from collections.abc import Container, Iterable, Iterator, Mapping
from itertools import chain, filterfalse
from operator import itemgetter
from typing import ClassVar

from crdb import stamps
from crdb.crdts import base
from crdb.crdts.base import CRDT, NOTHING, Delta, Residue, together
from crdb.crdts.causal import Dots, each, removed
from crdb.crdts.counter import Amount, Part
from crdb.crdts.expiry import FOREVER, Expiry, ExpiryDelta
from crdb.crdts.field import (
    NO_EXPIRY,
    NOTHING_OF_IT,
    Field,
    FieldDelta,
    Written,
    as_field_delta,
    text,
)
from crdb.crdts.string import String
from crdb.dots import Dot, actor_of

Name = bytes


class HashDelta(Delta, frozen=True, gc=False):
    fields: dict[Name, Written | FieldDelta]
    covers: dict[Name, Dots]
    """Of fields that are assigned, or not among them: a `FieldDelta` says itself what it covers."""

    def dots(self) -> Iterator[Dot]:
        for part in self.fields.values():
            yield from part.dots()
        for dots in self.covers.values():
            yield from each(dots)


class OneFieldDelta(Delta, frozen=True, gc=False):
    """The usual delta, about one field."""

    name: Name
    part: Written | Part | FieldDelta | None
    """None for the removal of a usual field; a counter's part for an increment."""
    covers: Dots | None

    def dots(self) -> Iterator[Dot]:
        part = self.part
        if part is not None:
            yield from part.dots()
        yield from each(self.covers)


def as_hash_delta(delta: "HashDelta | OneFieldDelta") -> HashDelta:
    if isinstance(delta, HashDelta):
        return delta
    name, part, covers = delta.name, delta.part, delta.covers
    if isinstance(part, Part):
        part = as_field_delta(part)
    fields: dict[Name, Written | FieldDelta] = {} if part is None else {name: part}
    return HashDelta(fields, {} if covers is None else {name: covers})


class Hash(CRDT[HashDelta | OneFieldDelta]):
    """Fields with values. Metadata: a dot and an order a field, a string's where it is more."""

    __slots__ = ("fields", "ghosts", "records", "timed")

    name: ClassVar[str] = "hash"
    rank: ClassVar[int] = 30

    def __init__(self) -> None:
        self.fields: dict[Name, Written | Field] = {}
        """Those that exist."""
        self.ghosts: dict[Name, Field] = {}
        self.timed: dict[Name, Field] = {}
        """Those that exist and have a deadline."""
        self.records: dict[Dot, Name] = {}
        """Which field holds the record of a reset."""

    def field(self, name: Name) -> Field:
        """What is held of a field, or a fresh one like it."""
        mine = self.fields.get(name)
        return mine if isinstance(mine, Field) else self.ghosts.get(name) or Field(mine)

    def ends_ms(self, name: Name) -> int:
        """When a field ends, `FOREVER` for never; 0 for a deadline whose field is gone."""
        mine = self.fields.get(name) or self.ghosts.get(name)
        return mine.ends_ms if isinstance(mine, Field) else FOREVER

    def resets(self, names: Iterable[Name]) -> int:
        """How many of these hold increments: a removal or assignment resets each under a dot."""
        held = (self.fields.get(name) for name in names)
        return sum(isinstance(each, Field) and bool(each.string.counter.parts) for each in held)

    def assign(
        self, values: Mapping[Name, bytes], order: int, dot: Dot
    ) -> HashDelta | OneFieldDelta:
        """HSET: takes a dot for each value, and then as many as there are `resets`."""
        fields: dict[Name, Written | FieldDelta] = {}
        covers: dict[Name, Dots] = {}
        reset = dot + len(values)
        for name, value in values.items():
            mine, written = self.fields.get(name), Written(dot, order, value)
            dot += 1
            if isinstance(mine, Field) or name in self.ghosts:
                fields[name] = delta = self.field(name).assign(written, reset)
                reset += len(delta.string.counter.resets)
                continue
            fields[name] = written
            if mine is not None:
                covers[name] = mine.dot
        return narrowed(fields, covers)

    def assign_now(self, name: Name, value: bytes, order: int, dot: Dot) -> OneFieldDelta | None:
        """`assign` and `merge` in one step; None without a change if there may be more to do.

        The field was new if the delta covers nothing.
        """
        mine, covers = self.fields.get(name), None
        if type(mine) is Written:
            covers = mine.dot
        elif mine is not None or self.ghosts or self.timed:
            return None
        self.fields[name] = written = Written(dot, order, value)
        return OneFieldDelta(name, written, covers)

    def increment(self, name: Name, amount: Amount, dot: Dot) -> OneFieldDelta:
        """HINCRBY. A deadline that outlived its field goes with it."""
        part = self.field(name).string.increment(amount, dot)
        if name not in self.ghosts:
            return OneFieldDelta(name, part, None)
        expiry = self.ghosts[name].expiry
        covers = NO_EXPIRY if expiry is None else ExpiryDelta(covers=expiry.held())
        return OneFieldDelta(name, FieldDelta(as_field_delta(part).string, covers), None)

    def expire_at(self, name: Name, deadline_ms: int, region: int, dot: Dot) -> OneFieldDelta:
        """HEXPIRE of an existing field; `FOREVER` for HPERSIST."""
        order = stamps.stamp(deadline_ms, region)
        return OneFieldDelta(name, self.field(name).expire_at(order, dot), None)

    def remove(self, names: Iterable[Name], dot: Dot) -> HashDelta | OneFieldDelta:
        """The observed removal of these: takes as many dots as there are `resets`."""
        fields: dict[Name, Written | FieldDelta] = {}
        covers: dict[Name, Dots] = {}
        for name in dict.fromkeys(names):
            mine = self.fields.get(name)
            if isinstance(mine, Written):
                covers[name] = mine.dot
            elif mine is not None or name in self.ghosts:
                fields[name] = delta = self.field(name).clear(dot)
                dot += len(delta.string.counter.resets)
        return narrowed(fields, covers)

    def clear_dots(self) -> int:
        return max(1, self.resets(self.fields))

    def clear(self, dot: Dot) -> HashDelta | OneFieldDelta:
        return self.remove([*self.fields, *self.ghosts], dot)

    @classmethod
    def join(cls, first: HashDelta | OneFieldDelta, second: HashDelta | OneFieldDelta) -> HashDelta:
        both = as_hash_delta(first), as_hash_delta(second)
        fields: dict[Name, Written | FieldDelta] = {}
        for name in dict.fromkeys(chain(*(chain(of.fields, of.covers) for of in both))):
            one, two = (as_field_delta(of.fields.get(name), of.covers.get(name)) for of in both)
            expiry = Expiry.join(one.expiry, two.expiry)
            fields[name] = FieldDelta(String.join(one.string, two.string), expiry)  # type: ignore[arg-type]
        return HashDelta(fields, {})

    def merge(self, delta: HashDelta | OneFieldDelta, seen: Container[Dot]) -> Residue | None:
        if type(delta) is OneFieldDelta:
            residue = self._merge(delta.name, delta.part, delta.covers, seen)
        else:
            fields, covers = as_hash_delta(delta).fields, as_hash_delta(delta).covers
            residue = together(
                self._merge(name, fields.get(name), covers.get(name), seen)
                for name in dict.fromkeys(chain(fields, covers))
            )
        return Residue() if residue is None and not self.fields else residue

    def _merge(
        self,
        name: Name,
        part: Written | Part | FieldDelta | None,
        covers: Dots | None,
        seen: Container[Dot],
    ) -> Residue | None:
        mine = self.fields.get(name)
        if not isinstance(mine, Field):
            usual = covers == dot_of(mine) and name not in self.ghosts
            if usual and isinstance(part, Written) and part.dot not in seen:
                self.fields[name] = part
                return None
            if usual and part is None and mine is not None:
                del self.fields[name]
                return None
        elif isinstance(part, Part) and mine.string.merge(part, seen) is None:
            return None
        field, delta = self.field(name), as_field_delta(part, covers)
        before_ms = field.ends_ms
        left = field.merge(delta, seen)
        for dot, _ in delta.string.counter.resets:
            self.records[dot] = name
        self._place(name, field)
        if field.ends_ms != before_ms and field.ends_ms < FOREVER:
            return together([left, Residue(ending=((field.ends_ms, name),))])
        return left

    def _place(self, name: Name, field: Field) -> None:
        """Put the field where it belongs: among the fields, the ghosts, or nowhere."""
        self.timed.pop(name, None)
        if field.string.alive():
            self.fields[name] = field.usual() or field
            self.ghosts.pop(name, None)
            if field.ends_ms < FOREVER:
                self.timed[name] = field
            return
        self.fields.pop(name, None)
        if field.empty():
            self.ghosts.pop(name, None)
        else:
            self.ghosts[name] = field

    def forget(self, dot: Dot) -> None:
        stable = [old for old in self.records if actor_of(old) == actor_of(dot) and old <= dot]
        for name in dict.fromkeys(map(self.records.pop, stable)):
            field = self.field(name)
            field.string.forget(dot)
            self._place(name, field)

    def beyond(self, seen: Container[Dot]) -> HashDelta:
        fields: dict[Name, Written | FieldDelta] = {}
        for name, mine in chain(self.fields.items(), self.ghosts.items()):
            if isinstance(mine, Written):
                if mine.dot not in seen:
                    fields[name] = mine
            elif (part := mine.beyond(seen)) != NOTHING_OF_IT:
                fields[name] = part
        return HashDelta(fields, {})

    def covered(self, whole: HashDelta | OneFieldDelta, gone: Container[Dot]) -> HashDelta:
        theirs, here = as_hash_delta(whole).fields, self.fields.get
        fields: dict[Name, Written | FieldDelta] = {}
        covers: dict[Name, Dots] = {}
        # Nearly all is usually the same on both sides: no call of a function for that.
        differing = [name for name, there in theirs.items() if here(name) != there]
        differing += filterfalse(theirs.__contains__, chain(self.fields, self.ghosts))
        for name in differing:
            mine, there = here(name), theirs.get(name)
            if isinstance(mine, Field) or isinstance(there, FieldDelta) or name in self.ghosts:
                field, part = self.field(name), as_field_delta(there)
                delta = field.covered(part, gone)
                if part != field.beyond(NOTHING) and delta != NOTHING_OF_IT:
                    fields[name] = delta
                continue
            if there is not None:
                fields[name] = there
            over = removed(dot_of(mine), dot_of(there), gone)
            if over is not None:
                covers[name] = over
        return HashDelta(fields, covers)

    def dots(self) -> Iterator[Dot]:
        for mine in chain(self.fields.values(), self.ghosts.values()):
            yield from mine.dots()

    def alive(self) -> bool:
        return bool(self.fields)

    def empty(self) -> bool:
        return not self.fields and not self.ghosts

    def ended(self, now_ms: int) -> bool:
        """Whether all fields have deadlines, and are past them: the key reads as missing."""
        timed = self.timed
        return len(timed) == len(self.fields) > 0 and all(
            field.ends_ms <= now_ms for field in timed.values()
        )

    def value(self) -> dict[Name, bytes]:
        return {name: text(mine) for name, mine in self.fields.items()}

    def written(self) -> Iterator[base.Written]:
        for name, mine in sorted(self.fields.items(), key=itemgetter(0)):
            if isinstance(mine, Field):
                yield from (each.of(name) for each in mine.string.written())
            else:
                yield base.Written(mine.dot, mine.value, mine.order).of(name)

    def rules(self) -> Iterator[str]:
        yield "a field is here while it has a write that no removal has seen (published)"
        for name, mine in sorted(self.fields.items(), key=itemgetter(0)):
            if isinstance(mine, Field):
                yield from base.of_part(name, mine.string.rules())

    def __repr__(self) -> str:
        return f"Hash({self.fields!r}, {self.ghosts!r})"


def dot_of(written: Written | None) -> Dot | None:
    return None if written is None else written.dot


def narrowed(
    fields: dict[Name, Written | FieldDelta], covers: dict[Name, Dots]
) -> HashDelta | OneFieldDelta:
    """Of one field in the form that takes a tenth of the dictionaries' memory."""
    names = fields.keys() | covers.keys()
    if len(names) != 1:
        return HashDelta(fields, covers)
    (name,) = names
    return OneFieldDelta(name, fields.get(name), covers.get(name))


HashDelta.crdt = OneFieldDelta.crdt = FieldDelta.crdt = Written.crdt = Hash
