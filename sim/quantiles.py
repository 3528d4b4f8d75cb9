"""Quantile tables: from a raw 64-bit integer to a draw in whole microseconds.

A table holds a distribution's quantiles at 4,096 equal steps of probability, and the last step
again in 1,024 parts, since there the tail of a latency lies; between two points a draw is
interpolated in integers. So a draw needs no float.

The points themselves are maps of two standard grids, normal and exponential, worked out in Decimal:
unlike libm's, its `exp` and `ln` are rounded correctly, hence the same on every machine. Whoever
computes with Decimal does so under `EXACT`, as the thread's own context may be anything.
"""

from collections.abc import Callable, Iterable
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

STEPS = 4096
TAIL_STEPS = 1024
EXACT = Context(prec=28, rounding=ROUND_HALF_EVEN)

_LAST = STEPS - 1
_FRACTION = (1 << 24) - 1
_HALF = 1 << 23
_SQRT_2_PI = Decimal("2.506628274631000502415765284811")


class QuantileTable:
    """A distribution as a table; `at` and `block` give the same draws for the same raw integers."""

    __slots__ = ("_array", "_points")

    def __init__(self, points_us: Iterable[int]) -> None:
        """Take the quantiles at the probabilities of `grid`, in microseconds."""
        self._points = tuple(points_us)
        self._array = np.array(self._points, dtype=np.int64)

    def at(self, raw: int) -> int:
        """Return the quantile at probability raw / 2**64, in microseconds."""
        cell = raw >> 52
        if cell < _LAST:
            part = raw >> 28 & _FRACTION
        else:
            cell += raw >> 42 & TAIL_STEPS - 1
            part = raw >> 18 & _FRACTION
        low = self._points[cell]
        return low + ((self._points[cell + 1] - low) * part + _HALF >> 24)

    def block(self, raws: NDArray[np.uint64]) -> list[int]:
        """Return the quantiles of many raw integers at once."""
        cell = (raws >> np.uint64(52)).astype(np.int64)
        bits = raws.view(np.int64)
        in_tail = cell == _LAST
        part = np.where(in_tail, bits >> 18, bits >> 28) & _FRACTION
        cell += np.where(in_tail, bits >> 42 & TAIL_STEPS - 1, 0)
        low = self._array[cell]
        draws: list[int] = (low + ((self._array[cell + 1] - low) * part + _HALF >> 24)).tolist()
        return draws


def grid() -> list[Decimal]:
    """Return the probabilities of a table's points, in rising order; to be called under `EXACT`.

    The outermost points stand for the half step beyond them, as 0 and 1 have no finite quantile.
    """
    body = [Decimal(step) / STEPS for step in range(STEPS)]
    tail = [1 - (1 - Decimal(step) / TAIL_STEPS) / STEPS for step in range(1, TAIL_STEPS)]
    return [Decimal(1) / (2 * STEPS), *body[1:], *tail, 1 - Decimal(1) / (2 * STEPS * TAIL_STEPS)]


def table(standard: Iterable[Decimal], to_us: Callable[[Decimal], Decimal]) -> QuantileTable:
    """Return the table of a distribution that is a rising map of a standard grid."""
    with localcontext(EXACT):
        return QuantileTable(int(to_us(point).to_integral_value()) for point in standard)


@lru_cache(maxsize=1)
def exponential_grid() -> tuple[Decimal, ...]:
    """Return the quantiles of the exponential distribution with mean 1."""
    with localcontext(EXACT):
        return tuple(-(1 - probability).ln() for probability in grid())


@lru_cache(maxsize=1)
def normal_grid() -> tuple[Decimal, ...]:
    """Return the quantiles of the standard normal distribution."""
    with localcontext(EXACT):
        points = grid()
        upper: dict[Decimal, Decimal] = {}
        z = Decimal(0)
        for probability in points:
            if probability >= Decimal("0.5"):
                z = _normal_quantile(probability, z)
                upper[probability] = z
        return tuple(upper[p] if p in upper else -upper[1 - p] for p in points)


def _normal_quantile(probability: Decimal, z: Decimal) -> Decimal:
    """Improve the guess `z` by Newton's rule.

    With density d, the distribution function is 1/2 + d(z) (z + z^3/3 + z^5/15 + ...), so that one
    step is (probability - 1/2) / d(z) less the series (Abramowitz and Stegun 26.2.11).
    """
    while True:
        square = z * z
        series = term = z
        odd = 3
        while term > Decimal("1e-20"):
            term = term * square / odd
            series += term
            odd += 2
        step = (probability - Decimal("0.5")) * _SQRT_2_PI * (square / 2).exp() - series
        z += step
        if abs(step) < Decimal("1e-12"):
            return z
