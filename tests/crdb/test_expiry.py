"""Who removes an expired key, when, and what survives."""

import pytest

from crdb.messages import Deltas
from crdb.replica import Settings
from tests.regions import START_US, Regions, said

SECOND_US = 1_000_000


@pytest.fixture
def expiring() -> Regions:
    """Region 1 owns the deadline of k, in one second; all three know it."""
    regions = Regions(3, Settings(owner_grace_us=60 * SECOND_US))
    regions.say(1, "SET k v PX 1000")
    regions.settle()
    regions.now_us = START_US + SECOND_US
    return regions


def test_the_owner_removes_and_others_only_stop_reading(expiring: Regions) -> None:
    """Bug 14: a key that is read as expired is not removed by whoever reads it."""
    for region in (2, 3):
        assert expiring.say(region, "GET k") is None
        assert [message.writes for message in said(expiring, region)] == [()]  # a question
        assert b"k" in expiring[region].keyspace.keys
    assert expiring[1].wake_at(START_US) == START_US + SECOND_US
    expiring.settle()
    expiring.assert_nothing_left()


def test_the_owner_removes_on_sight(expiring: Regions) -> None:
    assert expiring.say(1, "GET k") is None
    assert b"k" not in expiring[1].keyspace.keys


def test_a_write_elsewhere_expires_first(expiring: Regions) -> None:
    assert expiring.say(2, "APPEND k w") == 1
    expiring.settle()
    assert expiring.everywhere("GET k") == [b"w"] * 3
    assert expiring.everywhere("TTL k") == [-1] * 3


def test_after_the_grace_others_remove(expiring: Regions) -> None:
    said(expiring, 2)  # asks the owner, who does not hear it
    expiring.now_us += 60 * SECOND_US - 1
    said(expiring, 2)
    assert b"k" in expiring[2].keyspace.keys
    expiring.now_us += 1
    said(expiring, 2)
    assert b"k" not in expiring[2].keyspace.keys
    for replica in expiring.replicas.values():
        for link in replica.links.values():
            link.rewind(link.acked)
    expiring.settle()
    expiring.assert_nothing_left()


def test_a_longer_deadline_set_elsewhere_saves_the_key(expiring: Regions) -> None:
    # Region 2 extends in time, region 1 expires before it hears of that: the write survives.
    expiring.now_us = START_US + SECOND_US - 1_000
    assert expiring.say(2, "SET k longer EX 100") == "OK"
    expiring.now_us = START_US + SECOND_US
    assert expiring.say(1, "GET k") is None
    expiring.settle(round_us=1)
    assert expiring.everywhere("GET k") == [b"longer"] * 3
    assert expiring.everywhere("TTL k") == [100] * 3


def test_an_orphaned_deadline_finds_its_owner() -> None:
    """The winner expires the key while the loser's concurrent deadline is on its way."""
    regions = Regions(2, Settings(batch_writes_max=2))
    regions.say(1, "SET k v")
    regions.settle()
    regions.say(2, "SET other v")
    assert [regions.say(region, "PEXPIRE k 1") for region in (1, 2)] == [1, 1]
    regions.settle(round_us=20_000)
    assert regions.everywhere("EXISTS k") == [0, 0]
    assert not any(replica.keyspace.ghosts for replica in regions.replicas.values())


def test_an_owner_that_answers_keeps_its_key(expiring: Regions) -> None:
    """A clock that runs hours ahead may not rob an owner that is there (bug 23)."""
    expiring.say(1, "SET k v EX 3600")
    expiring.settle()
    expiring.skew_us[2] = 8 * 3600 * SECOND_US
    for _ in range(5):
        expiring.tick([2])
        while expiring.flight:
            expiring.deliver()
        expiring.tick([1])
        while expiring.flight:
            expiring.deliver()
        expiring.now_us += 61 * SECOND_US
    assert expiring.say(2, "GET k") is None
    assert expiring.say(1, "GET k") == b"v"


def test_expiry_beats_a_renewal_that_it_did_not_see(expiring: Regions) -> None:
    """Our choice: no page says what PERSIST does that is concurrent with the expiry."""
    expiring.now_us -= 1_000
    assert expiring.say(2, "PERSIST k") == 1
    expiring.now_us += 1_000
    assert expiring.say(1, "GET k") is None
    expiring.settle(round_us=1)
    assert expiring.everywhere("EXISTS k") == [0] * 3
    expiring.assert_nothing_left()


def test_a_key_that_comes_back_to_life_still_expires() -> None:
    """3 hears of the deadline and of DEL, lets the time pass, and then of a new member."""
    regions = Regions(3, Settings(owner_grace_us=60 * SECOND_US))
    regions.say(2, "SADD k a")
    regions.settle()
    regions.say(2, "PEXPIRE k 1000")
    regions.say(1, "DEL k")
    regions.say(1, "SADD k m")
    first, second = regions[1].backlog.writes[-2:]
    assert first[0] != second[0]
    regions.hear(3, 2)
    (deltas,) = [message for to, message in regions[1].tick(regions.clock_us(1)) if to == 3]
    assert isinstance(deltas, Deltas)
    removal, revival = deltas.writes[:-1], deltas.writes[-1:]
    middle = revival[0][0] - 1
    for after, last, writes in ((deltas.after, middle, removal), (middle, deltas.last, revival)):
        part = Deltas(1, deltas.vector, 1, after, last, writes)
        regions[3].receive(regions.clock_us(3), part)
        regions.now_us += 2 * SECOND_US
        said(regions, 3)
    for _ in range(4):
        regions.now_us += 61 * SECOND_US
        said(regions, 3)
    assert regions.say(3, "EXISTS k") == 0
    assert b"k" not in regions[3].keyspace.keys


def test_a_deadline_whose_owner_is_gone_is_removed_by_others() -> None:
    regions = Regions(3, Settings(owner_grace_us=60 * SECOND_US))
    regions.say(1, "SET k v EX 1000")
    regions.settle()
    regions.say(2, "PERSIST k")
    regions.say(1, "DEL k")
    for listener in (1, 3):
        regions.hear(listener, 2)
    regions[2].links.clear()  # and never says anything again
    for _ in range(4):
        for region in (1, 3):
            regions.tick([region])
        regions.flight = [(to, message) for to, message in regions.flight if to != 2]
        while regions.flight:
            regions.deliver()
            regions.flight = [(to, message) for to, message in regions.flight if to != 2]
        regions.now_us += 61 * SECOND_US
    assert b"k" not in regions[1].keyspace.ghosts
    assert b"k" not in regions[3].keyspace.ghosts


def test_keys_expire_one_by_one() -> None:
    """What has nothing in common but its time is no transaction: a batch may end between them."""
    regions = Regions(2, Settings(batch_writes_max=4))
    for number in range(10):
        regions.say(1, f"SET k{number} v PX 1000")
    regions.settle()
    regions.now_us += SECOND_US
    (message,) = said(regions, 1)
    assert len({group for group, _, _ in message.writes}) == 2
    regions.settle()
    regions.assert_nothing_left()
