"""Commands: clients in every region run random commands on keys that they share.

The mix names command lines with blanks, each with its weight. A client asks its own region, waits
for the reply, pauses, and takes the next line. Without reply it asks again, after a back-off, as
often as the scenario's client settings say, if that does no harm; with `failover` it asks the other
regions in turn. A repeated INCR would count twice, so it is asked once only.

>>> Commands(mix={"SADD tags:{key} {mine}": 1}).fill("SADD tags:{key} {mine}", lambda n: 2, "c1-7")
(b'SADD', b'tags:2', b'c1-7')
>>> Commands(mix={"INCR k:{kye}": 1})
Traceback (most recent call last):
ValueError: mix: 'INCR k:{kye}' has a blank {kye}; the blanks are {key}, {word}, {number}, {mine}
"""

from collections.abc import Callable, Generator
from typing import Any

from crdb.command import lookup
from crdb.session import Request
from sim.client import Backoff, Client, Unknown
from sim.latency import Exponential
from sim.rng import Dice
from sim.units import Period
from sim.workloads import Workload
from sim.workloads._mix import check

BLANKS = ("key", "word", "number", "mine")
NUMBER_MAX = 9

REPEATABLE = frozenset({"del", "mset", "persist", "sadd", "set", "srem"})
"""Writes that leave the same behind when they are run twice in a row."""
CONDITIONS = frozenset({b"GET", b"NX", b"XX"})
"""With one of these, SET's second reply would not tell what the first run did."""


class Commands(Workload, frozen=True, tag="commands", kw_only=True):
    """Who runs what, and how often."""

    mix: dict[str, int]
    """Command line -> weight. ``{key}`` is one of the keys, ``{word}`` one of the words,
    ``{number}`` one of 1 to 9, and ``{mine}`` a word that nobody writes twice."""
    clients: int = 3
    """In each region."""
    every: Period = Period(200_000)
    """Mean pause of a client before each command; exponential."""
    keys: int = 3
    words: int = 8
    failover: bool = False
    """Whether a client that gets no reply goes on to another region with the same command."""

    def __post_init__(self) -> None:
        """Raises ValueError for a line that could never be run."""
        if self.clients < 1 or self.keys < 1 or self.words < 1 or self.every < 1:
            raise ValueError("clients, every, keys, words: expected 1 or more of each")
        check(self.mix, BLANKS, lambda line: self.fill(line, lambda n: 0, "x"))

    def fill(self, line: str, draw: Callable[[int], int], mine: str) -> tuple[bytes, ...]:
        """Return a request made from a line of the mix; ``draw(n)`` gives a number below n."""
        blanks = {
            "key": draw(self.keys),
            "word": f"w{draw(self.words)}",
            "number": 1 + draw(NUMBER_MAX),
            "mine": mine,
        }
        return tuple(word.format(**blanks).encode() for word in line.split())

    def start(self, world: Any) -> None:
        for place in world.scenario.regions:
            for _ in range(self.clients):
                client = world.client(place)
                dice = world.streams[f"commands {client.process}"]
                world.engine.process(self._work(world, client, dice))

    def _work(self, world: Any, client: Client, dice: Dice) -> Generator[Any, Any, None]:
        names = list(world.regions)
        home = names.index(client.place)
        regions = [world.regions[name] for name in names[home:] + names[:home]]
        regions = regions if self.failover else regions[:1]
        backoff, waits = Backoff.of(world.scenario.client), dice.fork("backoff")
        pauses = Exponential(int(self.every)).stream(dice.fork("pauses"))
        lines = [line for line, weight in self.mix.items() for _ in range(weight)]
        count = 0
        while True:
            yield world.engine.timeout(next(pauses))
            if world.engine.now >= int(world.scenario.horizon):
                return
            count += 1
            request = self.fill(dice.pick(lines), dice.below, f"c{client.process}-{count}")
            try:
                if repeatable(request):
                    yield from client.call_until_answered(regions, request, backoff, waits)
                else:
                    yield from client.call(regions[0], *request)
            except Unknown:
                continue


def repeatable(request: Request) -> bool:
    """Return whether a request without reply may be sent again.

    >>> [repeatable(line.encode().split()) for line in ("SADD k x", "GET k", "INCR k", "EXEC")]
    [True, True, False, False]
    >>> [repeatable(line.encode().split()) for line in ("SET k x EX 9", "SET k x NX")]
    [True, False]
    """
    entry = lookup(request)
    if "readonly" in entry.flags:
        return True
    return entry.name in REPEATABLE and CONDITIONS.isdisjoint(word.upper() for word in request[3:])
