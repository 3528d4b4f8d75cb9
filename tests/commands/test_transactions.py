"""MULTI, EXEC, DISCARD and WATCH, in one region and with a peer."""

import pytest

from crdb.replica import Replica
from crdb.session import Session
from tests.commands.conftest import NOW_US, Run
from tests.regions import Regions

ABORTED = "EXECABORT Transaction discarded because of previous errors."
LATER_US = NOW_US + 60_000_000


def test_exec_runs_what_was_queued(run: Run) -> None:
    assert run("MULTI") == "OK"
    assert run("INCR n") == "QUEUED"
    assert run("GET n") == "QUEUED"
    assert run("GET n", session=Session()) is None
    assert run("EXEC") == [1, b"1"]
    assert run("EXEC") == "ERR EXEC without MULTI"


def test_nothing_queued_is_an_empty_reply(run: Run) -> None:
    run("MULTI")
    assert run("EXEC") == []


def test_an_error_while_running_stops_nothing(run: Run) -> None:
    run("MULTI")
    for line in ("SET k v", "INCR k", "PING a b", "SADD s x"):
        assert run(line) == "QUEUED"
    first, *errors, last = run("EXEC")
    assert (first, last) == ("OK", 1)
    assert [str(error) for error in errors] == [
        "ERR value is not an integer or out of range",
        "ERR wrong number of arguments for 'ping' command",
    ]


@pytest.mark.parametrize("line", ["nonsense", "GET", "WATCH", "DISCARD a", "MULTI a"])
def test_an_error_while_queueing_refuses_all(run: Run, line: str) -> None:
    run("MULTI")
    run("SET k v")
    assert run(line).startswith("ERR ")
    run("SET k w")
    assert run("EXEC") == ABORTED
    assert run("EXISTS k") == 0
    run("MULTI")
    assert run("EXEC") == [], "a later transaction starts afresh"


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("MULTI", "ERR MULTI calls can not be nested"),
        ("WATCH k", "ERR WATCH inside MULTI is not allowed"),
    ],
)
def test_multi_and_watch_inside_multi_fail_alone(run: Run, line: str, error: str) -> None:
    run("MULTI")
    run("INCR n")
    assert run(line) == error
    assert run("EXEC") == [1]


@pytest.mark.parametrize("begin", ["PING", "MULTI"])
def test_exec_with_a_word_too_many_ends_the_transaction(run: Run, begin: str) -> None:
    run(begin)
    assert run("EXEC now") == (
        "EXECABORT Transaction discarded because of: wrong number of arguments for 'exec' command"
    )
    assert run("EXEC") == "ERR EXEC without MULTI"


def test_discard_forgets_queue_failure_and_watches(run: Run, replica: Replica) -> None:
    assert run("DISCARD") == "ERR DISCARD without MULTI"
    run("WATCH k")
    run("MULTI")
    run("nonsense")
    assert run("DISCARD") == "OK"
    assert not replica.keyspace.watchers
    run("SET k v")
    run("MULTI")
    assert run("EXEC") == []


@pytest.mark.parametrize("line", ["SET k w", "DEL k", "EXPIRE k 100", "APPEND k x"])
@pytest.mark.parametrize("own", [True, False])
def test_a_watched_key_that_changed_makes_exec_nil(run: Run, line: str, own: bool) -> None:
    run("SET k v")
    assert run("WATCH other k k") == "OK"
    if own:
        run(line)
    else:
        run(line, session=Session())
    run("MULTI")
    run("SET done 1")
    assert run("EXEC") is None
    assert run("EXISTS done") == 0
    run("MULTI")
    assert run("EXEC") == [], "the watch ended with EXEC"


@pytest.mark.parametrize("line", ["GET k", "SET k w NX", "DEL none", "INCR k", "SREM none x"])
def test_what_changes_nothing_does_not_touch_a_watched_key(run: Run, line: str) -> None:
    run("SET k v")
    run("WATCH k none")
    run(line)
    run("MULTI")
    assert run("EXEC") == []


