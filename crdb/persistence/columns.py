"""Columns: the layout of many values of one type, derived from how the type is declared.

A class is a column for each of its fields, a tuple or a mapping a column of lengths and one of all
its items, a union a column of tags and one for each alternative. In the end there are columns of
integers and of byte strings, and equal things lie side by side: all dots, all lengths, all members.

So a data type declares its columns by annotating its delta (`crdb.crdts.base.Delta`), and a new one
is found by its name like its commands. The price: a renamed class, and a field that is added, moved
or retyped, is another format. `tests/crdb/test_format.py` has the bytes of today and says so.

The items of a mapping are written in an order that does not depend on their history: by key where
the keys are numbers, else by the first dot of the value. Members that were added one after the
other then have dots one after the other.
"""

import struct
from collections.abc import Iterator, Mapping, Sequence
from fractions import Fraction
from functools import cache, cached_property
from itertools import chain, islice
from types import NoneType, UnionType
from typing import Any, Protocol, Union, get_args, get_origin

import msgspec

from crdb import messages, registry
from crdb.crdts.base import Delta
from crdb.persistence.integers import packed, read_varint, unpacked, varint
from crdb.persistence.reader import Reader, Unreadable

Values = Sequence[Any]


class Column(Protocol):
    """How values of one type are written below each other; their number is known to the reader."""

    def pack(self, values: Values) -> bytes: ...

    def unpack(self, reader: Reader, count: int) -> list[Any]:
        """Raises `Unreadable`."""
        ...


class Integers:
    def pack(self, values: Values) -> bytes:
        return packed(values)

    def unpack(self, reader: Reader, count: int) -> list[Any]:
        return unpacked(reader, count)


class Constants:
    """None, or of two values the one at that place."""

    def __init__(self, *choices: object) -> None:
        self.choices = choices

    def pack(self, values: Values) -> bytes:
        return packed(list(map(self.choices.index, values))) if len(self.choices) > 1 else b""

    def unpack(self, reader: Reader, count: int) -> list[Any]:
        if len(self.choices) == 1:
            return [self.choices[0]] * count
        return [self.choices[bool(place)] for place in unpacked(reader, count)]


class Floats:
    def pack(self, values: Values) -> bytes:
        return struct.pack(f"<{len(values)}d", *values)

    def unpack(self, reader: Reader, count: int) -> list[Any]:
        return list(struct.unpack(f"<{count}d", reader.take(8 * count)))


class Strings:
    """Byte strings: their lengths, and all of them joined."""

    def pack(self, values: Values) -> bytes:
        return packed(list(map(len, values))) + b"".join(values)

    def unpack(self, reader: Reader, count: int) -> list[Any]:
        return [reader.take(size) for size in unpacked(reader, count)]


class Texts:
    def pack(self, values: Values) -> bytes:
        return STRINGS.pack([value.encode() for value in values])

    def unpack(self, reader: Reader, count: int) -> list[Any]:
        return [value.decode() for value in STRINGS.unpack(reader, count)]


class Fractions:
    def pack(self, values: Values) -> bytes:
        pairs = [value.as_integer_ratio() for value in values]
        return packed([above for above, _ in pairs]) + packed([below for _, below in pairs])

    def unpack(self, reader: Reader, count: int) -> list[Any]:
        return list(map(Fraction, unpacked(reader, count), unpacked(reader, count)))


class Tuples:
    """Tuples of any length, of one type."""

    def __init__(self, item: object) -> None:
        self.item = column(item)

    def pack(self, values: Values) -> bytes:
        if not values:
            return b""
        return packed(list(map(len, values))) + self.item.pack(list(chain(*values)))

    def unpack(self, reader: Reader, count: int) -> list[Any]:
        if not count:
            return []
        sizes = unpacked(reader, count)
        items = iter(self.item.unpack(reader, sum(sizes)))
        return [tuple(islice(items, size)) for size in sizes]


class Rows:
    """Tuples of one shape."""

    def __init__(self, *parts: object) -> None:
        self.parts = [column(part) for part in parts]

    def pack(self, values: Values) -> bytes:
        if not values:
            return b""
        columns = zip(self.parts, zip(*values, strict=True), strict=True)
        return b"".join(part.pack(list(of)) for part, of in columns)

    def unpack(self, reader: Reader, count: int) -> list[Any]:
        return list(zip(*(part.unpack(reader, count) for part in self.parts), strict=True))


class Mappings:
    def __init__(self, key: object, value: object) -> None:
        self.key, self.value = column(key), column(value)
        self.by_key = key is int

    def pack(self, values: Values) -> bytes:
        if not values:
            return b""
        items = [item for each in values for item in self.ordered(each)]
        sizes = packed(list(map(len, values)))
        keys, held = [key for key, _ in items], [value for _, value in items]
        return sizes + self.key.pack(keys) + self.value.pack(held)

    def ordered(self, mapping: Mapping[Any, Any]) -> Sequence[tuple[Any, Any]]:
        if len(mapping) < 2:
            return list(mapping.items())
        if self.by_key:
            return sorted(mapping.items())
        return sorted(mapping.items(), key=lambda item: (first_dot(item[1]), item[0]))

    def unpack(self, reader: Reader, count: int) -> list[Any]:
        if not count:
            return []
        sizes = unpacked(reader, count)
        items = sum(sizes)
        pairs = zip(self.key.unpack(reader, items), self.value.unpack(reader, items), strict=True)
        return [dict(islice(pairs, size)) for size in sizes]


