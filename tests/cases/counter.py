"""Counter: the sum of the increments that no reset saw."""

from collections.abc import Sequence
from fractions import Fraction

from hypothesis import strategies as st

from crdb.crdts.base import Delta
from crdb.crdts.counter import Counter
from crdb.crdts.string import String
from tests.cases._case import Case
from tests.scripts import Author, Call, Op, unseen

AMOUNTS = st.one_of(st.integers(-9, 9), st.fractions(-2, 2, max_denominator=10), st.just(1 << 60))


def run(state: Counter | String, call: Call, by: Author) -> Delta:
    match call:
        case ("increment", amount):
            return state.increment(amount, by.dot)
    return state.clear(by.dot)


def run_now(state: Counter, call: Call, by: Author) -> Delta | None:
    match call:
        case ("increment", amount):
            return state.increment_now(amount, by.dot)
    return None


def counted(history: Sequence[Op], resets: Sequence[str]) -> int | Fraction | None:
    """The sum of the increments that no reset saw; None if there is not a single one."""
    gone = [op for op in history if op.call[0] in resets]
    live = [op.call[1] for op in history if op.call[0] == "increment" and unseen(op, gone)]
    return sum(live) if live else None


CASE = Case(
    kind=Counter,
    calls=st.one_of(st.tuples(st.just("increment"), AMOUNTS), st.just(("clear",))),
    alphabet=[("increment", 1), ("clear",), ("increment", Fraction(-5, 2))],
    run=run,
    run_now=run_now,
    spec=lambda history: counted(history, ["clear"]),
    records=lambda state: len(state.parts) + sum(len(seen) for seen in state.resets.values()),
    # A part an author; a concurrent reset an author, with a record an author.
    bound=lambda authors, members: authors + authors * authors,
)
