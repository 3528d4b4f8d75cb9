"""Register: the latest of the writes that nobody replaced."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from crdb.crdts.base import Delta
from crdb.crdts.register import Register
from tests.cases._case import Case
from tests.scripts import Author, Call, Op, unseen


def run(state: Register, call: Call, by: Author) -> Delta:
    match call:
        case ("write", value):
            return state.write(value, by.stamp, by.dot)
    return state.clear(by.dot)


def run_now(state: Register, call: Call, by: Author) -> Delta | None:
    match call:
        case ("write", value):
            return state.write_now(value, by.stamp, by.dot)
    return None


def latest(history: Sequence[Op], name: str) -> Op | None:
    """Of the calls of that name which nobody replaced: by clock, then by the smaller region."""
    found = [op for op in history if op.call[0] == name and unseen(op, history)]
    return max(found, key=lambda op: (op.clock, -op.region), default=None)


def spec(history: Sequence[Op]) -> Any:
    winner = latest(history, "write")
    return None if winner is None else winner.call[1]


CASE = Case(
    kind=Register,
    calls=st.one_of(
        st.tuples(st.just("write"), st.sampled_from(["red", "green", "blue"])),
        st.just(("clear",)),
    ),
    alphabet=[("write", "red"), ("clear",), ("write", "green")],
    run=run,
    run_now=run_now,
    spec=spec,
    records=lambda state: len(state.siblings()),
    bound=lambda authors, members: authors,
)
