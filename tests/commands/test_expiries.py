"""Deadlines at their edges: the EXPIRE family, TTL and its relatives, PERSIST."""

import pytest

from crdb.replica import Replica
from tests.commands.conftest import NOW_US, Run
from tests.regions import Regions

INVALID = "ERR invalid expire time in 'expire' command"
NOT_AN_INTEGER = "ERR value is not an integer or out of range"
NX_ALONE = "ERR NX and XX, GT or LT options at the same time are not compatible"

DAY_US = 86_400_000_000
NOW_S = NOW_US // 1_000_000


@pytest.mark.parametrize(
    ("left_ms", "seconds"), [(1, 0), (499, 0), (500, 1), (1499, 1), (1500, 2), (86_400_000, 86_400)]
)
def test_ttl_rounds_to_the_nearest_second(run: Run, left_ms: int, seconds: int) -> None:
    run("SET k v")
    assert run("PEXPIRE k", str(left_ms)) == 1
    assert run("PTTL k") == left_ms
    assert run("TTL k") == seconds


def test_ttl_without_a_deadline_and_without_a_key(run: Run) -> None:
    run("SET k v")
    assert [run("TTL k"), run("PTTL k"), run("TTL none"), run("PTTL none")] == [-1, -1, -2, -2]


@pytest.mark.parametrize("amount", ["0", "-1", "-9223372036854775"])
def test_a_deadline_in_the_past_removes_the_key(run: Run, amount: str) -> None:
    run("SET k v")
    assert run("EXPIRE k", amount) == 1
    assert run("DBSIZE") == 0
    assert run("EXPIRE k", amount) == 0


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("9223372036854775807", INVALID),
        ("-9223372036854775807", INVALID),
        (str(2**49), INVALID),
        ("ten", NOT_AN_INTEGER),
        ("1.5", NOT_AN_INTEGER),
        ("10 NX GT", NX_ALONE),
        ("ten nx xx", NX_ALONE),
        ("10 GT LT", "ERR GT and LT options at the same time are not compatible"),
        ("ten bogus", "ERR Unsupported option bogus"),
    ],
)
@pytest.mark.parametrize("key", ["k", "none"])
def test_errors_of_expire(run: Run, key: str, words: str, reply: str) -> None:
    run("SET k v")
    assert run("EXPIRE", key, words) == reply
    assert run("TTL k") == -1


def test_expire_reaches_two_to_the_49(run: Run) -> None:
    run("SET k v")
    left_ms = 2**49 - NOW_US // 1000
    assert run("PEXPIRE k", str(left_ms)) == 1
    assert run("PEXPIRE k", str(left_ms + 1)) == "ERR invalid expire time in 'pexpire' command"
    assert run("PTTL k") == left_ms


@pytest.mark.parametrize(
    ("options", "without", "shorter", "same", "longer"),
    [
        ("", 1, 1, 1, 1),
        ("NX", 1, 0, 0, 0),
        ("XX", 0, 1, 1, 1),
        ("GT", 0, 0, 0, 1),
        ("LT", 1, 1, 0, 0),
        ("XX LT", 0, 1, 0, 0),
        ("xx gt", 0, 0, 0, 1),
    ],
)
def test_conditions_of_expire(
    run: Run, options: str, without: int, shorter: int, same: int, longer: int
) -> None:
    run("SET k v")
    assert run("EXPIRE k 100", options) == without
    for amount, expected in (("50", shorter), ("100", same), ("200", longer)):
        run("SET k v EX 100")
        assert run("EXPIRE k", amount, options) == expected
        assert run("TTL k") == (int(amount) if expected else 100)


def test_persist_needs_a_deadline(run: Run) -> None:
    assert run("PERSIST k") == 0
    run("SET k v")
    assert run("PERSIST k") == 0
    run("EXPIRE k 10")
    assert run("PERSIST k") == 1
    assert run("GET k", now_us=NOW_US + DAY_US) == b"v"


def test_a_key_ends_at_its_deadline_not_after_it(run: Run) -> None:
    run("SET k v PX 1")
    assert run("EXISTS k", now_us=NOW_US + 999) == 1
    assert run("EXISTS k", now_us=NOW_US + 1000) == 0


def test_expired_keys_do_not_show(run: Run) -> None:
    later = NOW_US + DAY_US
    run("MSET a 1 b 2")
    run("EXPIRE a 10")
    assert run("KEYS *", now_us=later) == [b"b"]
    assert run("DBSIZE", now_us=later) == 2, "counted until it is removed, as in Redis"
    assert run("DEL a", now_us=later) == 0
    assert run("DBSIZE", now_us=later) == 1


def test_the_region_that_set_the_deadline_removes_the_key_when_it_reads_it(
    run: Run, replica: Replica
) -> None:
    run("SET k v EX 10")
    assert run("TTL k", now_us=NOW_US + DAY_US) == -2
    assert run("DBSIZE") == 0
    assert not replica.keyspace.keys


@pytest.mark.parametrize(
    ("line", "left_ms"),
    [
        (f"EXPIREAT k {NOW_S + 7}", 7000),
        (f"PEXPIREAT k {NOW_S * 1000 + 7}", 7),
        (f"GETEX k EXAT {NOW_S + 7}", 7000),
        (f"GETEX k PXAT {NOW_S * 1000 + 7}", 7),
        ("GETEX k EX 7", 7000),
        ("SETEX k 7 v", 7000),
        ("PSETEX k 7 v", 7),
    ],
)
def test_a_deadline_in_every_unit(run: Run, line: str, left_ms: int) -> None:
    run("SET k v")
    run(line)
    assert run("PTTL k") == left_ms
    assert run("PEXPIRETIME k") == NOW_US // 1000 + left_ms
    assert run("EXPIRETIME k") == NOW_S + (left_ms + 500) // 1000


def test_expiretime_without_a_deadline_and_without_a_key(run: Run) -> None:
    run("SET k v")
    assert [run(name, "k") for name in ("EXPIRETIME", "PEXPIRETIME")] == [-1, -1]
    assert [run(name, "none") for name in ("EXPIRETIME", "PEXPIRETIME")] == [-2, -2]


@pytest.mark.parametrize("moment", ["0", "-1", "1"])
def test_a_moment_that_is_past_removes_the_key(run: Run, moment: str) -> None:
    run("SET k v")
    assert run("EXPIREAT k", moment, "GT") == 0, "no deadline is the latest of all"
    assert run("EXPIREAT k", moment) == 1
    assert run("EXISTS k") == 0


def test_of_conditions_that_two_regions_met_the_longer_deadline_stays() -> None:
    regions = Regions(2)
    regions.say(1, "SET k v")
    regions.settle()
    assert regions.say(1, "EXPIRE k 100 NX") == 1
    assert regions.say(2, "EXPIRE k 50 NX") == 1
    regions.settle()
    assert regions.everywhere("TTL k") == [100, 100]
