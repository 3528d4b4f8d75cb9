"""A replica: one region's copy of one slot range, with three doors.

    execute   a client's request in, its reply out
    receive   a peer's message in; what became visible and what to answer out
    tick      time passes; messages to send out

Plain values in and out. A replica has no clock, no dice and no socket: whoever holds it brings
the time of that region's clock, draws the numbers and carries the messages. Nobody is called back.

>>> from crdb.session import Session
>>> berlin, tokyo = Replica(region=1, peers=[2]), Replica(region=2, peers=[1])
>>> no_dice = lambda n: 0
>>> berlin.execute(0, Session(), [b"INCR", b"visits"], no_dice)
1
>>> tokyo.execute(0, Session(), [b"INCRBY", b"visits", b"10"], no_dice)
10
>>> for peer, message in berlin.tick(1000) + tokyo.tick(1000):
...     _ = {1: berlin, 2: tokyo}[peer].receive(2000, message)
>>> [each.execute(3000, Session(), [b"GET", b"visits"], no_dice) for each in (berlin, tokyo)]
[b'11', b'11']
"""

from collections.abc import Iterable
from heapq import heappop, heappush
from typing import Any, NamedTuple

import msgspec

from crdb import registry
from crdb.backlog import Backlog
from crdb.command import TABLE, Reply, lookup
from crdb.crdts.base import Residue
from crdb.dots import CausalContext, VersionVector
from crdb.errors import CommandError
from crdb.keyspace import Key, Keyspace
from crdb.link import RESEND_DOUBLINGS_MAX, Link
from crdb.messages import Deltas, Message, Resend, Snapshot, Write
from crdb.session import Request, Session
from crdb.stability import Stability
from crdb.transaction import Draw, Transaction

registry.members("crdb.commands")


class Settings(msgspec.Struct, frozen=True):
    """How a replica replicates. Durations in microseconds of the region's clock."""

    batch_writes_max: int = 2_000
    """Writes in one message."""
    backlog_writes_max: int = 1_000_000
    """Own writes kept for peers that lag; beyond it they get a snapshot."""
    resend_after_us: int = 1_000_000
    """Without acknowledgement for so long, ask the peer; doubled each time in vain."""
    owner_grace_us: int = 60_000_000
    """An owner not heard for so long may have its expired keys removed by others."""


class Received(NamedTuple):
    """What a message led to."""

    applied: tuple[Write, ...] = ()
    """Writes that became visible, in order."""
    answers: tuple[tuple[int, Message], ...] = ()
    """(region, message) to send back."""


