"""Wilson's interval: against published values, at its ends, and how often it is right."""

from math import comb

import pytest

from sim.proportion import proportion


def interval(count: int, of: int) -> tuple[float, float]:
    found = proportion(count, of)
    assert found.low is not None
    assert found.high is not None
    return found.low, found.high


@pytest.mark.parametrize(
    ("count", "of", "low", "high"),
    [
        # Newcombe, "Two-sided confidence intervals for the single proportion", 1998, table I.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_the_published_one(count, of, low, high):
    assert proportion(count, of).rate == count / of
    assert [round(end, 4) for end in interval(count, of)] == [low, high]


def test_the_interval_stays_within_0_and_1():
    assert interval(0, 7)[0] == 0
    assert interval(7, 7)[1] == 1
    assert interval(0, 7)[1] == pytest.approx(1 - interval(7, 7)[0])


def test_of_nothing_there_is_no_rate():
    found = proportion(0, 0)
    assert (found.rate, found.low, found.high, found.half_width) == (None, None, None, 1)


@pytest.mark.parametrize(("count", "of"), [(3, 2), (-1, 2)])
def test_impossible_counts_are_refused(count, of):
    with pytest.raises(ValueError, match=f"{count} of {of}"):
        proportion(count, of)


@pytest.mark.parametrize("rate", [0.01, 0.1, 0.5])
def test_the_interval_holds_the_true_rate_in_about_95_of_100_cases(rate):
    """Summed over the binomial distribution of 400 trials."""
    right = 0.0
    for count in range(401):
        low, high = interval(count, 400)
        if low <= rate <= high:
            right += comb(400, count) * rate**count * (1 - rate) ** (400 - count)
    assert 0.93 < right < 0.97
