"""Drift: a region's clock runs faster or slower; it keeps what it gained."""

from typing import Any

from sim.faults import RegionFault, Undo
from sim.rng import Dice

PPM_MAX = 100_000
"""A tenth: a thousand times what a bad quartz does, and too little to stop a clock."""


class Drift(RegionFault, frozen=True, tag="drift", kw_only=True):
    """The clock gains ``ppm`` microseconds a second, or loses them, beside what it does anyway."""

    ppm: int

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible value."""
        if not -PPM_MAX <= self.ppm <= PPM_MAX:
            raise ValueError(f"ppm {self.ppm}: expected {-PPM_MAX} to {PPM_MAX}")

    def start(self, world: Any, dice: Dice) -> Undo:
        region = world.regions[self.region]
        region.drift_clock(self.ppm)
        return lambda: region.drift_clock(-self.ppm)
