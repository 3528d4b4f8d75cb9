"""The same world in real time, on real sockets: each region is a Redis of its own on loopback.

>>> import redis
>>> with served("three-cities", speed=100) as world:
...     west = redis.Redis(port=world.ports["West Europe"])
...     east = redis.Redis(port=world.ports["East US"])
...     _ = west.incr("signups"), east.incr("signups")
...     while west.get("signups") != b"2":
...         pass
...     east.get("signups")
b'2'

For a test in any framework, or as a fixture of pytest:

    @pytest.fixture
    def world():
        with sim.serve.served("three-cities", speed=100) as world:
            yield world
"""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Event, Thread
from typing import Any

from sim.scenario import Scenario, load
from sim.serve.server import Server

__all__ = ["Server", "served"]


@contextmanager
def served(scenario: Scenario | str, **options: Any) -> Iterator[Server]:
    """A server that runs in a thread of its own, so that any client may call it.

    ``options`` are those of `Server`. Raises what it raises, and `sim.scenario.BadScenario`.
    """
    server = Server(load(scenario) if isinstance(scenario, str) else scenario, **options)
    up = Event()
    loop = asyncio.new_event_loop()
    over = asyncio.Event()
    failed: list[BaseException] = []

    async def serve() -> None:
        try:
            async with server:
                up.set()
                await over.wait()
        except BaseException as error:
            failed.append(error)
        finally:
            up.set()

    thread = Thread(target=loop.run_until_complete, args=[serve()], name="serve", daemon=True)
    thread.start()
    try:
        up.wait()
        if failed:
            raise failed[0]
        yield server
    finally:
        if thread.is_alive():
            loop.call_soon_threadsafe(over.set)
        thread.join()
        loop.close()
    if failed:
        raise failed[0]
