"""Client benchmark: operations of model clients that one core simulates per second.

Three regions on the real round-trip times with jitter, each with its own clients beside it, which
write and read as fast as replies come. Everything is on that a run has: time-outs, clocks, syncers
that send batches to both peers, acknowledgements, the trace digest and the history. The figure is
absolute, since nothing else simulates the same; it counts process time.

    python -m tests.bench.bench_clients
"""

import gc
from collections.abc import Generator, Iterator
from itertools import cycle, islice
from statistics import median
from time import process_time
from typing import Any

from crdb.session import Session
from sim.client import Client
from sim.clock import RegionClock
from sim.engine import Engine
from sim.history import History
from sim.network import Network
from sim.region import Region
from sim.rng import Streams
from sim.topology import Topology

PLACES = ("West Europe", "East US", "Japan East")
CLIENTS = 30
OPERATIONS = 30_000
ROUNDS = 9
KEYS = 4_000
SETTLED_US = 1_000_000

FLOORS = {"client_operations": 40_000.0}


def requests(number: int) -> Iterator[tuple[bytes, ...]]:
    """What a client asks for: three writes and a read, each on a key of their kind."""
    start = number * KEYS // CLIENTS
    for key in cycle([*range(start, KEYS), *range(start)]):
        yield b"INCR", b"count:%d" % key
        yield b"SADD", b"set:%d" % key, b"member %d" % number
        yield b"SET", b"text:%d" % key, b"client %d" % number
        yield b"GET", b"count:%d" % key


def world() -> tuple[Engine, History, list[Region]]:
    """Make a world with three regions that have all keys, and clients that never stop."""
    engine, history, streams = Engine(), History(), Streams(7)
    network = Network(engine, Topology.azure(PLACES), streams["network"])
    numbers = dict(enumerate(PLACES, start=1))
    regions = [
        Region(
            engine,
            network,
            history,
            RegionClock(engine),
            streams[f"region {name}"],
            name,
            number,
            {peer: each for peer, each in numbers.items() if peer != number},
        )
        for number, name in numbers.items()
    ]
    for region in regions:
        region.join(regions)
    for request in islice(requests(0), 4 * KEYS):
        regions[0].execute(Session(), request)
    engine.run(until=SETTLED_US)

    def live(client: Client, region: Region) -> Generator[Any, Any, None]:
        for request in requests(client.process):
            yield from client.call(region, *request)

    for process in range(CLIENTS):
        region = regions[process % len(regions)]
        client = Client(engine, network, history, region.name, process)
        engine.process(live(client, region))
    return engine, history, regions


def rate() -> float:
    """Return client operations per second of process time."""
    engine, history, regions = world()
    engine.run(until=SETTLED_US + 100_000)
    gc.collect()
    gc.freeze()
    before = len(history.ops)
    begin = process_time()
    while len(history.ops) < before + OPERATIONS:
        engine.run(until=engine.now + 20_000)
    took = process_time() - begin
    gc.unfreeze()
    assert all(op.outcome == "ok" for op in history.ops)
    assert history.lags
    assert all(len(each.replica.keyspace.keys) == 3 * KEYS for each in regions)
    return (len(history.ops) - before) / took


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Return client operations simulated per second."""
    return {"client_operations": median(rate() for _ in range(rounds))}


if __name__ == "__main__":
    for name, each in measure().items():
        print(f"{name:24} {each:,.0f} a second (floor {FLOORS[name]:,.0f})")
