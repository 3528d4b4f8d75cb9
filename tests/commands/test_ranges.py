"""Parts of strings at their edges, each with the reply of the real server."""

import pytest

from crdb.replica import Replica
from tests.commands.conftest import Run
from tests.regions import Regions

TOO_LONG = "ERR string exceeds maximum allowed size (proto-max-bulk-len)"
NOT_AN_INTEGER = "ERR value is not an integer or out of range"


@pytest.mark.parametrize(
    ("first", "last", "part"),
    [
        (0, -1, b"hello"),
        (1, 3, b"ell"),
        (-3, -2, b"ll"),
        (3, 99, b"lo"),
        (3, 2, b""),
        (5, 9, b""),
        (-99, 1, b"he"),
        # Odd, and so in Redis: both before the beginning are the first byte, but only in order.
        (-9, -7, b"h"),
        (-7, -9, b""),
        (0, -9, b"h"),
        (-(2**63), 2**63 - 1, b"hello"),
    ],
)
def test_parts_of_a_string(run: Run, first: int, last: int, part: bytes) -> None:
    run("SET k hello")
    assert run("GETRANGE k", f"{first} {last}") == part
    assert run("GETRANGE none", f"{first} {last}") == b""


@pytest.mark.parametrize(
    ("offset", "part", "whole"),
    [
        ("0", b"J", b"Jello"),
        ("3", b"p!!", b"help!!"),
        ("5", b"!", b"hello!"),
        ("7", b"!", b"hello\0\0!"),
        ("99", b"", b"hello"),
    ],
)
def test_setrange_overwrites_and_pads(run: Run, offset: str, part: bytes, whole: bytes) -> None:
    run("SET k hello EX 10")
    assert run("SETRANGE k", offset, part) == len(whole)
    assert [run("GET k"), run("TTL k")] == [whole, 10]


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("SETRANGE k -1 x", "ERR offset is out of range"),
        ("SETRANGE k one x", NOT_AN_INTEGER),
        ("SETRANGE k 536870912 x", TOO_LONG),
        ("SETRANGE none 9223372036854775807 x", TOO_LONG),
        ("GETRANGE k 0 one", NOT_AN_INTEGER),
        ("SUBSTR k 0 1", "ERR 'substr' command is not supported in Active-Active databases"),
    ],
)
def test_errors_of_parts(run: Run, replica: Replica, line: str, reply: str) -> None:
    run("SET k hello")
    writes = len(replica.backlog)
    assert run(line) == reply
    assert len(replica.backlog) == writes


def test_nothing_written_beyond_the_end_makes_no_key(run: Run) -> None:
    assert run("SETRANGE k 5", b"") == 0
    assert run("EXISTS k") == 0


def test_of_two_parts_changed_at_once_the_later_whole_string_stays() -> None:
    regions = Regions(2)
    regions.say(1, "SET k hello")
    regions.settle()
    regions.say(1, "SETRANGE k 0 J")
    regions.now_us += 1
    regions.say(2, "SETRANGE k 4 a")
    regions.settle()
    assert regions.everywhere("GET k") == [b"hella"] * 2
