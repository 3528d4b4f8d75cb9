"""Keys of any type at their edges: removal, renaming, copying, patterns."""

import pytest

from crdb import registry
from crdb.commands._copies import COPIES
from crdb.crdts.base import CRDT
from crdb.replica import Replica
from crdb.session import Session
from tests.commands.conftest import NOW_US, Run
from tests.regions import START_US, Regions

NO_SUCH_KEY = "ERR no such key"
HOUR_US = 3_600_000_000


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


@pytest.mark.parametrize("line", ["DEL", "UNLINK"])
def test_unlink_is_del(run: Run, line: str) -> None:
    run("MSET a 1 b 2")
    assert run(line, "a a none") == 1
    assert run("TOUCH a b b") == 2
    assert run("KEYS *") == [b"b"]


def test_rename_takes_value_and_deadline_along(run: Run) -> None:
    run("SET old v EX 100")
    run("SADD new x")
    assert run("RENAME old new") == "OK"
    assert [run("GET new"), run("TTL new"), run("EXISTS old")] == [b"v", 100, 0]
    run("SET old w")
    assert run("RENAME old new") == "OK"
    assert [run("GET new"), run("TTL new")] == [b"w", -1]


def test_rename_of_a_key_to_itself_needs_the_key_and_changes_nothing(
    run: Run, replica: Replica
) -> None:
    assert run("RENAME k k") == NO_SUCH_KEY
    run("SET k v EX 100")
    writes = len(replica.backlog)
    assert run("RENAME k k") == "OK"
    assert run("RENAMENX k k") == 0
    assert len(replica.backlog) == writes


def test_renamenx_needs_the_old_key_and_a_free_name(run: Run) -> None:
    assert run("RENAMENX k l") == NO_SUCH_KEY
    run("MSET k v l w")
    assert run("RENAMENX k l") == 0
    assert run("RENAMENX k m") == 1
    assert run("MGET k l m") == [None, b"w", b"v"]


def test_an_expired_key_is_neither_renamed_nor_in_the_way(run: Run) -> None:
    later = NOW_US + HOUR_US
    run("SET k v EX 10")
    run("SET l w")
    assert run("RENAME k m", now_us=later) == NO_SUCH_KEY
    run("SET k v EX 10")
    assert run("RENAMENX l k", now_us=later) == 1
    assert [run("GET k", now_us=later), run("TTL k", now_us=later)] == [b"w", -1]


@pytest.mark.parametrize(
    ("words", "reply"),
    [
        ("k l", 0),
        ("k m", 1),
        ("k l REPLACE", 1),
        ("k l replace DB 0 replace", 1),
        ("none l REPLACE", 0),
        ("k k", "ERR source and destination objects are the same"),
        ("none none REPLACE", "ERR source and destination objects are the same"),
        ("k m DB 1", "ERR DB index is out of range"),
        ("k m DB one", "ERR value is not an integer or out of range"),
        ("k m DB", "ERR syntax error"),
        ("k m bogus", "ERR syntax error"),
    ],
)
def test_replies_of_copy(run: Run, words: str, reply: object) -> None:
    run("SADD k x")
    run("EXPIRE k 100")
    run("SET l w")
    assert run("COPY", words) == reply
    assert run("SMEMBERS k") == [b"x"]
    if reply == 1:
        copy = words.split()[1]
        assert [run("SMEMBERS", copy), run("TTL", copy)] == [[b"x"], 100]
    else:
        assert [run("GET l"), run("EXISTS m")] == [b"w", 0]


def test_every_type_of_a_key_can_be_copied() -> None:
    kinds = [each for each in registry.classes("crdb.crdts", CRDT) if hasattr(each, "rank")]  # type: ignore[type-abstract]
    assert set(kinds) == set(COPIES)


def test_a_copy_goes_its_own_way(run: Run) -> None:
    run("INCRBY n 5")
    run("COPY n m")
    run("INCR n")
    run("DECR m")
    assert run("MGET n m") == [b"6", b"4"]


@pytest.mark.parametrize("line", ["RENAME n m", "COPY n m"])
def test_a_sum_that_two_regions_move_at_once_counts_once(line: str) -> None:
    regions = Regions(2)
    regions.say(1, "INCRBY n 5")
    regions.settle()
    for region in (1, 2):
        regions.say(region, line)
    regions.settle()
    assert regions.everywhere("GET m") == [b"5", b"5"]


def test_a_write_that_rename_did_not_see_stays_where_it_was_made() -> None:
    regions = Regions(2)
    regions.say(1, "SADD old a")
    regions.settle()
    regions.say(1, "RENAME old new")
    regions.say(2, "SADD old b")
    regions.say(2, "SADD new c")
    regions.settle()
    assert regions.everywhere("SMEMBERS old") == [[b"b"], [b"b"]]
    assert regions.everywhere("SMISMEMBER new a b c") == [[1, 0, 1]] * 2


def test_both_values_of_a_key_of_two_types_are_moved() -> None:
    regions = Regions(2)
    regions.say(1, "SET k v")
    regions.say(2, "SADD k m")
    regions.settle()
    assert regions.say(1, "RENAME k l") == "OK"
    regions.settle()
    assert regions.everywhere("KEYS *") == [[b"l"]] * 2
    assert regions.everywhere("GET l") == [b"v"] * 2
    kinds = [each.name for each in regions[2].keyspace.keys[b"l"].values()]
    assert kinds == ["string", "set"]


def test_a_copy_without_a_deadline_beats_one_that_it_did_not_see() -> None:
    regions = Regions(2)
    regions.say(1, "MSET k v l w")
    regions.settle()
    regions.say(1, "COPY k l REPLACE")
    regions.say(2, "EXPIRE l 10")
    regions.settle()
    regions.now_us = START_US + HOUR_US
    assert regions.everywhere("GET l") == [b"v"] * 2


def test_the_dice_choose_the_random_key_among_those_that_live(replica: Replica) -> None:
    session, asked = Session(), list[int]()

    def last(n: int) -> int:
        asked.append(n)
        return n - 1

    def said(line: bytes, now_us: int = NOW_US) -> object:
        return replica.execute(now_us, session, line.split(), last)

    assert said(b"RANDOMKEY") is None
    said(b"MSET a 1 b 2")
    said(b"SET c 3 EX 10")
    assert said(b"RANDOMKEY") == b"c"
    assert said(b"RANDOMKEY", NOW_US + HOUR_US) == b"b"
    assert asked == [3, 2]
