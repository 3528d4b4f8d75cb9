"""Keys of any type, and their deadlines."""

from hypothesis import strategies as st

from tests.commands.families._family import (
    BEYOND_MS,
    Family,
    absolute,
    cursors,
    flat,
    keys,
    new,
    patterns,
    relative,
    scan_options,
    seconds,
    words,
)

copy_options = st.lists(
    st.sampled_from(
        [[b"REPLACE"], [b"replace"], [b"DB", b"0"], [b"DB"], [b"bad"]]
        + [[b"db", number] for number in (b"1", b"16", b"-1", b"%d" % 2**31, b"+0")]
    ),
    max_size=2,
).map(flat)

FAMILY = Family(
    arguments={
        "DEL": (keys, st.lists(keys, max_size=2)),
        "EXISTS": (keys, st.lists(keys, max_size=2)),
        "UNLINK": (keys, st.lists(keys, max_size=2)),
        "TOUCH": (keys, st.lists(keys, max_size=2)),
        "TYPE": (keys,),
        "RENAME": (keys, keys),
        "RENAMENX": (keys, new | keys),
        "COPY": (keys, new | keys, copy_options),
        "OBJECT": (
            st.sampled_from([b"FREQ", b"idletime", b"REFCOUNT", b"REFCOUNT", b"HELP", b"bad\n\0x"]),
            keys.map(lambda key: [key]) | st.just([]),
        ),
        "SCAN": (cursors, scan_options),
        "RANDOMKEY": (),
        "EXPIRE": (keys, relative, words("NX", "XX", "GT", "LT")),
        "PEXPIRE": (keys, relative, words("NX", "XX", "GT", "LT", "b\r\nad\n")),
        "EXPIREAT": (keys, seconds, words("NX", "XX", "GT", "LT")),
        "PEXPIREAT": (keys, absolute, words("NX", "XX", "GT", "LT")),
        "TTL": (keys,),
        "PTTL": (keys,),
        "EXPIRETIME": (keys,),
        "PEXPIRETIME": (keys,),
        "PERSIST": (keys,),
        "KEYS": (patterns,),
        "DBSIZE": (),
    },
    differences={
        rb"OBJECT ENCODING .*": "the product does not support it",
        rb"(PEXPIRE|PEXPIREAT) .* %d.*" % BEYOND_MS: "deadlines go up to 2^49 ms only",
        rb"COPY .* DB ([1-9]|1[0-5])( .*)?": "an active-active database has no others beside it",
    },
    refused=[
        b"OBJECT ENCODING <key>",
        *(b"%s %d" % (start, BEYOND_MS) for start in (b"PEXPIRE <key>", b"PEXPIREAT <key>")),
    ],
    unordered=frozenset({b"KEYS"}),
    by_chance=frozenset({b"RANDOMKEY"}),
    scans={b"SCAN": 1},
    tolerance={
        b"TTL": 30,
        b"PTTL": 30_000,
        b"EXPIRETIME": 30,
        b"PEXPIRETIME": 30_000,
        b"OBJECT IDLETIME": 30,
    },
    reads=[b"TYPE", b"TTL"],
)
