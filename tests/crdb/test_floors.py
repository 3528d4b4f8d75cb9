"""How many bytes a large set takes, kept or resynchronised: floors for sizes, not for times.

*Metadata* is all that is not a member's own bytes: the key, names, dots, the context, the checksum,
and the lengths of the members. Where all members are of one length, that is a few bytes together;
where they vary, each costs up to a byte, since nobody could say else where a member ends.

*Churn* takes a random member out and puts a new one in, 100,000 times for 10,000 members, by two
regions in turn. The dots that are left then have gaps of about 20, half of them from each region.
"""

from random import Random

import pytest

from crdb.messages import Difference, Message
from crdb.persistence.format import decode, encode, size_bytes
from tests.regions import Regions, said

MEMBERS = 10_000
APART = 50
"""Adds, and as many removals, that each of two regions lacks of the other: 1 % of the set."""
MEMBER_BYTES = 8
BARE_BYTES = APART * (MEMBER_BYTES + 1)
"""What the difference costs at least, as bare members with something between them."""


class Sets:
    """Two regions that hold one set, under the key ``s``."""

    def __init__(self, shortest: int = MEMBER_BYTES, longest: int = MEMBER_BYTES) -> None:
        self.dice = Random(1)
        self.lengths = shortest, longest
        self.regions = Regions(2)
        self.add(1, MEMBERS)
        self.regions.settle()

    @property
    def members(self) -> list[bytes]:
        return sorted(self.regions.run(1, b"SMEMBERS", b"s"))  # type: ignore[arg-type]

    def add(self, region: int, count: int) -> None:
        for _ in range(count):
            member = self.dice.randbytes(self.dice.randint(*self.lengths))
            self.regions.run(region, b"SADD", b"s", member)

    def remove(self, region: int, count: int) -> None:
        for member in self.dice.sample(self.members, count):
            self.regions.run(region, b"SREM", b"s", member)

    def churned(self) -> "Sets":
        for turn in range(10):
            region, live = 1 + turn % 2, self.members
            for place in self.dice.choices(range(len(live)), k=MEMBERS):
                self.regions.run(region, b"SREM", b"s", live[place])
                live[place] = self.dice.randbytes(self.dice.randint(*self.lengths))
                self.regions.run(region, b"SADD", b"s", live[place])
            self.regions.settle()
        return self

    def metadata(self) -> float:
        """Bytes a member of an encoded snapshot, beyond the members themselves."""
        members = self.members
        assert 0.99 * MEMBERS < len(members) <= MEMBERS
        snapshot = self.regions[1].snapshot()
        assert decode(encode(snapshot)) == snapshot
        return (size_bytes(snapshot) - sum(map(len, members))) / len(members)

    def resync_bytes(self) -> int:
        """What a resync of region 2 moves after each region has changed by a half percent."""
        for region in (1, 2):
            self.add(region, APART)
            self.remove(region, APART)
        asked = self.regions[2].digest()
        ((_, answer),) = self.regions[1].receive(self.regions.clock_us(1), asked).answers
        assert isinstance(answer, Difference)
        assert len(answer.gone) == APART
        return size_bytes(asked) + size_bytes(answer)


def test_a_fresh_set_has_a_tenth_of_a_byte_of_metadata_a_member() -> None:
    assert Sets().metadata() <= 0.1


def test_members_of_varying_length_cost_one_byte_more() -> None:
    assert Sets(4, 40).metadata() <= 1.1


@pytest.mark.parametrize("lengths", [(8, 8), (4, 40), (1, 200)])
def test_a_churned_set_has_two_bytes_of_metadata_a_member(lengths: tuple[int, int]) -> None:
    assert Sets(*lengths).churned().metadata() <= 2.0


def test_resync_of_a_fresh_set_moves_twice_the_bare_difference() -> None:
    assert Sets().resync_bytes() <= 2 * BARE_BYTES


def test_resync_of_a_churned_set_states_its_dots_in_little_more_than_a_byte_each() -> None:
    assert Sets().churned().resync_bytes() <= 1.2 * MEMBERS


def test_nothing_is_left_of_what_was_removed_once_all_have_seen_it() -> None:
    regions = Regions(2)
    for number in range(1_000):
        regions.run(1 + number % 2, b"SADD", b"set:%d" % (number % 100), b"%d" % number)
        regions.run(1 + number % 2, b"INCR", b"number:%d" % (number % 100))
        regions.run(1 + number % 2, b"SET", b"text:%d" % number, b"v", b"EX", b"1000")
    regions.settle()
    for key in sorted(regions[1].keyspace.keys):
        regions.run(1, b"DEL", key)
    regions.settle()
    regions.assert_nothing_left()
    for replica in regions.replicas.values():
        assert replica.snapshot().states == {}
        assert not replica.digest().live
        assert size_bytes(replica.snapshot()) <= 40
        assert size_bytes(replica.digest()) <= 40


def test_a_single_write_is_a_message_of_few_bytes() -> None:
    regions = Regions(2)
    regions.run(1, b"SADD", b"s", b"12345678")
    (message,) = said(regions, 1)
    assert isinstance(message, Message)
    assert size_bytes(message) <= 70
