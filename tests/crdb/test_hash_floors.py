"""How many bytes a large hash takes, kept or resynchronised: floors for sizes, not for times.

*Metadata* is all that is not a field's own name and value, as in `test_floors`.
"""

from random import Random

import pytest

from crdb.crdts.hash import HashDelta
from crdb.messages import Difference
from crdb.persistence.format import decode, encode, size_bytes
from tests.regions import Regions

FIELDS = 10_000
APART = 50
"""Fields that are new, assigned again, and removed in each of two regions: 1.5 % of the hash."""
NAME_BYTES, VALUE_BYTES = 8, 10


class Hashes:
    """Two regions that hold one hash, under the key ``h``."""

    def __init__(self, step_us: int = 0) -> None:
        self.dice = Random(1)
        self.step_us = step_us
        self.regions = Regions(2)
        self.names: list[bytes] = []
        self.add(1, FIELDS)
        self.regions.settle()

    def set(self, region: int, name: bytes) -> None:
        self.regions.now_us += self.step_us
        self.regions.run(region, b"HSET", b"h", name, self.dice.randbytes(VALUE_BYTES))

    def add(self, region: int, count: int) -> None:
        for _ in range(count):
            self.names.append(self.dice.randbytes(NAME_BYTES))
            self.set(region, self.names[-1])

    def metadata(self) -> float:
        """Bytes a field of an encoded snapshot, beyond names and values."""
        fields = self.regions.run(1, b"HGETALL", b"h")
        assert isinstance(fields, dict)
        assert len(fields) >= 0.99 * FIELDS
        snapshot = self.regions[1].snapshot()
        assert decode(encode(snapshot)) == snapshot
        own = sum(len(name) + len(value) for name, value in fields.items())
        return (size_bytes(snapshot) - own) / len(fields)

    def change(self, region: int) -> None:
        self.add(region, APART)
        for name in self.dice.sample(self.names[:FIELDS], APART):
            self.set(region, name)
        for name in self.dice.sample(self.names[:FIELDS], APART):
            self.regions.run(region, b"HDEL", b"h", name)


@pytest.mark.parametrize("step_us", [0, 7], ids=["at once", "over time"])
def test_a_fresh_hash_has_a_fifth_of_a_byte_of_metadata_a_field(step_us: int) -> None:
    assert Hashes(step_us).metadata() <= 0.2


def test_resync_ships_only_fields_that_differ() -> None:
    hashes = Hashes()
    for region in (1, 2):
        hashes.change(region)
    asked = hashes.regions[2].digest()
    ((_, answer),) = hashes.regions[1].receive(hashes.regions.clock_us(1), asked).answers
    assert isinstance(answer, Difference)
    ((_, (delta,)),) = answer.states.items()
    assert isinstance(delta, HashDelta)
    assert len(delta.fields) <= 2 * APART
    assert size_bytes(answer) <= 3 * APART * (NAME_BYTES + VALUE_BYTES)
    hashes.regions[2].receive(hashes.regions.clock_us(2), answer)
    hashes.regions.settle()
    hashes.regions.assert_converged()


def test_nothing_is_left_of_what_was_removed_once_all_have_seen_it() -> None:
    regions = Regions(2)
    for number in range(300):
        key, region = b"h:%d" % (number % 10), 1 + number % 2
        regions.run(region, b"HSET", key, b"text:%d" % number, b"v")
        regions.run(region, b"HINCRBY", key, b"number:%d" % (number % 30), b"1")
        regions.run(region, b"HSETEX", key, b"EX", b"1000", b"FIELDS", b"1", b"timed", b"v")
    regions.settle()
    for key in sorted(regions[1].keyspace.keys):
        regions.run(1, b"DEL", key)
    regions.settle()
    regions.assert_nothing_left()
    for replica in regions.replicas.values():
        assert replica.snapshot().states == {}
        assert size_bytes(replica.snapshot()) <= 40


def test_one_hset_is_a_message_of_few_bytes() -> None:
    regions = Regions(2)
    regions.run(1, b"HSET", b"h", b"12345678", b"1234567890")
    ((_, message),) = regions[1].tick(regions.clock_us(1))
    assert size_bytes(message) <= 90
