"""The three doors: what is asked again, what is passed over, what is forgotten, and when."""

from typing import Any

import pytest

from crdb.crdts.orset import ORSet
from crdb.crdts.string import String
from crdb.dots import dot
from crdb.messages import Deltas, Describe, Difference, Resend
from crdb.replica import Replica, Settings
from tests.regions import START_US, Regions, said

SECOND_US = 1_000_000


@pytest.fixture
def pair() -> Regions:
    """Two regions that have said hello."""
    regions = Regions(2)
    regions.settle()
    return regions


def hears(regions: Regions, region: int, message: Any) -> Any:
    return regions[region].receive(regions.clock_us(region), message)


# ── the stream: gaps, duplicates, groups ────────────────────────────────────────────────────────


def test_a_gap_is_asked_for_again(pair: Regions) -> None:
    """Bug 17: a delta is lost, a later one arrives: it must not be applied over the gap."""
    pair.say(1, "SADD s a")
    said(pair, 1)
    pair.say(1, "SADD s b")
    [later] = said(pair, 1)
    received = hears(pair, 2, later)
    assert received.applied == ()
    [(peer, answer)] = received.answers
    assert (peer, type(answer)) == (1, Resend)
    assert pair.say(2, "SMEMBERS s") == []
    assert hears(pair, 2, later).answers == (), "one gap is reported once"
    hears(pair, 1, answer)
    [both] = said(pair, 1)
    assert len(hears(pair, 2, both).applied) == 2
    assert pair.say(2, "SMEMBERS s") == [b"a", b"b"]


def test_a_duplicate_is_passed_over(pair: Regions) -> None:
    pair.say(1, "INCR k")
    [message] = said(pair, 1)
    assert len(hears(pair, 2, message).applied) == 1
    before = pair.keyspaces()
    assert hears(pair, 2, message) == ((), ())
    assert pair.keyspaces() == before


def test_an_overlap_is_applied_in_part(pair: Regions) -> None:
    pair.say(1, "INCR k")
    [first] = said(pair, 1)
    pair.say(1, "INCR k")
    pair[1].links[2].rewind(0)
    [whole] = said(pair, 1)
    hears(pair, 2, first)
    assert len(hears(pair, 2, whole).applied) == 1
    assert pair.say(2, "GET k") == b"2"


def test_a_transaction_arrives_whole() -> None:
    regions = Regions(2, Settings(batch_writes_max=1))
    for line in ("MULTI", "SADD s a", "SADD t a", "INCR k", "EXEC"):
        regions.say(1, line)
    regions.say(1, "SADD s b")
    [first] = said(regions, 1)
    hears(regions, 2, first)
    assert [regions.say(2, line) for line in ("SCARD s", "SCARD t", "GET k")] == [1, 1, b"1"]
    regions.settle()
    assert regions.say(2, "SCARD s") == 2


def test_a_stranger_is_not_listened_to(pair: Regions) -> None:
    stranger = Replica(9, [2])
    stranger.execute(START_US, pair.sessions[1], (b"SET", b"k", b"v"), lambda n: 0)
    [(_, message)] = stranger.tick(START_US)
    assert hears(pair, 2, message) == ((), ())
    assert pair.say(2, "GET k") is None


def test_an_error_changes_nothing_and_says_nothing(pair: Regions) -> None:
    pair.say(1, "SADD s a")
    pair.settle()
    before, seq = pair.keyspaces(), pair[1].seq
    assert str(pair.say(1, "INCR s")).startswith("WRONGTYPE")
    assert pair.keyspaces() == before
    assert pair[1].seq == seq
    assert said(pair, 1) == []


# ── cursors, probes and snapshots ───────────────────────────────────────────────────────────────


def test_nothing_is_sent_twice_without_need(pair: Regions) -> None:
    pair.say(1, "INCR k")
    assert len(said(pair, 1)) == 1
    assert said(pair, 1) == []
    pair.now_us += SECOND_US // 2
    assert said(pair, 1) == []


