"""Hashes, and the deadlines of their fields."""

from hypothesis import strategies as st

from tests.commands.families._family import (
    BEYOND_MS,
    NUMBER,
    Family,
    absolute,
    count,
    cursors,
    flat,
    floats,
    integers,
    relative,
    scan_options,
    seconds,
    values,
)

HASH, SECOND = b"h\xff", b"h"
hashes = st.sampled_from([HASH, HASH, HASH, SECOND, SECOND, NUMBER, b"none"])
names = st.sampled_from([b"f", b"g", b"n", b"", b"\r\n"])
pairs = st.tuples(names, values).map(list)
some = st.lists(names, min_size=1, max_size=3)

wrong = st.sampled_from([b"0", b"9", b"-1", b"x", b"%d" % 2**63])
"""Numbers of fields that are not theirs."""


def numbered(words: list[bytes], wrongly: bytes | None, each: int = 1) -> list[bytes]:
    return [wrongly or b"%d" % (len(words) // each), *words]


marks = st.sampled_from([[b"FIELDS"]] * 9 + [[b"fields"], [b"f"], []])
counted = st.tuples(some, st.none() | st.none() | st.none() | wrong).map(lambda two: numbered(*two))
fields = st.tuples(marks, counted).map(flat)
counted_pairs = st.tuples(
    st.lists(pairs, min_size=1, max_size=3).map(flat), st.none() | st.none() | wrong
).map(lambda two: numbered(*two, each=2))
conditions = st.lists(st.sampled_from([b"NX", b"xx", b"GT", b"LT"]), max_size=1) | st.lists(
    st.sampled_from([b"NX", b"XX", b"GT", b"lt", b"bad\n"]), max_size=3
)
deadlines = st.one_of(
    st.tuples(st.sampled_from([b"EX", b"px"]), relative).map(list),
    st.tuples(st.just(b"PXAT"), absolute).map(list),
    st.tuples(st.just(b"exat"), seconds).map(list),
)
setting = st.lists(
    deadlines
    | st.sampled_from([[b"NX"], [b"XX"], [b"FNX"], [b"fxx"], [b"KEEPTTL"], [b"EX"], [b"bad"]]),
    max_size=3,
).map(flat)
getting = st.lists(
    deadlines | st.sampled_from([[b"PERSIST"], [b"persist"], [b"PX"], [b"NX"]]), max_size=2
).map(flat)

FAMILY = Family(
    arguments={
        "HSET": (hashes, st.lists(pairs, min_size=1, max_size=3).map(flat)),
        "HMSET": (hashes, st.lists(pairs, min_size=1, max_size=3).map(flat)),
        "HSETNX": (hashes, names, values),
        "HGET": (hashes, names),
        "HMGET": (hashes, some),
        "HGETALL": (hashes,),
        "HKEYS": (hashes,),
        "HVALS": (hashes,),
        "HLEN": (hashes,),
        "HSTRLEN": (hashes, names),
        "HEXISTS": (hashes, names),
        "HDEL": (hashes, some),
        "HINCRBY": (hashes, names, integers),
        "HINCRBYFLOAT": (hashes, names, floats),
        "HRANDFIELD": (
            hashes,
            count
            | st.sampled_from([[b"-3"], [b"%d" % -(2**63)], [b"%d" % 2**62, b"WITHVALUES"]])
            | st.sampled_from([[b"1000", b"withvalues"], [b"1", b"WITHVALUES"], [b"1", b"bad"]]),
        ),
        "HSCAN": (hashes, cursors, scan_options | st.just([b"NOVALUES", b"COUNT", b"1000"])),
        "HEXPIRE": (hashes, relative, conditions, fields),
        "HPEXPIRE": (hashes, relative, conditions, fields),
        "HEXPIREAT": (hashes, seconds, conditions, fields),
        "HPEXPIREAT": (hashes, absolute, conditions, fields),
        "HTTL": (hashes, fields),
        "HPTTL": (hashes, fields),
        "HEXPIRETIME": (hashes, fields),
        "HPEXPIRETIME": (hashes, fields),
        "HPERSIST": (hashes, fields),
        "HGETEX": (hashes, getting, fields),
        "HSETEX": (hashes, setting, marks, counted_pairs),
        "HGETDEL": (hashes, fields),
    },
    prelude=[
        [b"HSET", HASH, b"f", b"abc", b"n", b"7", b"", b"0.5"],
        [b"HSET", SECOND, b"f", b"1", b"g", b"text"],
        [b"HEXPIRE", SECOND, b"5000000000", b"FIELDS", b"1", b"f"],
    ],
    keys=(HASH, SECOND),
    differences={
        rb"HRANDFIELD .* -[0-9]{7,18}( .*)?": "a server answers so many until its memory is full",
        rb"(HPEXPIRE|HPEXPIREAT|HGETEX|HSETEX) .*(%d|%d).*"
        % (BEYOND_MS, 2**63 - 1): "deadlines go up to 2^49 ms only",
    },
    refused=[
        b"HRANDFIELD <key> -9999999",
        b"HPEXPIRE <key> %d FIELDS 1 f" % BEYOND_MS,
        b"HPEXPIREAT <key> %d FIELDS 1 f" % BEYOND_MS,
        b"HGETEX <key> PXAT %d FIELDS 1 f" % BEYOND_MS,
        b"HSETEX <key> PXAT %d FIELDS 1 f v" % BEYOND_MS,
    ],
    unordered=frozenset({b"HGETALL", b"HKEYS", b"HVALS"}),
    by_chance=frozenset({b"HRANDFIELD"}),
    scans={b"HSCAN": 2},
    tolerance={b"HTTL": 30, b"HPTTL": 30_000, b"HEXPIRETIME": 30, b"HPEXPIRETIME": 30_000},
    reads=[b"HGETALL"],
)
