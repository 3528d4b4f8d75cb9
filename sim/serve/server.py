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

The scenario's regions, distances, clocks and settings are those of the world; its clients are not
there, and its faults only if one of its variants is asked for.
"""

import asyncio
import ssl
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from ipaddress import ip_address
from itertools import count
from time import time
from typing import Any, Self, TypeVar

import msgspec

from crdb import registry
from sim.faults import Fault
from sim.run import only
from sim.scenario import Scenario, Variant, fault
from sim.serve import metrics
from sim.serve.access import Access
from sim.serve.certificates import telling
from sim.serve.connection import Connection
from sim.serve.front import Front
from sim.serve.pace import Pace
from sim.serve.recorder import BYTES_MAX, Recorder
from sim.units import Period
from sim.workloads.recorded import Recorded
from sim.world import World

T = TypeVar("T")

registry.members("sim.serve.commands")

LOOPBACK = "127.0.0.1"

BACKLOG = 511
"""Connections that may knock at once: Redis's."""

LAGS_KEPT = 10_000
"""Of a run whose recording is over ..."""

FORGET_EVERY_S = 10.0
"""... all others being forgotten so often."""

FOREVER = Period(100 * 365 * 86_400 * 1_000_000)


class Server:
    """Serves from entering until leaving, on the loop that runs then."""

    def __init__(
        self,
        scenario: Scenario,
        *,
        port: int = 0,
        address: str = LOOPBACK,
        speed: float = 1.0,
        seed: int = 0,
        variant: str = "",
        passwords: Sequence[str] = (),
        tls: ssl.SSLContext | None = None,
        metrics_port: int | None = None,
        folder: str = "runs",
        record_bytes_max: int = BYTES_MAX,
        log: Callable[[str], object] = lambda line: None,
    ) -> None:
        """``port`` is the first region's, the others follow; 0 takes any that are free. Whoever
        serves to others than this machine has to ask for a password.

        Raises ValueError for what cannot be served, and `sim.scenario.BadScenario` for a variant
        that the scenario has not.
        """
        if not passwords and not ip_address(address).is_loopback:
            raise ValueError(f"address {address}: expected a password with it, or a loopback one")
        self.address = address
        self.ports: dict[str, int] = {}
        """Region -> its port, once it serves."""
        self.fronts: dict[str, Front] = {}
        self.access = Access(passwords)
        self.log = log
        self.folder = folder
        self.world = World(_lived_in(scenario), _course(scenario, variant), seed=seed)
        self.recorder = Recorder(self.world, record_bytes_max) if record_bytes_max else None
        self.pace: Pace
        self._loop: asyncio.AbstractEventLoop
        self.next_number = count(1).__next__
        self._port = port
        self._speed = speed
        self.metrics_port = metrics_port
        """Of `sim.serve.metrics`, once it serves; None for none, and 0 takes any that is free."""
        self._tls = tls
        if tls is not None:
            tls.sslobject_class = telling(log)
        self._listening: list[asyncio.Server] = []
        if not speed > 0:
            raise ValueError(f"speed {speed:g}: expected more than 0")

    async def __aenter__(self) -> Self:
        loop = self._loop = asyncio.get_running_loop()
        self.pace = Pace(self.world.engine, loop, self._speed)
        try:
            for at, region in enumerate(self.world.regions.values()):
                front = self.fronts[region.name] = Front(self, region)
                port = self._port + at if self._port else 0
                listening = await loop.create_server(
                    lambda front=front: Connection(front),
                    self.address,
                    port,
                    backlog=BACKLOG,
                    ssl=self._tls,
                )
                self._listening.append(listening)
                front.port = listening.sockets[0].getsockname()[1]
                front.config.values["port"] = str(front.port)
                self.ports[region.name] = front.port
            if self.metrics_port is not None:
                listening = await metrics.listen(self, self.address, self.metrics_port)
                self._listening.append(listening)
                self.metrics_port = listening.sockets[0].getsockname()[1]
        except BaseException:
            self._close()
            raise
        self.pace.start()
        self._forget()
        return self

    def _forget(self) -> None:
        """A run that is not recorded any more needs no history, and can go on for ever."""
        if self.recorder is None or self.recorder.full:
            del self.world.history.lags[:-LAGS_KEPT]
        self._forgetting = self._loop.call_later(FORGET_EVERY_S, self._forget)

    async def __aexit__(self, *_: object) -> None:
        self._close()
        self._forgetting.cancel()
        self.pace.stop()
        await asyncio.sleep(0)  # Lets the connections hear that they are over.

    def _close(self) -> None:
        for each in self._listening:
            each.close()
        for front in self.fronts.values():
            for connection in list(front.connections.values()):
                connection.broke()

    def call(self, work: Callable[[], T]) -> T:
        """Do something with the world from another thread, between two of its events.

        Raises what it raises.
        """
        done: Future[T] = Future()

        def come() -> None:
            self.pace.enter()
            try:
                done.set_result(work())
            except BaseException as error:
                done.set_exception(error)
            self.pace.leave()

        self._loop.call_soon_threadsafe(come)
        return done.result()

    # ── the world ───────────────────────────────────────────────────────────────────────────

    def begin(self, kind: str, **settings: Any) -> None:
        """Let a fault begin, with the keys that a scenario file gives it."""
        found: Fault = fault(kind=kind, **settings)
        number = self.world.nemesis.begin(found)
        if self.recorder is not None:
            self.recorder.begun[number] = found

    def lags(self, target: str) -> dict[str, int]:
        """How long the last writes from each other region took to show in this, in microseconds."""
        found: dict[str, int] = {}
        for each in reversed(self.world.history.lags):
            if each.target == target:
                found.setdefault(each.source, each.lag_us)
            if len(found) == len(self.world.regions) - 1:
                break
        return found

    def lag_ms(self, source: str, target: str) -> float | None:
        """The same of one, in milliseconds; None if nothing has come yet."""
        lag_us = self.lags(target).get(source)
        return None if lag_us is None else lag_us / 1000

    def blocked(self, region: str) -> int:
        """How many of a region's clients wait in a command that blocks; raises KeyError."""
        return sum(each.blocked for each in list(self.fronts[region].connections.values()))


def _course(scenario: Scenario, variant: str) -> Variant:
    """What goes wrong by itself: nothing, or what happens in a variant."""
    if not variant:
        return Variant("live")
    return only(scenario, [variant]).variants[0]


def _lived_in(scenario: Scenario) -> Scenario:
    """The scenario without clients of its own, without an end, and beginning today: clients name
    deadlines by their own clocks."""
    return msgspec.structs.replace(
        scenario,
        workload=Recorded(),
        protocols=[],
        horizon=max(scenario.horizon, FOREVER),
        epoch=int(time()),
    )
