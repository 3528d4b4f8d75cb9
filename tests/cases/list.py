"""List: elements in the order of a tree, each there while it holds a value that nobody took.

A call is drawn with positions, and means the elements that its author finds there. Their dots are
their names here. An insert also remembers its order, since that depends on what its author saw of
the place, which may be more than is known where the spec is asked.
"""

from collections.abc import Sequence

from hypothesis import strategies as st

from crdb import stamps
from crdb.crdts.base import Delta
from crdb.crdts.list import HEAD, Held, List
from crdb.crdts.list_deltas import DOTS, STEP, ListDelta
from crdb.dots import Dot
from tests.cases._case import MEMBERS, Case, no_twin
from tests.scripts import Author, Call, Op, unseen


def meant(state: List, call: Call, by: Author) -> Call:
    seen = list(state.order)
    match call:
        case ("insert", position, values):
            anchor = seen[position % len(seen)].dot if seen and position else HEAD
            region = stamps.region(by.stamp)
            return "insert", by.dot, state.order.order_behind(anchor, region), anchor, values
        case ("take", positions) if seen:
            return "take", tuple({seen[position % len(seen)].dot: 0 for position in positions})
        case ("put", position, value) if seen:
            return "put", seen[position % len(seen)].dot, value
        case ("clear",):
            return "take", tuple(element.dot for element in seen)
    return "take", ()


def run(state: List, call: Call, by: Author) -> Delta:
    elements = state.order.elements
    match call:
        case ("insert", _, _, anchor, values):
            return state.insert(values, anchor, stamps.region(by.stamp), by.dot)
        case ("put", name, value):
            return state.put(elements[name], value, by.stamp, by.dot)
    if not call[1]:
        return ListDelta((), {}, {}, {})
    return state.take([elements[name] for name in call[1]], by.dot)


def spec(history: Sequence[Op]) -> list[bytes] | None:
    behind: dict[Dot, list[tuple[int, Dot]]] = {}
    writes: dict[Dot, list[tuple[Op, bytes]]] = {}
    changes: dict[Dot, list[Op]] = {}
    for op in history:
        if op.call[0] == "insert":
            _, name, order, anchor, values = op.call
            for value in values:
                behind.setdefault(anchor, []).append((order, name))
                writes.setdefault(name, []).append((op, value))
                anchor, name, order = name, name + DOTS, order + STEP
        elif op.call[0] == "put":
            writes.setdefault(op.call[1], []).append((op, op.call[2]))
            changes.setdefault(op.call[1], []).append(op)
        else:
            for name in op.call[1]:
                changes.setdefault(name, []).append(op)

    def read(anchor: Dot) -> list[bytes]:
        found = []
        for _, name in sorted(behind.get(anchor, ()), reverse=True):
            left = [each for each in writes[name] if unseen(each[0], changes.get(name, ()))]
            if left:
                found.append(max(left, key=lambda each: (each[0].clock, -each[0].region))[1])
            found += read(name)
        return found

    return read(HEAD) or None


def records(state: List) -> int:
    """Elements that nothing needs once all is stable, and the most values at one of the others."""
    copy = List()
    copy.merge(state.complete(), ())
    for dot in list(copy.dots()):
        copy.forget(dot)
    left, live = len(copy.order.elements), len(copy)
    held = [each.held for each in copy.order.elements.values()]
    values = [
        len(each.values) if isinstance(each, Held) else 1 for each in held if each is not None
    ]
    return max(0, left - 2 * live) + max(values, default=0)


POSITIONS = st.integers(-3, 3)

CASE = Case(
    kind=List,
    calls=st.one_of(
        st.tuples(
            st.just("insert"),
            POSITIONS,
            st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=2).map(tuple),
        ),
        st.tuples(st.just("insert"), st.sampled_from([0, -1]), st.just((b"d",))),
        st.tuples(st.just("take"), st.lists(POSITIONS, min_size=1, max_size=2).map(tuple)),
        st.tuples(st.just("put"), POSITIONS, st.sampled_from(MEMBERS)),
        st.just(("clear",)),
    ),
    alphabet=[
        ("insert", 0, (b"a",)),
        ("take", (0,)),
        ("put", 0, b"b"),
        ("insert", -1, (b"c",)),
    ],
    run=run,
    run_now=no_twin,
    spec=spec,
    records=records,
    bound=lambda authors, members: authors,
    meant=meant,
)
