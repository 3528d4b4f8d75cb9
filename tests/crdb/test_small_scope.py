"""Everything that can happen in a small world: no sampling, no luck.

Three regions make two operations each. Between the first and the second, any region may have heard
any other or not: 64 ways. All first operations have one clock; the second have an earlier one, so
that a clock which is behind meets what it has seen. Every history is played, read in each region,
and again after everybody has heard everybody.

Two operations of each type give 4,096 histories a type; three give 46,656, and are for
``-m deep``.
"""

from collections.abc import Callable, Iterator, Sequence
from itertools import product

import pytest

from tests.cases import CASES, Case
from tests.scripts import SITES, Call, Exec, Hear, World, read

FIRST_CLOCK, SECOND_CLOCK = 10, 5
LINKS = [(site, author) for site in range(SITES) for author in range(SITES) if site != author]

by_type = pytest.mark.parametrize("case", CASES.values(), ids=CASES)
Tell = Callable[[str, object], None]


def histories(alphabet: Sequence[Call]) -> Iterator[tuple[tuple[Call, ...], tuple[bool, ...]]]:
    """(the first three operations and the second three, which links were open in between)."""
    calls = product(alphabet, repeat=2 * SITES)
    return product(calls, product((False, True), repeat=len(LINKS)))


def play(case: Case, calls: Sequence[Call], heard: Sequence[bool]) -> None:
    world = World(case)
    for site in range(SITES):
        world.step(Exec(site, calls[site], FIRST_CLOCK))
    for (site, author), hears in zip(LINKS, heard, strict=True):
        if hears:
            world.step(Hear(site, author, most=1))
    for site in range(SITES):
        world.step(Exec(site, calls[SITES + site], SECOND_CLOCK))
    for each in world.sites:
        assert read(each.state) == case.spec(world.visible(each)), (calls, heard)
    world.quiesce()
    expected, first = case.spec(world.history), world.sites[0].causal
    for each in world.sites:
        assert read(each.state) == expected, (calls, heard)
        assert each.causal == first, (calls, heard)


def play_all(case: Case, alphabet: Sequence[Call], tell: Tell) -> None:
    count = 0
    for calls, heard in histories(alphabet):
        play(case, calls, heard)
        count += 1
    tell("histories", count)


@pytest.mark.slow
@by_type
def test_two_operations_in_three_regions(case: Case, record_property: Tell) -> None:
    play_all(case, case.alphabet[:2], record_property)


@pytest.mark.slow
@pytest.mark.deep
@by_type
def test_three_operations_in_three_regions(case: Case, record_property: Tell) -> None:
    play_all(case, case.alphabet[:3], record_property)
