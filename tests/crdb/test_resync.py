"""Regions that lost their log, their memory or their place in the stream, and come back."""

from typing import Any

import pytest

from crdb.crdts.orset import SetDelta
from crdb.dots import actor_of
from crdb.messages import Deltas, Describe, Difference, Digest
from crdb.replica import Settings
from tests.regions import Regions, said

SHORT = Settings(backlog_writes_max=1, resend_after_us=1_000)


def members(reply: Any) -> list[bytes]:
    return sorted(reply)


def cut_off(regions: Regions, region: int) -> None:
    """What is said from and to this region is lost."""
    for speaker in regions.replicas:
        for to, message in regions[speaker].tick(regions.clock_us(speaker)):
            if region not in (speaker, to):
                regions.flight.append((to, message))
    while regions.flight:
        regions.deliver()


@pytest.fixture
def behind() -> Regions:
    """Region 2 has ten members, and lacks what region 1 has done since: more than the backlog."""
    regions = Regions(2, SHORT)
    regions.say(1, "SADD s a b c d e f g h i j")
    regions.settle()
    for name in ("k", "l", "m"):
        regions.say(1, f"SADD s {name}")
        cut_off(regions, 2)
    regions.say(1, "SREM s a")
    cut_off(regions, 2)
    return regions


def exchanged(regions: Regions) -> list[Any]:
    """Every message until the regions are at rest."""
    heard: list[Any] = []
    for _ in range(40):
        regions.tick()
        while regions.flight:
            heard.append(regions.flight[0][1])
            regions.deliver()
        regions.now_us += 500
    return heard


def test_only_the_difference_moves(behind: Regions) -> None:
    (difference,) = [each for each in exchanged(behind) if isinstance(each, Difference)]
    ((key, (delta,)),) = difference.states.items()
    assert isinstance(delta, SetDelta)
    assert (key, sorted(delta.adds), len(difference.gone)) == (b"s", [b"k", b"l", b"m"], 1)
    behind.assert_converged()


def test_a_peer_that_goes_on_meanwhile_brings_nothing_back(behind: Regions) -> None:
    """What it hears of between digest and difference, and what is gone at the sender, must go."""
    regions = Regions(3, SHORT)
    regions.say(3, "SADD s third")
    third = regions[3].tick(regions.clock_us(3))
    to_first, to_second = (message for _, message in third)
    regions[1].receive(regions.clock_us(1), to_first)
    regions.say(1, "SREM s third")
    digest = regions[2].digest()
    ((_, difference),) = regions[1].receive(regions.clock_us(1), digest).answers
    regions[2].receive(regions.clock_us(2), to_second)  # meanwhile
    assert members(regions.say(2, "SMEMBERS s")) == [b"third"]
    regions[2].receive(regions.clock_us(2), difference)
    assert members(regions.say(2, "SMEMBERS s")) == []
    regions.settle()
    regions.assert_converged()


def test_a_resync_that_breaks_off_leaves_the_context_as_it_was(behind: Regions) -> None:
    before = behind[2].context.copy()
    (asked,) = (each for each in said_until_describe(behind))
    ((_, digest),) = behind[2].receive(behind.clock_us(2), asked).answers
    assert isinstance(digest, Digest)
    behind[1].receive(behind.clock_us(1), digest)  # and its answer is lost
    assert behind[2].context == before
    behind.settle()
    behind.assert_converged()


def said_until_describe(regions: Regions) -> list[Any]:
    """Tick region 1 and let region 2 answer, until 1 asks what 2 holds."""
    for _ in range(20):
        for message in said(regions, 1):
            if isinstance(message, Describe):
                return [message]
            for _, answer in regions[2].receive(regions.clock_us(2), message).answers:
                regions[1].receive(regions.clock_us(1), answer)
        regions.now_us += 1_000
    return []


@pytest.mark.parametrize("kept", [True, False], ids=["old backup", "amnesia"])
def test_a_region_that_lost_its_past_gets_it_back(kept: bool) -> None:
    """Bug 6. Nothing is resurrected, nothing of others lost, its own acknowledged writes return."""
    regions = Regions(3)
    regions.say(2, "SADD s old removed")
    regions.say(2, "INCRBY n 5")
    regions.settle()
    backup = regions[2].snapshot() if kept else None
    regions.say(2, "SADD s new")
    regions.say(2, "INCRBY n 2")
    regions.say(1, "SREM s removed")
    regions.settle()
    regions.restore(2, backup)
    regions.settle()
    regions.assert_converged()
    assert members(regions.say(2, "SMEMBERS s")) == [b"new", b"old"]
    assert regions.everywhere("INCR n")[0] == 8


