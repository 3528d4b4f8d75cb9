"""Streams in one region: ids, what a server and this project do differently, and blocking."""

import pytest

from crdb.commands._stream_ids import STRIDE
from crdb.replica import Replica, Settings
from crdb.replies import resp2
from crdb.session import Session, Waiter
from tests.commands.conftest import NOW_US, Run

NOW_MS = NOW_US // 1000


@pytest.fixture
def replica() -> Replica:
    return Replica(region=3, settings=Settings(xadd_ids="semi-strict"))


def ids(reply: object) -> list[str]:
    assert isinstance(reply, list)
    return [entry[0].decode() for entry in reply]


# ── ids ─────────────────────────────────────────────────────────────────────────────────────────


def test_ids_of_one_millisecond_are_the_regions_own_and_ascend(run: Run) -> None:
    made = [run("XADD s * f v") for _ in range(3)]
    assert made == [b"%d-%d" % (NOW_MS, 3 + n * STRIDE) for n in range(3)]
    assert run("XADD s", b"%d-*" % NOW_MS, "f v") == b"%d-%d" % (NOW_MS, 3 + 3 * STRIDE)


def test_milliseconds_alone_get_the_regions_number(run: Run) -> None:
    assert run("XADD s 5 f v") == b"5-3"
    assert run("XADD s 5-* f v") == b"5-%d" % (3 + STRIDE)
    assert run("XADD s 4 f v") == (
        "ERR The ID specified in XADD is equal or smaller than the target stream top item"
    )


def test_an_id_is_above_all_that_was_seen_whatever_the_clock_says(run: Run) -> None:
    ahead = b"%d-7" % (NOW_MS + 5)
    assert run("XADD s", ahead, "f v") == ahead
    assert run("XADD s * f v") == b"%d-%d" % (NOW_MS + 5, 3 + STRIDE)


def test_where_a_millisecond_is_full_the_next_is_taken(run: Run) -> None:
    full = b"%d-%d" % (NOW_MS, 2**64 - 2)
    assert run("XADD s", full, "f v") == full
    assert run("XADD s * f v") == b"%d-3" % (NOW_MS + 1)


@pytest.mark.parametrize(
    ("mode", "word", "made"),
    [
        ("strict", "5", b"5-1"),
        ("strict", "5-*", b"5-1"),
        ("semi-strict", "5", b"5-1"),
        ("semi-strict", "5-9", b"5-9"),
        ("liberal", "5", b"5-0"),
        ("liberal", "5-9", b"5-9"),
        ("liberal", "*", b"%d-0" % NOW_MS),
    ],
)
def test_a_database_says_which_ids_it_takes(mode: str, word: str, made: bytes) -> None:
    replica = Replica(1, settings=Settings(xadd_ids=mode))  # type: ignore[arg-type]
    request = [b"XADD", b"s", word.encode(), b"f", b"v"]
    assert replica.execute(NOW_US, Session(), request, lambda n: 0) == made


def test_a_strict_database_refuses_full_ids() -> None:
    replica = Replica(1)
    reply = replica.execute(NOW_US, Session(), [b"XADD", b"s", b"5-1", b"f", b"v"], lambda n: 0)
    assert "crdt_xadd_id_uniqueness_mode is strict" in str(reply)
    assert not replica.keyspace.keys


# ── what a server does differently ──────────────────────────────────────────────────────────────


def test_a_stream_without_entries_and_groups_does_not_exist(run: Run, replica: Replica) -> None:
    run("XADD s 5-1 f v")
    run("XDEL s 5-1")
    assert run("EXISTS s") == 0
    run("XGROUP CREATE s g 0 MKSTREAM")
    assert run("EXISTS s"), run("XLEN s") == (1, 0)
    assert run("XGROUP DESTROY s g") == 1
    assert run("EXISTS s") == 0
    assert not replica.keyspace.keys


def test_the_last_id_is_not_set_back(run: Run) -> None:
    run("XGROUP CREATE s g 0 MKSTREAM")
    run("XADD s 5-1 f v")
    run("XTRIM s MAXLEN 0")
    assert run("XSETID s 5-0") == (
        "ERR The ID specified in XSETID is smaller than the target stream top item"
    )
    assert run("XSETID s 9-0") == "OK"
    assert run("XADD s 8-0 f v").startswith("ERR The ID specified in XADD is equal or smaller")


def test_rename_and_copy_leave_the_groups_behind(run: Run) -> None:
    run("XADD s 5-1 f v"), run("XADD s 6-1 f w"), run("XGROUP CREATE s g 0")
    assert run("COPY s t") == 1
    assert run("XRANGE t - +") == run("XRANGE s - +")
    assert run("XINFO GROUPS t") == []
    assert run("RENAME s u") == "OK"
    assert (run("XLEN u"), run("XINFO GROUPS u"), run("EXISTS s")) == (2, [], 0)


