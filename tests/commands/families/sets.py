"""Sets."""

from hypothesis import strategies as st

from tests.commands.families._family import (
    Family,
    count,
    cursors,
    keys,
    members,
    new,
    scan_options,
    sets,
)

FAMILY = Family(
    arguments={
        "SADD": (sets, st.lists(members, min_size=1, max_size=4)),
        "SREM": (sets, st.lists(members, min_size=1, max_size=3)),
        "SMEMBERS": (sets,),
        "SISMEMBER": (sets, members),
        "SCARD": (sets,),
        "SMISMEMBER": (sets, st.lists(members, min_size=1, max_size=3)),
        "SMOVE": (sets, sets | new, st.sampled_from([b"x", b"x", b"", b"z"])),
        "SPOP": (sets, count),
        "SRANDMEMBER": (sets, count | st.sampled_from([[b"-3"], [b"%d" % -(2**63)]])),
        "SSCAN": (sets, cursors, scan_options),
        "SINTER": (sets, st.lists(sets, max_size=2)),
        "SUNION": (sets, st.lists(sets, max_size=2)),
        "SDIFF": (sets, st.lists(sets, max_size=2)),
        "SINTERSTORE": (keys, st.lists(sets, min_size=1, max_size=2)),
        "SUNIONSTORE": (keys, st.lists(sets, min_size=1, max_size=2)),
        "SDIFFSTORE": (keys, st.lists(sets, min_size=1, max_size=2)),
        "SINTERCARD": (
            st.sampled_from([b"2"] * 6 + [b"1", b"0", b"x", b"%d" % 2**63]),
            sets,
            sets,
            st.just([]) | st.lists(st.sampled_from([b"LIMIT", b"limit", b"0", b"1"]), max_size=4),
        ),
    },
    differences={
        rb"SRANDMEMBER .* -[0-9]{7,18}": "a server answers so many until its memory is full",
    },
    refused=[b"SRANDMEMBER <key> -9999999"],
    unordered=frozenset({b"SDIFF", b"SINTER", b"SMEMBERS", b"SUNION"}),
    by_chance=frozenset({b"SPOP", b"SRANDMEMBER"}),
    scans={b"SSCAN": 2},
    reads=[b"SMEMBERS"],
)
