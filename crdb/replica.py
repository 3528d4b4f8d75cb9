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
from crdb.dots import ACTORS_MAX, CausalContext, VersionVector
from crdb.errors import CommandError
from crdb.keyspace import Entry, Key, Keyspace
from crdb.link import Link
from crdb.messages import Deltas, Message, Resend, Snapshot, Write
from crdb.session import Request, Session
from crdb.stability import Stability
from crdb.stamps import REGIONS_MAX
from crdb.transaction import Draw, Transaction, no_dice

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
    """Writes that were merged, in order; those of a snapshot have 0 for their group."""
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
        """``actor`` must never have written before; by default it has the region's number.

        Raises ValueError for a region or actor that does not fit into a stamp or a dot.
        """
        self.region = region
        self.actor = region if actor is None else actor
        if not 0 < region < REGIONS_MAX or not 0 < self.actor < ACTORS_MAX:
            raise ValueError(f"region {region}, actor {self.actor}: expected 1 to 4095")
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
        """Keys that are gone, whose deadline is for this region to remove …"""
        self._foundlings: set[Key] = set()
        """… and those whose deadline is another region's, which may never do so."""

    # ── door 1 ──────────────────────────────────────────────────────────────────────────────

    def execute(self, now_us: int, session: Session, request: Request, draw: Draw) -> Reply:
        """Run one request of at least one word. An error is a reply, and changes nothing."""
        command = TABLE.get(request[0])
        if command is None or not command.words_min <= len(request) <= command.words_max:
            try:
                command = lookup(request)
            except CommandError as error:
                session.failed = session.queue is not None
                return error
        if session.queue is not None and not command.immediate:
            session.queue.append(tuple(request))
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

    def close(self, session: Session) -> None:
        """The client is gone: nobody waits for what it watched."""
        self.keyspace.unwatch(session)

    # ── door 2 ──────────────────────────────────────────────────────────────────────────────

    def receive(self, now_us: int, message: Message) -> Received:
        """Take a peer's message. A region that is no peer is not listened to."""
        link = self.links.get(message.region)
        if link is None:
            return Received()
        if isinstance(message, Resend) and message.after < link.acked:
            return Received()
        link.acknowledge(message.vector.get(self.actor, 0), now_us)
        received = Received()
        if isinstance(message, Deltas):
            received = self._receive_deltas(now_us, link, message)
        elif isinstance(message, Snapshot):
            received = self._receive_snapshot(now_us, message)
        elif isinstance(message, Resend):
            link.rewind(message.vector.get(self.actor, 0))
        self.stability.note(message.region, message.vector)
        self._collect()
        return received

    def _receive_deltas(self, now_us: int, link: Link, message: Deltas) -> Received:
        have = self.context.vector.get(message.actor, 0)
        if message.probe:
            link.told = link.asked = -1
        if message.after > have:
            if link.asked == have:
                return Received()
            link.asked = have
            answer = Resend(self.region, self._vector(), message.after)
            return Received(answers=((link.peer, answer),))
        if message.last <= have:
            return Received()
        applied = message.writes
        if have > message.after:
            applied = tuple(write for write in applied if write[0] > have)
        self._apply(now_us, applied)
        self.context.advance(message.actor, message.last)
        self.heard += 1
        return Received(applied)

    def _apply(self, now_us: int, writes: tuple[Write, ...]) -> None:
        """Merge what comes next in its stream: only hearsay can have met these dots before."""
        merge, cloud, ghosts = self.keyspace.merge, self.context.cloud, self.keyspace.ghosts
        for _, key, delta in writes:
            residue = merge(key, delta, cloud)
            if residue is not None:
                self._remember(key, residue)
            if ghosts:
                self._adopt(now_us, key)

    def _receive_snapshot(self, now_us: int, message: Snapshot) -> Received:
        """Join a complete state. Its context is merged last, and only because it is complete."""
        theirs = CausalContext(VersionVector(message.vector), message.cloud)
        whole = dict(message.states)
        here = [key for key, _ in self.keyspace.entries()]
        applied: list[Write] = []
        for key in dict.fromkeys([*whole, *here]):
            for delta in self.keyspace.against(key, whole.get(key, ()), theirs):
                residue = self.keyspace.merge(key, delta, self.context)
                applied.append((0, key, delta))
                if residue is not None:
                    self._remember(key, Residue(lingering=residue.lingering))
            self._adopt(now_us, key)
        self.context.merge(theirs)
        self.heard += 1
        return Received(tuple(applied))

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
        if self._orphans or (self.stability.waiting and not self.links):
            return now_us
        times = []
        for link in self.links.values():
            if link.sent < self.seq or link.told != self.heard or link.doubted:
                return now_us
            due_us = link.due_us(self.stability.waiting)
            if due_us is not None:
                times.append(due_us)
        if self.keyspace.deadlines:
            times.append(self.keyspace.deadlines[0][0])
        return max(now_us, min(times)) if times else None

    def _next(self, link: Link, now_us: int) -> Message | None:
        asking = link.asks(now_us, self.stability.waiting)
        after = link.sent
        if after == self.seq and link.told == self.heard and not asking:
            return None
        link.speak(now_us, asking)
        found = self.backlog.slice(after, self.seq, self.settings.batch_writes_max)
        if found is None:
            link.sent = self.seq
            return self.snapshot()
        writes, link.sent = found
        return Deltas(self.region, self._vector(), self.actor, after, link.sent, writes, asking)

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
        """What has been applied here, own writes included.

        SUBTLE: the context learns of own writes here only, and not with every command. Nobody can
        have met them before: whatever goes out takes its vector from here.
        """
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

    def _adopt(self, now_us: int, key: Key) -> None:
        """A deadline whose key is gone is its owner's to remove; others see to it much later."""
        ghost = self.keyspace.ghosts.get(key)
        if ghost is None or ghost.expiry is None:
            return
        if ghost.expiry.owner == self.region:
            self._orphans.add(key)
        elif key not in self._foundlings:
            self._foundlings.add(key)
            heappush(self.keyspace.deadlines, (now_us + self.settings.owner_grace_us, key))

    def _collect(self) -> None:
        """Drop the records that every region is known to have seen."""
        if self.stability.waiting:
            for record, key in self.stability.newly_stable(self._vector()):
                self.keyspace.forget(key, record)

    def _expire(self, now_us: int) -> None:
        """Turn expired keys into removals, each a group of its own."""
        transaction, deadlines = self._transaction, self.keyspace.deadlines
        while deadlines and deadlines[0][0] <= now_us:
            at_us, key = heappop(deadlines)
            self._foundlings.discard(key)
            entry = self.keyspace.keys.get(key)
            if entry is None or entry.deadline_us > now_us:
                entry = self.keyspace.ghosts.get(key)
            if entry is None or entry.expiry is None:
                continue
            if self._may_remove(entry, at_us):
                transaction.begin(now_us, Session(), no_dice)
                if not transaction.remove(key):
                    transaction.drop_orphan(key)
            else:
                heappush(deadlines, (now_us + self.settings.owner_grace_us, key))
        for key in sorted(self._orphans):
            transaction.begin(now_us, Session(), no_dice)
            transaction.drop_orphan(key)
        self._orphans.clear()
        self._collect()

    def _may_remove(self, entry: Entry, at_us: int) -> bool:
        """Whether this region may remove what has expired, now that its time ``at_us`` has come.

        The owner may. Others ask the owner first, and only if it then says nothing for the grace
        time may they: a clock that runs ahead must not rob an owner that is there.
        """
        assert entry.expiry is not None
        link = self.links.get(entry.expiry.owner or 0)
        if link is None:
            return True
        asked_us = at_us - self.settings.owner_grace_us
        link.doubted = at_us == entry.deadline_us or link.heard_at_us >= asked_us
        return not link.doubted