def test_a_failed_queue_says_so_even_if_a_watched_key_changed(run: Run) -> None:
    run("WATCH k")
    run("SET k v")
    run("MULTI")
    run("nonsense")
    assert run("EXEC") == ABORTED


def test_unwatch_forgets_the_change(run: Run, replica: Replica) -> None:
    run("WATCH k")
    run("SET k v")
    assert run("UNWATCH") == "OK"
    assert not replica.keyspace.watchers
    run("MULTI")
    assert run("UNWATCH") == "QUEUED"
    assert run("EXEC") == ["OK"]


def test_a_watched_key_that_expires_has_changed(run: Run) -> None:
    run("SET k v EX 10")
    run("WATCH k")
    run("MULTI", now_us=LATER_US)
    assert run("EXEC", now_us=LATER_US) is None


def test_a_key_that_was_expired_when_watched_has_not_changed(run: Run) -> None:
    run("SET k v EX 10")
    run("WATCH k", now_us=LATER_US)
    assert run("GET k", now_us=LATER_US, session=Session()) is None
    run("MULTI", now_us=LATER_US)
    assert run("EXEC", now_us=LATER_US) == []


def test_two_sessions_watch_apart(run: Run) -> None:
    one, two = Session(), Session()
    run("WATCH k", session=one)
    run("WATCH k", session=two)
    run("UNWATCH", session=one)
    run("SET k v")
    assert (one.dirty, two.dirty) == (False, True)


def test_a_change_that_replication_brings_counts() -> None:
    regions = Regions(2)
    regions.run(1, b"WATCH", b"k")
    regions.run(2, b"SET", b"k", b"there")
    regions.settle()
    regions.run(1, b"MULTI")
    assert regions.run(1, b"EXEC") is None


def test_two_regions_that_check_and_set_at_once_both_succeed() -> None:
    """WATCH is no lock between regions: a change on its way has not been seen."""
    regions = Regions(2)
    for region in (1, 2):
        regions.run(region, b"WATCH", b"k")
        regions.run(region, b"MULTI")
        regions.run(region, b"SET", b"k", b"%d" % region)
        assert regions.run(region, b"EXEC") == ["OK"]


def test_a_transaction_is_one_group_to_its_peers(run: Run, replica: Replica) -> None:
    run("MULTI")
    for line in ("SET a 1", "SADD s x", "DEL a"):
        run(line)
    run("EXEC")
    run("PING")
    groups = {group for group, _, _ in replica.backlog.writes}
    assert len(groups) == 1


def test_a_queued_write_ends_an_expired_key_of_another_region_first() -> None:
    regions = Regions(2)
    regions.say(2, "SET n 5 PX 1000")
    regions.settle()
    regions.now_us += 1_000_000
    regions.say(1, "MULTI")
    regions.say(1, "GET n")
    regions.say(1, "INCR n")
    assert regions.say(1, "EXEC") == [None, 1]
    assert regions.say(1, "GET n") == b"1"
    regions.settle()
    assert regions.everywhere("GET n") == [b"1", b"1"]
    assert regions.everywhere("TTL n") == [-1, -1]


def test_an_expired_key_that_is_removed_later_was_missing_all_along() -> None:
    """Watched past its deadline, the key was missing; that its owner removes it changes nothing."""
    owner, other = Replica(1, [2]), Replica(2, [1])
    session, nobody = Session(), Session()

    def run(replica: Replica, who: Session, now_us: int, *words: bytes) -> object:
        return replica.execute(now_us, who, words, lambda n: 0)

    run(owner, nobody, 0, b"SET", b"k", b"v", b"PX", b"10")
    for _, message in owner.tick(1_000):
        other.receive(2_000, message)
    run(other, session, 20_000, b"WATCH", b"k")
    for _, message in owner.tick(21_000):
        other.receive(22_000, message)
    run(other, session, 23_000, b"MULTI")
    run(other, session, 23_000, b"PING")
    assert run(other, session, 23_000, b"EXEC") == ["PONG"]
