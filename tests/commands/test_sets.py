"""Sets at their edges, each with the reply of the real server."""

import pytest

from crdb.replica import Replica
from crdb.session import Session
from tests.commands.conftest import NOW_US, Run

OUT_OF_RANGE = "ERR value is out of range, must be positive"


def test_sadd_counts_new_members_once(run: Run) -> None:
    assert run("SADD s a b a") == 2
    assert run("SADD s a c c") == 1
    assert sorted(run("SMEMBERS s")) == [b"a", b"b", b"c"]


def test_srem_counts_members_once_and_takes_the_key_with_the_last(run: Run) -> None:
    run("SADD s a b")
    assert run("SREM s a a none") == 1
    assert run("SREM s b") == 1
    assert run("EXISTS s") == 0
    assert run("SREM s b") == 0


@pytest.mark.parametrize("line", ["SINTER", "SUNION", "SDIFF"])
def test_a_wrong_type_is_an_error_even_where_it_cannot_matter(run: Run, line: str) -> None:
    run("SET k v")
    assert run(line, "none k").startswith("WRONGTYPE")


def test_algebra_with_a_missing_key(run: Run) -> None:
    run("SADD s a b")
    run("SADD t b c")
    assert run("SINTER s t") == [b"b"]
    assert run("SINTER s none") == []
    assert sorted(run("SUNION none s t t")) == [b"a", b"b", b"c"]
    assert run("SDIFF s t none") == [b"a"]
    assert run("SDIFF none s") == []
    assert run("SDIFF s s") == []


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("SPOP s -1", OUT_OF_RANGE),
        ("SPOP s one", OUT_OF_RANGE),
        ("SPOP none one", OUT_OF_RANGE),
        ("SPOP s 1 2", "ERR syntax error"),
        ("SPOP s 0", []),
        ("SPOP none 3", []),
        ("SPOP none", None),
        ("SPOP s", b"a"),
        ("SPOP s 5", [b"a"]),
    ],
)
def test_replies_of_spop(run: Run, line: str, reply: object) -> None:
    run("SADD s a")
    assert run(line) == reply


def test_the_dice_choose_what_spop_takes(replica: Replica) -> None:
    session = Session()
    asked: list[int] = []

    def last(n: int) -> int:
        asked.append(n)
        return n - 1

    replica.execute(NOW_US, session, [b"SADD", b"s", b"a", b"b", b"c"], last)
    assert replica.execute(NOW_US, session, [b"SPOP", b"s", b"2"], last) == [b"c", b"b"]
    assert asked == [3, 2]
    assert replica.execute(NOW_US, session, [b"SMEMBERS", b"s"], last) == [b"a"]


def test_members_are_bytes(run: Run) -> None:
    run("SADD s", b"", b"\r\n", b"\0\xff")
    assert run("SCARD s") == 3
    assert run("SISMEMBER s", b"") == 1
    assert run("SISMEMBER s", b"\0") == 0
