"""JSON: a document as a tree of nodes, each of which has an identity.

A node is named by the dot of its creation and says under which node, and under which key, it
stands. An assignment makes a new node, with all that is in it, and removes what it saw there; an
update inside (a field set, an element inserted, a number incremented) names the node that it
updates. All of the published rules follow
- An update inside a node that was removed or replaced dies with it. So deletion and creation win
  over updates, and an emptied object (JSON.CLEAR) keeps updates that did not see that.
- Two assignments of one field leave two nodes there. The one of the smaller region shows; no clock
  has a say. The other stays until a write that saw it covers it.
- An array is a `crdb.crdts.sequence`. An element is a node with its value below, so that an
  assignment to it is an update inside, and loses against its removal.

>>> from crdb.crdts.base import NOTHING
>>> from crdb.dots import dot
>>> nice, kobe = Json(), Json()
>>> first = nice.assign(ROOT, "", {"tea": {"cups": 1}}, region=1, dot=dot(1, 1))
>>> for city in (nice, kobe):
...     _ = city.merge(first, NOTHING)
>>> tea = kobe.fields(kobe.root())["tea"]
>>> more = kobe.assign(tea, "pot", True, region=2, dot=dot(2, 1))   # Kobe adds a field to tea ...
>>> other = nice.assign(nice.root(), "tea", None, 1, dot(1, 9))      # ... Nice replaces tea
>>> for city in (nice, kobe):
...     _, _ = city.merge(other, NOTHING), city.merge(more, NOTHING)
>>> nice.value(), kobe.value()
({'tea': None}, {'tea': None})

Our choice, since no page says it: JSON.NUMINCRBY is an update inside the number, where each author
keeps the sum of what he added, so that increments add up; all else that changes a string, number or
boolean is an assignment; the fields of an object come in the order in which they were first set.

What dies with its parent may arrive after the parent's removal. So a removal is recorded, with the
removed nodes that others could update, until every region has seen it. What arrives under one of
those is dropped, and noted as a *shadow*, since more may arrive under it. What arrives before its
parent waits, invisible.

Source: Kleppmann, Beresford, "A conflict-free replicated JSON datatype" (2017), less its rule that
an update revives what was deleted; Redis Active-Active, "Conflict resolution: JSON".
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from typing import Any, ClassVar

from crdb import stamps
from crdb.crdts.base import CRDT, Residue, Written
from crdb.crdts.causal import Dots, each, pack
from crdb.crdts.jsonnodes import (
    ARRAY,
    ELEMENT,
    OBJECT,
    OF_INCREMENTS,
    ROOT,
    JsonDelta,
    Made,
    Node,
    Place,
    can_be_updated,
    is_number,
    written,
)
from crdb.crdts.sequence import UNKNOWN
from crdb.crdts.sequence import Sequence as Order
from crdb.dots import Dot, actor_of


class Json(CRDT[JsonDelta]):
    """A document. Metadata: a dot and two numbers a node, a place an element, a dot a removed node
    until that is stable."""

    __slots__ = (
        "_arrays", "_fields", "_graves", "_loose", "_orders", "nodes", "removals", "shadows"
    )  # fmt: skip

    name: ClassVar[str] = "ReJSON-RL"
    rank: ClassVar[int] = 70

    def __init__(self) -> None:
        self.nodes: dict[Dot, Node] = {}
        self.removals: dict[Dot, tuple[Dot, ...]] = {}
        self.shadows: dict[Dot, Dot] = {}
        self._fields: dict[Dot, dict[str, Dots]] = {}
        """Parent, here or not yet -> key -> what stands there."""
        self._orders: dict[Dot, Order] = {}
        """Array, here or not yet -> its elements in order."""
        self._arrays: dict[Dot, Dot] = {}
        """Element -> its array, of all in the orders."""
        self._loose: set[Dot] = set()
        """Arrays in which places may have lost what they were kept for."""
        self._graves: dict[Dot, set[Dot]] = {}
        """Removed node -> the removals that are recorded of it."""

    # ── what a client sees ──────────────────────────────────────────────────────────────────

    def at(self, parent: Dot, key: str) -> Dot | None:
        """The node that shows under a key."""
        found = self._fields.get(parent, {}).get(key)
        if found is None or isinstance(found, int):
            return found
        return max(found, key=lambda dot: (-stamps.region(self.nodes[dot][2]), dot))

    def root(self) -> Dot:
        """The node of the whole document, which exists."""
        found = self.at(ROOT, "")
        assert found is not None
        return found

    def fields(self, node: Dot) -> dict[str, Dot]:
        """The nodes of an object by their keys, in order; nothing for any other node."""
        if self.nodes[node][3] != OBJECT:
            return {}
        found = [(key, self.at(node, key)) for key in self._fields.get(node, ())]
        shown = [(key, dot) for key, dot in found if dot is not None]
        shown.sort(key=lambda field: self._rank(field[1]))
        return dict(shown)

    def _rank(self, node: Dot) -> tuple[int, int, Dot]:
        """By what the fields of an object are sorted: position, region, dot."""
        order = self.nodes[node][2]
        return stamps.clock_us(order), stamps.region(order), node

    def field(self, node: Dot, name: str) -> Dot | None:
        """One of these."""
        return self.at(node, name) if self.nodes[node][3] == OBJECT else None

    def elements(self, node: Dot) -> list[Dot]:
        """The elements of an array."""
        return [element.dot for element in self._orders.get(node, ())]

    def items(self, node: Dot) -> list[Dot]:
        """The nodes of an array's values; nothing for any other node."""
        found = (self.at(element, "") for element in self.elements(node))
        return [item for item in found if item is not None]

    def plain(self, node: Dot) -> Any:
        """The value of a node with all that is in it."""
        value = self.nodes[node][3]
        if value == OBJECT:
            return {key: self.plain(field) for key, field in self.fields(node).items()}
        if value == ARRAY:
            return [self.plain(item) for item in self.items(node)]
        if is_number(value) and node in self._fields:
            # In an order that is the same everywhere: floats do not add up alike in another.
            return sum(map(self._amount, sorted(self._children(node))), self._amount(node))
        return value

    def _amount(self, node: Dot) -> int | float:
        value = self.nodes[node][3]
        assert isinstance(value, int | float)
        return value

    def value(self) -> Any:
        return self.plain(self.root()) if self.alive() else None

    def alive(self) -> bool:
        return ROOT in self._fields

    def empty(self) -> bool:
        return not self.nodes and not self.removals

    # ── changes ─────────────────────────────────────────────────────────────────────────────

    def assign(self, parent: Dot, key: str, plain: Any, region: int, dot: Dot) -> JsonDelta:
        """A new value under a key, with the dots `size` and one more."""
        fields = self._fields.get(parent, {})
        shown = self.at(parent, key)
        if shown is not None:
            position = stamps.clock_us(self.nodes[shown][2])
        else:
            held = (self.nodes[dot][2] for dots in fields.values() for dot in each(dots))
            position = max(map(stamps.clock_us, held), default=0) + 1
        made = Made(region, dot + 1)
        made.add(parent, key, position, plain)
        covers, graves = self._below(each(fields.get(key)))
        removals = {dot: graves} if graves else {}
        return JsonDelta(made.adds, tuple(made.places), removals, {}, covers)

    def insert(
        self, array: Dot, anchor: Dot, values: Sequence[Any], region: int, dot: Dot
    ) -> JsonDelta:
        """Values behind an element or `HEAD`, with the dots `size` and one more for each."""
        order = self._orders.get(array) or Order()
        made = Made(region, dot)
        made.insert(array, anchor, stamps.clock_us(order.order_behind(anchor, region)), values)
        return JsonDelta(made.adds, tuple(made.places))

    def increment(self, node: Dot, amount: int | float, dot: Dot) -> JsonDelta:
        key = str(actor_of(dot))
        before = each(self._fields.get(node, {}).get(key))
        total = sum(map(self._amount, before), amount)
        return JsonDelta({dot: (node, key, OF_INCREMENTS, total)}, covers=before)

    def remove(self, nodes: Iterable[Dot], dot: Dot) -> JsonDelta:
        """Remove values with all in them, and what was concurrent to them in their places."""
        found: list[Dot] = []
        for node in nodes:
            parent, key, _, _ = self.nodes[node]
            in_array = parent != ROOT and self.nodes[parent][3] == ELEMENT
            found += (parent,) if in_array else each(self._fields[parent][key])
        covers, graves = self._below(found)
        return JsonDelta(removals={dot: graves} if graves else {}, covers=covers)

    def clear(self, dot: Dot) -> JsonDelta:
        return self.remove([self.root()], dot) if self.alive() else JsonDelta()

    def _below(self, nodes: Iterable[Dot]) -> tuple[tuple[Dot, ...], tuple[Dot, ...]]:
        """These nodes and all in them; those of them that can be updated."""
        found, waiting = set[Dot](), list(nodes)
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting += self._children(node)
        covers = tuple(sorted(found))
        return covers, tuple(node for node in covers if can_be_updated(self.nodes[node]))

    def _children(self, node: Dot) -> list[Dot]:
        found = [dot for dots in self._fields.get(node, {}).values() for dot in each(dots)]
        if node in self._orders:
            found += [dot for dot in self._orders[node].elements if dot in self.nodes]
        return found

    # ── merging ─────────────────────────────────────────────────────────────────────────────

    @classmethod
    def join(cls, first: JsonDelta, second: JsonDelta) -> JsonDelta:
        gone = {*first.covers, *second.covers}
        adds, removals = first.adds | second.adds, first.removals | second.removals
        places = {place[1]: place for place in (*first.places, *second.places)}
        return JsonDelta(
            {dot: adds[dot] for dot in adds if dot not in gone},
            tuple(places.values()),
            {dot: removals[dot] for dot in removals if dot not in gone},
            first.shadows | second.shadows,
            tuple(sorted(gone)),
        )

    def merge(self, delta: JsonDelta, seen: Container[Dot]) -> Residue | None:
        nodes, removals = self.nodes, self.removals
        missed = tuple(dot for dot in delta.covers if dot not in nodes and dot not in removals)
        lingering = [dot for dot in delta.removals if dot not in seen and dot not in removals]
        for removal in lingering:
            self._record(removal, delta.removals[removal])
        for dot in sorted(delta.shadows):
            self._shade(dot, delta.shadows[dot])
        for place in delta.places:
            self._place(place)
        for dot, node in delta.adds.items():
            if dot not in seen and dot not in nodes:
                self._add(dot, node)
        for dot in delta.covers:
            self._drop(dot)
            self._unrecord(dot)
        self._tidy()
        if missed or lingering or not self.alive():
            return Residue(missed, tuple(lingering))
        return None

    def _is_dead(self, node: Dot) -> bool:
        return node in self._graves or node in self.shadows

    def _record(self, removal: Dot, graves: tuple[Dot, ...]) -> None:
        self.removals[removal] = graves
        for node in graves:
            self._graves.setdefault(node, set()).add(removal)
            self.shadows.pop(node, None)
            self._bury(node)

    def _unrecord(self, removal: Dot) -> None:
        for node in self.removals.pop(removal, ()):
            records = self._graves[node]
            records.discard(removal)
            if not records:
                del self._graves[node]
                self._settle(node)

    def _bury(self, node: Dot) -> None:
        """Nothing stands under this node any more."""
        for child in self._children(node):
            dead = self.nodes[child]
            self._drop(child)
            self._note(child, dead)
        for element in self._orders.pop(node, Order()).elements:
            self._arrays.pop(element, None)

    def _note(self, dot: Dot, node: Node) -> None:
        if can_be_updated(node):
            self._shade(dot, node[0])

    def _shade(self, node: Dot, parent: Dot) -> None:
        """The node died with its parent."""
        if self._is_dead(parent) and not self._is_dead(node):
            self.shadows[node] = parent
            self._bury(node)

    def _add(self, dot: Dot, node: Node) -> None:
        parent, key, _, value = node
        if self._is_dead(parent):
            self._note(dot, node)
            return
        self.nodes[dot] = node
        if value == ELEMENT:
            self._settle(dot)
        else:
            fields = self._fields.setdefault(parent, {})
            held = pack((*each(fields.get(key)), dot))
            assert held is not None
            fields[key] = held

    def _drop(self, dot: Dot) -> None:
        node = self.nodes.pop(dot, None)
        if node is None:
            return
        parent, key, _, value = node
        if value == ELEMENT:
            self._settle(dot)
            return
        fields = self._fields[parent]
        left = pack(other for other in each(fields[key]) if other != dot)
        if left is not None:
            fields[key] = left
        else:
            del fields[key]
            if not fields:
                del self._fields[parent]

    def _place(self, place: Place) -> None:
        array, *rest = place
        if not self._is_dead(array):
            element = self._orders.setdefault(array, Order()).place(tuple(rest))  # type: ignore[arg-type]
            self._arrays[element.dot] = array
            self._settle(element.dot)

    def _settle(self, dot: Dot) -> None:
        """An element shows while it is a node, and keeps its place while its removal is known."""
        array = self._arrays.get(dot)
        if array is not None:
            order = self._orders[array]
            element = order.element(dot)
            element.held = True if dot in self.nodes or dot in self._graves else None
            order.show(element, dot in self.nodes)
            if element.held is None:
                order.loose.append(element)
            if order.loose:
                self._loose.add(array)

    def _tidy(self) -> None:
        """Let go of places and shadows that nothing needs any more."""
        for array in sorted(self._loose.intersection(self._orders)):
            order = self._orders[array]
            before = set(order.elements)
            order.release(())
            for element in before.difference(order.elements):
                del self._arrays[element]
            if not order.elements:
                del self._orders[array]
        self._loose.clear()
        while gone := [dot for dot, of in self.shadows.items() if not self._is_dead(of)]:
            for dot in gone:
                del self.shadows[dot]

    def forget(self, dot: Dot) -> None:
        for removal in list(self.removals):
            if actor_of(removal) == actor_of(dot) and removal <= dot:
                self._unrecord(removal)
        self._tidy()

    # ── the whole ───────────────────────────────────────────────────────────────────────────

    def beyond(self, seen: Container[Dot]) -> JsonDelta:
        adds = {dot: node for dot, node in self.nodes.items() if dot not in seen}
        removals = {dot: graves for dot, graves in self.removals.items() if dot not in seen}
        shadows = {dot: parent for dot, parent in self.shadows.items() if dot not in seen}
        new = {node[0] for node in adds.values() if node[3] == ELEMENT}
        new |= {
            self._arrays[dot] for dots in removals.values() for dot in dots if dot in self._arrays
        }
        places = [(array, *at.place()) for array in sorted(new) for at in self._orders[array].all()]
        known = tuple(place for place in places if place[3] != UNKNOWN)
        return JsonDelta(adds, known, removals, shadows)

    def covered(self, whole: JsonDelta, gone: Container[Dot]) -> JsonDelta:
        lost = (dot for dot in self.dots() if dot not in whole.adds and dot not in whole.removals)
        covers = tuple(sorted(dot for dot in lost if dot in gone))
        return JsonDelta(whole.adds, whole.places, whole.removals, whole.shadows, covers)

    def dots(self) -> Iterator[Dot]:
        yield from self.nodes
        yield from self.removals

    def written(self) -> Iterator[Written]:
        return written(self.nodes, self.at)

    def __repr__(self) -> str:
        return f"Json({self.value()!r})"


JsonDelta.crdt = Json
