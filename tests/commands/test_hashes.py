"""Hashes at their edges, each with the reply of the real server, and what two regions read."""

from typing import Any

import pytest

from crdb.replica import Replica
from crdb.replies import resp2
from crdb.session import Session
from tests.commands.conftest import NOW_US, Run
from tests.regions import Regions

SECOND_US = 1_000_000


def test_hset_counts_new_fields_once(run: Run) -> None:
    assert run("HSET h a 1 b 2 a 3") == 2
    assert run("HSET h a 4 c 5") == 1
    assert run("HSET h c 6") == 0
    assert run("HGETALL h") == {b"a": b"4", b"b": b"2", b"c": b"6"}


def test_maps_and_pairs_are_flat_in_the_older_protocol(run: Run) -> None:
    run("HSET h a 1 b 2")
    assert run("HRANDFIELD h 1 WITHVALUES") == [[b"a", b"1"]]
    assert resp2(run("HRANDFIELD h 1 WITHVALUES")) == [b"a", b"1"]
    assert resp2(run("HGETALL h")) == [b"a", b"1", b"b", b"2"]


def test_hdel_takes_the_key_with_the_last_field(run: Run) -> None:
    run("HSET h a 1 b 2")
    assert run("HDEL h a a none") == 1
    assert run("HDEL h b") == 1
    assert run("EXISTS h") == 0


def test_hdel_of_a_missing_field_leaves_nothing() -> None:
    """Bug 13: it left a tombstone that was never collected."""
    regions = Regions(2)
    regions.say(1, "HSET h f 1")
    regions.settle()
    held = regions[1].keyspace.hash_at(b"h")
    assert held is not None
    assert regions.say(1, "HDEL h none") == 0
    assert regions.say(1, "HDEL missing none") == 0
    assert not regions[1].backlog.writes
    assert (list(held.fields), held.ghosts) == ([b"f"], {})
    regions.say(2, "HDEL h f")
    regions.say(1, "HDEL h f")
    regions.settle()
    regions.assert_nothing_left()


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("HRANDFIELD h", b"a"),
        ("HRANDFIELD h 9", [b"a", b"b"]),
        ("HRANDFIELD h -3", [b"a", b"a", b"a"]),
        ("HRANDFIELD h -2 WITHVALUES", [[b"a", b"1"], [b"a", b"1"]]),
        ("HRANDFIELD none", None),
        ("HRANDFIELD none -3", []),
        ("HRANDFIELD h -1048577", "ERR value is out of range"),
        ("HRANDFIELD h 4611686018427387904 WITHVALUES", "ERR value is out of range"),
        ("HSCAN none 0 bad", [b"0", []]),
        ("HSCAN h 0 MATCH b", [b"0", [b"b", b"2"]]),
        ("HSCAN h 0 MATCH b NOVALUES", [b"0", [b"b"]]),
        ("HINCRBY h c 1", "ERR hash value is not an integer"),
        ("HINCRBYFLOAT h c 1", "ERR hash value is not a float"),
        ("HINCRBYFLOAT h a inf", "ERR value is NaN or Infinity"),
        ("HINCRBY h a 9223372036854775807", "ERR increment or decrement would overflow"),
        ("HTTL h FIELDS 2 a", "ERR syntax error"),
        ("HEXPIRE h -1 FIELDS 1 a", "ERR invalid expire time in 'hexpire' command"),
        ("HEXPIRE h 1 GT bad FIELDS 1 a", "ERR Unsupported option bad"),
        ("HEXPIREAT h 1 FIELDS 3 a a none", [2, -2, -2]),
        ("HGETDEL h FIELDS 3 a a none", [b"1", None, None]),
        ("HSETEX h EX 5 KEEPTTL FIELDS 1 a 1", "ERR syntax error"),
    ],
)
def test_replies(run: Run, line: str, reply: object) -> None:
    run("HSET h a 1 b 2")
    if b" c " in line.encode():
        run("HSET h c", b"\xff")
    assert run(line) == reply


def test_a_scan_in_pieces_meets_every_field_once(run: Run) -> None:
    fields = {b"f%d" % number: b"%d" % number for number in range(50)}
    run("HSET h", *(word for pair in fields.items() for word in pair))
    cursor, words = run("HSCAN h 0 COUNT 7")
    while cursor != b"0":
        cursor, more = run("HSCAN h", cursor, "COUNT 7")
        words += more
    assert dict(zip(words[::2], words[1::2], strict=True)) == fields


def test_the_conditions_of_hexpire(run: Run) -> None:
    run("HSET h f 1")
    replies = [
        run(f"HEXPIRE h {line} FIELDS 1 f")
        for line in ("9 GT", "9 XX", "9 LT", "9 NX", "9 LT", "8 GT", "10 GT", "9 XX LT", "0 XX")
    ]
    assert replies == [[0], [0], [1], [0], [0], [0], [1], [1], [2]]
    assert run("EXISTS h") == 0


