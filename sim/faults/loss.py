"""Loss: a share of the packets on some channels never arrives."""

from typing import Any

from sim.faults import ShareFault, Undo
from sim.rng import Dice
from sim.rules import Loss, Where


class LossFault(ShareFault, frozen=True, tag="loss", kw_only=True):
    """Neither end is told."""

    def start(self, world: Any, dice: Dice) -> Undo:
        where = Where(channels=frozenset(self.channels))
        undo: Undo = world.network.add(Loss(self.share, dice, where))
        return undo
