"""The health probe and the name that is switched."""

from sim.client import Client
from sim.clock import RegionClock
from sim.engine import Engine
from sim.failover import Alias, HealthProbe
from sim.history import History
from sim.latency import Constant
from sim.network import Network
from sim.region import Region
from sim.rng import Streams
from sim.rules import DROP, Partition, Where
from sim.topology import Topology
from tests.told import EAST, WEST

SECOND = 1_000_000
HOUR = 3_600 * SECOND


class Watched:
    """A region in West Europe, watched from there and from East US every 5 s."""

    def __init__(self):
        self.engine, history, streams = Engine(), History(), Streams(7)
        self.network = Network(
            self.engine, Topology.even([WEST, EAST], 2_000), streams["network"], latency=Constant
        )
        self.region = Region(
            self.engine, self.network, history, RegionClock(self.engine), streams["r"], WEST, 1, {}
        )
        clients = [
            Client(self.engine, self.network, history, place, process)
            for process, place in enumerate((WEST, EAST), start=1)
        ]
        self.near, self.far = (
            HealthProbe(client, self.region, 5 * SECOND, 3, HOUR) for client in clients
        )

    def after(self, seconds):
        self.engine.run(until=self.engine.now + seconds * SECOND)
        return self.near.healthy, self.far.healthy


def test_three_failures_in_a_row_are_needed():
    watched = Watched()
    assert watched.after(11) == (True, True)
    watched.region.crash()
    assert watched.after(12) == (True, True)
    assert watched.after(8) == (False, False)


def test_one_answer_is_enough():
    watched = Watched()
    watched.region.crash()
    assert watched.after(30) == (False, False)
    watched.region.restart()
    assert watched.after(7) == (True, True)


def test_a_probe_sees_its_own_path_only():
    watched = Watched()
    heal = watched.network.add(Partition(Where.between(WEST, EAST, channels=["client"]), DROP))
    assert watched.after(30) == (True, False)
    heal()
    assert watched.after(7) == (True, True)


def test_a_name_is_switched_when_the_old_answer_has_expired():
    engine = Engine()
    alias = Alias(engine, WEST, ttl_us=30 * SECOND)
    engine.run(until=10 * SECOND)
    alias.switch(EAST)
    engine.run(until=40 * SECOND)
    assert alias.resolve() == WEST
    engine.run(until=40 * SECOND + 1)
    assert alias.resolve() == EAST
