"""Sorted set: a string for each member, with a double for a number."""

from collections.abc import Sequence
from fractions import Fraction

from hypothesis import strategies as st

from crdb.crdts.base import Delta
from crdb.crdts.string import String
from crdb.crdts.zset import ZSet
from tests.cases import string
from tests.cases._case import MEMBERS, Case
from tests.cases.counter import AMOUNTS, counted
from tests.cases.register import latest
from tests.scripts import Author, Call, Op


def run(state: ZSet, call: Call, by: Author) -> Delta:
    match call:
        case ("assign", member, score):
            return state.assign(member, score, by.stamp, by.dot)
        case ("increment", member, amount):
            return state.increment(member, amount, by.dot)
        case ("remove", members):
            return state.remove(members, by.dot)
    return state.clear(by.dot)


def run_now(state: ZSet, call: Call, by: Author) -> Delta | None:
    match call:
        case ("assign", member, score):
            return state.assign_now(member, score, by.stamp, by.dot)
    return None


def about(member: bytes, history: Sequence[Op]) -> list[Op]:
    """What was done to one member, as if to a string."""
    found = []
    for op in history:
        match op.call:
            case ("assign" | "increment" as name, name_of, number) if name_of == member:
                found.append(op._replace(call=(name, number)))
            case ("remove", members) if member in members:
                found.append(op._replace(call=("clear",)))
            case ("clear",):
                found.append(op)
    return found


def spec(history: Sequence[Op]) -> dict[bytes, float] | None:
    scores: dict[bytes, float] = {}
    for member in MEMBERS:
        own = about(member, history)
        winner = latest([op for op in own if op.call[0] != "increment"], "assign")
        total = counted(own, ["assign", "clear"])
        if winner is None and total is None:
            continue
        base = 0.0 if winner is None else winner.call[1]
        finite = base not in (float("inf"), float("-inf"))
        scores[member] = float(Fraction(base) + (total or 0)) if finite else base
    return scores or None


def records(state: ZSet) -> int:
    strings = [held for held in state.members.values() if isinstance(held, String)]
    strings += [held for member, held in state.records.items() if member not in state.members]
    singles = sum(isinstance(held, tuple) for held in state.members.values())
    return singles + sum(map(string.records, strings))


SCORES = st.sampled_from([0.0, 1.0, -2.5, 0.1, 1e300, float("inf"), float("-inf")])
member = st.sampled_from(MEMBERS)

CASE = Case(
    kind=ZSet,
    calls=st.one_of(
        st.tuples(st.just("assign"), member, SCORES),
        st.tuples(st.just("assign"), member, SCORES),
        st.tuples(st.just("increment"), member, AMOUNTS),
        st.tuples(st.just("increment"), member, AMOUNTS),
        st.tuples(
            st.just("remove"), st.lists(member, min_size=1, max_size=3, unique=True).map(tuple)
        ),
        st.just(("clear",)),
    ),
    alphabet=[("assign", b"a", 1.0), ("increment", b"a", 3), ("remove", (b"a",)), ("clear",)],
    run=run,
    run_now=run_now,
    spec=spec,
    records=records,
    bound=lambda authors, members: members * (2 * authors + authors * authors),
)
