"""List: a sequence of elements, each of which is there while it holds a value that nobody took.

An element has a dot that names it for good, and a dot for each value: its first one, and those that
LSET gives it. A pop, LREM, LTRIM or DEL covers the values that it saw, and nothing else. Where
elements stand, `crdb.crdts.sequence` says.

>>> from crdb.crdts.base import NOTHING
>>> from crdb.dots import dot
>>> lyon, pune = List(), List()
>>> first = lyon.insert([b"a", b"b"], HEAD, region=1, dot=dot(1, 1))
>>> for city in (lyon, pune):
...     _ = city.merge(first, NOTHING)
>>> pop = lyon.take([lyon.order.at(1)], dot(1, 5))                         # Lyon pops b ...
>>> push = pune.insert([b"c"], pune.order.at(1).dot, 2, dot(2, 1))         # ... Pune adds c after b
>>> for city in (lyon, pune):
...     _, _ = city.merge(pop, NOTHING), city.merge(push, NOTHING)
>>> lyon.value(), pune.value()
([b'a', b'c'], [b'a', b'c'])

Published: inserts that saw each other keep their order, others come in one order everywhere; DEL
takes only observed elements; pops are local, so two regions may pop the same element.
Our choice, since no page says it: an LSET is a write at its place, and of concurrent ones the
later clock shows, then the smaller region; an element whose LSET a removal had not seen stays,
with that value, since this loses least. The values of one LPUSH or RPUSH stay together.

A removal is recorded at its element until every region has seen both. Only then nobody can insert
behind that element any more without its being known here.

Source: Redis Active-Active, "Conflict resolution: lists".
"""

from collections.abc import Container, Iterable, Iterator, Sequence
from heapq import heappop, heappush
from typing import ClassVar, NamedTuple

from crdb.crdts.base import CRDT, Residue, Written
from crdb.crdts.causal import Dots, each, join, lacking, pack
from crdb.crdts.list_deltas import (
    DOTS as DOTS,
)
from crdb.crdts.list_deltas import (
    Fragment,
    ListDelta,
    Put,
    Run,
    Taken,
    as_list_delta,
    joined,
    places_of,
)
from crdb.crdts.sequence import HEAD as HEAD
from crdb.crdts.sequence import UNKNOWN, Element
from crdb.crdts.sequence import Sequence as Order
from crdb.dots import Dot, actor_of

Write = tuple[Dot, int, bytes]
"""(dot, stamp, value): the stamp of a first value is 0, as every LSET has seen it."""


class Held(NamedTuple):
    """What there is at an element, if it is more or less than its first value alone."""

    values: tuple[Write, ...]
    """In the order of their dots. None: the element was removed."""
    removals: Dots | None


def as_held(element: Element) -> Held:
    held = element.held
    if isinstance(held, bytes):
        return Held(((element.dot + 1, 0, held),), None)
    return held or Held((), None)


def value_of(element: Element) -> bytes:
    """What a client sees at a live element."""
    held = element.held
    if isinstance(held, bytes):
        return held
    return max(held.values, key=lambda write: (write[1], write[0]))[2]  # type: ignore[no-any-return]


