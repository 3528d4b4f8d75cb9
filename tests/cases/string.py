"""String: a register times a counter."""

from collections.abc import Sequence

from hypothesis import strategies as st

from crdb.crdts.base import Delta
from crdb.crdts.string import String, number
from crdb.decimals import show
from tests.cases import counter, register
from tests.cases._case import Case
from tests.cases.counter import AMOUNTS, counted
from tests.cases.register import latest
from tests.scripts import Author, Call, Op


def run(state: String, call: Call, by: Author) -> Delta:
    match call:
        case ("assign", value):
            return state.assign(value, by.stamp, by.dot)
    return counter.run(state, call, by)


def run_now(state: String, call: Call, by: Author) -> Delta | None:
    """The twin of one factor, where the call leaves the other as it is."""
    match call:
        case ("assign", value) if state.register and not state.counter.parts:
            return state.register.write_now(value, by.stamp, by.dot)
    return counter.run_now(state.counter, call, by)


def spec(history: Sequence[Op]) -> bytes | None:
    assigns = [op for op in history if op.call[0] in ("assign", "clear")]
    winner = latest(assigns, "assign")
    text = None if winner is None else winner.call[1]
    total = counted(history, ["assign", "clear"])
    base = number(text)
    return text if total is None or base is None else show(base + total)


def records(state: String) -> int:
    written = register.CASE.records(state.register) if state.register else 0
    return written + counter.CASE.records(state.counter)


CASE = Case(
    kind=String,
    calls=st.one_of(
        st.tuples(st.just("assign"), st.sampled_from([b"", b"text", b"10", b"-3", b"0.5"])),
        st.tuples(st.just("increment"), AMOUNTS),
        st.tuples(st.just("increment"), AMOUNTS),
        st.just(("clear",)),
    ),
    alphabet=[("assign", b"10"), ("increment", 3), ("clear",), ("assign", b"text")],
    run=run,
    run_now=run_now,
    spec=spec,
    records=records,
    bound=lambda authors, members: 2 * authors + authors * authors,
)
