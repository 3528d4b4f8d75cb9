"""Ranges of sorted sets."""

from hypothesis import strategies as st

from tests.commands.families._family import Family, flat, members
from tests.commands.families._zsets import (
    ONE,
    PRELUDE,
    TWO,
    pairs,
    scores,
    targets,
    with_scores,
    zsets,
)

bounds = st.one_of(
    st.sampled_from([b"-inf", b"+inf", b"(1", b"(2", b"0", b"1", b"2", b"(inf", b"(-inf"]),
    st.sampled_from([b"-inf", b"inf", b"-1", b"(0", b"3", b"(2.5"]),
    st.sampled_from([b"", b"(", b"((1", b"1e400", b"-1e400", b"nan", b"x", b"1\0x", b"0x1"]),
    scores,
)
names = st.sampled_from(
    [b"-", b"+", b"[x", b"(x", b"[", b"(", b"[y", b"(y", b"[7", b"[\xff", b"-", b"+"] * 3
    + [b"x", b"", b"-x", b"-\0x", b"1"]
)
ranks = st.sampled_from([b"0", b"1", b"2", b"-1", b"-2", b"-9", b"9"] * 3 + [b"+1", b"", b"one"])
either = st.one_of(bounds, names, ranks)
limit = st.tuples(st.just(b"LIMIT"), ranks, ranks).map(list)
odd = st.sampled_from([[b"bad"], [b"LIMIT"], [b"REV"], [b"BYLEX"], [b"byscore"]])
options: st.SearchStrategy[list[bytes]] = st.one_of(
    st.just([]),
    with_scores,
    limit,
    st.lists(st.one_of(with_scores, limit, odd), max_size=3).map(flat),
)
named: st.SearchStrategy[list[bytes]] = st.one_of(
    st.just([]), limit, st.one_of(st.just([]), limit, options)
)
ways = st.sampled_from(
    [
        (ranks, []),
        (ranks, [b"REV"]),
        (bounds, [b"BYSCORE"]),
        (bounds, [b"rev", b"byscore"]),
        (names, [b"BYLEX"]),
        (names, [b"BYLEX", b"REV"]),
        (either, []),
    ]
)
spans = ways.flatmap(lambda way: st.tuples(way[0], way[0], st.just(way[1]), options).map(flat))
rank_options: st.SearchStrategy[list[bytes]] = st.one_of(
    st.just([]),
    st.sampled_from([[b"WITHSCORE"], [b"withscore"], [b"WITHSCORES"], [b"x", b"y"]]),
)

FAMILY = Family(
    arguments={
        "ZADD": (zsets, pairs.map(flat)),
        "ZCOUNT": (zsets, bounds, bounds),
        "ZLEXCOUNT": (zsets, names, names),
        "ZRANK": (zsets, members, rank_options),
        "ZREVRANK": (zsets, members, rank_options),
        "ZRANGE": (zsets, spans),
        "ZREVRANGE": (zsets, ranks, ranks, options),
        "ZRANGEBYSCORE": (zsets, bounds, bounds, options),
        "ZREVRANGEBYSCORE": (zsets, bounds, bounds, options),
        "ZRANGEBYLEX": (zsets, names, names, named),
        "ZREVRANGEBYLEX": (zsets, names, names, named),
        "ZRANGESTORE": (targets, zsets, spans),
        "ZREMRANGEBYRANK": (zsets, ranks, ranks),
        "ZREMRANGEBYSCORE": (zsets, bounds, bounds),
        "ZREMRANGEBYLEX": (zsets, names, names),
    },
    prelude=PRELUDE,
    keys=(ONE, TWO),
)
