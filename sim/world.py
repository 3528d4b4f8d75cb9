"""A world: scenario and seed become regions, a network, clients and a history.

The phases of a run: work under faults, heal, quiesce, read. Operations that are under way when it
is read stay open in the history, as they may have happened. Whoever judges gets the history only.
"""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from decimal import Decimal
from functools import partial
from hashlib import blake2b
from itertools import count
from typing import Any, TypeVar

from crdb.replica import Settings
from crdb.slots import SLOTS
from sim import aio
from sim.client import Client
from sim.clock import RegionClock
from sim.cluster.clustered import Clustered
from sim.cluster.operations import Operator, Pace
from sim.cluster.service import ServiceTime
from sim.cluster_client import ClusterClient
from sim.disk import Disk
from sim.doors import Door, Names, host_of
from sim.durability import OnDisk
from sim.engine import Engine
from sim.history import History
from sim.latency import Jitter, Latency, pbs
from sim.nemesis import Nemesis
from sim.network import Network
from sim.persister import Policy
from sim.region import Region, Syncer
from sim.rng import Streams
from sim.scenario import Scenario, Variant, in_variant
from sim.settings import ClockSettings
from sim.topology import Topology, UnknownRegion
from sim.wires import Wires

T = TypeVar("T")

QUIESCE_US_MAX = 600_000_000
QUIESCE_STEP_US = 1_000_000


