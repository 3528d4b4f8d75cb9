"""Three places on a simulated network, and what was heard in them: for the tests of the network."""

from sim.engine import Engine
from sim.latency import Constant
from sim.network import Network
from sim.rng import Streams
from sim.topology import Topology

WEST, EAST, JAPAN = "West Europe", "East US", "Japan East"
ONE_WAY_US = 1_000


class World:
    """Three places, a thousand microseconds apart, and what was heard in them."""

    def __init__(self, **settings):
        self.engine = Engine()
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
    def messages(self):
        return [message for _, message in self.heard]
