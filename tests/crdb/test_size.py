"""Metadata stays within each type's bound, and nothing is left of what was removed."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdb.keyspace import DEADLINES_SPARE
from crdb.replica import Replica
from crdb.session import Session
from tests.bench import bench_churn
from tests.cases import CASES, MEMBERS, Case
from tests.scripts import SITES, Exec, World, scripts

by_type = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@by_type
@given(data=st.data())
def test_size_bound(case: Case, data: st.DataObject) -> None:
    world = World(case)
    for step in data.draw(scripts(case, steps_max=20)):
        world.step(step)
        site = world.sites[step.site]
        authors = len({op.region for op in world.visible(site)})
        assert case.records(site.state) <= case.bound(authors, len(MEMBERS))


@by_type
@given(data=st.data())
def test_one_author_bound(case: Case, data: st.DataObject) -> None:
    # However long: what an author replaces goes at once, without a peer's help.
    world = World(case)
    for call in data.draw(st.lists(case.calls, max_size=20)):
        world.step(Exec(0, call, clock=1))
        assert case.records(world.sites[0].state) <= case.bound(1, len(MEMBERS))


@by_type
@given(data=st.data())
def test_nothing_is_left_of_the_dead(case: Case, data: st.DataObject) -> None:
    world = World(case).play(data.draw(scripts(case)))
    world.quiesce()
    world.step(Exec(0, ("clear",), clock=1))
    world.quiesce()
    for site in world.sites:
        assert not site.state.alive()
        for record in list(site.state.dots()):
            site.state.forget(record)
        assert site.state.empty()
        assert not list(site.state.dots())
        assert case.records(site.state) == 0
    assert len(world.sites) == SITES


def test_one_key_set_over_and_over_does_not_fill_the_heap_of_deadlines() -> None:
    replica, session = Replica(1), Session()
    for second in range(1, 5_000):
        replica.execute(0, session, [b"SET", b"k", b"v", b"EX", b"%d" % second], lambda n: 0)
    assert len(replica.keyspace.deadlines) <= DEADLINES_SPARE + 2


def test_after_a_long_life_memory_is_that_of_a_fresh_copy() -> None:
    """A million operations are in `tests/bench/bench_churn.py`."""
    assert bench_churn.measure(20_000)["memory"] <= 1.1