def test_ends_are_told_in_every_unit(run: Run) -> None:
    run("HSET h f 1 g 2")
    run("HPEXPIRE h 5600 FIELDS 1 f")
    end_ms = NOW_US // 1000 + 5600
    for name, reply in {
        "HTTL": 6,
        "HPTTL": 5600,
        "HEXPIRETIME": (end_ms + 500) // 1000,
        "HPEXPIRETIME": end_ms,
    }.items():
        assert run(f"{name} h FIELDS 3 f g none") == [reply, -1, -2]
    assert run("HPERSIST h FIELDS 3 f g none") == [1, -1, -2]
    assert run("HTTL h FIELDS 1 f") == [-1]


def test_what_an_assignment_and_an_increment_do_to_a_deadline(run: Run) -> None:
    run("HSETEX h EX 9 FIELDS 3 a 1 b 1 c 1")
    run("HINCRBY h a 1")
    run("HSETEX h KEEPTTL FIELDS 2 b 2 d 2")
    run("HSET h c 2")
    assert run("HTTL h FIELDS 4 a b c d") == [9, 9, -1, -1]


def test_an_expired_field_is_missing(run: Run) -> None:
    run("HSET h f 1 g 2")
    run("HPEXPIRE h 100 FIELDS 1 f")
    later = NOW_US + SECOND_US
    replies: dict[str, Any] = {
        "HGET h f": None,
        "HMGET h f g": [None, b"2"],
        "HEXISTS h f": 0,
        "HSTRLEN h f": 0,
        "HLEN h": 1,
        "HKEYS h": [b"g"],
        "HVALS h": [b"2"],
        "HSCAN h 0": [b"0", [b"g", b"2"]],
        "HRANDFIELD h 5": [b"g"],
        "HTTL h FIELDS 1 f": [-2],
        "HPERSIST h FIELDS 1 f": [-2],
        "HEXPIRE h 9 FIELDS 1 f": [-2],
        "HGETEX h PERSIST FIELDS 1 f": [None],
        "HGETDEL h FIELDS 1 f": [None],
        "HDEL h f": 0,
        "HSETEX h FXX FIELDS 1 f 2": 0,
        "HINCRBY h f 7": 7,
    }
    for line, reply in replies.items():
        assert run(line, now_us=later) == reply


def test_copies_and_renames_keep_deadlines(run: Run) -> None:
    run("HSETEX h EX 9 FIELDS 1 f 1")
    run("HINCRBY h n 5")
    assert run("COPY h copy") == 1
    assert run("RENAME h moved") == "OK"
    for key in ("copy", "moved"):
        assert run(f"HGETALL {key}") == {b"f": b"1", b"n": b"5"}
        assert run(f"HTTL {key} FIELDS 2 f n") == [9, -1]


def test_the_dice_choose_the_field(replica: Replica) -> None:
    session = Session()
    replica.execute(NOW_US, session, [b"HSET", b"h", b"a", b"1", b"b", b"2"], lambda n: 0)
    assert replica.execute(NOW_US, session, [b"HRANDFIELD", b"h"], lambda n: n - 1) == b"b"


@pytest.mark.parametrize(
    ("here", "elsewhere", "fields"),
    [
        ("HSET h a 2", "HSET h b 2", {b"f": b"1", b"a": b"2", b"b": b"2"}),
        ("HSET h f 2", "HDEL h f", {b"f": b"2"}),
        ("HSET h g 2", "DEL h", {b"g": b"2"}),
        ("HDEL h f", "HDEL h f", {}),
        ("HINCRBY h f 5", "HINCRBY h f 7", {b"f": b"13"}),
        ("HINCRBYFLOAT h f 0.1", "HINCRBYFLOAT h f 0.2", {b"f": b"1.3"}),
        ("HINCRBY h f 5", "HDEL h f", {b"f": b"5"}),
        ("HINCRBY h f 5", "HSET h f 7", {b"f": b"12"}),
        ("HSET h f here", "HSET h f elsewhere", {b"f": b"here"}),
        ("HSETNX h g here", "HSETNX h g elsewhere", {b"f": b"1", b"g": b"here"}),
        ("HGETDEL h FIELDS 1 f", "HSET h g 1", {b"g": b"1"}),
    ],
)
def test_what_two_regions_read(here: str, elsewhere: str, fields: dict[bytes, bytes]) -> None:
    regions = Regions(2)
    regions.say(1, "HSET h f 1")
    regions.settle()
    for region, line in ((1, here), (2, elsewhere)):
        assert not isinstance(regions.say(region, line), Exception)
    regions.settle()
    assert regions.everywhere("HGETALL h") == [fields] * 2
    regions.assert_converged()


def test_the_later_clock_wins_a_field() -> None:
    regions = Regions(2)
    regions.skew_us[2] = 1
    regions.everywhere("HSET h f 1")
    regions.say(2, "HSET h f later")
    regions.settle()
    assert regions.everywhere("HGET h f") == [b"later"] * 2


def test_a_hash_beside_a_set_of_one_key_loses_nothing() -> None:
    """A type conflict: the set shows, having the smaller rank, and the hash when that is gone."""
    regions = Regions(2)
    regions.say(1, "HSET k f 1")
    regions.say(2, "SADD k m")
    regions.settle()
    assert regions.everywhere("TYPE k") == ["set"] * 2
    assert regions.say(1, "SREM k m") == 1
    regions.settle()
    assert regions.everywhere("HGETALL k") == [{b"f": b"1"}] * 2
