"""Reorder: a share of the packets on some channels is late, and overtaken meanwhile."""

from typing import Any

from sim.faults import ShareFault, Undo
from sim.rng import Dice
from sim.rules import Reorder, Where
from sim.units import Period


class ReorderFault(ShareFault, frozen=True, tag="reorder", kw_only=True):
    """Each is late by ``extra``, on top of its latency."""

    extra: Period

    def start(self, world: Any, dice: Dice) -> Undo:
        where = Where(channels=frozenset(self.channels))
        undo: Undo = world.network.add(Reorder(self.share, int(self.extra), dice, where))
        return undo
