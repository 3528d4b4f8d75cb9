"""Clock step: a region's clock jumps, and stays where it is."""

from typing import Any

from sim.faults import RegionFault, Undo
from sim.rng import Dice
from sim.units import Offset


class ClockStep(RegionFault, frozen=True, tag="clock-step", kw_only=True):
    """The jump is ``by``, negative to turn the clock back."""

    by: Offset

    def start(self, world: Any, dice: Dice) -> Undo:
        """The clock is not put right: its end means that nothing more goes wrong."""
        world.regions[self.region].step_clock(int(self.by))
        return lambda: None
