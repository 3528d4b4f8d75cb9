"""Causal contexts with gaps, against the plain set of dots that they stand for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdb.dots import (
    ACTORS_MAX,
    SEQ_MASK,
    CausalContext,
    Dot,
    VersionVector,
    actor_of,
    dot,
    name,
    seq_of,
)

ACTORS, SEQS = range(1, 4), range(1, 9)
ALL = [dot(actor, seq) for actor in ACTORS for seq in SEQS]

actors = st.sampled_from(ACTORS)
seqs = st.sampled_from(SEQS)
steps = st.lists(
    st.one_of(st.tuples(st.just("add"), actors, seqs), st.tuples(st.just("advance"), actors, seqs)),
    max_size=12,
)


def built(script: list[tuple[str, int, int]]) -> tuple[CausalContext, set[Dot]]:
    """The context that a script of calls makes, and the set that it should be."""
    context, model = CausalContext(), set()
    for call, actor, seq in script:
        if call == "add":
            context.add(dot(actor, seq))
            model.add(dot(actor, seq))
        else:
            context.advance(actor, seq)
            model |= {dot(actor, each) for each in range(1, seq + 1)}
    return context, model


def members(context: CausalContext) -> set[Dot]:
    return {each for each in ALL if each in context}


@given(steps)
def test_a_context_is_a_set_of_dots(script: list[tuple[str, int, int]]) -> None:
    context, model = built(script)
    assert members(context) == model


@given(steps)
def test_the_vector_moves_only_by_advancing(script: list[tuple[str, int, int]]) -> None:
    # Hearsay that happens to close a gap must not move a cursor: removals would be skipped.
    context, _ = built(script)
    furthest = dict.fromkeys(ACTORS, 0)
    for call, actor, seq in script:
        if call == "advance":
            furthest[actor] = max(furthest[actor], seq)
    assert {actor: context.vector.get(actor, 0) for actor in ACTORS} == furthest


@given(steps)
def test_the_cloud_holds_only_what_the_vector_lacks(script: list[tuple[str, int, int]]) -> None:
    context, _ = built(script)
    assert not any(context.vector.covers(each) for each in context.cloud)


@given(steps, steps)
def test_merge_is_union(
    script: list[tuple[str, int, int]], other: list[tuple[str, int, int]]
) -> None:
    (one, first), (two, second) = built(script), built(other)
    before = two.copy()
    one.merge(two)
    assert members(one) == first | second
    assert two == before
    assert not any(one.vector.covers(each) for each in one.cloud)


@given(steps, steps, steps)
def test_merge_is_a_join(
    a: list[tuple[str, int, int]], b: list[tuple[str, int, int]], c: list[tuple[str, int, int]]
) -> None:
    def merged(*scripts: list[tuple[str, int, int]]) -> CausalContext:
        whole = CausalContext()
        for script in scripts:
            whole.merge(built(script)[0])
        return whole

    assert merged(a, b) == merged(b, a)
    assert merged(a, b, c) == merged(c, b, a) == merged(a, a, b, c, b)
    assert merged(a) == built(a)[0]


@given(steps, actors, seqs)
def test_a_copy_is_another_context(
    script: list[tuple[str, int, int]], actor: int, seq: int
) -> None:
    context, model = built(script)
    copy = context.copy()
    copy.add(dot(actor, seq))
    copy.advance(actor, max(SEQS))
    assert members(context) == model


@given(steps, steps)
def test_a_vector_dominates_what_it_holds(
    script: list[tuple[str, int, int]], other: list[tuple[str, int, int]]
) -> None:
    one, two = built(script)[0].vector, built(other)[0].vector
    holds = all(one.covers(each) for each in ALL if two.covers(each))
    assert one.dominates(two) == holds
    both = one.copy()
    both.join(two)
    assert both.dominates(one)
    assert both.dominates(two)


@given(st.integers(1, ACTORS_MAX - 1), st.integers(1, SEQ_MASK))
def test_a_dot_is_its_actor_and_number(actor: int, seq: int) -> None:
    packed = dot(actor, seq)
    assert (actor_of(packed), seq_of(packed)) == (actor, seq)
    assert name(packed) == f"{actor}:{seq}"
    assert 0 < packed < 1 << 60


def test_dots_go_past_32_bits() -> None:
    # Bug 10: a clock past 32 bits made everything be sent again.
    last = (1 << 32) + 5
    vector = VersionVector({1: last})
    assert vector.covers(dot(1, 1 << 32))
    assert vector.covers(dot(1, last))
    assert not vector.covers(dot(1, last + 1))
    assert not vector.covers(dot(2, 1))
    assert dot(1, SEQ_MASK) < dot(2, 1)


@pytest.mark.parametrize(("actor", "seq"), [(0, 1), (ACTORS_MAX, 1), (1, 0), (1, SEQ_MASK + 1)])
def test_what_is_no_dot_is_refused(actor: int, seq: int) -> None:
    with pytest.raises(ValueError, match="must be between"):
        dot(actor, seq)


def test_the_cloud_shows_in_the_name() -> None:
    assert (
        repr(CausalContext(VersionVector({1: 2}), [dot(2, 7)])) == "CausalContext({1: 2} + {2:7})"
    )
