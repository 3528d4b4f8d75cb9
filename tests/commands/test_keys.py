"""Keys of any type at their edges: removal, deadlines, patterns."""

import pytest

from crdb.replica import Replica
from tests.commands.conftest import NOW_US, Run

INVALID = "ERR invalid expire time in 'expire' command"
NOT_AN_INTEGER = "ERR value is not an integer or out of range"
NX_ALONE = "ERR NX and XX, GT or LT options at the same time are not compatible"

DAY_US = 86_400_000_000


def test_del_counts_keys_and_exists_counts_words(run: Run) -> None:
    run("MSET a 1 b 2")
    run("SADD s x")
    assert run("EXISTS a a none s") == 3
    assert run("DEL a a none s") == 2
    assert run("EXISTS a b s") == 1


def test_type(run: Run) -> None:
    run("SET k v")
    run("INCR n")
    run("SADD s x")
    assert [run("TYPE", key) for key in (b"k", b"n", b"s", b"none")] == [
        "string",
        "string",
        "set",
        "none",
    ]


def test_a_key_that_changes_its_type_keeps_nothing(run: Run) -> None:
    run("SADD k x")
    run("EXPIRE k 10")
    run("SET k v")
    assert run("TYPE k") == "string"
    assert run("TTL k") == -1
    run("DEL k")
    run("SADD k y")
    assert run("SMEMBERS k") == [b"y"]


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
    ("pattern", "found"),
    [
        (b"*", [b"", b"[a]", b"a*c", b"abc", b"adc"]),
        (b"**", [b"[a]", b"a*c", b"abc", b"adc"]),
        (b"", [b""]),
        (b"a?c", [b"a*c", b"abc", b"adc"]),
        (rb"a\*c", [b"a*c"]),
        (b"a[b-c]c", [b"abc"]),
        (b"a[c-b]c", [b"abc"]),
        (b"a[^b]c", [b"a*c", b"adc"]),
        (b"a[!b]c", [b"abc"]),
        (b"a[]c", []),
        (b"a[^]c", [b"a*c", b"abc", b"adc"]),
        (b"ab[c", [b"abc"]),
        (rb"\[a]", [b"[a]"]),
        (rb"[\[]*", [b"[a]"]),
        (b"abc\\", []),
        (b"*" + b"*b" * 30, []),
    ],
)
def test_patterns_of_keys(run: Run, pattern: bytes, found: list[bytes]) -> None:
    run("MSET abc 1 a*c 1 adc 1 [a] 1", b"", b"1")
    assert run("KEYS", pattern) == found
