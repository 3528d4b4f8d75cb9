"""Stamps: the author's wall clock and region, which decide between concurrent writes only.

A stamp is one int whose order is the rule: the later clock wins, and at equal clocks the smaller
region id. Causal order never asks a stamp: a write that saw another supersedes it, whatever the
clocks say (Redis Active-Active, "Develop with strings": the OS timestamp decides only when the
vector clocks do not).

>>> stamp(clock_us=20, region=2) > stamp(clock_us=10, region=1)
True
>>> stamp(clock_us=20, region=1) > stamp(clock_us=20, region=2)
True
"""

Stamp = int

BITS = 12
"""Of the region; the clock is above them."""
REGIONS_MAX = 1 << BITS
_LAST_REGION = REGIONS_MAX - 1


def stamp(clock_us: int, region: int) -> Stamp:
    """``clock_us`` is the author's own wall clock in microseconds."""
    return clock_us << BITS | (_LAST_REGION - region)


def clock_us(stamp: Stamp) -> int:
    return stamp >> BITS


def region(stamp: Stamp) -> int:
    return _LAST_REGION - (stamp & _LAST_REGION)
