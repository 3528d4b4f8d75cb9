"""Outage: a region's database stops, answers nobody, and comes back with what it had."""

from typing import Any

from sim.faults import Fault


class Outage(Fault, frozen=True, tag="outage", kw_only=True):
    region: str

    def regions_named(self) -> tuple[str, ...]:
        return (self.region,)

    def start(self, world: Any) -> None:
        world.regions[self.region].crash()

    def stop(self, world: Any) -> None:
        world.regions[self.region].restart()

    def place(self) -> str:
        return self.region
