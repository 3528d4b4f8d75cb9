"""The requests of `load`, asked by redis-py: one client for each region's application, on TCP.

It is as patient as the scenario says. Redirections, broken connections and new slot tables are
redis-py's own business; an application that takes them for errors (`Sharded`) is one that keeps a
plain `Redis` for each shard that there was in the beginning.
"""

import asyncio
from typing import Any, Protocol

from redis.asyncio import Redis, RedisCluster
from redis.asyncio.retry import Retry
from redis.crc import key_slot
from redis.exceptions import ConnectionError, TimeoutError

from sim import aio
from sim.history import FAIL, INFO, OK
from sim.recorded import backoff_of
from sim.workloads.load import Asked, Load, Send

PORT = 10_000

LONG_S = 1e9


class Asking(Protocol):
    """What an application has: `Redis`, `RedisCluster` or `Sharded`."""

    async def execute_command(self, *words: Any) -> Any: ...

    async def aclose(self) -> None: ...


def sending(world: Any, settings: Load) -> Send:
    """Return who sends requests in a world that is about to run."""
    loop = world.host()
    clients = {place: _client(world, place, settings) for place in world.regions}

    for client in clients.values():
        loop.live(_hang_up(client))

    def send(asked: Asked) -> None:
        with aio.at(asked.place):
            loop.live(_serve(world.ledger, clients[asked.place], asked))

    return send


async def _serve(ledger: Any, client: Asking, asked: Asked) -> None:
    try:
        await client.execute_command(asked.words[0].decode(), *asked.words[1:])
    except (ConnectionError, TimeoutError) as error:
        ledger.ends(asked, INFO, _told(error))
    except Exception as error:
        # Not all are redis-py's own: a bug of it is its application's error as well.
        ledger.ends(asked, FAIL, _told(error))
    else:
        ledger.ends(asked, OK)


async def _hang_up(client: Asking) -> None:
    """Close a client when the run is over, and this task is cancelled with all others."""
    try:
        # SUBTLE: with a time, since a task that nobody will ever wake is garbage to Python.
        await asyncio.sleep(LONG_S)
    finally:
        await client.aclose()


def _told(error: Exception) -> str:
    return f"{type(error).__name__} {error}"


def _client(world: Any, place: str, settings: Load) -> Asking:
    host = world.doors[place].host
    patience = world.scenario.client
    options: dict[str, Any] = {
        "socket_timeout": int(patience.timeout) / 1e6,
        "socket_connect_timeout": int(patience.timeout) / 1e6,
        "retry": Retry(backoff_of(world), patience.attempts - 1),
        **settings.options,
    }
    if world.scenario.cluster.policy != "oss":
        return Redis(host=host, port=PORT, **options)
    if settings.moved == "fatal":
        return Sharded(host, options)
    return RedisCluster(host=host, port=PORT, **options)


class Sharded:
    """A client of its own for each shard, by the slots as they were when it began."""

    def __init__(self, host: str, options: dict[str, Any]) -> None:
        self._first: Asking = Redis(host=host, port=PORT, **options)
        self._options = options
        self._shards: list[tuple[int, int, Asking]] = []

    async def execute_command(self, *words: Any) -> Any:
        """Ask the shard that has the key, the second word. Raises what redis-py does."""
        if not self._shards:
            table = await self._first.execute_command("CLUSTER SLOTS")
            # Requests that began meanwhile have asked too; the first table stays.
            self._shards = self._shards or [self._shard(*row) for row in table]
        number = key_slot(words[1])
        shard = next(each for first, last, each in self._shards if first <= number <= last)
        return await shard.execute_command(*words)

    async def aclose(self) -> None:
        """Close all of them."""
        for client in (self._first, *(each for _, _, each in self._shards)):
            await client.aclose()

    def _shard(self, first: int, last: int, primary: Any, *_: Any) -> tuple[int, int, Asking]:
        host, port, *_ = primary
        return first, last, Redis(host=host.decode(), port=port, **self._options)
