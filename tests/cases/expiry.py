"""Expiry: the longest of the deadlines that nobody replaced."""

from collections.abc import Sequence

from hypothesis import strategies as st

from crdb import stamps
from crdb.crdts.base import Delta
from crdb.crdts.expiry import FOREVER, Expiry
from tests.cases._case import Case
from tests.scripts import Author, Call, Op, unseen


def run(state: Expiry, call: Call, by: Author) -> Delta:
    match call:
        case ("expire_at", deadline_ms):
            return state.expire_at(deadline_ms, stamps.region(by.stamp), by.dot)
        case ("persist",):
            return state.expire_at(FOREVER, stamps.region(by.stamp), by.dot)
    return state.clear(by.dot)


def run_now(state: Expiry, call: Call, by: Author) -> Delta | None:
    order = stamps.stamp(FOREVER, stamps.region(by.stamp))
    return state.write_now(None, order, by.dot) if call == ("persist",) else None


def spec(history: Sequence[Op]) -> int | None:
    live = [op.call for op in history if op.call[0] != "clear" and unseen(op, history)]
    if ("persist",) in live:
        return None
    return max((call[1] for call in live), default=None)


CASE = Case(
    kind=Expiry,
    calls=st.one_of(
        st.tuples(st.just("expire_at"), st.integers(1, 40)),
        st.just(("persist",)),
        st.just(("clear",)),
    ),
    alphabet=[("expire_at", 20), ("clear",), ("persist",), ("expire_at", 30)],
    run=run,
    run_now=run_now,
    spec=spec,
    records=lambda state: len(state.siblings()),
    bound=lambda authors, members: authors,
)
