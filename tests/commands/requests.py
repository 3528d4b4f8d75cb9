"""Random requests: of every command, mostly as they should be, some of them crooked."""

from collections.abc import Iterable, Sequence

from hypothesis import strategies as st

Request = Sequence[bytes]
Script = list[tuple[int, list[list[bytes]]]]
"""(client, requests)."""

CLIENTS = 2
BEYOND_MS = 1 << 50
ALL = b"1000"
"""A count that takes everything, so that chance has no part in the reply."""

FAR = b"<far>"
"""Stands for an amount of time of its own: GT and LT must not depend on milliseconds passed."""

NUMBER, TEXT, SET, OTHER = b"n", b"", b"\x00\xff", b"s[1]*"
PRELUDE: list[list[bytes]] = [
    [b"MSET", NUMBER, b"41", TEXT, b"abc"],
    [b"SADD", SET, b"x", b"", b"7"],
    [b"SADD", OTHER, b"x", b"y", b"\xfe"],
    [b"EXPIRE", SET, b"5000000000"],
    [b"EXPIRE", NUMBER, b"5000000000"],
]
"""So that most commands meet a key of their type."""

keys = st.sampled_from([NUMBER, TEXT, SET, OTHER, b"none"])
sets = st.sampled_from([SET, OTHER] * 3 + [TEXT, b"none"])
new = st.sampled_from([b"new", b"newer", b"none", OTHER])
members = st.sampled_from([b"x", b"y", b"z", b"", b"\r\n", b"7", b"\xfe"])
integers = st.sampled_from(
    [b"0", b"1", b"-1", b"7", b"100", b"-0", b"+1", b"01", b" 1", b"1 ", b"1.0", b"0x10"]
    + [b"%d" % (sign * 2**63 + off) for sign in (1, -1) for off in (-1, 0, 1)]
    + [b"9" * 19, b"9" * 30, b"", b"one"]
)
offsets = st.sampled_from([b"0", b"1", b"2", b"7", b"-1", b"-3", b"-100", b"100"] * 3) | integers
floats = st.one_of(
    integers,
    st.sampled_from([b"0.1", b"-.5", b"3.", b".", b"1e3", b"5.0e-3", b"1e", b"0x1.8p1", b"0x"]),
    st.sampled_from([b"inf", b"-Infinity", b"nan", b"1e4000", b"-1e4932", b"1e4933", b"1e-4951"]),
    st.sampled_from([b"0e99999", b"1e-30", b"0.000000000000000005", b"12345678901234567890.5"]),
    st.decimals(-(10**6), 10**6, allow_nan=False, places=6).map(lambda d: str(d).encode()),
)
values = st.one_of(integers, floats, members, st.binary(max_size=6))
patterns = st.one_of(
    st.sampled_from([b"*", b"a", b"[a-b]", b"?", b"[^a]", b"\\a", b"**", b"*\xff"]),
    st.text("ab*?[]^-\\k1", max_size=8).map(str.encode),
)
relative = st.sampled_from(
    [FAR, FAR, FAR, b"0", b"-1", b"%d" % (2**63 - 1), b"%d" % -(2**63), b"x"]
)
absolute = st.sampled_from([b"9999999999999", b"1", b"0", b"-5", b"%d" % 2**63, b"1.5"])
seconds = st.sampled_from([b"9999999999", b"1", b"-1", b"", b"%d" % (2**63 - 1)])


def flat(parts: Iterable[bytes | list[bytes]]) -> list[bytes]:
    return [word for part in parts for word in (part if isinstance(part, list) else [part])]


def words(*parts: str) -> st.SearchStrategy[list[bytes]]:
    """Up to three of these options, in any order and either case."""
    either = [part.encode() for part in (*parts, *map(str.lower, parts))]
    return st.lists(st.sampled_from(either), max_size=3)