def test_silence_is_probed_at_doubling_intervals(pair: Regions) -> None:
    pair.say(1, "INCR k")
    assert len(said(pair, 1)) == 1
    waits = []
    for _ in range(8):
        wake_us = pair[1].wake_at(pair.now_us)
        assert wake_us is not None
        waits.append((wake_us - pair.now_us) // SECOND_US)
        pair.now_us = wake_us - 1
        assert said(pair, 1) == []
        pair.now_us = wake_us
        [probe] = said(pair, 1)
        assert isinstance(probe, Deltas)
        assert probe.probe
        assert probe.writes == ()
    assert waits == [1, 2, 4, 8, 16, 32, 32, 32]


def test_a_probe_finds_what_was_lost(pair: Regions) -> None:
    pair.say(1, "INCR k")
    said(pair, 1)
    pair.now_us += SECOND_US
    pair.settle()
    assert pair.say(2, "GET k") == b"1"


def test_an_acknowledgement_that_was_lost_is_asked_for(pair: Regions) -> None:
    pair.say(1, "INCR k")
    hears(pair, 2, said(pair, 1)[0])
    said(pair, 2)
    assert said(pair, 2) == []
    assert pair[1].links[2].acked == 0
    pair.now_us += SECOND_US
    pair.settle()
    assert pair[1].links[2].acked == pair[1].seq


def test_cursors_follow_acknowledgements_and_free_the_backlog(pair: Regions) -> None:
    pair.say(1, "INCR k")
    link = pair[1].links[2]
    assert (link.sent, link.acked) == (0, 0)
    hears(pair, 2, said(pair, 1)[0])
    assert (link.sent, link.acked) == (1, 0)
    assert len(pair[1].backlog) == 1
    hears(pair, 1, said(pair, 2)[0])
    assert (link.sent, link.acked) == (1, 1)
    said(pair, 1)
    assert len(pair[1].backlog) == 0
    assert pair[1].wake_at(pair.now_us) is None


def test_one_slow_peer_keeps_the_backlog() -> None:
    regions = Regions(3)
    regions.say(1, "INCR k")
    regions.hear(listener=2, speaker=1)
    regions.hear(listener=1, speaker=2)
    said(regions, 1)
    assert len(regions[1].backlog) == 1


def test_past_the_backlog_comes_the_difference() -> None:
    regions = Regions(2, Settings(backlog_writes_max=3))
    for name in ("a", "b", "c", "d", "e"):
        regions.say(1, f"SADD s {name}")
        said(regions, 1)
    regions.say(1, "SREM s a")
    said(regions, 1)
    regions[1].links[2].rewind(0)
    [message] = said(regions, 1)
    assert isinstance(message, Describe)
    [(_, digest)] = hears(regions, 2, message).answers
    [(_, difference)] = hears(regions, 1, digest).answers
    assert isinstance(difference, Difference)
    hears(regions, 2, difference)
    regions.settle()
    assert sorted(regions.say(2, "SMEMBERS s")) == [b"b", b"c", b"d", b"e"]  # type: ignore[arg-type]
    regions.assert_converged()


def test_a_snapshot_keeps_what_only_the_receiver_has() -> None:
    """Bug 11: a full sync meets a key already merged from elsewhere, and must join, not skip."""
    regions = Regions(3)
    regions.say(1, "SADD s old")
    regions.settle()
    regions.say(2, "SADD s mine")
    regions.say(2, "SREM s old")
    regions.say(1, "SADD s new")
    snapshot = regions[1].snapshot()
    hears(regions, 2, snapshot)
    assert regions.say(2, "SMEMBERS s") == [b"mine", b"new"]
    hears(regions, 3, snapshot)
    regions.settle()
    assert [sorted(each) for each in regions.everywhere("SMEMBERS s")] == [[b"mine", b"new"]] * 3  # type: ignore[arg-type]


def test_an_old_snapshot_brings_nothing_back(pair: Regions) -> None:
    """Bug 18: a context paired with a state of another time."""
    pair.say(1, "SADD s a b")
    pair.say(1, "INCRBY k 5")
    old = pair[1].snapshot()
    pair.settle()
    pair.say(2, "SREM s a")
    pair.say(2, "DEL k")
    before = pair.keyspaces()[1]
    hears(pair, 2, old)
    assert pair.keyspaces()[1] == before
    pair.settle()
    hears(pair, 1, old)
    assert pair.everywhere("SMEMBERS s") == [[b"b"]] * 2
    assert pair.everywhere("GET k") == [None] * 2


# ── stability ───────────────────────────────────────────────────────────────────────────────────


def test_a_record_is_forgotten_only_when_stable() -> None:
    regions = Regions(3)
    regions.say(1, "INCRBY k 7")
    regions.settle()
    regions.say(3, "INCRBY k 5")
    regions.say(2, "DEL k")
    for speaker, listener in ((2, 1), (1, 2)) * 4:
        regions.hear(listener, speaker)
    assert b"k" in regions[1].keyspace.ghosts, "region 3 has not seen the reset"
    assert b"k" in regions[2].keyspace.ghosts
    for replica in regions.replicas.values():
        for link in replica.links.values():
            link.rewind(link.acked)
    regions.settle()
    assert regions.everywhere("GET k") == [b"5"] * 3
    regions.say(1, "DEL k")
    regions.settle()
    regions.assert_nothing_left()


def test_the_last_claim_counts(pair: Regions) -> None:
    """The hello waits as an old claim; the newest one must not be lost behind it."""
    pair.say(1, "INCRBY k 1")
    pair.say(1, "SET k text")
    pair.settle()
    assert not any(replica.stability.waiting for replica in pair.replicas.values())
    pair.assert_converged()


# ── a type conflict ─────────────────────────────────────────────────────────────────────────────


def test_a_type_conflict_keeps_both_states(pair: Regions) -> None:
    """Bug 28: one key of two types. The string shows, and the set comes back when it goes."""
    pair.say(1, "SET k v")
    pair.say(2, "SADD k member")
    pair.settle()
    assert pair.everywhere("TYPE k") == ["string"] * 2
    assert pair.everywhere("GET k") == [b"v"] * 2
    for replica in pair.replicas.values():
        entry = replica.keyspace.keys[b"k"]
        assert [type(each) for each in (entry.value, *entry.others)] == [String, ORSet]
    assert str(pair.say(1, "SADD k other")).startswith("WRONGTYPE")
    pair.assert_converged()


def test_removing_a_key_of_two_types_removes_both(pair: Regions) -> None:
    pair.say(1, "SET k v")
    pair.say(2, "SADD k member")
    pair.settle()
    assert pair.say(2, "DEL k") == 1
    pair.settle()
    assert pair.everywhere("EXISTS k") == [0, 0]
    pair.assert_nothing_left()


def test_removing_what_one_saw_leaves_the_other_type(pair: Regions) -> None:
    pair.say(1, "SET k v")
    pair.settle()
    pair.say(1, "DEL k")
    pair.say(2, "DEL k")
    pair.say(2, "SADD k member")
    pair.settle()
    assert pair.everywhere("SMEMBERS k") == [[b"member"]] * 2
    assert pair[1].keyspace.keys[b"k"].others == ()
    assert dot(2, 1) not in pair[1].context.cloud


def test_a_lost_word_of_having_seen_is_said_again() -> None:
    """No write of region 1 is under way, so nothing but a record at 3 asks what 1 has seen."""
    regions = Regions(3)
    regions.settle()
    regions.say(2, "INCRBY k 1")
    regions.say(2, "DEL k")
    regions.tick([2])
    while regions.flight:
        regions.deliver()
    said(regions, 1)
    regions.settle()
    regions.assert_nothing_left()


def test_a_clock_that_is_put_right_does_not_stop_the_asking(pair: Regions) -> None:
    pair.skew_us[1] = 8 * 3600 * SECOND_US
    pair.say(1, "SET k v")
    said(pair, 1)  # lost
    pair.skew_us[1] = 0
    said(pair, 1)
    pair.now_us += 10 * SECOND_US
    (message,) = said(pair, 1)
    assert message.probe


def test_frequent_ticks_do_not_keep_a_record_from_asking() -> None:
    regions = Regions(3)
    regions.settle()
    regions.say(2, "INCRBY k 1")
    regions.say(2, "DEL k")
    regions.tick([2])
    while regions.flight:
        regions.deliver()
    said(regions, 1)  # 1 has seen it, and its word is lost
    for _ in range(40):
        regions.tick()
        while regions.flight:
            regions.deliver()
        regions.now_us += SECOND_US // 2
    regions.assert_nothing_left()


def test_resets_of_one_key_wait_once(pair: Regions) -> None:
    """Behind a cut, what waits to become stable grows with keys and authors, not with resets."""
    for number in range(50):
        pair.say(1, "INCRBY k 1")
        pair.say(1, f"SET k {number}")
    assert len(pair[1].stability.newly_stable({})) == 0
    pair.settle()
    assert not pair[1].stability.waiting


def test_a_late_resend_does_not_rewind(pair: Regions) -> None:
    """Bug 10: an old complaint that arrives again must not cost a snapshot."""
    pair.say(1, "SET k v")
    pair.settle()
    pair[1].receive(pair.clock_us(1), Resend(2, {}, 2, after=0))
    assert said(pair, 1) == []


def test_a_snapshot_says_what_it_brought_and_spares_who_watches_other_keys() -> None:
    regions = Regions(2)
    regions.say(1, "SET quiet v")
    regions.settle()
    regions.say(2, "WATCH quiet")
    for key in ("a", "b", "c"):
        regions.say(1, f"SET {key} v")
    applied = regions[2].receive(regions.clock_us(2), regions[1].snapshot()).applied
    assert {key for _, key, _ in applied} == {b"a", b"b", b"c"}
    regions.say(2, "MULTI")
    assert regions.say(2, "EXEC") == []


def test_a_client_that_goes_away_is_told_nothing_more(pair: Regions) -> None:
    pair.say(1, "WATCH k")
    pair[1].close(pair.sessions[1])
    assert pair[1].keyspace.watchers == {}


def test_a_region_by_itself_forgets_at_once() -> None:
    alone = Regions(1)
    alone.say(1, "INCRBY k 1")
    alone.say(1, "DEL k")
    assert alone[1].wake_at(alone.now_us) == alone.now_us
    alone.tick()
    alone.assert_nothing_left()


@pytest.mark.parametrize("region", [0, 4096, 5000])
def test_a_region_that_does_not_fit_into_a_stamp_is_refused(region: int) -> None:
    with pytest.raises(ValueError, match="expected 1 to 4095"):
        Replica(region)
