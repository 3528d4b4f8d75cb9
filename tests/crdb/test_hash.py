"""Hashes: when fields end, and what is left of those that are gone."""

from hypothesis import given
from hypothesis import strategies as st

from crdb.crdts.base import NOTHING
from crdb.crdts.expiry import FOREVER
from crdb.crdts.field import Field, Written
from crdb.crdts.hash import Hash
from crdb.dots import dot
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


def test_what_is_left_of_a_field_goes_with_a_new_one() -> None:
    """A deadline has outlived its field; an HSET that sees it takes it away."""
    ghostly = Hash()
    ghostly.merge(ghostly.assign({b"f": b"1"}, 1, dot(1, 1)), NOTHING)
    timed = ghostly.expire_at(b"f", 5_000, 1, dot(1, 2))
    ghostly.merge(ghostly.remove([b"f"], dot(2, 1)), NOTHING)
    ghostly.merge(timed, NOTHING)
    assert (ghostly.alive(), list(ghostly.ghosts)) == (False, [b"f"])
    ghostly.merge(ghostly.assign({b"f": b"2"}, 2, dot(2, 2)), NOTHING)
    assert ghostly.fields == {b"f": Written(dot(2, 2), 2, b"2")}
    assert list(ghostly.dots()) == [dot(2, 2)]