def test_key_counts_agree_after_a_recovery_with_nothing_but_the_configuration() -> None:
    """Bug 9. What no client sees counts nowhere: neither records of the removed nor hearsay."""
    regions = Regions(3)
    for key in range(10):
        regions.say(1, f"INCR counter:{key}")
        regions.say(2, f"SADD set:{key} member")
    regions.settle()
    regions.say(3, "DEL counter:1 counter:2 set:3")
    regions.hear(1, 3)
    assert regions.say(1, "DBSIZE") == 17, "region 2 has not seen the resets: records are kept"
    regions.restore(2)
    regions.say(3, "EXPIRE counter:4 1")
    regions.settle()
    assert regions.everywhere("DBSIZE") == [17] * 3
    assert regions.everywhere("KEYS *") == [regions.say(1, "KEYS *")] * 3


def test_no_dot_is_used_twice() -> None:
    regions = Regions(2)
    regions.say(1, "SADD s a")
    regions.settle()
    backup = regions[1].snapshot()
    regions.say(1, "SADD s b")
    regions.settle()
    dots = set(regions[1].keyspace.dots())
    for _ in range(2):  # twice from the same backup
        regions.restore(1, backup)
        regions.settle()
        regions.say(1, "SADD s c")
        regions.settle()
        new = set(regions[1].keyspace.dots()) - dots
        assert {actor_of(dot) for dot in new} == {regions.actors}
        dots |= new
    assert members(regions.say(2, "SMEMBERS s")) == [b"a", b"b", b"c"]
    regions.assert_converged()


def test_what_only_the_backup_had_reaches_the_others() -> None:
    """Persisted, but not yet sent when the region was lost: nobody streams it any more."""
    regions = Regions(3)
    regions.settle()
    regions.say(1, "SADD s unsent")
    regions.restore(1, regions[1].snapshot())
    regions.settle()
    assert [members(reply) for reply in regions.everywhere("SMEMBERS s")] == [[b"unsent"]] * 3
    regions.assert_converged()


def test_what_a_lost_region_told_one_peer_reaches_the_other() -> None:
    regions = Regions(3)
    regions.settle()
    regions.say(1, "SADD s told")
    regions.hear(2, 1)  # 3 does not hear it
    regions.restore(1)
    regions.settle()
    assert [members(reply) for reply in regions.everywhere("SMEMBERS s")] == [[b"told"]] * 3
    regions.assert_converged()


def test_a_peer_passes_on_what_a_lost_region_told_it_alone() -> None:
    """Bug 16. The region that is back was heard once, and is cut off from then on."""
    regions = Regions(3)
    regions.settle()
    regions.say(1, "SADD s told")
    regions.hear(2, 1)
    regions.restore(1)
    regions.hear(2, 1)
    for _ in range(4):
        cut_off(regions, 1)
        regions.now_us += 1_000
    assert members(regions.say(3, "SMEMBERS s")) == [b"told"]


def test_a_peer_that_has_nothing_to_say_is_asked_for_what_a_lost_region_told() -> None:
    """Its one greeting was lost, and by itself it would never speak again."""
    regions = Regions(3)
    regions.say(2, "SADD s told")
    regions.hear(3, 2)
    said(regions, 1)
    regions.restore(2)
    regions.settle()
    assert [members(reply) for reply in regions.everywhere("SMEMBERS s")] == [[b"told"]] * 3


def test_a_region_that_is_removed_and_added_again_misses_nothing() -> None:
    """Bug 7, which takes three regions: what the removed one had told only one of the others."""
    regions = Regions(3)
    regions.say(1, "SADD s a")
    regions.settle()
    regions.say(3, "SADD s b")
    regions.hear(2, 3)
    regions.remove(3)
    regions.say(1, "SADD s c")
    regions.settle()
    assert [members(reply) for reply in regions.everywhere("SMEMBERS s")] == [
        [b"a", b"b", b"c"]
    ] * 2
    regions.add(3)
    regions.say(1, "SREM s a")
    regions.settle()
    assert [members(reply) for reply in regions.everywhere("SMEMBERS s")] == [[b"b", b"c"]] * 3
    regions.assert_converged()


