"""Each type means what its spec says, at every site, after every step, and sites converge."""

import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from crdb import registry
from crdb.crdts.base import CRDT
from tests.cases import CASES, Case
from tests.scripts import SITES, World, read, scripts

by_type = pytest.mark.parametrize("case", CASES.values(), ids=CASES)


@by_type
@given(data=st.data())
def test_spec(case: Case, data: st.DataObject) -> None:
    world = World(case)
    for step in data.draw(scripts(case)):
        world.step(step)
        site = world.sites[step.site]
        assert read(site.state) == case.spec(world.visible(site))
    world.quiesce()
    for site in world.sites:
        assert read(site.state) == case.spec(world.history)
    if any(not op.seen >= set(range(op.number)) for op in world.history):
        event("something concurrent did happen")


@by_type
@given(data=st.data())
def test_all_sites_hold_the_same(case: Case, data: st.DataObject) -> None:
    world = World(case).play(data.draw(scripts(case)))
    world.quiesce()
    first = world.sites[0].causal
    assert not first.seen.cloud
    assert [site.causal for site in world.sites] == [first] * SITES


@by_type
@given(data=st.data())
def test_full_sync_equals_streams(case: Case, data: st.DataObject) -> None:
    world = World(case).play(data.draw(scripts(case)))
    joined = world.sites[0].causal | world.sites[1].causal | world.sites[2].causal
    world.quiesce()
    assert joined.state.complete() == world.sites[0].state.complete()


def test_every_type_has_a_case() -> None:
    kinds = {
        kind
        for module in registry.members("crdb.crdts")
        for kind in vars(module).values()
        if isinstance(kind, type) and issubclass(kind, CRDT) and kind is not CRDT
    }
    assert kinds == {case.kind for case in CASES.values()}
