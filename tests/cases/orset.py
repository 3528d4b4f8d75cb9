"""Set: the members with an add that no later call about them saw."""

from collections.abc import Sequence

from hypothesis import strategies as st

from crdb.crdts.base import Delta
from crdb.crdts.causal import each
from crdb.crdts.orset import ORSet
from tests.cases._case import MEMBERS, Case
from tests.scripts import Author, Call, Op, unseen


def run(state: ORSet, call: Call, by: Author) -> Delta:
    match call:
        case ("add", members):
            return state.add(members, by.dot)
        case ("remove", members):
            return state.remove(members)
    return state.clear(by.dot)


def run_now(state: ORSet, call: Call, by: Author) -> Delta | None:
    match call:
        case ("add", members):
            return state.add_now(members, by.dot)
    return None


def spec(history: Sequence[Op]) -> set[bytes] | None:
    def about(member: bytes) -> list[Op]:
        return [op for op in history if op.call[0] == "clear" or member in op.call[1]]

    members = {
        member
        for op in history
        if op.call[0] == "add"
        for member in op.call[1]
        if unseen(op, about(member))
    }
    return members or None


SOME_MEMBERS = st.lists(st.sampled_from(MEMBERS), min_size=1, max_size=3)

CASE = Case(
    kind=ORSet,
    calls=st.one_of(
        st.tuples(st.just("add"), SOME_MEMBERS.map(tuple)),
        st.tuples(st.just("add"), SOME_MEMBERS.map(tuple)),
        st.tuples(st.just("remove"), SOME_MEMBERS.map(tuple)),
        st.just(("clear",)),
    ),
    alphabet=[("add", (b"a",)), ("remove", (b"a",)), ("clear",), ("add", (b"a", b"b"))],
    run=run,
    run_now=run_now,
    spec=spec,
    records=lambda state: sum(len(each(dots)) for dots in state.members.values()),
    bound=lambda authors, members: authors * members,
)