class Replica:
    """Executes commands locally and converges with its peers."""

    def __init__(
        self,
        region: int,
        peers: Iterable[int] = (),
        actor: int | None = None,
        settings: Settings | None = None,
    ) -> None:
        """``actor`` must never have written before; by default it has the region's number."""
        self.region = region
        self.actor = region if actor is None else actor
        self.settings = settings or Settings()
        self.context = CausalContext()
        self.keyspace = Keyspace()
        self.backlog = Backlog(self.settings.backlog_writes_max)
        self.links = {peer: Link(peer, self.settings.resend_after_us) for peer in sorted(peers)}
        self.stability = Stability(self.links)
        self._transaction = Transaction(
            self.keyspace, region, self.actor, self.backlog.writes, self._remember
        )
        self.heard = 0
        """Counts changes of the context that peers have to be told."""
        self._orphans: set[Key] = set()

    # ── door 1 ──────────────────────────────────────────────────────────────────────────────

    def execute(self, now_us: int, session: Session, request: Request, draw: Draw) -> Reply:
        """Run one request. An error is a reply, and changes nothing."""
        command = TABLE.get(request[0])
        if command is None or not command.words_min <= len(request) <= command.words_max:
            try:
                command = lookup(request)
            except CommandError as error:
                session.failed = session.queue is not None
                return error
        if session.queue is not None and not command.immediate:
            session.queue.append(request)
            return "QUEUED"
        transaction = self._transaction
        transaction.begin(now_us, session, draw, command.write)
        # In a copy the name gives way: a third cheaper than `run(transaction, *request[1:])`.
        args: list[Any] = list(request)
        args[0] = transaction
        try:
            return command.run(*args)
        except CommandError as error:
            return error

    # ── door 2 ──────────────────────────────────────────────────────────────────────────────

    def receive(self, now_us: int, message: Message) -> Received:
        """Take a peer's message. A region that is no peer is not listened to."""
        link = self.links.get(message.region)
        if link is None:
            return Received()
        link.acknowledge(message.vector.get(self.actor, 0), now_us)
        received = Received()
        if isinstance(message, Deltas):
            received = self._receive_deltas(link, message)
        elif isinstance(message, Snapshot):
            self._receive_snapshot(message)
        elif isinstance(message, Resend):
            link.rewind(message.vector.get(self.actor, 0))
        self.stability.note(message.region, message.vector)
        self._collect()
        return received

    def _receive_deltas(self, link: Link, message: Deltas) -> Received:
        have = self.context.vector.get(message.actor, 0)
        if message.probe:
            link.told = link.asked = -1
        if message.after > have:
            if link.asked == have:
                return Received()
            link.asked = have
            return Received(answers=((link.peer, Resend(self.region, self._vector())),))
        if message.last <= have:
            return Received()
        applied = message.writes
        if have > message.after:
            applied = tuple(write for write in applied if write[0] > have)
        self._apply(applied)
        self.context.advance(message.actor, message.last)
        self.heard += 1
        return Received(applied)

    def _apply(self, writes: tuple[Write, ...]) -> None:
        """Merge what comes next in its stream: only hearsay can have met these dots before."""
        merge, cloud, ghosts = self.keyspace.merge, self.context.cloud, self.keyspace.ghosts
        for _, key, delta in writes:
            residue = merge(key, delta, cloud)
            if residue is not None:
                self._remember(key, residue)
            if ghosts:
                self._adopt(key)

    def _receive_snapshot(self, message: Snapshot) -> None:
        """Join a complete state. Its context is merged last, and only because it is complete."""
        theirs = CausalContext(VersionVector(message.vector), message.cloud)
        whole = dict(message.states)
        here = [key for key, _ in self.keyspace.entries()]
        for key in dict.fromkeys([*whole, *here]):
            for delta in self.keyspace.against(key, whole.get(key, ()), theirs):
                residue = self.keyspace.merge(key, delta, self.context)
                if residue is not None:
                    self._remember(key, Residue(lingering=residue.lingering))
            self._adopt(key)
        self.context.merge(theirs)
        self.heard += 1

    # ── door 3 ──────────────────────────────────────────────────────────────────────────────

    def tick(self, now_us: int) -> list[tuple[int, Message]]:
        """Let time pass: expire keys, and send each peer what it does not have."""
        self._expire(now_us)
        outbox = []
        for link in self.links.values():
            message = self._next(link, now_us)
            if message is not None:
                link.told = self.heard
                outbox.append((link.peer, message))
        acked = min((link.acked for link in self.links.values()), default=self.seq)
        self.backlog.trim(acked, self.seq)
        return outbox

    def wake_at(self, now_us: int) -> int | None:
        """When `tick` will next have something to do, on this region's clock; None for never."""
        times = []
        for link in self.links.values():
            if link.sent < self.seq or link.told != self.heard:
                return now_us
            if link.acked < link.sent or self.stability.waiting:
                times.append(link.probe_at_us)
        if self._orphans:
            return now_us
        if self.keyspace.deadlines:
            times.append(self.keyspace.deadlines[0][0])
        return max(now_us, min(times)) if times else None

    def _next(self, link: Link, now_us: int) -> Message | None:
        # A peer whose last word was lost says nothing more by itself; records wait for that word.
        overdue = link.overdue(now_us) or (
            self.stability.waiting and now_us >= link.probe_at_us > 0
        )
        if overdue:
            link.doublings = min(link.doublings + 1, RESEND_DOUBLINGS_MAX)
        if overdue or link.acked == link.sent:
            link.wait(now_us)
        after = link.sent
        if after == self.seq and link.told == self.heard and not overdue:
            return None
        found = self.backlog.slice(after, self.seq, self.settings.batch_writes_max)
        if found is None:
            link.sent = self.seq
            return self.snapshot()
        writes, link.sent = found
        return Deltas(self.region, self._vector(), self.actor, after, link.sent, writes, overdue)

    def snapshot(self) -> Snapshot:
        """The complete state with its context."""
        vector = self._vector()
        states = tuple(self.keyspace.complete())
        cloud = tuple(sorted(self.context.cloud))
        return Snapshot(self.region, vector, self.actor, cloud, states)

    @property
    def seq(self) -> int:
        """Sequence number of the last own write."""
        return self._transaction.seq

    def _vector(self) -> dict[int, int]:
        """What has been applied here, own writes included: they are applied when made."""
        if self.seq:
            self.context.vector[self.actor] = self.seq
        return dict(self.context.vector)

    # ── housekeeping ────────────────────────────────────────────────────────────────────────

    def _remember(self, key: Key, residue: Residue) -> None:
        """Keep what a merge could not finish: removals ahead of their adds, and records."""
        for dot in residue.missed:
            self.context.add(dot)
        for dot in residue.lingering:
            self.stability.keep(dot, key)

    def _adopt(self, key: Key) -> None:
        """A deadline whose key is gone is its owner's to remove."""
        ghost = self.keyspace.ghosts.get(key)
        if ghost and ghost.expiry and ghost.expiry.owner == self.region:
            self._orphans.add(key)

    def _collect(self) -> None:
        """Drop the records that every region is known to have seen."""
        if self.stability.waiting:
            for record, key in self.stability.settled(self._vector()):
                self.keyspace.forget(key, record)

    def _expire(self, now_us: int) -> None:
        """Turn expired keys into removals: own ones, and those of owners long not heard."""
        transaction = self._transaction
        transaction.begin(now_us, Session(), _no_draw)
        deadlines = self.keyspace.deadlines
        while deadlines and deadlines[0][0] <= now_us:
            _, key = heappop(deadlines)
            entry = self.keyspace.keys.get(key)
            if entry is None or entry.expiry is None or entry.deadline_us > now_us:
                continue
            link = self.links.get(entry.expiry.owner or 0)
            heard_us = 0 if link is None else link.heard_at_us + self.settings.owner_grace_us
            if heard_us > now_us:
                heappush(deadlines, (heard_us, key))
            else:
                transaction.remove(key)
        for key in sorted(self._orphans):
            transaction.drop_orphan(key)
        self._orphans.clear()
        self._collect()


def _no_draw(n: int) -> int:
    raise AssertionError("expiry draws no numbers")
