"""Stream: entries that no deletion saw, and groups whose creation saw every deletion."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from crdb.crdts.base import Delta
from crdb.crdts.consumers import ZERO
from crdb.crdts.stream import Stream
from tests.cases._case import MEMBERS, Case, no_twin
from tests.scripts import Author, Call, Op, unseen

IDS = [(1, 0), (1, 1), (5, 0)]


def run(state: Stream, call: Call, by: Author) -> Delta:
    match call:
        case ("add", position):
            # Instead of those of this id that are here: however often, there is one of an author.
            add = state.add(position, (b"f", b"v"), by.dot)
            held = [key for key in state.entries if key[:2] == position]
            return Stream.join(state.remove(held), add) if held else add
        case ("delete", position):
            return state.remove(key for key in state.entries if key[:2] == position)
        case ("create", name, position):
            return state.create(name, position, by.dot, by.seen)
        case ("acknowledge", name, position):
            return state.acknowledge(name, position, by.dot, by.seen)
        case ("destroy", name):
            return state.destroy(name, by.dot)
    return state.clear(by.dot)


def entries(history: Sequence[Op]) -> list[Any]:
    """The ids of the adds that no later call about them saw."""

    def about(position: object) -> list[Op]:
        named = (("add", position), ("delete", position), ("clear",))
        return [op for op in history if op.call in named]

    adds = [op for op in history if op.call[0] == "add"]
    return sorted(op.call[1] for op in adds if unseen(op, about(op.call[1])))


def marks(history: Sequence[Op], kind: str, name: bytes) -> list[Any]:
    """Of each author the id of its last call of that kind, if it saw every deletion."""
    deletions = {
        op.number for op in history if op.call == ("destroy", name) or op.call[0] == "clear"
    }
    found = [op for op in history if op.call[:2] == (kind, name) and deletions <= op.seen]
    return list({op.region: op.call[2] for op in found}.values())


def spec(history: Sequence[Op]) -> Any:
    living = entries(history)
    groups = {
        name: (min(starts), max(marks(history, "acknowledge", name), default=ZERO))
        for name in MEMBERS
        if (starts := marks(history, "create", name))
    }
    return ([(each, (b"f", b"v")) for each in living], groups) if living or groups else None


IDS_, NAMES = st.sampled_from(IDS), st.sampled_from(MEMBERS)

CASE = Case(
    kind=Stream,
    calls=st.one_of(
        st.tuples(st.just("add"), IDS_),
        st.tuples(st.just("add"), IDS_),
        st.tuples(st.just("delete"), IDS_),
        st.tuples(st.just("create"), NAMES, IDS_),
        st.tuples(st.just("create"), NAMES, IDS_),
        st.tuples(st.just("acknowledge"), NAMES, IDS_),
        st.tuples(st.just("destroy"), NAMES),
        st.just(("clear",)),
    ),
    alphabet=[
        ("create", b"a", (1, 0)),
        ("destroy", b"a"),
        ("add", (1, 0)),
        ("clear",),
    ],
    run=run,
    run_now=no_twin,
    spec=spec,
    records=lambda state: len(state.entries) + len(state.marks) + len(state.deletions),
    # An author's entry of each id; two marks and a deletion a group, and a deletion of all.
    bound=lambda authors, members: authors * (len(IDS) + 3 * members + 1),
)
