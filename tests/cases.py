"""The data types under test, one entry each: operations, meaning, and how big it may get.

`calls` draws an operation, `run` asks a state for its delta. `spec` is the meaning: a pure function
of the operations that have been applied and of what the author of each had seen, with no dots, no
merges and no order of arrival. `bound` is how many dots and records a state may hold at most, by
the number of authors and of members, however long the history.

A new type brings one entry here; the laws, specs and bounds of `tests/crdb` find it.
"""

from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, NamedTuple

from hypothesis import strategies as st

from crdb import stamps
from crdb.crdts.base import CRDT, Delta
from crdb.crdts.causal import each
from crdb.crdts.counter import Counter
from crdb.crdts.expiry import FOREVER, Expiry
from crdb.crdts.orset import ORSet
from crdb.crdts.register import Register
from crdb.crdts.string import String, number
from crdb.decimals import show
from crdb.dots import Dot
from tests.scripts import Call, Op, unseen

MEMBERS = (b"a", b"b", b"c")


class Case(NamedTuple):
    kind: type[CRDT[Any]]
    calls: st.SearchStrategy[Call]
    run: Callable[[Any, Call, Dot, int], Delta]
    """(state, call, first fresh dot, stamp) -> delta."""
    run_now: Callable[[Any, Call, Dot, int], Delta | None]
    """The same by the call's ``_now`` twin, which also merges; None without a change: no twin."""
    spec: Callable[[Sequence[Op]], Any]
    """What a client reads after these operations; None where the key does not exist."""
    records: Callable[[Any], int]
    """Dots and records in a state."""
    bound: Callable[[int, int], int]
    """(authors, members) -> most records."""


# ── register: the latest of the writes that nobody replaced ─────────────────────────────────────


def run_register(state: Register, call: Call, dot: Dot, stamp: int) -> Delta:
    match call:
        case ("write", value):
            return state.write(value, stamp, dot)
    return state.clear(dot)


def run_register_now(state: Register, call: Call, dot: Dot, stamp: int) -> Delta | None:
    match call:
        case ("write", value):
            return state.write_now(value, stamp, dot)
    return None


def latest(history: Sequence[Op], name: str) -> Op | None:
    """Of the calls of that name which nobody replaced: by clock, then by the smaller region."""
    found = [op for op in history if op.call[0] == name and unseen(op, history)]
    return max(found, key=lambda op: (op.clock, -op.region), default=None)


def spec_register(history: Sequence[Op]) -> Any:
    winner = latest(history, "write")
    return None if winner is None else winner.call[1]


REGISTER = Case(
    kind=Register,
    calls=st.one_of(
        st.tuples(st.just("write"), st.sampled_from(["red", "green", "blue"])),
        st.just(("clear",)),
    ),
    run=run_register,
    run_now=run_register_now,
    spec=spec_register,
    records=lambda state: len(state.siblings()),
    bound=lambda authors, members: authors,
)

# ── expiry: the longest of the deadlines that nobody replaced ───────────────────────────────────


def run_expiry(state: Expiry, call: Call, dot: Dot, stamp: int) -> Delta:
    match call:
        case ("expire_at", deadline_ms):
            return state.expire_at(deadline_ms, stamps.region(stamp), dot)
        case ("persist",):
            return state.expire_at(FOREVER, stamps.region(stamp), dot)
    return state.clear(dot)


def run_expiry_now(state: Expiry, call: Call, dot: Dot, stamp: int) -> Delta | None:
    order = stamps.stamp(FOREVER, stamps.region(stamp))
    return state.write_now(None, order, dot) if call == ("persist",) else None


def spec_expiry(history: Sequence[Op]) -> int | None:
    live = [op.call for op in history if op.call[0] != "clear" and unseen(op, history)]
    if ("persist",) in live:
        return None
    return max((call[1] for call in live), default=None)


EXPIRY = Case(
    kind=Expiry,
    calls=st.one_of(
        st.tuples(st.just("expire_at"), st.integers(1, 40)),
        st.just(("persist",)),
        st.just(("clear",)),
    ),
    run=run_expiry,
    run_now=run_expiry_now,
    spec=spec_expiry,
    records=lambda state: len(state.siblings()),
    bound=lambda authors, members: authors,
)

# ── counter: the sum of the increments that no reset saw ────────────────────────────────────────

