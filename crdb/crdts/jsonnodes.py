"""Nodes of JSON documents: their shape, and how a plain value becomes some. See `json`."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from crdb.crdts.base import Delta, Written
from crdb.crdts.sequence import HEAD
from crdb.dots import Dot
from crdb.stamps import stamp

ROOT: Dot = 0
"""What the document stands under, with the key ""."""

OBJECT, ARRAY, ELEMENT = b"{", b"[", b","
"""Values of the nodes that have others below them. Those of a number are its increments."""

Value = None | bool | int | float | str | bytes
Node = tuple[Dot, str, int, Value]
"""(parent, key, order, value). The order is a position among the parent's fields, and the region.
Key and order of an element say nothing, as the array's sequence does."""

OF_INCREMENTS = 0
"""The order of an increment below its number: its key is its author."""

Place = tuple[Dot, Dot, int, Dot, Dot, int]
"""The array of an element, and its place there: see `crdb.crdts.sequence`."""


def size(plain: Any) -> int:
    """How many nodes a value makes."""
    if isinstance(plain, dict):
        return 1 + sum(map(size, plain.values()))
    if isinstance(plain, list):
        return 1 + len(plain) + sum(map(size, plain))
    return 1


def is_number(value: Value) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def can_be_updated(node: Node) -> bool:
    """Whether others may have put something under it."""
    _, _, order, value = node
    return isinstance(value, bytes) or (is_number(value) and order != OF_INCREMENTS)


class JsonDelta(Delta, frozen=True, gc=False):
    adds: dict[Dot, Node] = msgspec.field(default_factory=dict)
    places: tuple[Place, ...] = ()
    """An anchor comes before what is behind it."""
    removals: dict[Dot, tuple[Dot, ...]] = msgspec.field(default_factory=dict)
    """Dot of a removal -> the nodes removed that others could update."""
    shadows: dict[Dot, Dot] = msgspec.field(default_factory=dict)
    """Nodes that died with their parents -> these."""
    covers: tuple[Dot, ...] = ()
    """Nodes and, in a full sync, removals that are gone."""

    def dots(self) -> Iterator[Dot]:
        yield from self.adds
        yield from self.removals
        yield from self.shadows
        yield from self.covers


class Made:
    """The nodes of a new value, with dots one after the other."""

    def __init__(self, region: int, dot: Dot) -> None:
        self.region = region
        self.dot = dot
        self.adds: dict[Dot, Node] = {}
        self.places: list[Place] = []

    def add(self, parent: Dot, key: str, position: int, plain: Any) -> None:
        value = OBJECT if isinstance(plain, dict) else ARRAY if isinstance(plain, list) else plain
        dot = self._node(parent, key, position, value)
        if value is OBJECT:
            for place, (field, inner) in enumerate(plain.items(), start=1):
                self.add(dot, field, place, inner)
        elif value is ARRAY:
            self.insert(dot, HEAD, 1, plain)

    def insert(self, array: Dot, anchor: Dot, position: int, values: Sequence[Any]) -> None:
        for clock, plain in enumerate(values, start=position):
            dot = self._node(array, "", 0, ELEMENT)
            self.places.append((array, dot, stamp(clock, self.region), anchor, 0, 0))
            self.add(dot, "", 0, plain)
            anchor = dot

    def _node(self, parent: Dot, key: str, position: int, value: Value) -> Dot:
        dot = self.dot
        self.adds[dot] = (parent, key, stamp(position, self.region), value)
        self.dot += 1
        return dot


def path_of(nodes: Mapping[Dot, Node], dot: Dot) -> str | None:
    """Where a node is, as in JSONPath; None for one whose parent has not come yet."""
    path = ""
    while dot != ROOT:
        if dot not in nodes:
            return None
        dot, key, order, value = nodes[dot]
        if value == ELEMENT:
            path = f"[]{path}"
        elif key and order != OF_INCREMENTS:
            path = f".{key}{path}"
    return f"${path}"


def written(nodes: Mapping[Dot, Node], at: Callable[[Dot, str], Dot | None]) -> Iterator[Written]:
    """The nodes with their paths; ``at``: which of several shows under a key of a parent."""

    def shows(dot: Dot) -> bool:
        """Whether it and all that it is in are what a client sees."""
        if dot == ROOT:
            return True
        parent, key, order, value = nodes[dot]
        chosen = order == OF_INCREMENTS or value == ELEMENT or at(parent, key) == dot
        return chosen and shows(parent)

    for dot, (_, _, order, value) in sorted(nodes.items()):
        path = path_of(nodes, dot)
        if value != ELEMENT and path is not None:
            yield Written(dot, shown(value, order), None, shows(dot)).of(path.encode())


def shown(value: Value, order: int) -> str:
    if isinstance(value, bytes):
        return "an object" if value == OBJECT else "an array"
    return f"{value:+}" if order == OF_INCREMENTS else repr(value)
