"""Scans: whoever is there throughout is returned, once, whatever happens in between."""

from typing import Any
from zlib import crc32

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdb.commands import _scans
from crdb.replica import Replica
from tests.commands.conftest import NOW_US, Run
from tests.regions import Regions

SYNTAX = "ERR syntax error"
INVALID = "ERR invalid cursor"
# Two names with one CRC-32, so a scan cannot stop between them.
TWINS = [b"plumless", b"buckeroo"]

names = st.sampled_from([b"%d" % number for number in range(30)] + TWINS)
groups = st.lists(names, max_size=20)


def scanned(run: Run, *words: str) -> list[bytes]:
    """Everything that a whole scan returns."""
    found: list[bytes] = []
    cursor = b"0"
    while True:
        cursor, piece = run(words[0], cursor, *words[1:])
        found += piece
        if cursor == b"0":
            return found


def test_a_whole_scan_returns_every_name_once_in_pieces(run: Run) -> None:
    wanted = [b"%d" % number for number in range(25)]
    run("SADD s", *wanted)
    run("MSET", *(word for name in wanted for word in (name, b"v")))
    cursor, first = run("SSCAN s 0")
    assert cursor != b"0"
    assert len(first) == 10
    assert sorted(scanned(run, "SCAN", "COUNT 4")) == sorted([*wanted, b"s"])


def test_the_names_of_one_place_are_not_parted(run: Run) -> None:
    assert len({crc32(name) for name in TWINS}) == 1
    run("MSET", *(word for name in TWINS for word in (name, b"v")))
    assert run("SCAN 0 COUNT 1") == [b"0", sorted(TWINS)]


@given(
    stays=st.lists(names, min_size=1, unique=True),
    turns=st.lists(st.tuples(groups, groups), max_size=8),
    count=st.integers(1, 4),
)
def test_who_is_there_throughout_is_returned_once(
    stays: list[bytes], turns: list[tuple[list[bytes], list[bytes]]], count: int
) -> None:
    """Names come, go, and the scan goes on in the other region at every step."""
    regions = Regions(2)
    regions.run(1, b"SADD", b"s", *stays)
    regions.settle()
    found: list[bytes] = []
    cursor, step = b"0", 0
    while True:
        reply: Any = regions.run(1 + step % 2, b"SSCAN", b"s", cursor, b"COUNT", b"%d" % count)
        cursor, piece = reply
        found += piece
        if cursor == b"0":
            break
        come, go = turns[step] if step < len(turns) else ([], [])
        regions.run(1, b"SADD", b"s", b"x", *come)
        regions.run(2, b"SREM", b"s", b"x", *(name for name in go if name not in stays))
        regions.settle()
        step += 1
    assert [found.count(name) for name in stays] == [1] * len(stays)


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("SCAN 0 TYPE string", [b"k", b"kk"]),
        ("SCAN 0 TYPE SET", [b"s"]),
        ("SCAN 0 TYPE stream", []),
        ("SCAN 0 MATCH k*", [b"k", b"kk"]),
        ("SCAN 0 match k? type string COUNT 99", [b"kk"]),
        ("SCAN 0 MATCH s TYPE string", []),
        ("SCAN 0 MATCH nothing MATCH s", [b"s"]),
        ("SSCAN s 0 MATCH a", [b"a"]),
        ("SSCAN none 0 bogus", []),
    ],
)
def test_filters(run: Run, line: str, found: list[bytes]) -> None:
    run("MSET k v kk v")
    run("SADD s a b")
    cursor, names = run(line)
    assert (cursor, sorted(names)) == (b"0", found)


def test_a_piece_may_be_empty_before_the_end(run: Run) -> None:
    run("SADD s", *(b"%d" % number for number in range(99)))
    assert scanned(run, "SSCAN s") != []
    cursor, piece = run("SSCAN s 0 MATCH none")
    assert cursor != b"0"
    assert piece == []


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("SCAN one", INVALID),
        ("SCAN -1", INVALID),
        (f"SCAN {2**64}", INVALID),
        ("SCAN 0 COUNT 0", SYNTAX),
        ("SCAN 0 COUNT one", "ERR value is not an integer or out of range"),
        ("SCAN 0 COUNT", SYNTAX),
        ("SCAN 0 TYPE bogus", "ERR unknown type name 'bogus'"),
        ("SCAN 0 NOVALUES", "ERR NOVALUES option can only be used in HSCAN"),
        ("SSCAN s 0 TYPE set", SYNTAX),
        ("SSCAN k 0", "WRONGTYPE Operation against a key holding the wrong kind of value"),
    ],
)
def test_errors_of_scans(run: Run, line: str, reply: str) -> None:
    run("SET k v")
    run("SADD s a")
    assert run(line) == reply


def test_expired_keys_are_passed_over_and_left_to_their_owner(run: Run, replica: Replica) -> None:
    run("SET k v EX 10")
    run("SET l w")
    writes = len(replica.backlog)
    assert run("SCAN 0", now_us=NOW_US + 10_000_000) == [b"0", [b"l"]]
    assert len(replica.backlog) == writes


def test_a_cursor_beyond_every_place_is_the_end(run: Run) -> None:
    run("SET k v")
    assert _scans.place(b"k") <= 2**32
    assert run("SCAN", str(2**64 - 1)) == [b"0", []]
