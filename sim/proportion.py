"""Proportions: so many of so many, with Wilson's 95 % confidence interval.

Wilson's interval stays within 0 and 1 and says something even where nothing was counted: no
duplicate among 1,000 payments leaves room for 0.4 %.

>>> none = proportion(0, 1_000)
>>> none.rate, none.low, round(none.high, 4)
(0.0, 0.0, 0.0038)
>>> some = proportion(400, 80_000)
>>> round(some.low, 5), round(some.high, 5), round(some.half_width / some.rate, 3)
(0.00453, 0.00551, 0.098)

SUBTLE: it takes the counted for independent. Payments of one run nearly are, since each has its own
dice; those that fail together, as when a database turns many away, make the true interval wider.

Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference", 1927.
"""

from math import sqrt

import msgspec

Z = 1.959964
"""How many standard deviations to either side hold 95 % of a normal distribution."""


class Proportion(msgspec.Struct, frozen=True):
    """A count and what it was counted among; shares are None where there is nothing to count."""

    count: int
    of: int
    rate: float | None
    low: float | None
    """The lower end of the 95 % confidence interval …"""
    high: float | None
    """… and its upper end."""

    @property
    def half_width(self) -> float:
        """Half of the interval; 1 where there is none."""
        return 1.0 if self.low is None or self.high is None else (self.high - self.low) / 2


def proportion(count: int, of: int) -> Proportion:
    """Return the proportion with its interval.

    Raises ValueError unless 0 <= count <= of.
    """
    if not 0 <= count <= of:
        raise ValueError(f"{count} of {of}: expected no more than all, and no less than none")
    if not of:
        return Proportion(count, of, None, None, None)
    rate, weight = count / of, Z * Z / of
    middle = (rate + weight / 2) / (1 + weight)
    reach = Z * sqrt(rate * (1 - rate) / of + weight / (4 * of)) / (1 + weight)
    # Rounding must not leave the smallest part of nothing, or more than all.
    low = 0.0 if not count else max(0.0, middle - reach)
    high = 1.0 if count == of else min(1.0, middle + reach)
    return Proportion(count, of, rate, low, high)
