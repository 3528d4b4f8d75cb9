"""Power loss: a region goes down, and comes back with what its disk has kept."""

from functools import partial
from typing import Any

from sim.faults import RegionFault, Undo
from sim.rng import Dice


class PowerLoss(RegionFault, frozen=True, tag="power-loss", kw_only=True):
    """Without persistence that is nothing at all.

    It comes back under a new actor, and refuses writes until a peer has brought it up to date. If
    its file is refused, it comes back with nothing, or stays down if it has no peers.
    """

    def start(self, world: Any, dice: Dice) -> Undo:
        region = world.regions[self.region]
        region.lose_power()
        return partial(_power_is_back, world, region)


def _power_is_back(world: Any, region: Any) -> None:
    """The region reads its file, which takes its time, and goes on with it."""
    loading_us = region.recover(world.new_actor)
    if loading_us is not None:
        world.engine.call_in(loading_us, lambda _: region.restart())
