"""Fields with deadlines of their own: who removes them, when, and what survives."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdb.command import Reply
from crdb.keyspace import DEADLINES_SPARE
from crdb.replica import Replica, Settings
from tests.regions import START_US, Regions, said

SECOND_US = 1_000_000
GRACE = Settings(owner_grace_us=60 * SECOND_US)


@pytest.fixture
def expiring() -> Regions:
    """Region 1 owns the deadline of field f of h, in one second; all three know it."""
    regions = Regions(3, GRACE)
    regions.say(1, "HSET h f 1 g 2")
    regions.say(1, "HPEXPIRE h 1000 FIELDS 1 f")
    regions.settle()
    regions.now_us = START_US + SECOND_US
    return regions


def has_field(replica: Replica) -> bool:
    found = replica.keyspace.hash_at(b"h")
    return found is not None and b"f" in found.fields


def test_the_owner_removes_and_others_only_stop_reading(expiring: Regions) -> None:
    for region in (2, 3):
        assert expiring.say(region, "HGET h f") is None
        assert expiring.say(region, "HGETALL h") == {b"g": b"2"}
        assert expiring.say(region, "HLEN h") == 1
        assert [message.writes for message in said(expiring, region)] == [()]  # a question
        assert has_field(expiring[region])
    assert expiring[1].wake_at(START_US) == START_US + SECOND_US
    expiring.settle()
    assert not any(map(has_field, expiring.replicas.values()))
    expiring.assert_converged()


def test_a_write_elsewhere_expires_first(expiring: Regions) -> None:
    assert expiring.say(2, "HINCRBY h f 5") == 5
    expiring.settle()
    assert expiring.everywhere("HGET h f") == [b"5"] * 3
    assert expiring.everywhere("HTTL h FIELDS 1 f") == [[-1]] * 3
    expiring.assert_converged()


def test_after_the_grace_others_remove(expiring: Regions) -> None:
    said(expiring, 2)  # asks the owner, who does not hear it
    expiring.now_us += 60 * SECOND_US - 1
    said(expiring, 2)
    assert has_field(expiring[2])
    expiring.now_us += 1
    said(expiring, 2)
    assert not has_field(expiring[2])


def test_an_owner_that_answers_keeps_its_field(expiring: Regions) -> None:
    """A clock that runs hours ahead may not rob an owner that is there (bug 23)."""
    expiring.say(1, "HSETEX h EX 3600 FIELDS 1 f v")
    expiring.settle()
    expiring.skew_us[2] = 8 * 3600 * SECOND_US
    for _ in range(5):
        for region in (2, 1):
            expiring.tick([region])
            while expiring.flight:
                expiring.deliver()
        expiring.now_us += 61 * SECOND_US
    assert expiring.say(2, "HGET h f") is None
    assert expiring.say(1, "HGET h f") == b"v"


def ended() -> Regions:
    """All fields of h have expired everywhere, and its owner has not said so yet."""
    regions = Regions(2, GRACE)
    regions.say(1, "HSET h f 1")
    regions.say(1, "HPEXPIRE h 1000 FIELDS 1 f")
    regions.settle()
    regions.now_us = START_US + SECOND_US
    return regions


def test_with_its_last_field_the_key_ends() -> None:
    regions = ended()
    for line in ("EXISTS h", "HLEN h", "DEL h", "HEXISTS h f", "SCARD h"):
        assert regions.say(2, line) == 0
    assert [regions.say(2, line) for line in ("TYPE h", "KEYS *")] == ["none", []]
    regions.settle()
    regions.assert_nothing_left()


@pytest.mark.parametrize(
    ("line", "reply", "read", "after"),
    [
        ("SADD h m", 1, "SMEMBERS h", [b"m"]),
        ("SET h v", "OK", "GET h", b"v"),
        ("HSET h g 2", 1, "HGETALL h", {b"g": b"2"}),
        ("HSETNX h f 2", 1, "HGETALL h", {b"f": b"2"}),
        ("HSETEX h NX EX 100 FIELDS 1 f 2", 1, "HGETALL h", {b"f": b"2"}),
    ],
)
def test_a_key_whose_fields_have_all_expired_is_free(
    line: str, reply: Reply, read: str, after: Reply
) -> None:
    regions = ended()
    assert regions.say(2, line) == reply
    regions.settle()
    assert regions.everywhere(read) == [after] * 2
    regions.assert_converged()


def test_an_hset_beats_a_deadline_that_it_did_not_see() -> None:
    """As SET against EXPIRE: what was written later, and unseen, must not end."""
    regions = Regions(2)
    regions.say(1, "HSET h f old")
    regions.settle()
    regions.say(2, "HPEXPIRE h 1000 FIELDS 1 f")
    regions.say(1, "HSET h f new")
    regions.settle()
    assert regions.everywhere("HTTL h FIELDS 1 f") == [[-1]] * 2
    regions.now_us += 2 * SECOND_US
    regions.settle()
    assert regions.everywhere("HGET h f") == [b"new"] * 2
    regions.assert_converged()


@pytest.mark.parametrize(
    ("lines", "left"),
    [
        (("HEXPIRE h 100 FIELDS 1 f", "HEXPIRE h 500 FIELDS 1 f"), 500),
        (("HEXPIRE h 100 FIELDS 1 f", "HPERSIST h FIELDS 1 f"), -1),
        (("HSETEX h EX 100 FIELDS 1 f a", "HSETEX h EX 50 FIELDS 1 f b"), 100),
        (("HSETEX h EX 50 FIELDS 1 f a", "HINCRBY h f 1"), 50),
    ],
)
def test_of_concurrent_deadlines_the_longest_stays(lines: tuple[str, str], left: int) -> None:
    regions = Regions(2)
    regions.say(1, "HSETEX h EX 10 FIELDS 1 f 1")
    regions.settle()
    for region, line in enumerate(lines, 1):
        regions.say(region, line)
    for source, target in ((1, 2), (2, 1)):
        regions.hear(target, source)
    assert regions.everywhere("HTTL h FIELDS 1 f") == [[left]] * 2


def test_a_deadline_whose_field_is_gone_goes_too() -> None:
    """HEXPIRE here, HDEL there: the deadline is its owner's to remove, at once."""
    regions = Regions(2)
    regions.say(1, "HSET h f 1")
    regions.settle()
    regions.say(1, "HEXPIRE h 1000 FIELDS 1 f")
    regions.say(2, "HDEL h f")
    regions.settle()
    assert regions.everywhere("EXISTS h") == [0, 0]
    regions.assert_nothing_left()


