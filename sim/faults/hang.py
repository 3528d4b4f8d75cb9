"""Hang: a region does not answer those who connect; connections that are there go on."""

from typing import Any

from sim.faults import DoorFault, Undo
from sim.rng import Dice
from sim.wires import Mood


class Hang(DoorFault, frozen=True, tag="hang", kw_only=True):
    """As behind a firewall that drops the first packet: who connects waits for its own time-out, or
    for the system's. It concerns real clients only: model clients do not connect."""

    def start(self, world: Any, dice: Dice) -> Undo:
        undos = [each.begin(Mood.SILENT) for each in self.listeners(world)]
        return lambda: [undo() for undo in undos]
