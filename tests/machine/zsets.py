"""Sorted sets."""

from fractions import Fraction
from typing import Any

from hypothesis import strategies as st

from tests.machine._kind import Kind, Request, many, of
from tests.scripts import Call

member = st.sampled_from([b"a", b"b", b"c"])


def requests(key: st.SearchStrategy[bytes]) -> st.SearchStrategy[Request]:
    return st.one_of(
        of(b"ZADD", key, st.sampled_from([b"1", b"0.1", b"-2.5", b"inf"]), member),
        of(b"ZINCRBY", key, st.sampled_from([b"1", b"-3", b"0.1"]), member),
        many(b"ZREM", key, st.lists(member, min_size=1, max_size=2)),
        of(b"ZPOPMIN", key),
        of(b"DEL", key),
    )


def operation(request: Request, before: Any, reply: Any) -> Call | None:
    name, _, *rest = request
    match name:
        case b"ZADD":
            return "assign", rest[1], float(rest[0])
        case b"ZINCRBY":
            score = dict(before).get(rest[1], 0.0)
            if reply in (float("inf"), float("-inf")):
                return "assign", rest[1], reply
            return "increment", rest[1], Fraction(reply) - Fraction(score)
        case b"ZREM":
            return "remove", tuple(rest)
        case b"ZPOPMIN":
            return ("remove", (reply[0],)) if reply else None
    return ("clear",)


def value(reply: Any) -> dict[bytes, float] | None:
    return dict(reply) or None


KIND = Kind(
    requests,
    "zset",
    (b"ZRANGE", b"k", b"0", b"-1", b"WITHSCORES"),
    operation,
    value,
    by_itself=frozenset({b"ZINCRBY"}),
)
