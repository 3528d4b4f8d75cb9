"""Intersections, unions and differences, read, counted and stored."""

import pytest

from crdb.replica import Replica
from tests.commands.conftest import Run
from tests.regions import Regions

SYNTAX = "ERR syntax error"


@pytest.mark.parametrize("line", ["SINTER", "SUNION", "SDIFF", "SINTERSTORE k", "SINTERCARD 2"])
def test_a_wrong_type_is_an_error_even_where_it_cannot_matter(
    run: Run, replica: Replica, line: str
) -> None:
    run("SET k v")
    writes = len(replica.backlog)
    assert run(line, "none k").startswith("WRONGTYPE")
    assert len(replica.backlog) == writes


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
    ("line", "stored"),
    [
        ("SINTERSTORE k s t", [b"b"]),
        ("SUNIONSTORE k s t", [b"a", b"b", b"c"]),
        ("SDIFFSTORE k s t", [b"a"]),
    ],
)
def test_what_is_stored_replaces_value_and_deadline(
    run: Run, line: str, stored: list[bytes]
) -> None:
    run("SADD s a b")
    run("SADD t b c")
    run("SET k v EX 100")
    assert run(line) == len(stored)
    assert [sorted(run("SMEMBERS k")), run("TTL k")] == [stored, -1]


def test_an_empty_result_removes_the_target_of_any_type(run: Run) -> None:
    run("SET k v")
    assert run("SINTERSTORE k none") == 0
    assert run("EXISTS k") == 0


def test_a_source_may_be_the_target(run: Run) -> None:
    run("SADD s a b")
    run("SADD t b c")
    assert run("SDIFFSTORE s s t") == 1
    assert run("SMEMBERS s") == [b"a"]
    assert run("SINTERSTORE s s t") == 0
    assert run("EXISTS s") == 0


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("2 s t", 2),
        ("2 s t LIMIT 1", 1),
        ("2 s t limit 0", 2),
        ("2 s t LIMIT 1 LIMIT 9", 2),
        ("1 s", 3),
        ("2 s none", 0),
        ("0 s", "ERR numkeys should be greater than 0"),
        ("two s t", "ERR numkeys should be greater than 0"),
        ("3 s t", "ERR Number of keys can't be greater than number of args"),
        ("2 s t LIMIT -1", "ERR LIMIT can't be negative"),
        ("2 s t LIMIT", SYNTAX),
        ("1 s t", SYNTAX),
    ],
)
def test_replies_of_sintercard(run: Run, words: str, reply: object) -> None:
    run("SADD s a b c")
    run("SADD t b c d")
    assert run("SINTERCARD", words) == reply


def test_what_is_stored_meets_an_unseen_add_and_takes_what_it_saw() -> None:
    regions = Regions(2)
    regions.say(1, "SADD s a b")
    regions.say(1, "SADD target old")
    regions.settle()
    regions.say(1, "SUNIONSTORE target s")
    regions.say(2, "SADD target new")
    regions.say(2, "SREM s b")
    regions.settle()
    assert regions.everywhere("SMISMEMBER target a b new old") == [[1, 1, 1, 0]] * 2
