"""Hash: each field by itself is a string, with the longest deadline that nobody replaced."""

from collections.abc import Sequence

from hypothesis import strategies as st

from crdb import stamps
from crdb.crdts.base import Delta
from crdb.crdts.expiry import FOREVER
from crdb.crdts.field import Field
from crdb.crdts.hash import Hash
from tests.cases import string
from tests.cases._case import MEMBERS, Case
from tests.cases.counter import AMOUNTS
from tests.scripts import Author, Call, Op, unseen


def run(state: Hash, call: Call, by: Author) -> Delta:
    match call:
        case ("assign", values):
            return state.assign(dict(values), by.stamp, by.dot)
        case ("increment", name, amount):
            return state.increment(name, amount, by.dot)
        case ("remove", names):
            return state.remove(names, by.dot)
        case ("expire_at", name, deadline_ms) if name in state.fields:
            return state.expire_at(name, deadline_ms, stamps.region(by.stamp), by.dot)
        case ("expire_at", _, _):
            return state.remove([], by.dot)
    return state.clear(by.dot)


def run_now(state: Hash, call: Call, by: Author) -> Delta | None:
    match call:
        case ("assign", [(name, value)]):
            return state.assign_now(name, value, by.stamp, by.dot)
    return None


def about(history: Sequence[Op], name: bytes) -> list[Op]:
    """What happened to one field, as calls on a string and its deadline."""
    found = []
    for op in history:
        call: Call | None = None
        match op.call:
            case ("assign", values) if name in dict(values):
                call = ("assign", dict(values)[name])
            case ("increment" | "expire_at" as verb, field, amount) if field == name:
                call = (verb, amount)
            case ("remove", names) if name in names:
                call = ("clear",)
            case ("clear",):
                call = op.call
        if call is not None:
            found.append(op._replace(call=call))
    return found


def valued(history: Sequence[Op]) -> list[Op]:
    return [op for op in history if op.call[0] != "expire_at"]


def spec(history: Sequence[Op]) -> dict[bytes, bytes] | None:
    found = {name: string.spec(valued(about(history, name))) for name in MEMBERS}
    return {name: value for name, value in found.items() if value is not None} or None


def ends_ms(history: Sequence[Op], name: bytes) -> int:
    """When a field that exists expires: never, while an assignment stands that no deadline saw."""
    calls = about(history, name)

    def there(op: Op) -> bool:
        """Whether the field existed where this was called."""
        return string.spec([each for each in valued(calls) if each.number in op.seen]) is not None

    anew = [op for op in calls if op.call[0] == "increment" and not there(op)]
    replacing = [op for op in calls if op.call[0] in ("assign", "clear")]
    deadlines = [op for op in calls if op.call[0] == "expire_at" and there(op)]
    standing = [op for op in deadlines if unseen(op, [*replacing, *deadlines, *anew])]
    for op in replacing:
        if op.call[0] == "assign" and unseen(op, [*replacing, *standing]):
            return FOREVER
    return max((op.call[1] for op in standing), default=FOREVER)


def records(state: Hash) -> int:
    found = 0
    for field in (*state.fields.values(), *state.ghosts.values()):
        if isinstance(field, Field):
            found += string.records(field.string)
            found += 0 if field.expiry is None else len(field.expiry.siblings())
        else:
            found += 1
    return found


NAMES = st.sampled_from(MEMBERS)
VALUES = st.sampled_from([b"", b"text", b"10", b"-3", b"0.5"])

CASE = Case(
    kind=Hash,
    calls=st.one_of(
        st.tuples(
            st.just("assign"),
            st.dictionaries(NAMES, VALUES, min_size=1, max_size=2).map(
                lambda found: tuple(found.items())
            ),
        ),
        st.tuples(st.just("increment"), NAMES, AMOUNTS),
        st.tuples(st.just("expire_at"), NAMES, st.sampled_from([5, 10, 20, FOREVER])),
        st.tuples(st.just("remove"), st.lists(NAMES, min_size=1, max_size=3).map(tuple)),
        st.just(("clear",)),
    ),
    alphabet=[
        ("assign", ((b"a", b"10"),)),
        ("remove", (b"a",)),
        ("increment", b"a", 3),
        ("expire_at", b"a", 10),
    ],
    run=run,
    run_now=run_now,
    spec=spec,
    records=records,
    # As a string, and a deadline an author.
    bound=lambda authors, members: members * (3 * authors + authors * authors),
)
