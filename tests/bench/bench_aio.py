"""Client benchmark: 20 saturating clients of unmodified redis-py, on four event loops.

All run the same region's code, `crdb.replica.Replica` behind `crdb.resp`. Ours goes the whole way:
a world with latency, segments and the trace on. The others serve the same bytes from an asyncio
server: stock asyncio over loopback, and detangle and simloop, if they are installed, on networks
of their own. Rounds are interleaved; the figures are operations per second of processor time, and
medians of ratios within a round.

    python -m tests.bench.bench_aio
"""

import asyncio
import importlib
import importlib.util
from collections.abc import Callable
from statistics import median
from time import process_time
from typing import Any

import redis.asyncio as redis

from crdb.replica import Replica
from crdb.resp import Requests, packed
from crdb.session import Session
from sim.lab import Lab

CLIENTS = 20
COMMANDS = 200
ROUNDS = 5
FLOOR = 1.2
"""Times detangle's loop."""


async def work(host: str, port: int) -> None:
    async def one(number: int) -> None:
        client = redis.Redis(host=host, port=port)
        for _ in range(COMMANDS // 2):
            await client.set(f"k{number}", "value")
            await client.get(f"k{number}")
        await client.aclose()

    await asyncio.gather(*(one(number) for number in range(CLIENTS)))


class Served(asyncio.Protocol):
    """One connection to a replica, for loops that bring their own network."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._requests = Requests()
        self._session = Session()

    def connection_made(self, transport: Any) -> None:
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        now_us = int(asyncio.get_running_loop().time() * 1e6)
        replies = [
            self._replica.execute(now_us, self._session, request, lambda n: 0)
            for request in self._requests.feed(bytes(data))
        ]
        protocol = self._session.protocol
        self._transport.write(b"".join([packed(reply, protocol) for reply in replies]))


async def beside_a_server(name: str = "127.0.0.1", port: int = 16_379) -> None:
    """``name`` is what the loop's network calls the host that all of this runs on."""
    replica = Replica(1)
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: Served(replica), "127.0.0.1", port)
    await work(name, port)
    server.close()


def ours() -> None:
    lab = Lab("West Europe")
    lab.run(work(lab.host("West Europe"), 6379))


def stock() -> None:
    asyncio.run(beside_a_server())


def detangle() -> None:
    importlib.import_module("detangle").run(beside_a_server)


def simloop() -> None:
    network = importlib.import_module("simloop._net")
    loop = importlib.import_module("simloop").SimLoop(seed=1)
    try:
        loop.run_until_complete(beside_a_server(network.DRIVER))
    finally:
        loop.close()


def rate(run: Callable[[], None]) -> float:
    """Operations per second of processor time."""
    begin = process_time()
    run()
    return CLIENTS * COMMANDS / (process_time() - begin)


def main() -> None:
    loops = {"ours": ours, "stock": stock}
    for each in (detangle, simloop):
        if importlib.util.find_spec(each.__name__) is not None:
            loops[each.__name__] = each
    ours()  # Tables are made once and kept.
    rounds = [{name: rate(run) for name, run in loops.items()} for _ in range(ROUNDS)]
    for name in loops:
        figure = median(each[name] for each in rounds)
        ratio = median(each["ours"] / each[name] for each in rounds)
        floor = f", floor {FLOOR}" if name == "detangle" else ""
        print(f"{name:10} {figure:8,.0f} op/s; ours is {ratio:.2f} times as fast{floor}")


if __name__ == "__main__":
    main()