def test_of_a_stream_without_entries_nothing_is_copied(run: Run) -> None:
    run("XGROUP CREATE s g 0 MKSTREAM")
    run("SET t v")
    assert run("COPY s t REPLACE") == 1
    assert run("EXISTS s t") == 1
    assert run("RENAME s u") == "OK"
    assert run("DBSIZE") == 0


def test_trimming_that_is_approximate_takes_whole_blocks(run: Run) -> None:
    for ms in range(1, 351):
        run(f"XADD s {ms} f v")
    assert run("XTRIM s MAXLEN ~ 60 LIMIT 150") == 100
    assert run("XTRIM s MINID ~ 320") == 200
    assert run("XTRIM s MAXLEN ~ 1 LIMIT 0") == 0
    assert run("XTRIM s MAXLEN ~ 0") == 50


# ── shapes of replies ───────────────────────────────────────────────────────────────────────────


def test_what_is_a_map_in_resp3_is_a_list_of_pairs_in_resp2(run: Run) -> None:
    run("XADD s 5-1 f v")
    entries = [[b"s", [[b"5-1", [b"f", b"v"]]]]]
    assert resp2(run("XREAD STREAMS s 0")) == entries
    run("XGROUP CREATE s g 0")
    [group] = run("XINFO GROUPS s")
    assert (group[b"name"], group[b"lag"], group[b"entries-read"]) == (b"g", 1, None)
    assert run("XINFO STREAM s FULL")[b"groups"][0][b"consumers"] == []


# ── blocking ────────────────────────────────────────────────────────────────────────────────────


def woken(replica: Replica, now_us: int = NOW_US) -> list[object]:
    return [
        str(reply) if isinstance(reply, Exception) else reply
        for _, reply in replica.wake(now_us, lambda n: 0)
    ]


def test_xread_waits_for_what_comes_after_the_end(run: Run, replica: Replica) -> None:
    run("XADD s 5-1 f v")
    waiting = Session()
    assert isinstance(run("XREAD BLOCK 0 STREAMS s $", session=waiting), Waiter)
    run("XADD s 6-1 f w"), run("XADD s 7-1 f x")
    [reply] = woken(replica)
    assert ids(reply[0][1]) == ["6-1", "7-1"]  # type: ignore[index]
    assert not replica.waiting


def test_xread_gets_nil_after_its_time(run: Run, replica: Replica) -> None:
    run("XREAD BLOCK 5 STREAMS s $", session=Session())
    assert woken(replica, NOW_US + 4_999) == []
    assert woken(replica, NOW_US + 5_000) == [None]


def test_a_waiting_consumer_gets_an_entry_and_only_one_does(run: Run, replica: Replica) -> None:
    run("XGROUP CREATE s g $ MKSTREAM")
    for name in ("Alice", "Bob"):
        run(f"XREADGROUP GROUP g {name} BLOCK 0 STREAMS s >", session=Session())
    run("XADD s 5-1 f v")
    [reply] = woken(replica)
    assert ids(reply[0][1]) == ["5-1"]  # type: ignore[index]
    assert run("XPENDING s g") == [1, b"5-1", b"5-1", [[b"Alice", b"1"]]]
    assert len(replica.waiting) == 1


def test_a_waiting_consumer_hears_that_its_group_is_gone(run: Run, replica: Replica) -> None:
    run("XGROUP CREATE s g $ MKSTREAM")
    run("XREADGROUP GROUP g Alice BLOCK 0 STREAMS s >", session=Session())
    run("XGROUP DESTROY s g")
    [reply] = woken(replica)
    assert str(reply).startswith("NOGROUP No such key 's' or consumer group 'g'")


def test_nobody_waits_in_a_transaction(run: Run) -> None:
    run("MULTI"), run("XREAD BLOCK 0 STREAMS s $")
    assert run("EXEC") == [None]


# ── claims ──────────────────────────────────────────────────────────────────────────────────────


def test_what_nobody_worked_on_is_claimed(run: Run) -> None:
    run("XGROUP CREATE s g 0 MKSTREAM")
    run("XADD s 5-1 f v"), run("XADD s 6-1 f w")
    run("XREADGROUP GROUP g Alice STREAMS s >")
    run("XDEL s 5-1")
    later = NOW_US + 60_000_000
    assert run("XAUTOCLAIM s g Bob 60001 0", now_us=later) == [b"0-0", [], [b"5-1"]]
    claimed = run("XAUTOCLAIM s g Bob 60000 0", now_us=later)
    assert claimed == [b"0-0", [[b"6-1", [b"f", b"w"]]], []]
    assert run("XPENDING s g - + 9", now_us=later + 7_000) == [[b"6-1", b"Bob", 7, 2]]
    assert run("XGROUP DELCONSUMER s g Bob") == 1
    assert run("XPENDING s g") == [0, None, None, None]
