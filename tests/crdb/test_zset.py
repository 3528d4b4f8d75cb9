"""Sorted sets as a type: their order, how small they are, and their bytes."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdb.crdts.base import NOTHING
from crdb.crdts.counter import Part
from crdb.crdts.string import String
from crdb.crdts.zset import ScoreDelta, ZSet, ZSetDelta, factors
from crdb.dots import dot
from crdb.persistence.format import decode, encode, size_bytes
from tests.cases import CASES, MEMBERS
from tests.regions import Regions
from tests.scripts import World, scripts

CASE = CASES["zset"]


@given(data=st.data())
def test_the_order_is_that_of_the_scores_whatever_is_merged(data: st.DataObject) -> None:
    world = World(CASE)
    for step in data.draw(scripts(CASE, steps_max=20)):
        asked = data.draw(st.booleans())
        if asked:
            world.sites[step.site].state.order()
        world.step(step)
        for site in world.sites:
            wanted = sorted((score, member) for member, score in site.state.value().items())
            if asked:
                assert list(site.state.order()) == wanted


@given(data=st.data())
def test_a_member_that_is_one_assignment_is_held_as_one(data: st.DataObject) -> None:
    world = World(CASE).play(data.draw(scripts(CASE)))
    for site in world.sites:
        for name in MEMBERS:
            held = site.state.members.get(name)
            if isinstance(held, String):
                register = held.register
                assert held.counter.parts or held.counter.resets or (register and register.losers)


def test_a_member_that_was_incremented_is_small_again_when_its_reset_is_stable() -> None:
    regions = Regions(2)
    regions.say(1, "ZINCRBY z 5 a")
    regions.say(1, "ZADD z 7 a")
    regions.settle()
    for replica in regions.replicas.values():
        held = replica.keyspace.keys[b"z"].value
        assert isinstance(held, ZSet)
        assert isinstance(held.members[b"a"], tuple)
        assert not held.records


def test_a_score_is_rounded_once_whatever_the_order() -> None:
    one, other = ZSet(), ZSet()
    tiny, huge = [Part(dot(n, 1), dot(n, 1), amount) for n, amount in ((1, 1), (2, 1 << 53))]
    more = Part(dot(3, 1), dot(3, 1), 1)
    for state, parts in ((one, (tiny, huge, more)), (other, (huge, more, tiny))):
        for part in parts:
            state.merge(ScoreDelta(b"a", part, None), NOTHING)
    assert one.value() == other.value() == {b"a": 2.0**53 + 2}


def test_a_sum_beyond_every_double_is_an_infinity() -> None:
    state = ZSet()
    for number in (1, 2):
        state.merge(state.increment(b"a", int(1.5e308), dot(number, 1)), NOTHING)
        state.merge(state.increment(b"b", -int(1.5e308), dot(number, 2)), NOTHING)
    assert state.value() == {b"a": float("inf"), b"b": float("-inf")}


def test_a_fresh_sorted_set_takes_a_fifth_of_a_byte_a_member_beyond_its_content() -> None:
    members = 10_000
    regions = Regions(2)
    for number in range(members):
        regions.say(1, f"ZADD z {number / 7} m{number:07}")
    regions.settle()
    for replica in regions.replicas.values():
        snapshot = replica.snapshot()
        assert decode(encode(snapshot)) == snapshot
        assert size_bytes(snapshot) - members * (8 + 8) <= 0.2 * members


A, B = dot(1, 1), dot(2, 3)
STRING = factors(Part(B, B, 3), None)
VALUES = {
    "assign": ScoreDelta(b"a", (A, 77, 1.5), B),
    "increment": ScoreDelta(b"a", Part(B, B, 3), None),
    "zset": ZSetDelta({b"a": (A, 77, 1.5), b"b": STRING}, {b"c": A}),
}
BYTES = {
    "assign": (
        "cb01011453636f726544656c746102610682808080808080019a01000000000000f83f02868080808080"
        "8002438cdade"
    ),
    "increment": (
        "cb01011453636f726544656c74610261028680808080808002868080808080800202060089ad7838"
    ),
    "zset": (
        "cb0101125a53657444656c74610402020061620000011000000000000286808080808080028680808080"
        "8080020206000082808080808080019a01000000000000f83f0202630082808080808080014b0aab8e"
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_the_format_is_that_of_its_version(name: str) -> None:
    """A failure here: files and peers of this version are no longer understood."""
    assert encode(VALUES[name]).hex() == BYTES[name]
    assert decode(bytes.fromhex(BYTES[name])) == VALUES[name]