AMOUNTS = st.one_of(st.integers(-9, 9), st.fractions(-2, 2, max_denominator=10), st.just(1 << 60))


def run_counter(state: Counter | String, call: Call, dot: Dot, stamp: int) -> Delta:
    match call:
        case ("increment", amount):
            return state.increment(amount, dot)
    return state.clear(dot)


def run_counter_now(state: Counter, call: Call, dot: Dot, stamp: int) -> Delta | None:
    match call:
        case ("increment", amount):
            return state.increment_now(amount, dot)
    return None


def counted(history: Sequence[Op], resets: Sequence[str]) -> int | Fraction | None:
    """The sum of the increments that no reset saw; None if there is not a single one."""
    gone = [op for op in history if op.call[0] in resets]
    live = [op.call[1] for op in history if op.call[0] == "increment" and unseen(op, gone)]
    return sum(live) if live else None


COUNTER = Case(
    kind=Counter,
    calls=st.one_of(st.tuples(st.just("increment"), AMOUNTS), st.just(("clear",))),
    run=run_counter,
    run_now=run_counter_now,
    spec=lambda history: counted(history, ["clear"]),
    records=lambda state: len(state.parts) + sum(len(seen) for seen in state.resets.values()),
    # A part an author; a concurrent reset an author, with a record an author.
    bound=lambda authors, members: authors + authors * authors,
)

# ── string: a register times a counter ──────────────────────────────────────────────────────────


def run_string(state: String, call: Call, dot: Dot, stamp: int) -> Delta:
    match call:
        case ("assign", value):
            return state.assign(value, stamp, dot)
    return run_counter(state, call, dot, stamp)


def run_string_now(state: String, call: Call, dot: Dot, stamp: int) -> Delta | None:
    """The twin of one factor, where the call leaves the other as it is."""
    match call:
        case ("assign", value) if state.register and not state.counter.parts:
            return state.register.write_now(value, stamp, dot)
    return run_counter_now(state.counter, call, dot, stamp)


def spec_string(history: Sequence[Op]) -> bytes | None:
    assigns = [op for op in history if op.call[0] in ("assign", "clear")]
    winner = latest(assigns, "assign")
    text = None if winner is None else winner.call[1]
    total = counted(history, ["assign", "clear"])
    base = number(text)
    return text if total is None or base is None else show(base + total)


def string_records(state: String) -> int:
    register, counter = state.register, state.counter
    return (REGISTER.records(register) if register else 0) + COUNTER.records(counter)


STRING = Case(
    kind=String,
    calls=st.one_of(
        st.tuples(st.just("assign"), st.sampled_from([b"", b"text", b"10", b"-3", b"0.5"])),
        st.tuples(st.just("increment"), AMOUNTS),
        st.tuples(st.just("increment"), AMOUNTS),
        st.just(("clear",)),
    ),
    run=run_string,
    run_now=run_string_now,
    spec=spec_string,
    records=string_records,
    bound=lambda authors, members: 2 * authors + authors * authors,
)

# ── set: the members with an add that no later call about them saw ──────────────────────────────


def run_set(state: ORSet, call: Call, dot: Dot, stamp: int) -> Delta:
    match call:
        case ("add", members):
            return state.add(members, dot)
        case ("remove", members):
            return state.remove(members)
    return state.clear(dot)


def run_set_now(state: ORSet, call: Call, dot: Dot, stamp: int) -> Delta | None:
    match call:
        case ("add", members):
            return state.add_now(members, dot)
    return None


def spec_set(history: Sequence[Op]) -> set[bytes] | None:
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

SET = Case(
    kind=ORSet,
    calls=st.one_of(
        st.tuples(st.just("add"), SOME_MEMBERS.map(tuple)),
        st.tuples(st.just("add"), SOME_MEMBERS.map(tuple)),
        st.tuples(st.just("remove"), SOME_MEMBERS.map(tuple)),
        st.just(("clear",)),
    ),
    run=run_set,
    run_now=run_set_now,
    spec=spec_set,
    records=lambda state: sum(len(each(dots)) for dots in state.members.values()),
    bound=lambda authors, members: authors * members,
)

CASES = {
    "counter": COUNTER,
    "expiry": EXPIRY,
    "orset": SET,
    "register": REGISTER,
    "string": STRING,
}
