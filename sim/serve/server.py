"""A server: the regions of one world, each behind a port of its own.

>>> import asyncio
>>> from sim.scenario import load
>>> async def ask():
...     async with Server(load("three-cities")) as server:
...         reader, writer = await asyncio.open_connection("127.0.0.1", server.ports["East US"])
...         writer.write(b"PING\\r\\n")
...         return await reader.readline()
>>> asyncio.run(ask())
b'+PONG\\r\\n'
"""

import asyncio
from itertools import count
from typing import Self

from sim.region import Region
from sim.scenario import Scenario, Variant
from sim.serve.connection import Connection
from sim.serve.pace import Pace
from sim.world import World

LOOPBACK = "127.0.0.1"

BACKLOG = 512
"""Connections that may knock at once."""


class Server:
    """Serves from entering until leaving, on the loop that runs then."""

    def __init__(
        self, scenario: Scenario, *, port: int = 0, address: str = LOOPBACK, speed: float = 1.0
    ) -> None:
        """``port`` is the first region's, the others follow; 0 takes any that are free."""
        self.world = World(scenario, Variant("live"))
        self.ports: dict[str, int] = {}
        self.pace: Pace
        self._address = address
        self._port = port
        self._speed = speed
        self._listening: list[asyncio.Server] = []
        self.next_number = count(1).__next__

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self.pace = Pace(self.world.engine, loop, self._speed)
        self.pace.start()
        for at, region in enumerate(self.world.regions.values()):
            port = self._port + at if self._port else 0
            self._listening.append(await self._listen(loop, region, port))
        return self

    async def _listen(
        self, loop: asyncio.AbstractEventLoop, region: Region, port: int
    ) -> asyncio.Server:
        def made() -> Connection:
            return Connection(self, region)

        listening = await loop.create_server(made, self._address, port, backlog=BACKLOG)
        self.ports[region.name] = listening.sockets[0].getsockname()[1]
        return listening

    def blocked(self, region: str) -> int:
        """How many of a region's clients wait in a command that blocks; raises KeyError."""
        return len(self.world.regions[region].replica.waiting)

    async def __aexit__(self, *_: object) -> None:
        for each in self._listening:
            each.close()
        for region in self.world.regions.values():
            for line in list(region.lines.values()):
                line.broke()
        self.pace.stop()
