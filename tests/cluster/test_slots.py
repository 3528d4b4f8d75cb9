"""Slots and key positions, held against the real server."""

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from crdb.command import keys_of, lookup
from crdb.errors import CommandError
from crdb.slots import SLOTS, Cut, slot
from tests.commands.conftest import oracle as oracle
from tests.commands.families import FAMILIES
from tests.commands.requests import line
from tests.oracle import Oracle

names = st.one_of(
    st.binary(max_size=20),
    st.lists(st.sampled_from([b"{", b"}", b"a", b"user", b"\xff"]), max_size=8).map(b"".join),
)


@settings(max_examples=20)
@given(keys=st.lists(names, min_size=50, max_size=50))
def test_a_key_has_the_slot_that_it_has_at_the_real_server(oracle: Oracle, keys: list[bytes]):
    with oracle.clients(1) as (server,):
        for key in keys:
            assert slot(key) == server.execute([b"CLUSTER", b"KEYSLOT", key]), key


requests = st.sampled_from(
    [(family, name) for family in FAMILIES.values() for name in sorted(family.arguments)]
).flatmap(lambda which: line(*which))


@settings(max_examples=20)
@given(drawn=st.lists(requests, min_size=50, max_size=50))
def test_a_request_names_the_keys_that_the_real_server_finds_in_it(oracle: Oracle, drawn):
    with oracle.clients(1) as (server,):
        for request in drawn:
            theirs: Any = server.execute([b"COMMAND", b"GETKEYS", *request])
            if isinstance(theirs, CommandError):
                continue  # It has none, or is no request of theirs.
            assert sorted(keys_of(lookup(request), request)) == sorted(theirs), request


@given(st.integers(1, 200))
def test_ranges_share_out_all_slots_evenly(count: int) -> None:
    cut = Cut(count)
    assert [number for each in cut.ranges for number in each] == list(range(SLOTS))
    assert max(map(len, cut.ranges)) - min(map(len, cut.ranges)) <= 1
    for index, each in enumerate(cut.ranges):
        assert {cut.range_of(each[0]), cut.range_of(each[-1])} == {index}
