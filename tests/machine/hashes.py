"""Hashes. Deadlines of fields are contended for only: their spec is that of keys."""

from typing import Any

from hypothesis import strategies as st

from crdb.command import Reply
from tests.machine._kind import Kind, Request, many, of
from tests.scripts import Call

field = st.sampled_from([b"a", b"b", b"c"])
fields = st.lists(field, min_size=1, max_size=3)
value_ = st.sampled_from([b"", b"text", b"7"])


def requests(key: st.SearchStrategy[bytes]) -> st.SearchStrategy[Request]:
    return st.one_of(
        of(b"HSET", key, field, value_),
        of(b"HSET", key, field, value_, field, value_),
        of(b"HINCRBY", key, field, st.sampled_from([b"1", b"-3"])),
        many(b"HDEL", key, fields),
        of(b"DEL", key),
    )


def operation(request: Request, before: Reply, reply: Reply) -> Call | None:
    name, _, *rest = request
    match name:
        case b"HSET":
            return "assign", tuple(dict(zip(rest[::2], rest[1::2], strict=True)).items())
        case b"HINCRBY":
            return "increment", rest[0], int(rest[1])
        case b"HDEL":
            return "remove", tuple(rest)
    return ("clear",)


def value(reply: Any) -> dict[bytes, bytes] | None:
    return reply or None


KIND = Kind(requests, "hash", (b"HGETALL", b"k"), operation, value)
