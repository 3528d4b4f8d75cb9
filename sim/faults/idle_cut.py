"""Idle cut: a balancer forgets connections that were silent for a time, and tells nobody."""

from typing import Any

from sim.faults import DoorFault, Undo
from sim.rng import Dice
from sim.units import Period


class IdleCut(DoorFault, frozen=True, tag="idle-cut", kw_only=True):
    """Both ends believe that the connection is there; what they send never arrives. What is cut
    stays so. It concerns real clients only: model clients have no connections."""

    after: Period = Period(240_000_000)
    """How long a connection may be silent: by default 4 minutes, as with Azure's Load Balancer."""

    def start(self, world: Any, dice: Dice) -> Undo:
        addresses = {each.address for each in self.listeners(world)}
        undo: Undo = world.wires.balance(addresses, int(self.after))
        return undo
