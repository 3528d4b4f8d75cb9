"""Partition: what goes between two regions is held as by TCP, or dropped."""

from typing import Any

from sim.faults import Fault
from sim.rules import DROP, HOLD, Partition, Where


class PartitionFault(Fault, frozen=True, tag="partition", kw_only=True):
    """Cut ``regions`` from each other; ``one_way`` cuts only from the first to the second."""

    regions: tuple[str, str]
    channels: tuple[str, ...] = ("sync",)
    drop: bool = False
    one_way: bool = False

    def regions_named(self) -> tuple[str, ...]:
        return self.regions

    def start(self, world: Any) -> None:
        near, far = (world.regions[name].name for name in self.regions)
        where = Where.between(near, far, channels=self.channels, one_way=self.one_way)
        world.heals[self] = world.network.add(Partition(where, DROP if self.drop else HOLD))

    def stop(self, world: Any) -> None:
        world.heals.pop(self)()

    def place(self) -> str:
        return " | ".join(self.regions)