class List(CRDT[Fragment]):
    """A list of byte strings. Metadata: an object and two ints an element."""

    __slots__ = ("_graves", "_stable", "order")

    name: ClassVar[str] = "list"
    rank: ClassVar[int] = 50

    def __init__(self) -> None:
        self.order = Order()
        self._graves: dict[int, list[tuple[Dot, Dot, Dot]]] = {}
        """Actor -> heap of (the dot of his that is waited for, element, removal)."""
        self._stable: dict[int, Dot] = {}
        """Actor -> the latest of his dots that `forget` has named."""

    def __len__(self) -> int:
        return self.order.size

    def insert(self, values: Sequence[bytes], anchor: Dot, region: int, dot: Dot) -> Run:
        """Insert behind an element or the head, with two dots a value from ``dot`` on."""
        return Run(dot, self.order.order_behind(anchor, region), anchor, tuple(values))

    def take(self, elements: Sequence[Element], dot: Dot) -> Taken:
        """Remove live elements."""
        covers = tuple(_values(element) for element in elements)
        return Taken(dot, tuple(element.dot for element in elements), covers)

    def put(self, element: Element, value: bytes, order: int, dot: Dot) -> Put:
        """Give a live element a value; ``order`` is the author's stamp."""
        return Put(element.dot, dot, order, value, _values(element))

    def clear(self, dot: Dot) -> Taken:
        return self.take(list(self.order), dot)

    @classmethod
    def join(cls, first: Fragment, second: Fragment) -> ListDelta:
        return joined(as_list_delta(first), as_list_delta(second))

    def merge(self, delta: Fragment, seen: Container[Dot]) -> Residue | None:
        if type(delta) is Run:
            return self._insert(delta, seen)
        if type(delta) is not Taken:
            return self._merge(as_list_delta(delta), seen)
        missed: tuple[Dot, ...] = ()
        order, removal = self.order, delta.dot
        for name, covered in zip(delta.elements, delta.covers, strict=True):
            element = order.elements.get(name)
            plain = element is not None and isinstance(element.held, bytes)
            if plain and covered == name + 1 and removal not in seen:
                element.held = Held((), removal)  # type: ignore[union-attr]
                order.show(element, False)  # type: ignore[arg-type]
                self._await(removal, name, removal)
            else:
                missed += self._change(name, (), removal, covered, seen)
        order.release(())
        return Residue(missed, self._lingering((delta.dot,), delta.elements))

    def _insert(self, run: Run, seen: Container[Dot]) -> Residue | None:
        order = self.order
        met = []
        for place, value in zip(places_of(run), run.values, strict=True):
            element, dot = order.place(place), place[0] + 1
            if element.held is None and dot not in seen:
                element.held = value
                order.show(element, True)
            else:
                self._change(place[0], ((dot, 0, value),), None, None, seen)
                met.append(element)
        if not met:
            return None if order.size else Residue()
        order.release(met)
        return Residue((), self._lingering((), [element.dot for element in met]))

    def _lingering(self, removals: Sequence[Dot], elements: Iterable[Dot]) -> tuple[Dot, ...]:
        """What has to become stable: removals, and the elements that they are recorded at.

        Of each actor the latest. An element whose place is not known yet lingers when it is: its
        dot may be lost with its author, and never be seen by anybody.
        """
        here = self.order.elements
        known = (name for name in elements if name in here and here[name].parent is not None)
        removed = (name for name in known if isinstance(here[name].held, Held))
        return tuple({actor_of(dot): dot for dot in sorted((*removals, *removed))}.values())

    def _change(
        self,
        element_dot: Dot,
        values: tuple[Write, ...],
        removals: Dots | None,
        covered: Dots | None,
        seen: Container[Dot],
    ) -> tuple[Dot, ...]:
        """Join what a delta says of one element; returns covered dots that were not here."""
        element = self.order.element(element_dot)
        held = as_held(element)
        gone = each(covered)
        here = (*(write[0] for write in held.values), *each(held.removals))
        new = [write for write in values if write[0] not in seen and write[0] not in here]
        kept = [write for write in (*held.values, *new) if write[0] not in gone]
        records = join(held.removals, removals, covered, seen)
        for record in each(removals):
            if record not in here and record not in seen:
                self._await(record, element_dot, record)
        self._keep(element, Held(tuple(sorted(kept)), records))
        return lacking(covered, pack(here))

    def _keep(self, element: Element, held: Held) -> None:
        values, removals = held
        if not values and removals is None:
            element.held = None
            self.order.loose.append(element)
        elif removals is None and len(values) == 1 and values[0][:2] == (element.dot + 1, 0):
            element.held = values[0][2]
        else:
            element.held = held
        self.order.show(element, bool(values))

    def _merge(self, delta: ListDelta, seen: Container[Dot]) -> Residue | None:
        placed = [self.order.place(place) for place in delta.places]
        values: dict[Dot, tuple[Write, ...]] = {}
        for dot, (element, order, value) in delta.values.items():
            values[element] = (*values.get(element, ()), (dot, order, value))
        removals, covers = delta.removals, delta.covers
        missed: tuple[Dot, ...] = ()
        for element in values | removals | covers:
            missed += self._change(
                element,
                values.get(element, ()),
                removals.get(element),
                covers.get(element),
                seen,
            )
        self.order.release(placed)
        records = [dot for dots in removals.values() for dot in each(dots)]
        lingering = self._lingering(records, {*removals, *(element.dot for element in placed)})
        return Residue(missed, lingering) if missed or lingering or not self.alive() else None

    def _await(self, dot: Dot, element: Dot, removal: Dot) -> None:
        heappush(self._graves.setdefault(actor_of(dot), []), (dot, element, removal))

    def forget(self, dot: Dot) -> None:
        actor, stable = actor_of(dot), self._stable
        stable[actor] = max(dot, stable.get(actor, 0))
        graves = self._graves.get(actor, [])
        while graves and graves[0][0] <= dot:
            awaited, name, removal = heappop(graves)
            element = self.order.elements.get(name)
            if element is None or not isinstance(element.held, Held):
                continue
            known = element.parent is not None
            if awaited == removal and known and stable.get(actor_of(name), 0) < name:
                self._await(name, name, removal)
                continue
            values, removals = element.held
            self._keep(element, Held(values, pack(d for d in each(removals) if d != removal)))
        self.order.release(())

    def beyond(self, seen: Container[Dot]) -> ListDelta:
        values: dict[Dot, tuple[Dot, int, bytes]] = {}
        removals: dict[Dot, Dots] = {}
        wanted: set[Dot] = set()
        for element in self.order.elements.values():
            name, held = element.dot, as_held(element)
            new = [write for write in held.values if write[0] not in seen]
            for dot, order, value in new:
                values[dot] = (name, order, value)
            records = pack(dot for dot in each(held.removals) if dot not in seen)
            if records is not None:
                removals[name] = records
            if new or records is not None or name not in seen:
                _want(element, wanted, seen)
        places = [at.place() for at in self.order.all() if at.dot in wanted]
        known = tuple(place for place in places if place[2] != UNKNOWN)
        return ListDelta(known, values, removals, {})

    def covered(self, whole: Fragment, gone: Container[Dot]) -> ListDelta:
        there = as_list_delta(whole)
        covers: dict[Dot, Dots] = {}
        for element in self.order.elements.values():
            held, recorded = as_held(element), each(there.removals.get(element.dot))
            dots = (write[0] for write in held.values if write[0] not in there.values)
            records = (dot for dot in each(held.removals) if dot not in recorded)
            lost = pack(dot for dot in (*dots, *records) if dot in gone)
            if lost is not None:
                covers[element.dot] = lost
        return ListDelta(there.places, there.values, there.removals, covers)

    def dots(self) -> Iterator[Dot]:
        for element in self.order.elements.values():
            held = element.held
            if isinstance(held, bytes):
                yield element.dot + 1
            elif held is not None:
                yield from (write[0] for write in held.values)
                yield from each(held.removals)
                yield element.dot

    def alive(self) -> bool:
        return self.order.size > 0

    def empty(self) -> bool:
        return not self.order.elements

    def written(self) -> Iterator[Written]:
        for element in self.order:
            for dot, order, value in as_held(element).values:
                yield Written(dot, value, order or None, value == value_of(element))

    def rules(self) -> Iterator[str]:
        yield "an element is here while it holds a value that no removal has seen (published)"
        if any(len(as_held(element).values) > 1 for element in self.order):
            yield "concurrent LSETs of one element: the later clock shows (our choice)"

    def value(self) -> list[bytes]:
        return [value_of(element) for element in self.order]

    def __repr__(self) -> str:
        return f"List({self.value()!r})"


def _values(element: Element) -> Dots:
    """The dots of a live element's values."""
    if isinstance(element.held, bytes):
        return element.dot + 1
    dots = pack(write[0] for write in element.held.values)
    assert dots is not None
    return dots


def _want(element: Element, wanted: set[Dot], seen: Container[Dot]) -> None:
    """An element's place is wanted, and those of anchors that whoever gets it may have released.

    An anchor that is live here is known wherever it was seen: nobody has released it.
    """
    at: Element | None = element
    while at is not None and at.dot != HEAD and at.dot not in wanted:
        wanted.add(at.dot)
        if not at.live:
            wanted.update(kid.dot for kid in at.children())
        at = at.parent
        if at is not None and at.live and at.dot in seen:
            return


ListDelta.crdt = Run.crdt = Taken.crdt = Put.crdt = List
