"""What changes a list: values inserted together, elements removed together, one value replaced."""

from collections.abc import Iterator

from crdb.crdts.base import Delta
from crdb.crdts.causal import Dots, each, pack
from crdb.crdts.sequence import Place
from crdb.dots import Dot
from crdb.stamps import stamp

STEP = stamp(1, 0) - stamp(0, 0)
"""What an order grows by from one value of a run to the next."""

DOTS = 2
"""How many dots a pushed value takes: its element's, and its own."""


class Run(Delta, frozen=True, gc=False):
    """Values inserted together: the first behind the anchor, each of the others behind the last."""

    dot: Dot
    order: int
    anchor: Dot
    values: tuple[bytes, ...]

    def dots(self) -> Iterator[Dot]:
        yield from range(self.dot, self.dot + DOTS * len(self.values))


class Taken(Delta, frozen=True, gc=False):
    """Elements removed together: by pops, LREM, LTRIM, DEL."""

    dot: Dot
    elements: tuple[Dot, ...]
    covers: tuple[Dots, ...]
    """For each element the values that were seen."""

    def dots(self) -> Iterator[Dot]:
        yield self.dot
        for dots in self.covers:
            yield from each(dots)


class Put(Delta, frozen=True, gc=False):
    """LSET: a new value for an element."""

    element: Dot
    dot: Dot
    order: int
    value: bytes
    covers: Dots

    def dots(self) -> Iterator[Dot]:
        yield self.dot
        yield from each(self.covers)


class ListDelta(Delta, frozen=True, gc=False):
    """Any of these, and a whole state. An anchor comes before what is behind it."""

    places: tuple[Place, ...]
    values: dict[Dot, tuple[Dot, int, bytes]]
    """Dot of a value -> its element, stamp, value."""
    removals: dict[Dot, Dots]
    """Element -> the removals of values of it."""
    covers: dict[Dot, Dots]
    """Element -> values and, in a full sync, removals that are gone."""

    def dots(self) -> Iterator[Dot]:
        for place in self.places:
            yield place[0]
        yield from self.values
        for part in (self.removals, self.covers):
            for dots in part.values():
                yield from each(dots)


Fragment = Run | Taken | Put | ListDelta


def as_list_delta(delta: Fragment) -> ListDelta:
    if isinstance(delta, ListDelta):
        return delta
    if isinstance(delta, Put):
        values = {delta.dot: (delta.element, delta.order, delta.value)}
        return ListDelta((), values, {}, {delta.element: delta.covers})
    if isinstance(delta, Taken):
        removals: dict[Dot, Dots] = dict.fromkeys(delta.elements, delta.dot)
        return ListDelta((), {}, removals, dict(zip(delta.elements, delta.covers, strict=True)))
    places = tuple(places_of(delta))
    pairs = zip(places, delta.values, strict=True)
    return ListDelta(places, {place[0] + 1: (place[0], 0, value) for place, value in pairs}, {}, {})


def places_of(run: Run) -> Iterator[Place]:
    dot, order, anchor = run.dot, run.order, run.anchor
    for _ in run.values:
        yield dot, order, anchor, 0, 0
        dot, order, anchor = dot + DOTS, order + STEP, dot


def joined(one: ListDelta, two: ListDelta) -> ListDelta:
    """One delta with the effect of both."""
    covers = _union(one.covers, two.covers)
    gone = {dot for dots in covers.values() for dot in each(dots)}
    places = {place[0]: place for place in (*one.places, *two.places)}
    values = one.values | two.values
    removals = _union(one.removals, two.removals)
    return ListDelta(
        tuple(places.values()),
        {dot: values[dot] for dot in values if dot not in gone},
        {
            element: left
            for element, dots in removals.items()
            if (left := pack(dot for dot in each(dots) if dot not in gone)) is not None
        },
        covers,
    )


def _union(one: dict[Dot, Dots], two: dict[Dot, Dots]) -> dict[Dot, Dots]:
    both = dict(one)
    for name, dots in two.items():
        joined = pack((*each(both.get(name)), *each(dots)))
        assert joined is not None
        both[name] = joined
    return both