def first_dot(value: object) -> int:
    """The least dot in what a key, a member or a field holds; 0 for none."""
    if isinstance(value, int):
        return value
    if isinstance(value, tuple):
        return first_dot(value[0]) if value else 0
    return min(value.dots(), default=0) if isinstance(value, Delta) else 0


class Unions:
    def __init__(self, *kinds: object) -> None:
        self.columns = [column(kind) for kind in kinds]
        classes = [get_origin(kind) or kind for kind in kinds]
        self.tags = {of: tag for tag, of in enumerate(classes)}
        if len(self.tags) < len(kinds):
            raise TypeError(f"of {kinds} two are of one class: they cannot be told apart in bytes")

    def pack(self, values: Values) -> bytes:
        try:
            tags = [self.tags[value.__class__] for value in values]
        except KeyError as unknown:
            raise TypeError(f"{unknown} has no encoding here: one of {[*self.tags]}") from None
        apart: list[list[Any]] = [[] for _ in self.columns]
        for tag, value in zip(tags, values, strict=True):
            apart[tag].append(value)
        parts = (each.pack(of) for each, of in zip(self.columns, apart, strict=True))
        return packed(tags) + b"".join(parts)

    def unpack(self, reader: Reader, count: int) -> list[Any]:
        tags = unpacked(reader, count)
        parts = [iter(c.unpack(reader, tags.count(tag))) for tag, c in enumerate(self.columns)]
        return interleaved(tags, parts)


class Structs:
    """A column for each field, in the order of their declaration."""

    def __init__(self, kind: type[msgspec.Struct]) -> None:
        self.kind = kind

    @cached_property
    def fields(self) -> list[tuple[str, Column]]:
        """Looked up when first needed: a type may contain itself."""
        return [(field.name, column(field.type)) for field in msgspec.structs.fields(self.kind)]

    def pack(self, values: Values) -> bytes:
        if not values:
            return b""
        if set(map(type, values)) != {self.kind}:
            raise TypeError(f"only {self.kind.__name__} may stand where it is declared")
        return b"".join(
            each.pack([getattr(value, name) for value in values]) for name, each in self.fields
        )

    def unpack(self, reader: Reader, count: int) -> list[Any]:
        if not count:
            return []
        return list(map(self.kind, *(each.unpack(reader, count) for _, each in self.fields)))


class Named:
    """Structs of several classes: the names of those that occur, then each class by itself."""

    def pack(self, values: Values) -> bytes:
        if not values:
            return b""
        names = [type(value).__name__ for value in values]
        found = sorted(set(names))
        tags = packed(list(map(found.index, names))) if len(found) > 1 else b""
        head = varint(len(found)) + STRINGS.pack([name.encode() for name in found]) + tags
        bodies = []
        for name in found:
            body = [value for value, its in zip(values, names, strict=True) if its == name]
            bodies.append(column(kinds()[name]).pack(body))
        return head + b"".join(bodies)

    def unpack(self, reader: Reader, count: int) -> list[Any]:
        if not count:
            return []
        names = [name.decode() for name in STRINGS.unpack(reader, read_varint(reader))]
        unknown = [name for name in names if name not in kinds()]
        if unknown:
            raise Unreadable(f"this program knows no {unknown[0]}; it was written by another")
        tags = unpacked(reader, count) if len(names) > 1 else [0] * count
        columns = [column(kinds()[name]) for name in names]
        return interleaved(
            tags, [iter(each.unpack(reader, tags.count(n))) for n, each in enumerate(columns)]
        )


def interleaved(tags: Sequence[int], parts: Sequence[Iterator[Any]]) -> list[Any]:
    """The values in their order again, each from the part of its tag."""
    if len(set(tags)) == 1:
        return list(parts[tags[0]])
    return [next(parts[tag]) for tag in tags]


@cache
def kinds() -> dict[str, type[msgspec.Struct]]:
    """What may be named: every delta of `crdb.crdts`, and every message."""
    found = [
        *registry.classes("crdb.crdts", Delta),
        *(each for each in vars(messages).values() if is_message(each)),
    ]
    by_name = {each.__name__: each for each in found}
    assert len(by_name) == len(found), "two classes of one name cannot be told apart in bytes"
    return by_name


def is_message(each: object) -> bool:
    return isinstance(each, type) and issubclass(each, messages.Message)


STRINGS = Strings()
NAMED = Named()
SCALARS = (NoneType, bool, int, bytes, str, float, Fraction, tuple[int, ...])
"""What may stand where anything is declared. A new one goes to the end."""
PLAIN: dict[object, Column] = {
    NoneType: Constants(None),
    None: Constants(None),
    bool: Constants(False, True),
    int: Integers(),
    bytes: STRINGS,
    str: Texts(),
    float: Floats(),
    Fraction: Fractions(),
    Delta: NAMED,
}


@cache
def column(kind: object) -> Column:
    """The column for what an annotation declares. Raises TypeError for one it has no form for."""
    if kind in PLAIN:
        return PLAIN[kind]
    if kind is Any:
        return Unions(*SCALARS)
    origin, args = get_origin(kind), get_args(kind)
    if origin in (Union, UnionType):
        # Unions that differ in order only are one key of this cache: the order must not count.
        return Unions(*sorted(args, key=str))
    if origin is tuple and args[1:] == (...,):
        return Tuples(args[0])
    if origin is tuple:
        return Rows(*args)
    if origin is dict:
        return Mappings(*args)
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return Structs(kind)
    raise TypeError(f"{kind} cannot be encoded: give crdb.persistence.columns a form for it")
