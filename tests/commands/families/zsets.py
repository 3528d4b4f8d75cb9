"""Sorted sets, member by member."""

from hypothesis import strategies as st

from tests.commands.families._family import (
    ALL,
    Family,
    Words,
    count,
    cursors,
    flat,
    integers,
    members,
    scan_options,
)
from tests.commands.families._zsets import ONE, PRELUDE, TWO, pairs, scores, zsets

flags = st.lists(st.sampled_from([b"NX", b"xx", b"GT", b"lt", b"CH", b"INCR"]), max_size=2)


def keyed(options: Words) -> st.SearchStrategy[list[bytes]]:
    """A number of keys, the keys, and options."""
    rows = st.lists(zsets, min_size=1, max_size=2).map(lambda keys: [b"%d" % len(keys), *keys])
    wrong = st.tuples(st.sampled_from([b"0", b"-1", b"x", b"9", b"%d" % 2**63]), zsets).map(list)
    return st.tuples(st.one_of(*[rows] * 5, wrong), options).map(flat)


ends = st.sampled_from([b"MIN", b"max", b"MAX", b"min", b"bad"])
how_many = st.sampled_from(
    [[], [b"COUNT", b"2"], [b"count", ALL], [b"COUNT", b"0"], [b"COUNT", b"x"], [b"COUNT"], [b"x"]]
)
popping = st.tuples(ends, how_many).map(flat)
timeouts = st.sampled_from([b"0.001"] * 6 + [b"-1", b"x", b"", b"inf", b"1e400", b"nan"])
drawing = st.sampled_from(
    [
        [],
        *([ALL], [ALL, b"WITHSCORES"], [ALL, b"withscores"]),
        *([b"0", b"WITHSCORES"], [b"2"], [b"-3"], [b"-3", b"WITHSCORES"]),
        *([b"1", b"bad"], [b"1", b"WITHSCORES", b"x"], [b"x"]),
        *([b"%d" % -(2**63)], [b"%d" % (2**63 - 1), b"WITHSCORES"]),
    ]
)
scans = st.tuples(st.sampled_from([[], [b"NOSCORES"], [b"noscores"]]), scan_options).map(flat)

FAMILY = Family(
    arguments={
        "ZADD": (zsets, flags, pairs.map(flat)),
        "ZINCRBY": (zsets, scores | integers, members),
        "ZREM": (zsets, st.lists(members, min_size=1, max_size=3)),
        "ZSCORE": (zsets, members),
        "ZMSCORE": (zsets, st.lists(members, min_size=1, max_size=3)),
        "ZCARD": (zsets,),
        "ZPOPMIN": (zsets, count),
        "ZPOPMAX": (zsets, count),
        "ZMPOP": (keyed(popping),),
        "BZPOPMIN": (st.lists(zsets, min_size=1, max_size=2), timeouts),
        "BZPOPMAX": (st.lists(zsets, min_size=1, max_size=2), timeouts),
        "BZMPOP": (timeouts, keyed(popping)),
        "ZRANDMEMBER": (zsets, drawing),
        "ZSCAN": (zsets, cursors, scans),
    },
    prelude=PRELUDE,
    keys=(ONE, TWO),
    differences={
        rb"ZRANDMEMBER .* -[0-9]{7,18}( .*)?": "a server answers so many until its memory is full",
    },
    refused=[b"ZRANDMEMBER <key> -9999999"],
    by_chance=frozenset({b"ZRANDMEMBER"}),
    scans={b"ZSCAN": 2},
    reads=[b"ZRANGE 0 -1 WITHSCORES"],
)