def test_a_deadline_whose_owner_is_gone_is_removed_by_others() -> None:
    regions = Regions(3, GRACE)
    regions.say(1, "HSET h f 1")
    regions.settle()
    regions.say(2, "HEXPIRE h 1000 FIELDS 1 f")
    regions.say(1, "HDEL h f")
    regions.hear(1, 2)
    found = regions[1].keyspace.hash_at(b"h")
    assert found is not None
    assert list(found.ghosts) == [b"f"]
    for _ in range(3):
        said(regions, 1)
        regions.now_us += 61 * SECOND_US
    assert regions[1].keyspace.hash_at(b"h") is None


def test_a_field_anew_does_not_inherit_a_deadline() -> None:
    regions = Regions(2, GRACE)
    regions.say(1, "HSET h f 1")
    regions.settle()
    regions.say(2, "HEXPIRE h 1000 FIELDS 1 f")
    regions.say(1, "HDEL h f")
    regions.hear(1, 2)
    assert regions.say(1, "HINCRBY h f 7") == 7
    regions.settle()
    assert regions.everywhere("HTTL h FIELDS 1 f") == [[-1]] * 2
    regions.assert_converged()


def test_deadlines_survive_a_backup(expiring: Regions) -> None:
    expiring.say(1, "HSETEX h EX 100 FIELDS 1 f v")
    expiring.settle()
    expiring.restore(1, expiring[1].snapshot())
    expiring.settle()
    assert expiring.everywhere("HTTL h FIELDS 1 f") == [[100]] * 3
    wake_us = expiring[1].wake_at(expiring.clock_us(1))
    assert wake_us is not None
    expiring.now_us += 101 * SECOND_US
    expiring.settle()
    assert not any(map(has_field, expiring.replicas.values()))
    expiring.assert_converged()


def test_deadlines_survive_a_resync() -> None:
    regions = Regions(2, Settings(backlog_writes_max=1, resend_after_us=1_000))
    for number in range(5):
        regions.say(1, f"HSETEX h PX 5000 FIELDS 1 f{number} v")
        said(regions, 1)  # lost
        regions.now_us += 1_000
    regions.settle()
    assert regions.say(2, "HPTTL h FIELDS 2 f0 none") != [-2, -2]
    regions.now_us += 10 * SECOND_US
    assert regions.say(2, "EXISTS h") == 0
    regions.settle()
    regions.assert_nothing_left()


def test_one_field_timed_over_and_over_does_not_fill_the_heap() -> None:
    regions = Regions(1)
    for second in range(1, 5_000):
        regions.say(1, f"HSETEX h EX {second} FIELDS 1 f v")
    assert len(regions[1].keyspace.endings) <= DEADLINES_SPARE + 2
    regions.now_us += 5_000 * SECOND_US
    regions[1].tick(regions.clock_us(1))
    assert regions.say(1, "EXISTS h") == 0
    assert not regions[1].keyspace.endings


def test_fields_expire_one_by_one() -> None:
    """What has nothing in common but its time is no transaction: a batch may end between them."""
    regions = Regions(2, Settings(batch_writes_max=4))
    for number in range(10):
        regions.say(1, f"HSETEX h PX 1000 FIELDS 1 f{number} v")
    regions.settle()
    regions.now_us += SECOND_US
    (message,) = said(regions, 1)
    assert len({group for group, _, _ in message.writes}) == 4
    regions.settle()
    regions.assert_nothing_left()


LINES = (
    "HSET h f v",
    "HSET h f v g w",
    "HDEL h f",
    "DEL h",
    "HINCRBY h g 1",
    "HPEXPIRE h 30 FIELDS 1 f",
    "HPEXPIRE h 90 FIELDS 2 f g",
    "HPERSIST h FIELDS 1 f",
    "HSETEX h PX 50 FIELDS 1 f v",
    "HGETEX h PX 20 FIELDS 1 g",
    "PEXPIRE h 60",
)


@given(
    story=st.lists(
        st.tuples(
            st.integers(1, 3),
            st.sampled_from(LINES),
            st.sampled_from([0, 0, 1, 2, 3]),
            st.sampled_from([0, 1_000, 25_000]),
        ),
        max_size=25,
    )
)
def test_regions_agree_on_what_has_ended(story: list[tuple[int, str, int, int]]) -> None:
    regions = Regions(3, Settings(owner_grace_us=40_000))
    for region, line, speaker, wait_us in story:
        regions.say(region, line)
        regions.now_us += wait_us
        if speaker:
            regions.hear(1 + speaker % 3, speaker)
    for _ in range(3):
        regions.settle()
        regions.now_us += SECOND_US
    regions.settle()
    regions.assert_converged()
    for replica in regions.replicas.values():
        assert not replica.keyspace.endings
        found = replica.keyspace.hash_at(b"h")
        if found is not None:
            assert found.alive()
            assert not found.timed
            assert not found.ghosts
            assert not found.records
