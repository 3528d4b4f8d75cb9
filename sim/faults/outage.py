"""Outage: a region's database stops, answers nobody, and comes back with what it had."""

from typing import Any

from sim.faults import RegionFault, Undo
from sim.rng import Dice


class Outage(RegionFault, frozen=True, tag="outage", kw_only=True):
    """Of two that overlap, the region is down until the later one ends."""

    def start(self, world: Any, dice: Dice) -> Undo:
        region = world.regions[self.region]
        region.crash()
        undo: Undo = region.restart
        return undo
