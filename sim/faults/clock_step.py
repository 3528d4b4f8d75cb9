"""Clock step: a region's clock jumps, and stays where it is."""

from typing import Any

from sim.faults import Fault, Undo
from sim.rng import Dice
from sim.units import Offset


class ClockStep(Fault, frozen=True, tag="clock-step", kw_only=True):
    """The jump is ``by``, negative to turn the clock back."""

    region: str
    by: Offset

    def regions_named(self) -> tuple[str, ...]:
        return (self.region,)

    def start(self, world: Any, dice: Dice) -> Undo:
        """The clock is not put right: its end means that nothing more goes wrong."""
        world.regions[self.region].step_clock(int(self.by))
        return lambda: None

    def place(self) -> str:
        return self.region
