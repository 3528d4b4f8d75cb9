"""Latencies against their textbook quantiles, and draws against themselves."""

import subprocess
import sys
from decimal import Decimal
from math import exp, log
from statistics import NormalDist, mean, median

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.latency import Constant, Exponential, Jitter, Lognormal, Mixture, Pareto, pbs
from sim.quantiles import grid, normal_grid
from sim.rng import Dice

EVERY = [
    Constant(41_500),
    Jitter(41_500),
    Jitter(250, Decimal("0.5")),
    Lognormal(10_000, Decimal("0.4")),
    Exponential(5_000),
    Pareto(3_000, Decimal("3.35")),
    pbs("YMMR"),
    pbs("WAN", "ARS"),
]


def raw_of(probability):
    return int(probability * 2**64)


@pytest.mark.parametrize("latency", EVERY, ids=repr)
def test_a_stream_gives_the_draws_of_draw(latency):
    single, streamed = Dice(1, "latency"), latency.stream(Dice(1, "latency"))
    for _ in range(6_000):
        assert latency.draw(single) == next(streamed)


@pytest.mark.parametrize("latency", EVERY, ids=repr)
def test_draws_are_whole_and_never_negative(latency):
    draws = latency.block(Dice(2, "latency"), 5_000)
    assert all(type(draw) is int and draw >= 0 for draw in draws)


def test_the_normal_grid_is_that_of_the_textbook():
    for probability, z in zip(grid()[::64], normal_grid()[::64], strict=True):
        assert float(z) == pytest.approx(NormalDist().inv_cdf(float(probability)), abs=1e-9)
    assert normal_grid()[2048] == 0
    assert list(normal_grid()) == sorted(normal_grid())


@pytest.mark.parametrize("probability", [0.001, 0.1, 0.5, 0.9, 0.999, 0.9999, 0.99999])
def test_quantiles_are_those_of_the_distribution(probability):
    normal = NormalDist().inv_cdf(probability)
    tail = -log(1 - probability)
    for latency, expected in (
        (Jitter(100_000), 100_000 * (1 + 0.03 * normal)),
        (Lognormal(10_000, Decimal("0.4")), 10_000 * exp(0.4 * normal)),
        (Exponential(5_000), 5_000 * tail),
        (Pareto(3_000, Decimal("1.51")), 3_000 * exp(tail / 1.51)),
    ):
        assert latency.table.at(raw_of(probability)) == pytest.approx(expected, rel=0.005, abs=1)


@given(st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1))
def test_a_larger_raw_integer_never_gives_a_smaller_draw(one, other):
    table = Pareto(1_050, Decimal("1.51")).table
    low, high = sorted((one, other))
    assert table.at(low) <= table.at(high)


def test_jitter_is_small_and_centred():
    draws = Jitter(41_500).block(Dice(3, "jitter"), 20_000)
    assert mean(draws) == pytest.approx(41_500, rel=0.001)
    assert sorted(draws)[19_000] / median(draws) == pytest.approx(1.05, abs=0.003)


def test_jitter_never_halves_the_base():
    assert min(Jitter(1_000, Decimal(2)).block(Dice(4, "jitter"), 5_000)) == 500


def test_the_long_tail_of_a_mixture_has_its_share():
    """YMMR: 6.1 % of writes are exponential with a mean of 357 ms, the rest a Pareto from 3 ms."""
    draws = pbs("YMMR").block(Dice(5, "pbs"), 50_000)
    assert min(draws) < 3_000 < median(draws) < 4_000
    late = sum(draw > 100_000 for draw in draws) / len(draws)
    assert late == pytest.approx(0.061 * exp(-100 * 0.0028), rel=0.1)


def test_wan_is_the_disk_store_75_ms_away():
    near, far = pbs("LNKD-DISK"), pbs("WAN")
    assert far == Mixture(near.share, near.usual, near.other, extra_us=75_000)


def test_an_unknown_store_is_an_error():
    with pytest.raises(ValueError, match="no store 'MONGO'; there are LNKD-SSD, "):
        pbs("MONGO")


def test_recorded_draws():
    """The same on every machine and version: no libm, no NumPy distribution is involved."""
    dice = Dice(7, "recorded")
    assert [pbs("LNKD-DISK").draw(dice) for _ in range(4)] == [10783, 1634, 7554, 5566]
    assert [Jitter(41_500).draw(dice) for _ in range(4)] == [40011, 40713, 39055, 38820]


UNDER_ANOTHER_CONTEXT = """
from decimal import ROUND_FLOOR, getcontext
getcontext().rounding, getcontext().prec = ROUND_FLOOR, 6
from tests.sim.test_latency import draws
print(draws())
"""


def draws():
    """Draw from every kind of table; return what came."""
    return [latency.block(Dice(8, "context"), 20) for latency in EVERY]


def test_draws_do_not_depend_on_the_decimal_context_around_them():
    """In another process, since tables are made once and kept."""
    found = subprocess.run(
        [sys.executable, "-c", UNDER_ANOTHER_CONTEXT], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == str(draws())
