"""Load: an application in every region sends requests at a rate, whatever becomes of them.

The load is open: a request begins when it is due and not when the one before it is answered, and
its latency counts from then. A client that waits its turn would measure a slow second once, where
its users meet it hundreds of times.

What an application saw of one request is the operation ``request``, with the command's name, its
words and all attempts together: ok, fail with the error's text, or info if it does not know. Model
clients' attempts are operations of their own, under the names of their commands. As redis-py does,
an attempt without reply is repeated whatever the command, so an INCR may count twice.

``clients = "redis"`` sends the same requests at the same times from redis-py: `RedisCluster` where
the clustering policy is ``oss``, else `Redis`. ``moved = "fatal"`` is an application that asks once
which shard has which slots, and takes MOVED and ASK for errors like any other.

>>> Load(mix={"SET k:{key} {value}": 1}, value_bytes=3).fill("SET k:{key} {value}", lambda n: 7)
(b'SET', b'k:7', b'xxx')
"""

from collections.abc import Callable, Generator
from functools import partial
from typing import Annotated, Any, Literal, NamedTuple, Protocol

import msgspec
from msgspec import Meta

from crdb.errors import CommandError
from crdb.session import Session
from sim.client import Backoff, Client, Unknown
from sim.cluster_client import ClusterClient
from sim.history import FAIL, INFO, OK, Op, Outcome
from sim.latency import Exponential
from sim.rng import Dice, odds
from sim.units import SECOND
from sim.workloads import Workload
from sim.workloads._mix import check

BLANKS = ("key", "number", "value")
NUMBER_MAX = 9
REQUEST = "request"
"""The name of the operation that is one request of the application."""

Steps = Generator[Any, Any, None]


