"""Outage: a region's database stops, answers nobody, and comes back with what it had."""

from typing import Any

from sim.faults import Fault, Undo
from sim.rng import Dice


class Outage(Fault, frozen=True, tag="outage", kw_only=True):
    """Of two that overlap, the region is down until the later one ends."""

    region: str

    def regions_named(self) -> tuple[str, ...]:
        return (self.region,)

    def start(self, world: Any, dice: Dice) -> Undo:
        region = world.regions[self.region]
        region.crash()
        undo: Undo = region.restart
        return undo

    def place(self) -> str:
        return self.region
