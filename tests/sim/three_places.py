"""Three places on a simulated network, and what was heard in them: for the tests of the network."""

from collections import Counter

from sim.engine import Engine
from sim.latency import Constant
from sim.network import Fate, Network
from sim.rng import Streams
from sim.topology import Topology

WEST, EAST, JAPAN = "West Europe", "East US", "Japan East"
ONE_WAY_US = 1_000


class Counting(Engine):
    """An engine that counts what it traces beside arrivals."""

    def __init__(self):
        super().__init__()
        self.tally: Counter[Fate] = Counter()

    def trace(self, code, a=0, b=0):
        self.tally[Fate(code)] += 1
        super().trace(code, a, b)


class World:
    """Three places, a thousand microseconds apart, and what was heard in them."""

    def __init__(self, **settings):
        self.engine = Counting()
        self.streams = Streams(7)
        self.heard = []
        self.network = Network(
            self.engine,
            Topology.even([WEST, EAST, JAPAN], rtt_us=2 * ONE_WAY_US),
            self.streams["network"],
            **{"latency": Constant} | settings,
        )

    def send(self, message, source=WEST, target=EAST, channel="sync", connection=0):
        self.network.send(
            source,
            target,
            channel,
            message,
            lambda arrived: self.heard.append((self.engine.now, arrived)),
            connection,
        )

    @property
    def tally(self):
        """What befell packets that did not just arrive."""
        return self.engine.tally

    @property
    def messages(self):
        return [message for _, message in self.heard]
