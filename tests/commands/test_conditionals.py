"""SET IFEQ, DELIFEQ and MSETEX, each with the reply of the real server, and in two regions."""

import pytest

from crdb.command import keys_of, lookup
from tests.commands.conftest import Run
from tests.regions import Regions

WRONGTYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"


@pytest.mark.parametrize(
    ("line", "reply", "left"),
    [
        ("SET k w IFEQ v", "OK", b"w"),
        ("SET k w IFEQ x", None, b"v"),
        ("SET k w IFEQ x GET", b"v", b"v"),
        ("SET k w GET IFEQ v", b"v", b"w"),
        ("SET k w IFEQ v XX", "ERR syntax error", b"v"),
        ("SET k w NX IFEQ v", "ERR syntax error", b"v"),
        ("SET k w IFEQ", "ERR syntax error", b"v"),
        ("SET none w IFEQ v", None, b"v"),
        ("SET s w IFEQ v", WRONGTYPE, b"v"),
        ("DELIFEQ k v", 1, None),
        ("DELIFEQ k x", 0, b"v"),
        ("DELIFEQ none x", 0, b"v"),
        ("DELIFEQ s x", WRONGTYPE, b"v"),
    ],
)
def test_a_value_decides(run: Run, line: str, reply: object, left: bytes | None) -> None:
    run("SET k v"), run("SADD s v")
    assert run(line) == reply
    assert run("GET k") == left
    assert run("EXISTS none") == 0


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("MSETEX 2 a 1 b 2", [1, b"1", b"2", -1]),
        ("MSETEX 2 a 1 b 2 NX", [0, b"v", None, 9]),
        ("MSETEX 2 a 1 b 2 XX", [0, b"v", None, 9]),
        ("MSETEX 1 a 1 xx KEEPTTL", [1, b"1", None, 9]),
        ("MSETEX 1 a 1 EX 5 EX 7", [1, b"1", None, 7]),
        ("MSETEX 1 a 1 PXAT 1", [1, None, None, -2]),
        ("MSETEX 2 b 2 EX 5", [1, b"v", b"2", 9]),
        ("MSETEX 1 a 1 EX 0", ["ERR invalid expire time in 'msetex' command", b"v", None, 9]),
        ("MSETEX 1 a 1 GET", ["ERR syntax error", b"v", None, 9]),
        ("MSETEX 2 a 1 b", ["ERR syntax error", b"v", None, 9]),
        ("MSETEX 01 a 1", ["ERR invalid numkeys value or out of range", b"v", None, 9]),
    ],
)
def test_msetex(run: Run, line: str, reply: list[object]) -> None:
    run("SET a v EX 9")
    assert [run(line), *run("MGET a b"), run("TTL a")] == reply


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        (b"MSETEX 2 a 1 b 2 EX 3", [b"a", b"b"]),
        (b"MSETEX 3 a 1 b 2", []),
        (b"MSETEX x a 1", []),
        (b"MSETEX -1 a 1", []),
    ],
)
def test_the_keys_of_msetex_stand_between_values(line: bytes, keys: list[bytes]) -> None:
    request = line.split()
    assert keys_of(lookup(request), request) == keys


def test_two_holders_of_one_lock_both_let_it_go() -> None:
    regions = Regions(2)
    assert [regions.say(1, "SET lock one NX"), regions.say(2, "SET lock two NX")] == ["OK", "OK"]
    assert [regions.say(1, "DELIFEQ lock one"), regions.say(2, "DELIFEQ lock two")] == [1, 1]
    regions.settle()
    assert regions.everywhere("EXISTS lock") == [0, 0]
