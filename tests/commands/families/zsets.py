"""Sorted sets."""

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
    new,
    offsets,
    scan_options,
)

ONE, TWO = b"z", b"z\n2"

zsets = st.sampled_from([ONE, TWO] * 4 + [b"s[1]*", b"n", b"none"])
sources = st.sampled_from([ONE, TWO, ONE, TWO, b"\x00\xff", b"s[1]*", b"", b"none"])
targets = new | zsets
scores = st.one_of(
    st.sampled_from([b"0", b"1", b"2", b"-1", b"1.5", b"0.1", b"3", b"1e3", b"inf", b"-inf"]),
    st.sampled_from(
        [b"-0", b"+1", b"1.", b"-.5", b"1e400", b"1e-320", b"1e21", b"0.30000000000004"]
    ),
    st.sampled_from([b"nan", b"one", b"", b"0x1", b" 1", b"1_0", b"1e", b"1e-400", b"+Infinity"]),
    st.floats(allow_nan=False).map(lambda number: repr(number).encode()),
    st.integers(-3, 9).map(lambda number: b"%d" % number),
)
bounds = st.one_of(
    st.sampled_from([b"-inf", b"+inf", b"(1", b"(2", b"0", b"1", b"2", b"(inf", b"(-inf"] * 3),
    st.sampled_from([b"", b"(", b"((1", b"1e400", b"-1e400", b"nan", b"x", b"1\0x", b"0x1"]),
    scores,
)
names = st.sampled_from(
    [b"-", b"+", b"[x", b"(x", b"[", b"(", b"[y", b"(y", b"[7", b"[\xff", b"+", b"-"] * 2
    + [b"x", b"", b"-x", b"-\0x", b"1"]
)
ranks = offsets
pairs = st.lists(st.tuples(scores, members).map(list), min_size=1, max_size=3).map(flat)
flags = st.lists(st.sampled_from([b"NX", b"xx", b"GT", b"lt", b"CH", b"INCR"]), max_size=2)


def listed(*options: Words) -> st.SearchStrategy[list[bytes]]:
    """Up to three of these options."""
    return st.lists(st.one_of(*options), max_size=3).map(flat)


limit = st.tuples(st.just(b"LIMIT"), offsets, offsets).map(list)
with_scores = st.sampled_from([b"WITHSCORES", b"withscores"])
odd = st.sampled_from([b"bad", b"LIMIT", b"REV", b"BYLEX", b"bylex"])
either = st.one_of(bounds, names, ranks)
span_options = listed(with_scores, with_scores, limit, odd)
by = st.sampled_from(
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


def spans(options: st.SearchStrategy[list[bytes]]) -> st.SearchStrategy[list[bytes]]:
    return by.flatmap(lambda kind: st.tuples(kind[0], kind[0], st.just(kind[1]), options).map(flat))


def keyed(options: st.SearchStrategy[list[bytes]]) -> st.SearchStrategy[list[bytes]]:
    """A number of keys, the keys, and options."""
    rows = st.lists(sources, min_size=1, max_size=3).map(lambda keys: [b"%d" % len(keys), *keys])
    wrong = st.tuples(st.sampled_from([b"0", b"-1", b"x", b"9", b"%d" % 2**63]), sources).map(list)
    return st.tuples(st.one_of(*[rows] * 5, wrong), options).map(flat)


weights = st.lists(scores | st.sampled_from([b"2", b"-1", b"0.5"]), min_size=1, max_size=3).map(
    lambda numbers: [b"WEIGHTS", *numbers]
)
aggregates = st.sampled_from(
    [[b"AGGREGATE", kind] for kind in (b"SUM", b"min", b"MAX", b"avg")] + [[b"aggregate"]]
)
algebra: st.SearchStrategy[list[bytes]] = st.one_of(
    st.just([]), weights, aggregates, listed(weights, aggregates, odd)
)
algebra_scored = st.one_of(
    with_scores.map(lambda word: [word]), st.tuples(algebra, with_scores).map(flat), algebra
)
limits = st.sampled_from([[], [b"LIMIT", b"1"], [b"limit", b"0"], [b"LIMIT", b"-1"], [b"LIMIT"]])
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
rank_options = st.sampled_from([[], [b"WITHSCORE"], [b"withscore"], [b"WITHSCORES"], [b"x", b"y"]])

FAMILY = Family(
    arguments={
        "ZADD": (zsets, flags, pairs),
        "ZINCRBY": (zsets, scores | integers, members),
        "ZREM": (zsets, st.lists(members, min_size=1, max_size=3)),
        "ZSCORE": (zsets, members),
        "ZMSCORE": (zsets, st.lists(members, min_size=1, max_size=3)),
        "ZCARD": (zsets,),
        "ZCOUNT": (zsets, bounds, bounds),
        "ZLEXCOUNT": (zsets, names, names),
        "ZRANK": (zsets, members, rank_options),
        "ZREVRANK": (zsets, members, rank_options),
        "ZRANGE": (zsets, spans(span_options)),
        "ZREVRANGE": (zsets, ranks, ranks, span_options),
        "ZRANGEBYSCORE": (zsets, bounds, bounds, span_options),
        "ZREVRANGEBYSCORE": (zsets, bounds, bounds, span_options),
        "ZRANGEBYLEX": (zsets, names, names, span_options),
        "ZREVRANGEBYLEX": (zsets, names, names, span_options),
        "ZRANGESTORE": (targets, zsets, spans(listed(limit, limit, odd, with_scores))),
        "ZREMRANGEBYRANK": (zsets, ranks, ranks),
        "ZREMRANGEBYSCORE": (zsets, bounds, bounds),
        "ZREMRANGEBYLEX": (zsets, names, names),
        "ZPOPMIN": (zsets, count),
        "ZPOPMAX": (zsets, count),
        "ZMPOP": (keyed(popping),),
        "BZPOPMIN": (st.lists(zsets, min_size=1, max_size=2), timeouts),
        "BZPOPMAX": (st.lists(zsets, min_size=1, max_size=2), timeouts),
        "BZMPOP": (timeouts, keyed(popping)),
        "ZRANDMEMBER": (zsets, drawing),
        "ZSCAN": (zsets, cursors, scans),
        "ZUNION": (keyed(algebra_scored),),
        "ZINTER": (keyed(algebra_scored),),
        "ZDIFF": (keyed(algebra_scored),),
        "ZINTERCARD": (keyed(limits),),
        "ZUNIONSTORE": (targets, keyed(algebra)),
        "ZINTERSTORE": (targets, keyed(algebra)),
        "ZDIFFSTORE": (targets, keyed(st.just([]) | algebra)),
    },
    prelude=[
        [b"ZADD", ONE, b"0", b"x", b"1", b"y", b"1", b"", b"2.5", b"7"],
        [b"ZADD", TWO, b"3", b"x", b"-1", b"z", b"inf", b"\xfe", b"0.1", b"y", b"0.1", b"7"],
    ],
    keys=(ONE, TWO),
    differences={
        rb"ZRANDMEMBER .* -[0-9]{7,18}( .*)?": "a server answers so many until its memory is full",
    },
    refused=[b"ZRANDMEMBER <key> -9999999"],
    by_chance=frozenset({b"ZRANDMEMBER"}),
    scans={b"ZSCAN": 2},
)
