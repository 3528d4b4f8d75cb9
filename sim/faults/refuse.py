"""Refuse: a region refuses those who connect, at once; connections that are there go on."""

from typing import Any

from sim.faults import DoorFault, Undo
from sim.rng import Dice
from sim.wires import Mood


class Refuse(DoorFault, frozen=True, tag="refuse", kw_only=True):
    """As a server that has all the clients it may have, or has just been started again. It concerns
    real clients only: model clients do not connect."""

    def start(self, world: Any, dice: Dice) -> Undo:
        undos = [each.begin(Mood.REFUSE) for each in self.listeners(world)]
        return lambda: [undo() for undo in undos]
