"""redis-py connections that enter what is asked on them into the history, as model clients do.

Each attempt is an operation of its own: redis-py repeats a command whose reply does not come, and
the first attempt may have been carried out all the same. One that could not even be sent, since no
connection was to be had, is none. What redis-py says of itself when it connects is left out.

A client is ordinary but for the class of its connections, which redis-py lets one choose.
Whose operations they are is said in the task that asks: ``with asked_by(process): …``.
Not for pub/sub, where more is read than was asked.
"""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

from redis.asyncio import Connection, ConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import (
    AbstractBackoff,
    ConstantBackoff,
    ExponentialBackoff,
    FullJitterBackoff,
)
from redis.exceptions import ReadOnlyError, RedisError, ResponseError

from sim.history import FAIL, INFO, OK, Op, Outcome
from sim.words import plain


def client(world: Any, host: str) -> Redis:
    """A client of a host of this world, as patient as the scenario says.

    redis-py is told what model clients are told; beyond that it tries again after READONLY, since
    the name of a primary may lead elsewhere by then.
    """
    patience = world.scenario.client
    pool = ConnectionPool(
        connection_class=Recorded,
        world=world,
        host=host,
        decode_responses=True,
        socket_timeout=int(patience.timeout) / 1e6,
        socket_connect_timeout=int(patience.timeout) / 1e6,
        retry=Retry(backoff_of(world), patience.attempts - 1),
        retry_on_error=[ReadOnlyError],
    )
    return Redis(connection_pool=pool)


def backoff_of(world: Any) -> AbstractBackoff:
    """The waits of model clients, in redis-py's words: see `sim.client.Backoff`."""
    patience = world.scenario.client
    base, cap = int(patience.backoff_base) / 1e6, int(patience.backoff_cap) / 1e6
    if patience.backoff == "fixed":
        return ConstantBackoff(base)
    kind = FullJitterBackoff if patience.backoff == "full-jitter" else ExponentialBackoff
    return kind(base=base, cap=cap)


GREETINGS = frozenset({"AUTH", "CLIENT", "HELLO", "SELECT"})

_process: ContextVar[int] = ContextVar("process")


@contextmanager
def asked_by(process: int) -> Iterator[None]:
    """What is asked in this block is asked by the process of that number."""
    token = _process.set(process)
    try:
        yield
    finally:
        _process.reset(token)


class Asked(NamedTuple):
    """A request whose reply has not been read."""

    process: int
    request: tuple[bytes, ...]
    at_us: int


class Recorded(Connection):
    """A connection to a region of a world."""

    def __init__(self, *, world: Any, **options: Any) -> None:
        super().__init__(**options)
        self._world = world
        self._packed: list[tuple[bytes, ...]] = []
        """What is about to be sent."""
        self._asked: deque[Asked] = deque()
        self._region = ""
        self._encode: Callable[[Any], bytes] = self.encoder.encode

    def pack_command(self, *args: Any) -> Any:
        self._packed = [self._words(args)]
        return super().pack_command(*args)

    def pack_commands(self, commands: Iterable[Iterable[Any]]) -> Any:
        requests = [tuple(each) for each in commands]
        packed = super().pack_commands(requests)
        self._packed = [self._words(each) for each in requests]
        return packed

    async def send_packed_command(self, command: Any, check_health: bool = True) -> None:
        # SUBTLE: before it sends, it may connect, and ask other things for that.
        requests, was_connected = self._packed, self.is_connected
        at_us = self._world.engine.now
        asked = [Asked(_process.get(), each, at_us) for each in requests]
        try:
            await super().send_packed_command(command, check_health)
        except RedisError:
            if was_connected:
                self._enter_all(asked)
            raise
        self._region = self._world.names.places[self.getpeername()]
        self._asked += asked

    async def read_response(self, *args: Any, **options: Any) -> Any:
        try:
            reply = await super().read_response(*args, **options)
        except ResponseError as error:
            self._enter(self._asked.popleft(), FAIL, str(error))
            raise
        self._enter(self._asked.popleft(), OK, reply)
        return reply

    async def disconnect(self, *args: Any, **options: Any) -> None:
        """Give up, for whatever reason: what has had no reply may have happened."""
        asked = list(self._asked)
        self._asked.clear()
        self._enter_all(asked)
        await super().disconnect(*args, **options)

    def _words(self, request: Iterable[Any]) -> tuple[bytes, ...]:
        return tuple(self._encode(each) for each in request)

    def _enter_all(self, asked: Iterable[Asked]) -> None:
        for each in asked:
            self._enter(each, INFO, None)

    def _enter(self, asked: Asked, outcome: Outcome, reply: Any) -> None:
        name, *args = asked.request
        if name.decode() in GREETINGS:
            return
        world = self._world
        world.history.op(
            Op(
                asked.process,
                self._region,
                name.decode(),
                tuple(args),
                asked.at_us,
                world.engine.now,
                outcome,
                plain(reply),
            )
        )
