"""Hashes: when fields end, and what is left of those that are gone."""

from hypothesis import given
from hypothesis import strategies as st

from crdb.crdts.expiry import FOREVER
from crdb.crdts.field import Field
from tests.cases import CASES, MEMBERS
from tests.cases.hash import ends_ms
from tests.scripts import World, scripts

CASE = CASES["hash"]


@given(data=st.data())
def test_a_field_ends_when_its_spec_says(data: st.DataObject) -> None:
    world = World(CASE).play(data.draw(scripts(CASE, steps_max=20)))
    for step in range(2):
        for site in world.sites:
            fields, history = site.state.fields, world.visible(site)
            for name in MEMBERS:
                if name in fields:
                    mine = fields[name]
                    found = mine.ends_ms if isinstance(mine, Field) else FOREVER
                    assert found == ends_ms(history, name)
            timed = {name for name, field in site.state.timed.items() if field.ends_ms < FOREVER}
            assert timed == {name for name in fields if ends_ms(history, name) < FOREVER}
        if not step:
            world.quiesce()
