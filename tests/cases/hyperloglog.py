"""HyperLogLog: what was assigned last, and on top the adds that saw every deletion."""

from collections.abc import Sequence

from hypothesis import strategies as st

from crdb.crdts.base import Delta
from crdb.crdts.hyperloglog import HyperLogLog
from crdb.sketch import HEIGHT_BITS, Few, dense, lifted, registers, spot
from tests.cases import register
from tests.cases._case import MEMBERS, Case, no_twin
from tests.cases.register import latest
from tests.scripts import Author, Call, Op

ASSIGNED = [dense([lifted(Few(), map(spot, names))]) for names in ((b"a", b"d"), (b"e",), ())]
HIGH = 7 << HEIGHT_BITS | 40
SPOTS = st.lists(st.sampled_from([*map(spot, MEMBERS), HIGH, HIGH + 9, HIGH - 9]), max_size=3)


def run(state: HyperLogLog, call: Call, by: Author) -> Delta:
    match call:
        case ("add", spots):
            return state.add(spots, by.dot, by.seen)
        case ("assign", text):
            return state.assign(text, by.stamp, by.dot)
    return state.clear(by.dot)


def living(history: Sequence[Op]) -> list[Op]:
    """The adds that saw all deletions: those of DEL, and of each SET that had adds to delete."""

    def deletes(op: Op) -> bool:
        if op.call[0] == "assign":
            return bool(living([other for other in history if other.number in op.seen]))
        return bool(op.call[0] == "clear")

    deletions = {op.number for op in history if deletes(op)}
    return [op for op in history if op.call[0] == "add" and deletions <= op.seen]


def spec(history: Sequence[Op]) -> bytes | None:
    winner = latest([op for op in history if op.call[0] in ("assign", "clear")], "assign")
    adds = living(history)
    if winner is None and not adds:
        return None
    sketches = [lifted(Few(), op.call[1]) for op in adds]
    base = None if winner is None else registers(winner.call[1])
    return dense(sketches if base is None else [*sketches, base])


def records(state: HyperLogLog) -> int:
    written = register.CASE.records(state.register) if state.register else 0
    return written + 2 * len(state.parts) + len(state.deletions)


CASE = Case(
    kind=HyperLogLog,
    calls=st.one_of(
        st.tuples(st.just("add"), SPOTS.map(tuple)),
        st.tuples(st.just("add"), SPOTS.map(tuple)),
        st.tuples(st.just("assign"), st.sampled_from(ASSIGNED)),
        st.just(("clear",)),
    ),
    alphabet=[("add", (spot(b"a"),)), ("clear",), ("assign", ASSIGNED[0]), ("add", (HIGH,))],
    run=run,
    run_now=no_twin,
    spec=spec,
    records=records,
    # A part an author, with two dots; its last deletion; a concurrent assignment.
    bound=lambda authors, members: 4 * authors,
)
