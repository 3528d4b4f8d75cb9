"""Several replicas, their clocks and the messages in flight, all in a test's hand.

>>> regions = Regions(2)
>>> regions.run(1, b"SET", b"k", b"v"), regions.run(2, b"GET", b"k")
('OK', None)
>>> regions.settle()
>>> regions.run(2, b"GET", b"k")
b'v'
"""

from collections.abc import Iterable
from typing import Any

from crdb.command import Reply
from crdb.messages import Difference, Message
from crdb.replica import Replica, Settings
from crdb.session import Session

START_US = 1_700_000_000_000_000
ROUNDS_MAX = 60


def words(line: str) -> list[bytes]:
    return [word.encode() for word in line.split()]


class Regions:
    """Regions 1 to ``count``, each of which reads a clock of its own."""

    def __init__(self, count: int = 3, settings: Settings | None = None) -> None:
        ids = range(1, count + 1)
        self.settings = settings or Settings()
        self.replicas = {
            region: Replica(region, [peer for peer in ids if peer != region], None, settings)
            for region in ids
        }
        self.sessions = {region: Session() for region in ids}
        self.now_us = START_US
        self.skew_us = dict.fromkeys(ids, 0)
        self.actors = count
        """How many have been given out: one that has written is never given out again."""
        self.flight: list[tuple[int, Message]] = []
        """(to whom, what): messages that were sent and have not arrived."""

    def __getitem__(self, region: int) -> Replica:
        return self.replicas[region]

    def clock_us(self, region: int) -> int:
        return self.now_us + self.skew_us[region]

    def run(self, region: int, *request: bytes) -> Reply:
        """Execute in the region's usual session; the dice always show 0."""
        session = self.sessions[region]
        return self[region].execute(self.clock_us(region), session, request, lambda n: 0)

    def say(self, region: int, line: str) -> Reply:
        """The same for a request in plain words."""
        return self.run(region, *words(line))

    def everywhere(self, line: str) -> list[Reply]:
        return [self.say(region, line) for region in self.replicas]

    def restore(self, region: int, backup: Difference | None = None) -> None:
        """The region loses everything but a backup; without one it has amnesia."""
        old = self[region]
        self.actors += 1
        self.replicas[region] = Replica.restored(
            region, old.links, self.actors, backup, self.settings
        )
        self.sessions[region] = Session()

    def crash(self, region: int) -> None:
        """What is on the region's connections is lost; what it holds is not."""
        self.flight = [
            (to, message) for to, message in self.flight if region not in (to, message.region)
        ]
        self.sessions[region] = Session()

    def remove(self, region: int) -> None:
        """The region leaves for good, whatever it has not told anybody."""
        del self.replicas[region], self.sessions[region]
        self.flight = [(to, message) for to, message in self.flight if to != region]
        for replica in self.replicas.values():
            replica.remove_peer(region)

    def add(self, region: int) -> None:
        """A region that was removed is back, with nothing."""
        peers = list(self.replicas)
        for replica in self.replicas.values():
            replica.add_peer(region)
        self.actors += 1
        self.replicas[region] = Replica.restored(region, peers, self.actors, None, self.settings)
        self.sessions[region] = Session()

    def tick(self, regions: Iterable[int] | None = None) -> None:
        for region in self.replicas if regions is None else regions:
            self.flight += self[region].tick(self.clock_us(region))

    def deliver(self, index: int = 0) -> None:
        """The message at that place arrives; answers to it go into flight."""
        to, message = self.flight.pop(index)
        self.flight += self[to].receive(self.clock_us(to), message).answers

    def hear(self, listener: int, speaker: int) -> None:
        """Tick the speaker, and let only this listener get what it says. The rest is lost."""
        for to, message in self[speaker].tick(self.clock_us(speaker)):
            if to == listener:
                self[to].receive(self.clock_us(to), message)

    def settle(self, round_us: int = 1_000) -> None:
        """Deliver everything, in rounds, until nobody has anything left to say or to ask."""
        for _ in range(ROUNDS_MAX):
            self.tick()
            if not self.flight:
                if all(replica.settled() for replica in self.replicas.values()):
                    return
                self.now_us += self.next_wake_us()
            while self.flight:
                self.deliver()
            self.now_us += round_us
        raise AssertionError(f"still talking after {ROUNDS_MAX} rounds: {self.flight}")

    def next_wake_us(self) -> int:
        """How long until the first region wants to tick."""
        waits = [
            wake_us - self.clock_us(region)
            for region, replica in self.replicas.items()
            if (wake_us := replica.wake_at(self.clock_us(region))) is not None
        ]
        return min(waits)

    def keyspaces(self) -> list[dict[bytes, dict[Any, Any]]]:
        """All that each region holds, ghosts included: key -> type -> complete state."""
        return [
            {
                key: {delta.crdt: delta for delta in whole}
                for key, whole in replica.keyspace.beyond(())
            }
            for replica in self.replicas.values()
        ]

    def assert_converged(self) -> None:
        first, *others = self.keyspaces()
        for other in others:
            assert other == first

    def assert_nothing_left(self) -> None:
        """Not a key, not a record, not a dot of hearsay, not a write kept for anybody."""
        for replica in self.replicas.values():
            assert not replica.keyspace.keys
            assert not replica.keyspace.ghosts
            assert not replica.context.cloud
            assert not replica.stability.waiting
            assert not replica.backlog.writes


def said(regions: Regions, region: int) -> list[Any]:
    """What a region says when it ticks; nothing of it is in flight."""
    return [message for _, message in regions[region].tick(regions.clock_us(region))]
