"""Slow: packets between two regions take longer."""

from typing import Any

from sim.faults import Fault
from sim.rules import Slow, Where
from sim.units import Duration


class SlowFault(Fault, frozen=True, tag="slow", kw_only=True):
    regions: tuple[str, str]
    extra: Duration
    channels: tuple[str, ...] = ("sync",)

    def regions_named(self) -> tuple[str, ...]:
        return self.regions

    def start(self, world: Any) -> None:
        where = Where.between(*self.regions, channels=self.channels)
        world.heals[self] = world.network.add(Slow(int(self.extra), 1, where))

    def stop(self, world: Any) -> None:
        world.heals.pop(self)()

    def place(self) -> str:
        return " | ".join(self.regions)