def test_what_a_removed_region_had_on_its_way_is_refused_though_it_is_back() -> None:
    """Its place in a list may have been forgotten meanwhile, by those who waited for it no more."""
    regions = Regions(3)
    regions.say(1, "RPUSH l a b")
    regions.settle()
    regions.say(3, "LINSERT l AFTER a x")
    late = regions[3].tick(regions.clock_us(3))
    regions.remove(3)
    regions.say(1, "LPOP l")
    regions.settle()
    regions.add(3)
    regions.settle()
    for to, message in late:
        assert regions[to].receive(regions.clock_us(to), message).applied == ()
    regions.say(3, "LPUSH l y")
    regions.settle()
    regions.assert_converged()
    assert regions.everywhere("LRANGE l 0 -1") == [[b"y", b"b"]] * 3


def test_a_removed_region_holds_up_no_record() -> None:
    """Bug 15: what must be seen by all is seen by all that are left."""
    regions = Regions(3)
    regions.say(1, "INCR n")
    regions.settle()
    regions.say(1, "DEL n")
    cut_off(regions, 3)
    for _ in range(3):
        cut_off(regions, 3)
        regions.now_us += 1_000
    assert regions[1].stability.waiting
    regions.remove(3)
    regions.settle()
    regions.assert_nothing_left()


def test_a_restored_region_is_stale_until_a_peer_has_answered() -> None:
    regions = Regions(2)
    regions.say(1, "SET k v")
    regions.settle()
    regions.restore(1, regions[1].snapshot())
    assert str(regions.say(1, "SET k w")).startswith("ERR this region was restored")
    assert regions.say(1, "GET k") == b"v"
    assert regions.say(1, "MULTI") == "OK"
    assert str(regions.say(1, "SET k w")).startswith("ERR this region was restored")
    assert str(regions.say(1, "EXEC")).startswith("EXECABORT")
    regions.settle()
    assert regions.say(1, "SET k w") == "OK"


def test_an_old_backup_removes_nothing_that_was_renewed_since() -> None:
    regions = Regions(2)
    regions.say(1, "SET k v PX 50")
    regions.settle()
    backup = regions[1].snapshot()
    regions.say(1, "PEXPIRE k 1000000")
    regions.settle()
    regions.restore(1, backup)
    regions.now_us += 100_000
    said(regions, 1)
    assert regions.say(1, "GET k") is None
    regions.settle()
    assert regions.everywhere("GET k") == [b"v", b"v"]


def test_the_stream_rests_while_a_peer_is_asked(behind: Regions) -> None:
    for message in exchanged(behind):
        if isinstance(message, Deltas) and message.region == 1:
            assert len(message.writes) <= 2
    behind.assert_converged()


def test_an_acknowledgement_from_a_former_life_counts_no_more() -> None:
    """Bug 8: what a region had seen before it was restored says nothing of what it has."""
    regions = Regions(2)
    regions.say(1, "SADD s a")
    regions.settle()
    regions.restore(2)
    regions.settle()
    regions.say(1, "SADD s b")
    said(regions, 1)  # lost
    acked = regions[1].links[2].acked
    regions[1].receive(regions.clock_us(1), Deltas(2, {1: 2}, 2, 0, 0, ()))
    assert regions[1].links[2].acked == acked
    regions.settle()
    assert members(regions.say(2, "SMEMBERS s")) == [b"a", b"b"]


def test_an_answer_to_a_former_life_is_not_taken_for_complete() -> None:
    """It leaves out what that life held, and its context would pass that off as removed."""
    regions = Regions(2)
    regions.say(1, "SADD s a")
    regions.settle()
    ((_, late),) = regions[1].receive(regions.clock_us(1), regions[2].digest()).answers
    regions.restore(2)
    regions[2].receive(regions.clock_us(2), late)
    assert regions[2].stale
    regions.settle()
    assert members(regions.say(2, "SMEMBERS s")) == [b"a"]
