"""Union, intersection and difference of sorted sets."""

from hypothesis import strategies as st

from tests.commands.families._family import SET, Family, Words, flat
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

sources = st.sampled_from([ONE, TWO, ONE, TWO, SET, b"s[1]*", b"new", b"none", b""])


def keyed(options: Words) -> st.SearchStrategy[list[bytes]]:
    """A number of keys, the keys, and options."""
    rows = st.lists(sources, min_size=1, max_size=3).map(lambda keys: [b"%d" % len(keys), *keys])
    wrong = st.tuples(st.sampled_from([b"0", b"-1", b"x", b"9", b"%d" % 2**63]), sources).map(list)
    return st.tuples(st.one_of(*[rows] * 5, wrong), options).map(flat)


numbers = st.one_of(st.sampled_from([b"2", b"-1", b"0.5", b"0"]), scores)
weights = st.lists(numbers, min_size=1, max_size=3).map(lambda each: [b"WEIGHTS", *each])
aggregates = st.sampled_from(
    [[b"AGGREGATE", kind] for kind in (b"SUM", b"min", b"MAX", b"avg")] + [[b"aggregate"]]
)
odd = st.sampled_from([[b"bad"], [b"LIMIT", b"1"]])
none: st.SearchStrategy[list[bytes]] = st.just([])
stored = st.one_of(
    none, weights, aggregates, st.lists(st.one_of(weights, aggregates, odd), max_size=3).map(flat)
)
shown = st.one_of(with_scores, st.tuples(stored, with_scores).map(flat), stored)
limits = st.one_of(
    none, st.sampled_from([[b"LIMIT", b"1"], [b"limit", b"0"], [b"LIMIT", b"-1"], [b"LIMIT"]])
)

FAMILY = Family(
    arguments={
        "ZADD": (zsets, pairs.map(flat)),
        "ZUNION": (keyed(shown),),
        "ZINTER": (keyed(shown),),
        "ZDIFF": (keyed(st.one_of(with_scores, shown)),),
        "ZINTERCARD": (keyed(limits),),
        "ZUNIONSTORE": (targets, keyed(stored)),
        "ZINTERSTORE": (targets, keyed(stored)),
        "ZDIFFSTORE": (targets, keyed(st.one_of(none, none, stored))),
    },
    prelude=PRELUDE,
    keys=(ONE, TWO),
)