set_options = st.lists(
    st.one_of(
        st.sampled_from([[b"NX"], [b"xx"], [b"GET"], [b"KEEPTTL"], [b"EX"], [b"bad"]]),
        st.tuples(st.sampled_from([b"EX", b"px"]), relative).map(list),
        st.tuples(st.just(b"PXAT"), absolute).map(list),
        st.tuples(st.just(b"exat"), seconds).map(list),
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
copy_options = st.lists(
    st.sampled_from(
        [[b"REPLACE"], [b"replace"], [b"DB", b"0"], [b"DB"], [b"bad"]]
        + [[b"db", number] for number in (b"1", b"16", b"-1", b"%d" % 2**31, b"+0")]
    ),
    max_size=2,
).map(flat)
count = st.sampled_from([[], [ALL], [b"0"], [b"-1"], [b"x"], [b"1", b"2"]])
cursors = st.sampled_from([b"0"] * 6 + [b" +0", b"00", b"x", b"", b"-1", b"1 ", b"%d" % 2**64])
scan_options = st.lists(
    st.one_of(
        st.sampled_from([[b"COUNT", b"0"], [b"COUNT", b"x"], [b"MATCH"], [b"NOVALUES"], [b"bad"]]),
        st.tuples(st.sampled_from([b"MATCH", b"match"]), patterns).map(list),
        st.sampled_from([[b"TYPE", b"Set"], [b"type", b"string"], [b"TYPE", b"\xfe\n\0x"]]),
    ),
    max_size=2,
).map(lambda options: flat([b"COUNT", ALL] if not options else [*options, b"COUNT", ALL]))

ARGUMENTS: dict[str, tuple[st.SearchStrategy[bytes | list[bytes]], ...]] = {
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
    "INCR": (keys,),
    "DECR": (keys,),
    "INCRBY": (keys, integers),
    "DECRBY": (keys, integers),
    "INCRBYFLOAT": (keys, floats),
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
    "PING": (st.just([]) | members,),
    "ECHO": (values,),
    "TIME": (),
    "MULTI": (),
    "EXEC": (),
    "DISCARD": (),
    "WATCH": (keys,),
    "UNWATCH": (),
}


def line(name: str) -> st.SearchStrategy[list[bytes]]:
    """A request of this command, as it should be."""
    spelling = st.sampled_from([name, name.lower(), name.title()]).map(str.encode)
    return st.tuples(spelling, *ARGUMENTS[name]).map(flat)


# Those that are most of all in their options come more often.
proper = st.sampled_from([*sorted(ARGUMENTS), *["SET"] * 4, *["EXPIRE"] * 2]).flatmap(line)
REFUSED = [
    b"FLUSHALL",
    b"FLUSHDB ASYNC",
    b"SUBSTR <key> 0 1",
    b"OBJECT ENCODING <key>",
    b"SRANDMEMBER <key> -9999999",
    *(b"%s %d" % (start, BEYOND_MS) for start in (b"PEXPIRE <key>", b"PEXPIREAT <key>")),
    *(b"%s PXAT %d" % (start, BEYOND_MS) for start in (b"SET <key> v", b"GETEX <key>")),
    b"PSETEX <key> %d v" % BEYOND_MS,
]
crooked = st.one_of(
    st.tuples(proper, st.lists(values, min_size=1, max_size=2)).map(lambda two: two[0] + two[1]),
    proper.map(lambda request: request[:-1] or request),
    st.lists(st.one_of(values, st.binary(min_size=100, max_size=150)), min_size=1, max_size=4),
    st.tuples(st.sampled_from(REFUSED), keys).map(
        lambda two: [two[1] if word == b"<key>" else word for word in two[0].split()]
    ),
)
block = st.lists(proper, max_size=5).map(lambda body: [[b"MULTI"], *body, [b"EXEC"]])
watched = st.tuples(line("WATCH"), proper, block).map(lambda three: [*three[:2], *three[2]])
step = st.one_of(
    *[proper.map(lambda request: [request])] * 6, crooked.map(lambda r: [r]), block, watched
)
scripts = st.lists(st.tuples(st.integers(0, CLIENTS - 1), step), min_size=15, max_size=40)
"""Steps of one client or the other, each a few requests in a row."""


def finished(request: Request, position: int) -> list[Request]:
    """With its own amount of time, and without a random choice that outlives it."""
    amount = b"%d" % (100_000_000 + (position * 37 % 101) * 1_000_000)
    request = [amount if word == FAR else word for word in request]
    if request[0].upper() == b"SPOP" and len(request) > 1:
        return [request, [b"DEL", request[1]]]
    return [request]
