"""Random requests of one family: mostly as they should be, some of them crooked."""

from collections.abc import Sequence

from hypothesis import strategies as st

from tests.commands.families import FAMILIES, Family
from tests.commands.families._family import FAR, OTHER, PRELUDE, SET, Request, flat, keys, values

Script = list[tuple[int, list[list[bytes]]]]
"""(client, requests)."""

CLIENTS = 2
MORE = 8

OFTEN = ("SET", "EXPIRE", "ZADD", "GEOADD")
"""Commands that make what others read, or are most of all in their options."""


def prelude(family: Family) -> list[Request]:
    return [*PRELUDE, *family.prelude]


def line(family: Family, name: str) -> st.SearchStrategy[list[bytes]]:
    """A request of this command, as it should be."""
    spelling = st.sampled_from([name, name.lower(), name.title()]).map(str.encode)
    return st.tuples(spelling, *family.arguments[name]).map(flat)


def of_any_key(family: Family) -> st.SearchStrategy[list[bytes]]:
    """A request about keys of any type, here mostly of this one."""
    generic = FAMILIES["keys"]
    renamed = dict(zip((SET, OTHER), family.keys, strict=False))
    return (
        st.sampled_from(sorted(generic.arguments))
        .flatmap(lambda name: line(generic, name))
        .map(lambda request: [renamed.get(word, word) for word in request])
    )


def proper(family: Family, more: Sequence[str] = ()) -> st.SearchStrategy[list[bytes]]:
    """Any request of the family, now and then one that is about keys of any type."""
    often = [name for name in OFTEN if name in family.arguments]
    names = [*sorted(family.arguments), *often * 3, *[*more] * MORE]
    own = st.sampled_from(names).flatmap(lambda name: line(family, name))
    return st.one_of(*[own] * 5, of_any_key(family))


def crooked(family: Family) -> st.SearchStrategy[list[bytes]]:
    """Too many words, too few, no command at all, or one that is refused on purpose."""
    usual = proper(family)
    kinds = [
        st.tuples(usual, st.lists(values, min_size=1, max_size=2)).map(lambda two: two[0] + two[1]),
        usual.map(lambda request: request[:-1] or request),
        st.lists(st.one_of(values, st.binary(min_size=100, max_size=150)), min_size=1, max_size=4),
    ]
    if family.refused:
        refused = st.tuples(st.sampled_from(family.refused), keys)
        kinds.append(
            refused.map(lambda two: [two[1] if w == b"<key>" else w for w in two[0].split()])
        )
    return st.one_of(kinds)


def scripts(family: Family, more: Sequence[str] = ()) -> st.SearchStrategy[Script]:
    """Steps of one client or the other, each a few requests in a row.

    ``more``: commands that come `MORE` times as often.
    """
    one, sessions = proper(family, more), FAMILIES["sessions"]
    block = st.lists(one, max_size=5).map(lambda body: [[b"MULTI"], *body, [b"EXEC"]])
    watched = st.tuples(line(sessions, "WATCH"), one, block)
    step = st.one_of(
        *[one.map(lambda request: [request])] * 6,
        crooked(family).map(lambda request: [request]),
        block,
        watched.map(lambda three: [*three[:2], *three[2]]),
    )
    return st.lists(st.tuples(st.integers(0, CLIENTS - 1), step), min_size=15, max_size=40)


def finished(request: Request, position: int) -> list[Request]:
    """With its own amount of time, and without a random choice that outlives it."""
    amount = b"%d" % (100_000_000 + (position * 37 % 101) * 1_000_000)
    request = [amount if word == FAR else word for word in request]
    if request[0].upper() in DRAWING and len(request) > 1:
        return [request, [b"DEL", request[1]]]
    return [request]


DRAWING = frozenset({b"SPOP"})
"""Commands that change what they draw."""
