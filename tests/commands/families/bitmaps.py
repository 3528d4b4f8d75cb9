"""Bitmaps and bit fields."""

from hypothesis import strategies as st

from tests.commands.families._family import Family, flat, integers

ONE, TWO = b"bits", b"b2"

strings = st.sampled_from([ONE, TWO] * 4 + [b"n", b"", b"\x00\xff", b"none", b"new"])
bit = st.sampled_from([b"0", b"1"] * 4 + [b"2", b"-1", b"x", b""])
places = st.integers(0, 60).map(lambda n: b"%d" % n) | st.sampled_from(
    [b"-1", b"#1", b"", b"x", b"4294967296", b"%d" % 2**63, b"01", b"100"]
)
ends = st.integers(-9, 9).map(lambda n: b"%d" % n) | integers
unit = st.sampled_from([b"BIT", b"bit", b"BYTE", b"byte", b"bad"])
limits: st.SearchStrategy[list[bytes]] = st.one_of(
    st.just([]),
    ends.map(lambda start: [start]),
    st.tuples(ends, ends).map(list),
    st.tuples(ends, ends, unit).map(list),
)
field = st.sampled_from(
    [b"u8", b"i8", b"u1", b"i1", b"u63", b"i64", b"i5", b"u7", b"i33"] * 8
    + [b"u64", b"i65", b"u0", b"x8", b"U8", b"u", b"8", b"u08", b"u8 "]
)
at = st.one_of(places, st.integers(0, 9).map(lambda n: b"#%d" % n))
small = st.integers(-300, 300).map(lambda n: b"%d" % n)
amount = st.one_of(small, small, small, integers)
overflow = st.sampled_from([b"WRAP", b"sat", b"SAT", b"FAIL", b"fail", b"bad"])
reads = st.lists(st.tuples(st.sampled_from([b"GET", b"get"]), field, at).map(list), max_size=3).map(
    flat
)
steps = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([b"SET", b"INCRBY", b"incrby"]), field, at, amount).map(list),
        st.tuples(st.sampled_from([b"SET", b"INCRBY"]), field, at, amount).map(list),
        st.tuples(st.just(b"OVERFLOW"), overflow).map(list),
        st.tuples(st.just(b"GET"), field, at).map(list),
        st.sampled_from([[b"GET"], [b"bad", b"u8", b"0"]]),
    ),
    max_size=4,
).map(flat)

FAMILY = Family(
    arguments={
        "SETBIT": (strings, places, bit),
        "GETBIT": (strings, places),
        "BITCOUNT": (strings, limits),
        "BITPOS": (strings, bit, limits),
        "BITOP": (
            st.sampled_from([b"AND", b"or", b"OR", b"XOR", b"NOT", b"not", b"bad"]),
            strings,
            strings,
            st.lists(strings, max_size=2),
        ),
        "BITFIELD": (strings, steps),
        "BITFIELD_RO": (strings, reads | steps),
    },
    prelude=[
        [b"SET", ONE, b"\xf0\x0f\xff\x00\x81"],
        [b"SET", TWO, b"\xff\xff"],
        [b"EXPIRE", TWO, b"5000000000"],
    ],
    keys=(ONE, TWO),
)
