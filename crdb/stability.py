"""Causal stability: what every region has seen, hence what may be forgotten.

A record (a counter's reset, a deletion that wins) must stay as long as something concurrent with
it may still arrive. Once every region has seen it, all that follows comes after it.

SUBTLE: "region R has seen it" is not enough. R may have written before it saw the record, and
that write may still be on its way here while R's word of having seen the record has overtaken
it. So a region's word counts only once all that it had seen by then is here too.

>>> stability = Stability(regions=[2])
>>> stability.keep(dot(1, 7), b"k")
>>> stability.note(2, {1: 7, 2: 4})              # region 2 has seen 1:7, and wrote 2:4 ...
>>> stability.newly_stable(mine={1: 7, 2: 3})         # ... perhaps before that, and it is not here
[]
>>> stability.newly_stable(mine={1: 7, 2: 4}) == [(dot(1, 7), b"k")]
True

Source: Baquero, Almeida, Shoker, "Pure operation-based replicated data types" (2017).
"""

from collections import OrderedDict
from collections.abc import Iterable, Mapping

from crdb.dots import Dot, actor_of, dot, seq_of

Vector = Mapping[int, int]


class Stability:
    """Which of the records kept here have become stable."""

    __slots__ = ("_claimed", "_confirmed", "_newest", "_waiting")

    def __init__(self, regions: Iterable[int]) -> None:
        self._confirmed: dict[int, Vector] = {region: {} for region in regions}
        self._claimed: dict[int, Vector] = {}
        self._newest: dict[int, Vector] = {}
        self._waiting: dict[int, OrderedDict[bytes, tuple[int, int]]] = {}
        """Actor -> key -> a record there and the latest one, the key that waits longest first."""

    def keep(self, record: Dot, key: bytes) -> None:
        """Remember that ``key`` holds a record under this dot.

        Once an actor's later record of a key is stable, so are its earlier ones: two are kept. One
        is waited for, and the latest is not, since under steady traffic it is always too new.
        """
        waiting = self._waiting.setdefault(actor_of(record), OrderedDict())
        first, latest = waiting.get(key, (seq_of(record), 0))
        waiting[key] = first, max(seq_of(record), latest)

    def note(self, region: int, vector: Vector) -> None:
        """A region says what it has applied.

        A claim waits here until it is confirmed, since under steady traffic the newest is always a
        little ahead of what has arrived; the newest is kept too, for it may be the last.
        """
        newest = self._newest.get(region, {})
        overtaken = all(newest.get(actor, 0) >= seq for actor, seq in vector.items())
        if region in self._confirmed and not overtaken:
            self._newest[region] = vector
            self._claimed.setdefault(region, vector)

    def restart(self, region: int) -> None:
        """A region begins anew: what it may have said before counts no longer."""
        self.leave(region)
        self._confirmed[region] = {}

    def leave(self, region: int) -> None:
        """A region is no longer waited for."""
        for vectors in (self._confirmed, self._claimed, self._newest):
            vectors.pop(region, None)

    def newly_stable(self, mine: Vector) -> list[tuple[Dot, bytes]]:
        """The records that have become stable, given what has been applied here."""
        for region in list(self._claimed):
            for vector in (self._claimed[region], self._newest[region]):
                if all(mine.get(actor, 0) >= seq for actor, seq in vector.items()):
                    self._confirmed[region] = vector
                    self._claimed[region] = self._newest[region]
            if self._confirmed[region] is self._newest[region]:
                del self._claimed[region]
        done: list[tuple[Dot, bytes]] = []
        for actor in sorted(self._waiting):
            waiting = self._waiting[actor]
            frontier = min(
                (vector.get(actor, 0) for vector in self._confirmed.values()),
                default=mine.get(actor, 0),
            )
            while waiting and waiting[next(iter(waiting))][0] <= frontier:
                key, (_, latest) = waiting.popitem(last=False)
                done.append((dot(actor, min(latest, frontier)), key))
                if latest > frontier:
                    waiting[key] = latest, latest
            if not waiting:
                del self._waiting[actor]
        return done

    @property
    def waiting(self) -> bool:
        return bool(self._waiting)
