"""Reset: all connections of a region's clients break once, as when its proxy is replaced."""

from typing import Any

from sim.faults import DoorFault, Undo
from sim.rng import Dice


class Reset(DoorFault, frozen=True, tag="reset", kw_only=True):
    """Both ends are told, and may connect again at once; a reply that was on its way is lost. It
    concerns real clients only: model clients have no connections."""

    def start(self, world: Any, dice: Dice) -> Undo:
        """There is nothing to put right: its end means that nothing more goes wrong."""
        addresses = {each.address for each in self.listeners(world)}
        world.wires.reset(lambda end: end.peer.address in addresses)
        return lambda: None
