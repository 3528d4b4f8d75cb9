"""Lists."""

from hypothesis import strategies as st

from tests.commands.families._family import (
    OTHER,
    SET,
    TEXT,
    Family,
    Request,
    flat,
    integers,
    members,
    values,
)

LIST, LISTED = b"list", b"l\r\n"
PRELUDE: list[Request] = [
    [b"RPUSH", LIST, b"x", b"y", b"x", b"7", b"", b"x"],
    [b"LPUSH", LISTED, b"x", b"z"],
    [b"EXPIRE", LIST, b"5000000000"],
]

lists = st.sampled_from([LIST, LISTED] * 4 + [TEXT, SET, OTHER, b"none"])
new = st.sampled_from([LIST, LISTED, b"new", b"none", OTHER])
pushed = st.lists(members, min_size=1, max_size=3)
indices = (
    st.sampled_from([b"0", b"1", b"2", b"3", b"-1", b"-2", b"-3", b"-100", b"100"] * 3) | integers
)
count = st.sampled_from([[], [], [b"0"], [b"2"], [b"1000"], [b"-1"], [b"x"], [b"1", b"2"]])
ends = st.sampled_from([b"LEFT", b"RIGHT", b"left", b"Right"] * 4 + [b"bad", b""])
timeouts = st.sampled_from(
    [b"0.001"] * 5 + [b"1e-3", b"x", b"-1", b"inf", b"-inf", b"nan", b"1e30", b"-0.5"]
)
numkeys = st.sampled_from([b"2"] * 6 + [b"1", b"3", b"0", b"-1", b"x", b"%d" % 2**63])
multiple = st.lists(
    st.sampled_from([[b"COUNT", b"2"]] * 4 + [[b"count", b"9"], [b"COUNT"], [b"bad"]])
    | st.sampled_from([[b"COUNT", number] for number in (b"0", b"-1", b"x", b"%d" % 2**63)]),
    max_size=2,
).map(flat)
position = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([b"RANK", b"rank"]), indices).map(list),
        st.tuples(st.sampled_from([b"COUNT", b"count", b"MAXLEN"]), indices).map(list),
        st.sampled_from([[b"RANK"], [b"bad", b"1"], [b"RANK", b"%d" % -(2**63)]]),
    ),
    max_size=3,
).map(flat)

FAMILY = Family(
    prelude=PRELUDE,
    keys=(LIST, LISTED),
    arguments={
        "LPUSH": (lists, pushed),
        "RPUSH": (lists, pushed),
        "LPUSHX": (lists, pushed),
        "RPUSHX": (lists, pushed),
        "LPOP": (lists, count),
        "RPOP": (lists, count),
        "LLEN": (lists,),
        "LINDEX": (lists, indices),
        "LRANGE": (lists, indices, indices),
        "LSET": (lists, indices, values),
        "LINSERT": (
            lists,
            st.sampled_from([b"BEFORE", b"AFTER", b"before", b"After"] * 2 + [b"bad"]),
            members,
            values,
        ),
        "LREM": (lists, indices, members),
        "LTRIM": (lists, indices, indices),
        "LPOS": (lists, members, st.just([]) | position),
        "LMOVE": (lists, new, ends, ends),
        "RPOPLPUSH": (lists, new),
        "LMPOP": (numkeys, lists, lists, ends, st.just([]) | multiple),
        "BLPOP": (lists, st.lists(lists, max_size=1), timeouts),
        "BRPOP": (lists, st.lists(lists, max_size=1), timeouts),
        "BLMOVE": (lists, new, ends, ends, timeouts),
        "BRPOPLPUSH": (lists, new, timeouts),
        "BLMPOP": (timeouts, numkeys, lists, lists, ends, st.just([]) | multiple),
    },
    differences={
        rb"LSET .* [-+]?[0-9]{10,} .*": "a server takes the index for one of 32 bits",
    },
    refused=[b"LSET <key> 4294967296 v"],
    reads=[b"LRANGE 0 -1"],
)
