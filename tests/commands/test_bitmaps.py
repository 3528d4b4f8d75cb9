"""Bitmaps and bit fields at their edges, each with the reply of the real server."""

import pytest

from crdb.replica import Replica
from tests.commands.conftest import Run
from tests.regions import Regions


def test_setbit_makes_the_string_as_long_as_it_must_be(run: Run) -> None:
    assert run("SETBIT k 7 1") == 0
    assert run("SETBIT k 7 1") == 1
    assert run("SETBIT k 15 0") == 0
    assert run("GET k") == b"\x01\0"
    assert run("GETBIT k 4294967295") == 0


def test_what_changes_nothing_is_not_written(run: Run, replica: Replica) -> None:
    run("SETBIT k 7 1")
    writes = len(replica.backlog)
    run("SETBIT k 7 1"), run("BITFIELD k SET u8 0 1"), run("BITFIELD k GET u8 0")
    assert len(replica.backlog) == writes
    run("SETBIT none 0 0"), run("BITFIELD none2 OVERFLOW FAIL INCRBY u8 0 256")
    assert run("MGET none none2") == [b"\0", b"\0"]


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("BITCOUNT k", 12),
        ("BITCOUNT k 0", 12),
        ("BITCOUNT k 1 1", 8),
        ("BITCOUNT k 4 11 BIT", 8),
        ("BITCOUNT k 0 3 BIT", 0),
        ("BITCOUNT k -1 -3", 0),
        ("BITCOUNT k -100 -90", 4),
        ("BITPOS k 1", 4),
        ("BITPOS k 0 1", 16),
        ("BITPOS k 0 1 1", -1),
        ("BITPOS k 1 2", -1),
        ("BITPOS k 1 2 -1 BIT", 4),
        ("BITPOS full 0", 8),
        ("BITPOS full 0 0 -1", -1),
        ("BITPOS full 0 9", -1),
        ("BITPOS none 0", 0),
        ("BITPOS none 1", -1),
    ],
)
def test_counts_and_places(run: Run, line: str, reply: int) -> None:
    run("SET k", b"\x0f\xff\0")
    run("SET full", b"\xff")
    assert run(line) == reply


def test_bitop_takes_zeros_for_what_is_missing_and_no_deadline_along(run: Run) -> None:
    run("SET a", b"\xf0\xff", "EX 10"), run("SET b", b"\x3c")
    found = {}
    for name in ("AND", "OR", "XOR"):
        assert run(f"BITOP {name} d a b none") == 2
        found[name] = run("GET d")
    assert found == {"AND": b"\0\0", "OR": b"\xfc\xff", "XOR": b"\xcc\xff"}
    assert run("BITOP NOT a a") == 2
    assert [run("GET a"), run("TTL a")] == [b"\x0f\0", -1]
    assert run("BITOP OR a none none2") == 0
    assert run("EXISTS a") == 0


@pytest.mark.parametrize(
    ("line", "replies", "left"),
    [
        ("SET u8 0 300 GET u8 0", [200, 44], b"\x2c"),
        ("INCRBY u8 0 100", [44], b"\x2c"),
        ("OVERFLOW SAT INCRBY u8 0 100", [255], b"\xff"),
        ("OVERFLOW SAT INCRBY u8 0 -201", [0], b"\0"),
        ("OVERFLOW FAIL INCRBY u8 0 100 SET u1 0 0", [None, 1], b"\x48"),
        ("OVERFLOW SAT SET u8 0 -1", [200], b"\xff"),
        ("SET i8 0 -1 GET i4 #1", [-56, -1], b"\xff"),
        ("OVERFLOW SAT INCRBY i8 0 -100", [-128], b"\x80"),
        ("GET u4 6 GET i64 0", [0, 200 - 256 << 56], b"\xc8"),
        ("SET u4 6 15", [0], b"\xcb\xc0"),
    ],
)
def test_fields(run: Run, line: str, replies: list[int], left: bytes) -> None:
    run("SET k", b"\xc8")
    assert run(f"BITFIELD k {line}") == replies
    assert run("GET k") == left


def test_of_two_regions_bits_the_later_string_stays() -> None:
    regions = Regions(2)
    regions.say(1, "SETBIT k 0 1")
    regions.settle()
    regions.say(1, "SETBIT k 1 1")
    regions.now_us += 1
    regions.say(2, "BITFIELD k SET u8 8 255")
    regions.settle()
    assert regions.everywhere("GET k") == [b"\x80\xff"] * 2
