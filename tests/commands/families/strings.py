"""Strings and counters."""

from hypothesis import strategies as st

from tests.commands.families._family import (
    BEYOND_MS,
    NUMBER,
    TEXT,
    Family,
    absolute,
    flat,
    floats,
    integers,
    keys,
    offsets,
    relative,
    seconds,
    values,
)

set_options = st.lists(
    st.one_of(
        st.sampled_from([[b"NX"], [b"xx"], [b"GET"], [b"KEEPTTL"], [b"EX"], [b"bad"]]),
        st.tuples(st.sampled_from([b"EX", b"px"]), relative).map(list),
        st.tuples(st.just(b"PXAT"), absolute).map(list),
        st.tuples(st.just(b"exat"), seconds).map(list),
        st.tuples(st.sampled_from([b"IFEQ", b"ifeq"]), values | st.just(b"abc")).map(list),
    ),
    max_size=3,
).map(flat)

getex_options = st.lists(
    st.one_of(
        st.sampled_from([[b"PERSIST"], [b"persist"], [b"EX"], [b"NX"]]),
        st.tuples(st.sampled_from([b"EX", b"px"]), relative).map(list),
        st.tuples(st.just(b"PXAT"), absolute).map(list),
    ),
    max_size=2,
).map(flat)

msetex_options = st.lists(
    st.one_of(
        st.sampled_from([[b"NX"], [b"xx"], [b"KEEPTTL"], [b"EX"], [b"GET"], [b"IFEQ", b"1"]]),
        st.tuples(st.sampled_from([b"EX", b"px"]), relative).map(list),
        st.tuples(st.just(b"PXAT"), absolute.filter(lambda at: at != b"1")).map(list),
    ),
    max_size=2,
).map(flat)
"""Without a deadline in the past: the key stays until the real server's own expiry finds it."""

lcs_options = st.lists(
    st.sampled_from([[b"LEN"], [b"idx"], [b"IDX"], [b"WITHMATCHLEN"], [b"MINMATCHLEN"], [b"x"]])
    | integers.map(lambda least: [b"minmatchlen", least]),
    max_size=3,
).map(flat)

as_begun = st.sampled_from([[TEXT, b"abc"], [NUMBER, b"41"]])
"""Keys with the values that they begin with."""

FAMILY = Family(
    arguments={
        "SET": (keys, values, st.just([]) | set_options),
        "GET": (keys,),
        "SETNX": (keys, values),
        "SETEX": (keys, relative, values),
        "PSETEX": (keys, relative, values),
        "GETSET": (keys, values),
        "GETDEL": (keys,),
        "GETEX": (keys, getex_options),
        "MSET": (keys, values, st.just([]) | st.tuples(keys, values).map(list)),
        "MSETNX": (keys, values, st.just([]) | st.tuples(keys, values).map(list)),
        "MGET": (keys, st.lists(keys, max_size=2)),
        "APPEND": (keys, values),
        "STRLEN": (keys,),
        "SETRANGE": (keys, offsets, values),
        "GETRANGE": (keys, offsets, offsets),
        "DELIFEQ": (as_begun | st.tuples(keys, values).map(list),),
        "MSETEX": (
            st.sampled_from([b"1"] * 8 + [b"2", b"0", b"-1", b"x", b"01", b"2147483648"]),
            keys,
            values,
            msetex_options | st.tuples(keys, values).map(list),
        ),
        "LCS": (keys, keys, lcs_options),
        "INCR": (keys,),
        "DECR": (keys,),
        "INCRBY": (keys, integers),
        "DECRBY": (keys, integers),
        "INCRBYFLOAT": (keys, floats),
    },
    differences={
        rb"(SET|GETEX|PSETEX|MSETEX) .* %d.*" % BEYOND_MS: "deadlines go up to 2^49 ms only",
        rb"SUBSTR .*": "the product does not support it",
    },
    refused=[
        b"SUBSTR <key> 0 1",
        *(b"%s PXAT %d" % (start, BEYOND_MS) for start in (b"SET <key> v", b"GETEX <key>")),
        b"PSETEX <key> %d v" % BEYOND_MS,
    ],
    reads=[b"GET"],
)
