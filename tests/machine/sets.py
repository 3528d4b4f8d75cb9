"""Sets."""

from typing import Any

from hypothesis import strategies as st

from crdb.command import Reply
from tests.machine._kind import Kind, Request, many, of
from tests.scripts import Call

members = st.lists(st.sampled_from([b"a", b"b", b"c"]), min_size=1, max_size=3)


def requests(key: st.SearchStrategy[bytes]) -> st.SearchStrategy[Request]:
    return st.one_of(
        many(b"SADD", key, members),
        many(b"SADD", key, members),
        many(b"SREM", key, members),
        of(b"SPOP", key),
        of(b"DEL", key),
    )


def operation(request: Request, before: Reply, reply: Reply) -> Call | None:
    name, _, *rest = request
    match name:
        case b"SADD":
            return "add", tuple(rest)
        case b"SREM":
            return "remove", tuple(rest)
        case b"SPOP":
            return ("remove", (reply,)) if reply is not None else None
    return ("clear",)


def value(reply: Any) -> set[bytes] | None:
    return set(reply) or None


KIND = Kind(requests, "orset", (b"SMEMBERS", b"k"), operation, value)
