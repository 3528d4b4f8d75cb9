"""Clock step: a region's clock jumps, and stays where it is."""

from typing import Any

from sim.faults import Fault
from sim.units import Duration


class ClockStep(Fault, frozen=True, tag="clock-step", kw_only=True):
    region: str
    by: Duration

    def regions_named(self) -> tuple[str, ...]:
        return (self.region,)

    def start(self, world: Any) -> None:
        world.regions[self.region].clock.step(int(self.by))

    def stop(self, world: Any) -> None:
        """The clock is not put right: heal means that nothing more goes wrong."""

    def place(self) -> str:
        return self.region