class Load(Workload, frozen=True, tag="load", kw_only=True):
    """What is asked, how often, and by which clients."""

    mix: dict[str, int]
    """Command line -> weight. ``{key}`` is one of the keys, another one wherever it stands,
    ``{number}`` one of 1 to 9, and ``{value}`` a text of `value_bytes`."""
    per_s: Annotated[int, Meta(ge=1, le=1_000_000)] = 100
    """Requests in a second of each region's application, independent of each other (Poisson)."""
    at: list[str] = msgspec.field(default_factory=list)
    """The regions that have an application; none named means all of them."""
    keys: Annotated[int, Meta(ge=1)] = 1_000
    hot: Annotated[float, Meta(ge=0, le=1)] = 0.0
    """The share of keys drawn that are key 0 without further ado."""
    value_bytes: Annotated[int, Meta(ge=0)] = 100
    filled: str = ""
    """Command line that the first region runs once for each key before everything else."""
    clients: Literal["model", "redis"] = "model"
    """Who asks: model clients, or redis-py on TCP."""
    moved: Literal["hint", "fatal"] = "hint"
    """What they take a redirection for."""
    options: dict[str, bool | int | float | str] = msgspec.field(default_factory=dict)
    """Of redis-py's clients, as it calls them: ``{reinitialize_steps = 0}``. Times in seconds."""

    def __post_init__(self) -> None:
        """Raises ValueError for a line that could never be run."""
        filled = {self.filled: 1} if self.filled else {}
        check(self.mix | filled, BLANKS, lambda line: self.fill(line, lambda n: 0))

    def fill(self, line: str, draw: Callable[[int], int]) -> tuple[bytes, ...]:
        """Return a request made from a line; ``draw(n)`` gives a number below n."""
        return tuple(self._word(word, draw) for word in line.split())

    def _word(self, word: str, draw: Callable[[int], int]) -> bytes:
        blanks: dict[str, object] = {}
        if "{key}" in word:
            blanks["key"] = draw(self.keys)
        if "{number}" in word:
            blanks["number"] = 1 + draw(NUMBER_MAX)
        if "{value}" in word:
            blanks["value"] = "x" * self.value_bytes
        return (word.format(**blanks) if blanks else word).encode()

    def places(self) -> list[str]:
        return self.at

    def start(self, world: Any) -> None:
        first = next(iter(world.regions.values()))
        for key in range(self.keys if self.filled else 0):
            first.execute(Session(), self.fill(self.filled, partial(_chosen, key)))
        world.ledger = Ledger(world)
        send = self._sender(world)
        for place in self.at or world.regions:
            world.engine.process(self._arrivals(world, place, send))

    def _sender(self, world: Any) -> "Send":
        if self.clients == "model":
            crews = {place: Crew(world, place, self.moved) for place in world.regions}
            return lambda asked: world.engine.process(crews[asked.place].serve(asked))
        # Only here is redis-py needed, which is optional.
        from sim.workloads._redis_load import sending

        return sending(world, self)

    def _arrivals(self, world: Any, place: str, send: "Send") -> Steps:
        engine, dice = world.engine, world.streams[f"load {place}"]
        gaps = Exponential(SECOND // self.per_s).stream(dice.fork("gaps"))
        lines = [line for line, weight in self.mix.items() for _ in range(weight)]
        hot, horizon_us = odds(self.hot), int(world.scenario.horizon)

        def draw(bound: int) -> int:
            return 0 if dice.raw() < hot else dice.below(bound)

        while True:
            yield engine.timeout(next(gaps))
            if engine.now >= horizon_us:
                return
            line = dice.pick(lines)
            send(world.ledger.open(place, self.fill(line, draw if self.hot else dice.below)))

    def finish(self, world: Any) -> None:
        world.ledger.close()


def _chosen(key: int, _: int) -> int:
    return key


class Asked(NamedTuple):
    """A request of an application, as it was due."""

    number: int
    place: str
    words: tuple[bytes, ...]
    at_us: int


class Send(Protocol):
    """Let a client ask; its answer goes to the world's ledger."""

    def __call__(self, asked: Asked) -> object: ...


class Ledger:
    """The requests under way, and their outcomes into the history."""

    def __init__(self, world: Any) -> None:
        self._world = world
        self._open: dict[int, Asked] = {}
        self._last = 0

    def open(self, place: str, words: tuple[bytes, ...]) -> Asked:
        """A request is due, now."""
        self._last += 1
        asked = Asked(self._last, place, words, self._world.engine.now)
        self._open[asked.number] = asked
        return asked

    def ends(self, asked: Asked, outcome: Outcome, error: str | None = None) -> None:
        """Its last word. What was read is not kept: it would be most of the history."""
        del self._open[asked.number]
        self._enter(asked, self._world.engine.now, outcome, error)

    def close(self) -> None:
        """What is still under way stays open."""
        for asked in self._open.values():
            self._enter(asked, None, INFO, None)

    def _enter(
        self, asked: Asked, ended_us: int | None, outcome: Outcome, error: str | None
    ) -> None:
        number, place, words, at_us = asked
        self._world.history.op(
            Op(number, place, REQUEST, words[:2], at_us, ended_us, outcome, error)
        )


class Crew:
    """One region's application: as many sessions as it has requests under way."""

    def __init__(self, world: Any, place: str, moved: str) -> None:
        self._world = world
        self._region = world.regions[place]
        self._place = place
        self._fatal = moved == "fatal"
        self._idle: list[Client] = []
        self._backoff = Backoff.of(world.scenario.client)
        self._waits: Dice = world.streams[f"load {place}"].fork("backoff")

    def serve(self, asked: Asked) -> Steps:
        """Ask until there is an answer, or no attempt is left."""
        client = self._idle.pop() if self._idle else self._hire()
        ends = self._world.ledger.ends
        try:
            reply = yield from client.call_until_answered(
                [self._region], asked.words, self._backoff, self._waits
            )
        except Unknown:
            ends(asked, INFO, "no reply")
        else:
            failed = isinstance(reply, CommandError)
            ends(asked, FAIL if failed else OK, str(reply) if failed else None)
        self._idle.append(client)

    def _hire(self) -> Client:
        client: Client = self._world.client(self._place)
        if isinstance(client, ClusterClient):
            client.moved_is_fatal = self._fatal
        return client
