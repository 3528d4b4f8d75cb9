"""Duplicate: a share of the packets on some channels arrives twice."""

from typing import Any

from sim.faults import ShareFault, Undo
from sim.rng import Dice
from sim.rules import Duplicate, Where


class DuplicateFault(ShareFault, frozen=True, tag="duplicate", kw_only=True):
    """TCP never does this: it stands for whatever repeats a message above it."""

    def start(self, world: Any, dice: Dice) -> Undo:
        where = Where(channels=frozenset(self.channels))
        undo: Undo = world.network.add(Duplicate(self.share, dice, where))
        return undo