class World:
    """One run of one variant, under one protocol and one seed."""

    def __init__(
        self, scenario: Scenario, variant: Variant, protocol: str = "", seed: int = 0
    ) -> None:
        self.scenario = scenario = in_variant(scenario, variant)
        self.variant = variant
        self.protocol = protocol
        self.seed = seed
        self.ledger: Any = None
        """What the workload keeps from its start for its end."""
        self.engine = Engine()
        self.streams = Streams(seed)
        self.history = History()
        self.topology = Topology.azure([*scenario.regions, *scenario.workload.places()])
        sigma = Decimal(str(scenario.network.jitter))
        self.network = Network(
            self.engine,
            self.topology,
            self.streams["network"],
            latency=lambda base_us: _jitter(base_us, sigma),
            window_messages=scenario.network.hold_window,
            timeout_us=int(scenario.network.hold_timeout),
        )
        self.names = Names(self.topology.places)
        self._actors: dict[int, Iterator[int]] = {}
        self.regions = {name: self._region(name) for name in scenario.regions}
        for region in self.regions.values():
            region.join(self.regions.values())
        self.wires = Wires(self.engine, self.network)
        self.doors = {
            name: Door(region, self.wires, self.names) for name, region in self.regions.items()
        }
        self.operators = {
            name: Operator(region, Pace.of(scenario.cluster))
            for name, region in self.regions.items()
            if isinstance(region, Clustered)
        }
        for name, region in self.regions.items():
            if isinstance(region, Clustered):
                region.behind(self.doors[name])
        for name, near in scenario.private.items():
            address = self.names.addresses[self.doors[name].host]
            self.names.private[address] = frozenset({self.regions[name].place, *near})
        self.nemesis = Nemesis(self, variant.faults)
        self._clients: list[Client] = []
        self._loop: aio.WorldLoop | None = None
        self._open = ExitStack()

    def _region(self, name: str) -> Region:
        scenario = self.scenario
        numbers = dict(enumerate(scenario.regions, start=1))
        number = scenario.regions.index(name) + 1
        clock = scenario.clocks.get(name, ClockSettings())
        sync, cluster = scenario.sync, scenario.cluster
        parts = (
            self.engine,
            self.network,
            self.history,
            RegionClock(
                self.engine, int(clock.offset), clock.drift_ppm, scenario.epoch * 1_000_000
            ),
            self.streams[f"region {name}"],
            name,
            number,
            {peer: each for peer, each in numbers.items() if peer != number},
        )
        settings = Settings(
            batch_writes_max=sync.batch_writes_max,
            backlog_writes_max=sync.backlog_writes_max,
            causal=sync.causal,
            resend_after_us=int(sync.resend_after),
            slots=None if cluster.policy == "none" else (0, SLOTS - 1),
        )
        syncer = Syncer(int(sync.batch_interval), pbs(sync.delay) if sync.delay else None)
        if cluster.policy == "none":
            return self._kept(Region(*parts, settings=settings, syncer=syncer))
        clustered = Clustered(
            *parts,
            settings=settings,
            syncer=syncer,
            ranges=cluster.ranges,
            policy=cluster.policy,
            capacity=cluster.capacity,
            zones=cluster.zones,
            new_actor=self.new_actor,
            ip_of=lambda node: self.names.add(f"node{node}.{host_of(name)}", name),
            failover_after_us=int(cluster.failover_after),
            copy_lag_us=int(cluster.copy_lag),
            proxy_us=int(cluster.proxy),
            service=ServiceTime(cluster.command_ns, cluster.byte_ns, cluster.element_ns),
        )
        return self._kept(clustered)

    def _kept(self, region: Region) -> Region:
        """The region with a disk for each of its ranges, if anything is kept on one."""
        wanted, kind = self.scenario.persistence, self.scenario.disk
        if wanted.policy == "none":
            return region
        policy = Policy(
            wanted.policy,
            wanted.fsync,
            int(wanted.interval),
            wanted.rewrite_percent,
            wanted.rewrite_bytes,
        )
        tell = partial(self._tell_disk, region.name)
        for each in region.ranges:
            name = f"disk {region.name}" + (f" {each.index}" if each.index else "")
            disk = Disk(
                self.engine,
                self.streams[name],
                fsync=Jitter(int(kind.fsync), Decimal(str(kind.jitter))),
                bytes_per_s=kind.mb_per_s * 1_000_000,
                capacity_bytes=kind.capacity_mb * 1_000_000 // len(region.ranges) or None,
            )
            each.durability = OnDisk(self.engine, disk, each.replica, policy, tell)
        return region

    def _tell_disk(self, place: str, what: str, **detail: Any) -> None:
        self.history.happened(self.engine.now, "disk", place, what, **detail)

    def new_actor(self, index: int = 0) -> int:
        """A number under which nobody has written yet in the range of that index."""
        first = len(self.scenario.regions) + 1
        return next(self._actors.setdefault(index, count(first)))

    def client(self, place: str) -> Client:
        """A new client at a place."""
        process = len(self._clients) + 1
        timeout_us = int(self.scenario.client.timeout)
        kind = ClusterClient if self.scenario.cluster.policy == "oss" else Client
        client = kind(self.engine, self.network, self.history, place, process, timeout_us)
        self._clients.append(client)
        return client

    def play(self, main: Coroutine[Any, Any, T], place: str = "") -> T:
        """Run ordinary asyncio code from a place, by default the first region's (see `sim.aio`).

        Raises `sim.topology.UnknownRegion` for a place that is not of this world.
        """
        try:
            place = self._at(place)
        except UnknownRegion:
            main.close()
            raise
        return aio.run(main, self.wires, self.names, self.streams["aio"], place)

    def play_sync(self, function: Callable[[], T], place: str = "") -> T:
        """Run an ordinary function that blocks, as `play` runs a coroutine."""
        place = self._at(place)
        return aio.run_sync(function, self.wires, self.names, self.streams["aio"], place)

    def _at(self, place: str) -> str:
        """Where a program runs that names this place."""
        place = place or next(iter(self.regions))
        if place not in self.topology.places:
            raise UnknownRegion(place, self.topology.places)
        return place

    def host(self) -> aio.WorldLoop:
        """An event loop whose tasks live in all phases of this run, beside all else.

        For `Workload.start`. What a task raises ends the run; those left in the end are cancelled.
        """
        first = next(iter(self.regions))
        hosted = aio.hosted(self.wires, self.names, self.streams["aio"], first)
        self._loop = self._open.enter_context(hosted)
        return self._loop

    def run(self) -> History:
        """Run all phases."""
        with self._open:
            self._run()
        return self.history

    def _run(self) -> None:
        self._tell_clocks()
        self._phase("work")
        self.scenario.workload.start(self)
        self._pass_until(int(self.scenario.horizon))
        self._phase("heal")
        self.nemesis.heal()
        self._phase("quiesce")
        if not self.quiesce():
            self._phase("not quiet")
        self._tell_clocks()
        self._phase("read")
        for client in self._clients:
            client.cut_short()
        self.scenario.workload.finish(self)
        self.history.readings = {name: each.reading() for name, each in self.regions.items()}

    def _pass_until(self, at_us: int) -> None:
        if self._loop is None:
            self.engine.run(until=at_us)
        else:
            self._loop.pass_until(at_us)

    def quiesce(self) -> bool:
        """Run until every region has what the others have; False if that takes over ten minutes."""
        limit_us = self.engine.now + QUIESCE_US_MAX
        for region in self.regions.values():
            region.greet()
        while self.engine.now < limit_us:
            self._pass_until(self.engine.now + QUIESCE_STEP_US)
            if all(region.settled() for region in self.regions.values()):
                return True
        return False

    def fingerprint(self) -> str:
        """One digest of the network's events and the history."""
        both = self.engine.fingerprint() + self.history.fingerprint()
        return blake2b(both.encode(), digest_size=16).hexdigest()

    def _tell_clocks(self) -> None:
        for region in self.regions.values():
            region.tell_clock()

    def _phase(self, name: str) -> None:
        self.history.happened(self.engine.now, "phase", "", name)


def _jitter(base_us: int, sigma: Decimal) -> Latency:
    return Jitter(base_us, sigma)
