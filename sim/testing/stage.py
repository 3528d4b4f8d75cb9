"""What a program under test sees of its world: the regions' names and hosts, places, and pauses.

All else is ordinary asyncio code with an unmodified client.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from sim import aio
from sim.topology import UnknownRegion
from sim.world import World

T = TypeVar("T")


class Stage:
    """The first argument of a program under test."""

    def __init__(self, world: World, pauses_us: Iterator[int]) -> None:
        self._world = world
        self._pauses_us = pauses_us

    @property
    def regions(self) -> tuple[str, ...]:
        """Their names. The program begins at the first."""
        return tuple(self._world.regions)

    def host(self, region: str) -> str:
        """The name under which clients find a region; raises `sim.topology.UnknownRegion`."""
        return self._world.doors[self._known(region)].host

    def at(self, region: str) -> AbstractContextManager[None]:
        """Be at a region for a ``with`` block, with the tasks that begin in it. By default code is
        where its task was begun. Raises `sim.topology.UnknownRegion`."""
        return aio.at(self._known(region))

    async def pause(self) -> None:
        """Wait for as long as the schedule says, often not at all."""
        await asyncio.sleep(next(self._pauses_us, 0) / 1e6)

    async def everywhere(self, function: Callable[[str], Awaitable[T]]) -> list[T]:
        """Run ``function(region)`` at all regions at once, each after a pause of its own.

        Returns what they return, in the order of the regions; raises what the first of them raises.
        """
        return await asyncio.gather(*[self._begin(region, function) for region in self.regions])

    def _begin(self, region: str, function: Callable[[str], Awaitable[T]]) -> "asyncio.Task[T]":
        async def begin() -> T:
            await self.pause()
            return await function(region)

        with self.at(region):
            return asyncio.create_task(begin(), name=f"at {region}")

    def read(self, key: str) -> dict[str, Any]:
        """Region -> what it holds under a key now, without asking it; None for nothing."""
        readings = {name: each.reading() for name, each in self._world.regions.items()}
        return {
            name: held[key]["value"] if key in held else None for name, held in readings.items()
        }

    def _known(self, region: str) -> str:
        if region not in self._world.regions:
            raise UnknownRegion(region, self._world.regions)
        return region
