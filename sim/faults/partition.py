"""Partition: what goes between two regions is held as by TCP, or dropped."""

from typing import Any

from sim.faults import PairFault, Undo
from sim.rng import Dice
from sim.rules import DROP, HOLD, Partition, Where


class PartitionFault(PairFault, frozen=True, tag="partition", kw_only=True):
    """Cut ``regions`` from each other; ``one_way`` cuts only from the first to the second."""

    drop: bool = False
    """Lost for good, not held until the partition is over."""
    one_way: bool = False

    def start(self, world: Any, dice: Dice) -> Undo:
        where = Where.between(*self.regions, channels=self.channels, one_way=self.one_way)
        undo: Undo = world.network.add(Partition(where, DROP if self.drop else HOLD))
        return undo
