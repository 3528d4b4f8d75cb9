"""Two regions that are clusters, and somebody who asks them one thing after the other."""

from typing import Any

from sim.client import Client, Unknown
from sim.cluster.clustered import Clustered
from sim.faults import Fault
from sim.scenario import fault
from sim.world import World
from tests.sim.two_cities import EAST, WEST, world

GONE = "no reply"


def clusters(
    policy: str, *faults: Fault, seed: int = 1, backlog: int = 1_000_000, **cluster: Any
) -> World:
    """Two regions of four ranges and two nodes each, unless something else is said."""
    settings = {"policy": policy, "ranges": 4} | cluster
    sync = {"backlog_writes_max": backlog}
    return world(*faults, seed=seed, cluster=settings, sync=sync, horizon="1h")


def west(made: World) -> Clustered:
    return cluster_at(made, WEST)


def east(made: World) -> Clustered:
    return cluster_at(made, EAST)


def cluster_at(made: World, name: str) -> Clustered:
    region = made.regions[name]
    assert isinstance(region, Clustered)
    return region


class Caller:
    """A model client that waits for each reply; errors are told as text."""

    def __init__(self, made: World, place: str = WEST) -> None:
        self.made = made
        self.client: Client = made.client(place)
        self._region = made.regions[place]

    def __call__(self, line: str, at: Any = None) -> Any:
        """Ask the region, or the endpoint that is named."""
        heard: list[Any] = []

        def work() -> Any:
            try:
                reply = yield from self.client.call(at or self._region, *line.encode().split())
            except Unknown:
                reply = GONE
            heard.append(reply)

        self.made.engine.process(work())
        while not heard:
            self.made.engine.step()
        return str(heard[0]) if isinstance(heard[0], Exception) else heard[0]


def let_pass(made: World, seconds: float) -> None:
    made.engine.run(until=made.engine.now + int(seconds * 1_000_000))


def begin(made: World, kind: str, **settings: Any) -> None:
    made.nemesis.begin(fault(kind=kind, **settings))
