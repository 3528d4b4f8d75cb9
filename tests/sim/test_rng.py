"""Streams of dice: named, independent, recorded, exact."""

from collections import Counter
from fractions import Fraction
from math import sqrt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.rng import Dice, Streams, fraction, odds

seeds = st.integers(0, 2**64)


def test_recorded_draws():
    """NumPy keeps bit streams for ever; if this fails, every recorded seed is void."""
    dice = Streams(0)["recorded"]
    assert [dice.raw() for _ in range(3)] == [
        11895204965344936631,
        15101791208210004768,
        9813492188383267058,
    ]


@given(seeds, st.text(max_size=20))
def test_the_same_seed_and_name_give_the_same_draws(seed, name):
    one, other = Streams(seed)[name], Streams(seed)[name]
    assert [one.raw() for _ in range(100)] == [other.raw() for _ in range(100)]


def test_streams_do_not_shift_one_another():
    alone, beside = Streams(1), Streams(1)
    for _ in range(1000):
        beside["other"].raw()
    assert [alone["mine"].raw() for _ in range(10)] == [beside["mine"].raw() for _ in range(10)]


def test_seed_name_and_fork_each_make_another_stream():
    base = Dice(1, "a")
    streams = [base, Dice(2, "a"), Dice(1, "b"), base.fork("a"), base.fork("b")]
    assert len({dice.raw() for dice in streams}) == len(streams)


def test_a_fork_draws_nothing_from_its_parent():
    forked, left_alone = Dice(1, "a"), Dice(1, "a")
    forked.fork("child").raw()
    assert forked.raw() == left_alone.raw()


def test_single_draws_are_the_array_in_pieces():
    single, whole = Dice(1, "a"), Dice(1, "a")
    assert [single.raw() for _ in range(6000)] == whole.raws(6000).tolist()


@given(seeds, st.integers(1, 2**64))
def test_below_stays_below(seed, bound):
    dice = Dice(seed, "below")
    assert all(0 <= dice.below(bound) < bound for _ in range(20))


@pytest.mark.parametrize("bound", [2, 6, 1000])
def test_below_is_even(bound):
    """Chi-square within five standard deviations of its mean."""
    dice = Dice(3, "even")
    draws = 200 * bound
    counts = Counter(dice.below(bound) for _ in range(draws))
    chi_square = sum((counts[face] - 200) ** 2 / 200 for face in range(bound))
    assert abs(chi_square - (bound - 1)) < 5 * sqrt(2 * bound)


def test_below_redraws_what_would_tip_the_balance():
    """With a bound just above 2**63, raw draws of 0 and 1 both mean 0; only one may count."""
    dice = Dice(4, "tip")
    left = iter([0, 1])
    dice.raw = left.__next__
    assert dice.below(2**63 + 1) == 0
    assert list(left) == []


@pytest.mark.parametrize("bound", [0, -1, 2**64 + 1])
def test_impossible_bounds_are_refused(bound):
    with pytest.raises(ValueError, match="expected 1 to"):
        Dice(0, "x").below(bound)


def test_a_negative_seed_is_refused():
    with pytest.raises(ValueError, match="expected 0 or more"):
        Streams(-1)["x"]


def test_chance_is_exact_at_both_ends():
    dice = Dice(5, "chance")
    assert not any(dice.chance(0) for _ in range(100))
    assert all(dice.chance(1) for _ in range(100))
    hits = sum(dice.chance(Fraction(1, 4)) for _ in range(4000))
    assert 850 < hits < 1150


def test_a_pick_may_be_any_of_the_choices():
    dice = Dice(6, "pick")
    assert {dice.pick("abc") for _ in range(100)} == set("abc")


def test_odds_read_numbers_as_written():
    assert fraction(0.1) == Fraction(1, 10)
    assert (odds(0), odds("0.25"), odds(1)) == (0, 2**62, 2**64)
    with pytest.raises(ValueError, match="expected 0 to 1"):
        odds(1.5)
