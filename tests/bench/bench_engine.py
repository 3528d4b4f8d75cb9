"""Engine benchmark: a message hop through the network against a bare heapq loop.

A thousand messages go round between three regions, each answered by the next one, as fast as the
loop allows: on six connections, as between regions, or each on its own, as from a thousand clients.
The yardstick is what Python can do at best: `callback(arg)` from a heap, at constant latency,
without connections, rules, traces or SimPy. Rounds are interleaved, and the figures are medians of
ratios within a round, since absolute rates differ between machines and minutes.

    python -m tests.bench.bench_engine
"""

from collections.abc import Callable
from fractions import Fraction
from heapq import heappop, heappush
from itertools import count, permutations
from statistics import median
from time import process_time
from typing import Any

from sim.engine import Engine
from sim.latency import Constant, Jitter, Latency
from sim.network import Network
from sim.rng import Streams
from sim.rules import Loss, Partition, Reorder, Slow, Where
from sim.topology import Topology

HOPS = 100_000
FLYING = 1_000
ROUNDS = 11
ONE_WAY_US = 41_500
PLACES = ("West Europe", "East US", "Japan East")

FLOORS = {"hop_constant": 0.50, "hop_jitter_rules": 0.30}


def bare_heapq() -> float:
    """Return hops per second of a bare loop with constant latency."""
    queue: list[Any] = []
    number = count().__next__
    now = 0
    left = HOPS

    def receive(message: object) -> None:
        nonlocal left
        left -= 1
        if left > 0:
            heappush(queue, (now + ONE_WAY_US, number(), receive, message))

    for start in range(FLYING):
        heappush(queue, (start * 37, number(), receive, start))
    begin = process_time()
    while queue:
        now, _, callback, arg = heappop(queue)
        callback(arg)
    return (HOPS + FLYING - 1) / (process_time() - begin)


def network_hops(latency: Callable[[int], Latency], *, rules: bool, connections: int = 1) -> float:
    """Return hops per second through `Network.send`, with the trace digest on.

    `connections` are those between two places in one direction.
    """
    engine = Engine()
    streams = Streams(7)
    topology = Topology.even(PLACES, rtt_us=2 * ONE_WAY_US)
    network = Network(engine, topology, streams["network"], latency=latency)
    if rules:
        dice = streams["rules"]
        network.add(Partition(Where.between("West Europe", "East US", channels=["client"])))
        network.add(Loss(Fraction(1, 10**9), dice))
        network.add(Reorder("0.01", 5_000, dice))
        network.add(Slow(1_000))
    routes = [(*pair, number) for number in range(connections) for pair in permutations(PLACES, 2)]
    left = HOPS
    send = network.send

    def receive(route: tuple[str, str, int]) -> None:
        nonlocal left
        left -= 1
        if left > 0:
            send(route[0], route[1], "sync", route, receive, route[2])

    for start in range(FLYING):
        engine.call_in(start * 37, receive, routes[start % len(routes)])
    engine.run(until=ONE_WAY_US // 2)
    hops = left
    begin = process_time()
    engine.run()
    return hops / (process_time() - begin)


CASES: dict[str, Callable[[], float]] = {
    "hop_constant": lambda: network_hops(Constant, rules=False),
    "hop_jitter": lambda: network_hops(Jitter, rules=False),
    "hop_jitter_rules": lambda: network_hops(Jitter, rules=True),
    "hop_constant_alone": lambda: network_hops(Constant, rules=False, connections=FLYING // 6 + 1),
    "hop_jitter_rules_alone": lambda: network_hops(Jitter, rules=True, connections=FLYING // 6 + 1),
}


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Return for each case its rate as a share of the bare loop's."""
    ratios: dict[str, list[float]] = {name: [] for name in CASES}
    for _ in range(rounds):
        for name, case in CASES.items():
            bare = bare_heapq()
            ratios[name].append(case() / bare)
    return {name: median(found) for name, found in ratios.items()}


if __name__ == "__main__":
    for name, ratio in measure().items():
        floor = f" (floor {FLOORS[name]:.2f})" if name in FLOORS else ""
        print(f"{name:24} {ratio:.2f} x bare heapq{floor}")
