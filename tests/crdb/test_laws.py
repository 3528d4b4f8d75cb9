"""The laws of `crdb.crdts.base`, each under its name there, for every type of `tests/cases/`."""

import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdb.crdts import base
from crdb.crdts.base import NOTHING, Causal, Delta
from crdb.dots import CausalContext, Dot, actor_of, seq_of
from tests.cases import CASES, Case
from tests.scripts import Sent, World, scripts

State = Causal[Any]


class Drawn:
    """Three states of one world, and two deltas made one after the other at the first."""

    def __init__(self, case: Case, data: st.DataObject) -> None:
        world = World(case).play(data.draw(scripts(case)))
        self.case = case
        self.a, self.b, self.c = (site.causal.copy() for site in world.sites)
        author, reader = world.sites[0], world.sites[1]
        self.stream = list(author.stream)
        # A reader that is up to date with the author's stream, and knows more besides.
        for sent in self.stream:
            if sent.op.number not in reader.applied:
                reader.apply(sent)
        self.reader = reader.causal.copy()
        self.made: list[Sent] = []
        for call in data.draw(st.lists(case.calls, min_size=2, max_size=2)):
            sent = world.make(author, call, data.draw(st.integers(0, 30)))
            author.apply(sent)
            self.made.append(sent)
        self.d1, self.d2 = (sent.delta for sent in self.made)

    def seen(self, dot: Dot) -> bool:
        return dot in self.a.seen

    def after(self, state: State, *deltas: Delta) -> State:
        """A copy with the deltas merged, both of them counted as applied."""
        copy = state.copy()
        for delta in deltas:
            copy.plus(delta)
        last = self.made[-1].last
        copy.seen.advance(actor_of(last), seq_of(last))
        return copy


def commutative(drawn: Drawn) -> None:
    assert drawn.a | drawn.b == drawn.b | drawn.a


def associative(drawn: Drawn) -> None:
    a, b, c = drawn.a, drawn.b, drawn.c
    assert (a | b) | c == a | (b | c)


def idempotent(drawn: Drawn) -> None:
    assert drawn.a | drawn.a == drawn.a
    both = drawn.a | drawn.b
    assert both | drawn.b == both == both | drawn.a


def bottom(drawn: Drawn) -> None:
    nothing = Causal(drawn.case.kind())
    assert drawn.a | nothing == drawn.a == nothing | drawn.a


def inflation(drawn: Drawn) -> None:
    for mine, other in ((drawn.a, drawn.b), (drawn.b, drawn.a)):
        both = mine | other
        assert dots_of(both.seen) >= dots_of(mine.seen)
        lost = set(mine.state.dots()) - set(both.state.dots())
        named = set(other.state.complete().dots())
        assert all(dot in other.seen or dot in named for dot in lost) or mine.state.deletes_win


def grouping(drawn: Drawn) -> None:
    joined = drawn.case.kind.join(drawn.d1, drawn.d2)
    for state in (drawn.a, drawn.reader):
        assert drawn.after(state, drawn.d1, drawn.d2) == drawn.after(state, joined)


def delta(drawn: Drawn) -> None:
    alone = Causal.of(drawn.case.kind, drawn.d1)
    for state in (drawn.a, drawn.reader):
        assert state.copy().plus(drawn.d1) == state | alone == alone | state


def once(drawn: Drawn) -> None:
    for state in (drawn.a, drawn.reader):
        one = state.copy().plus(drawn.d1)
        assert one.copy().plus(drawn.d1) == one
    for sent in drawn.stream:
        assert drawn.a.copy().plus(sent.delta) == drawn.a


def now(drawn: Drawn) -> None:
    for state in (drawn.a, drawn.b, drawn.reader):
        for sent in drawn.made:
            call, by = sent.op.call, sent.by
            twin, original = state.copy().state, state.copy().state
            made = drawn.case.run_now(twin, call, by)
            if made is None:
                assert twin.complete() == original.complete()
                continue
            assert made == drawn.case.run(original, call, by)
            assert original.merge(made, NOTHING) is None
            assert (twin.complete(), twin.value()) == (original.complete(), original.value())


LAWS: dict[str, Callable[[Drawn], None]] = {
    law.__name__: law
    for law in (commutative, associative, idempotent, bottom, inflation, grouping, delta, once, now)
}


def dots_of(seen: CausalContext) -> set[Dot]:
    """A context as the plain set that it stands for."""
    return seen.cloud | {
        actor << 48 | seq for actor, last in seen.vector.items() for seq in range(1, last + 1)
    }


@pytest.mark.parametrize("law", LAWS.values(), ids=LAWS)
@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@given(data=st.data())
def test_law(case: Case, law: Callable[[Drawn], None], data: st.DataObject) -> None:
    law(Drawn(case, data))


def test_the_laws_are_those_of_the_contract() -> None:
    assert base.__doc__ is not None
    stated = base.__doc__.partition("The laws")[2].partition("Laws are necessary")[0]
    assert re.findall(r"^([a-z]+) {2,}\S", stated, re.MULTILINE) == list(LAWS)
