"""Sets at their edges, each with the reply of the real server."""

import pytest

from crdb.replica import Replica
from crdb.session import Session
from tests.commands.conftest import NOW_US, Run
from tests.regions import Regions

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


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("SRANDMEMBER s", b"a"),
        ("SRANDMEMBER s 1", [b"a"]),
        ("SRANDMEMBER s 9", [b"a", b"b"]),
        ("SRANDMEMBER s -3", [b"a", b"a", b"a"]),
        ("SRANDMEMBER s 0", []),
        ("SRANDMEMBER none", None),
        ("SRANDMEMBER none -3", []),
        ("SRANDMEMBER s one", "ERR value is not an integer or out of range"),
        ("SRANDMEMBER s 1 2", "ERR syntax error"),
        ("SRANDMEMBER s -1048577", "ERR value is out of range"),
    ],
)
def test_replies_of_srandmember(run: Run, replica: Replica, line: str, reply: object) -> None:
    run("SADD s a b")
    writes = len(replica.backlog)
    assert run(line) == reply
    assert len(replica.backlog) == writes
    assert run("SCARD s") == 2


def test_smismember_answers_for_each_word(run: Run) -> None:
    run("SADD s a b")
    assert run("SMISMEMBER s b none b") == [1, 0, 1]
    assert run("SMISMEMBER none a") == [0]


@pytest.mark.parametrize(
    ("line", "reply", "left", "there"),
    [
        ("SMOVE s t a", 1, [b"b"], [b"a", b"b"]),
        ("SMOVE s t b", 1, [b"a"], [b"b"]),
        ("SMOVE s t none", 0, [b"a", b"b"], [b"b"]),
        ("SMOVE s s a", 1, [b"a", b"b"], [b"b"]),
        ("SMOVE none t a", 0, [b"a", b"b"], [b"b"]),
        ("SMOVE none k a", 0, [b"a", b"b"], [b"b"]),
        ("SMOVE s k none", "WRONGTYPE", [b"a", b"b"], [b"b"]),
        ("SMOVE k s a", "WRONGTYPE", [b"a", b"b"], [b"b"]),
    ],
)
def test_smove(run: Run, line: str, reply: object, left: list[bytes], there: list[bytes]) -> None:
    run("SADD s a b")
    run("SADD t b")
    run("SET k v")
    said = run(line)
    assert said == reply or (isinstance(said, str) and said.startswith(str(reply)))
    assert [sorted(run("SMEMBERS s")), sorted(run("SMEMBERS t"))] == [left, there]


def test_a_member_that_two_regions_move_to_two_sets_is_in_both() -> None:
    regions = Regions(2)
    regions.say(1, "SADD s a")
    regions.settle()
    assert regions.say(1, "SMOVE s t a") == 1
    assert regions.say(2, "SMOVE s u a") == 1
    regions.settle()
    assert regions.everywhere("SUNION t u") == [[b"a"]] * 2
    assert regions.everywhere("SINTERCARD 2 t u") == [1, 1]
    assert regions.everywhere("EXISTS s") == [0, 0]
