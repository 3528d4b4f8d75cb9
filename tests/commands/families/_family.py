"""What a family of commands brings to the comparison with the real server, and what all share."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from hypothesis import strategies as st

from crdb.command import Reply
from crdb.settings import Settings

Request = Sequence[bytes]
Words = (
    st.SearchStrategy[bytes]
    | st.SearchStrategy[list[bytes]]
    | st.SearchStrategy[bytes | list[bytes]]
)


class Family(NamedTuple):
    """The commands on one type."""

    arguments: Mapping[str, tuple[Words, ...]]
    """Command -> what draws its arguments, as they should be."""
    prelude: Sequence[Request] = ()
    """Makes the keys that the arguments speak of, beside those of `PRELUDE`."""
    keys: tuple[bytes, ...] = ()
    """Two keys of the type: what speaks of any key speaks of these."""
    differences: Mapping[bytes, str] = {}
    """Requests, as regular expressions in upper case, that are refused here on purpose, and why.
    The server is not asked."""
    refused: Sequence[bytes] = ()
    """Requests under them; ``<key>`` stands for any key."""
    unordered: frozenset[bytes] = frozenset()
    """Commands whose lists come in any order; a map of any order is one."""
    by_chance: frozenset[bytes] = frozenset()
    """Commands that draw: only the shape of the reply is compared, unless `ALL` is asked for."""
    scans: Mapping[bytes, int] = {}
    """Command -> position of its cursor."""
    tolerance: Mapping[bytes, int] = {}
    """By how much a number may differ, in its own unit: time passes at the server only."""
    as_read: Mapping[bytes, Callable[[Reply], object]] = {}
    """Command -> what of its reply is compared, where two replies may say the same."""
    settings: Settings = Settings()
    """Of the database: those under which it is most like the server."""
    reads: Sequence[bytes] = ()
    """Commands that show all that a key of this type holds, without the key: ``LRANGE 0 -1``."""


BEYOND_MS = 1 << 50
ALL = b"1000"
"""A count that takes everything, so that chance has no part in the reply."""

FAR = b"<far>"
"""Stands for an amount of time of its own: GT and LT must not depend on milliseconds passed."""

NUMBER, TEXT, SET, OTHER = b"n", b"", b"\x00\xff", b"s[1]*"
PRELUDE: list[Request] = [
    [b"MSET", NUMBER, b"41", TEXT, b"abc"],
    [b"SADD", SET, b"x", b"", b"7"],
    [b"SADD", OTHER, b"x", b"y", b"\xfe"],
    [b"EXPIRE", SET, b"5000000000"],
    [b"EXPIRE", NUMBER, b"5000000000"],
]
"""So that every command also meets keys of another type."""

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


def reading(read: bytes, key: bytes) -> list[bytes]:
    """The request that an entry of ``reads`` stands for."""
    name, *arguments = read.split()
    return [name, key, *arguments]


def flat(parts: Iterable[bytes | list[bytes]]) -> list[bytes]:
    return [word for part in parts for word in (part if isinstance(part, list) else [part])]


def words(*parts: str) -> st.SearchStrategy[list[bytes]]:
    """Up to three of these options, in any order and either case."""
    either = [part.encode() for part in (*parts, *map(str.lower, parts))]
    return st.lists(st.sampled_from(either), max_size=3)


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
