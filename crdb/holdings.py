"""What a replica holds and has seen, what it wrote itself, and what it says of all that."""

from collections.abc import Container, Iterable

from crdb import resync
from crdb.backlog import Backlog
from crdb.cluster import View
from crdb.crdts.base import Delta, Residue
from crdb.dots import ACTORS_MAX, CausalContext, Dot, dot
from crdb.keyspace import Key, Keyspace
from crdb.link import Link
from crdb.messages import Difference, Digest
from crdb.pubsub import Broker, notifications
from crdb.session import Session, Waiter
from crdb.settings import Settings
from crdb.stability import Stability
from crdb.stamps import REGIONS_MAX
from crdb.transaction import Transaction


class Holdings:
    """One region's copy of one slot range, before anybody speaks to it."""

    def __init__(
        self, region: int, peers: Iterable[int], actor: int | None, settings: Settings | None
    ) -> None:
        self.region = region
        self.actor = region if actor is None else actor
        if not 0 < region < REGIONS_MAX or not 0 < self.actor < ACTORS_MAX:
            raise ValueError(f"region {region}, actor {self.actor}: expected 1 to 4095")
        self.settings = settings or Settings()
        self.context = CausalContext()
        self.keyspace = Keyspace()
        self.copied: int | None = None
        """How far a copy on another node has what was written here; None if there is none."""
        self.backlog = Backlog(self.settings.backlog_writes_max)
        self.links = {peer: Link(peer, self.settings.resend_after_us) for peer in sorted(peers)}
        self.stability = Stability(self.links)
        self.broker = Broker(self.links, notifications(self.settings.notify_keyspace_events))
        self._transaction = Transaction(
            self.keyspace,
            region,
            self.actor,
            self.backlog.writes,
            self.context.vector,
            self._remember,
            self.broker,
            self.settings,
        )

    def difference(self, peer: resync.Held) -> Difference:
        """What ``peer`` lacks of all that is held here, with the context of it all."""
        vector = self._vector()
        sent = resync.difference(self.keyspace, self.context, peer)
        return Difference(
            self.region,
            vector,
            self.actor,
            tuple(sorted(self.context.cloud)),
            dict(peer.seen.vector),
            tuple(sorted(peer.seen.cloud)),
            sent.gone,
            sent.states,
        )

    def snapshot(self) -> Difference:
        """The complete state with its context: the difference to nothing. Also a backup."""
        return self.difference(resync.NOTHING_HELD)

    def digest(self) -> Digest:
        """What has been seen here, and what is held."""
        vector = self._vector()
        held = resync.digest(self.keyspace, self.context)
        return Digest(self.region, vector, self.actor, tuple(sorted(held.seen.cloud)), held.live)

    @property
    def seq(self) -> int:
        """Sequence number of the last own write."""
        return self._transaction.seq

    @property
    def stale(self) -> bool:
        """Restored, and not yet brought up to date by a peer: it writes nothing."""
        return self._transaction.stale

    @property
    def waiting(self) -> dict[Session, Waiter]:
        """Blocked clients, the one that waits longest first."""
        return self._transaction.waiters

    @property
    def restless(self) -> bool:
        """Whether `wake` may have something to give out, or something was published."""
        return bool(self._transaction.waiters or self.broker.outbox or self.broker.spoken)

    @property
    def cluster(self) -> View | None:
        """What the CLUSTER commands show."""
        return self._transaction.cluster

    @cluster.setter
    def cluster(self, view: View | None) -> None:
        self._transaction.cluster = view

    def share(self, other: "Holdings") -> None:
        """Be of one database with another range's replica: one channel and one script for both."""
        self.broker.listeners = other.broker.listeners
        self._transaction.shelf = other._transaction.shelf

    def remerge(self, key: Key, delta: Delta, seen: Container[Dot]) -> None:
        """Merge what was merged in a former life: from a snapshot, or from a log."""
        residue = self.keyspace.merge(key, delta, seen)
        if residue is not None:
            self._remember(key, residue)

    def resume(self, seq: int) -> None:
        """Go on as the actor that wrote up to ``seq``: only for who holds all that it wrote."""
        self._transaction.fresh = dot(self.actor, seq + 1)
        self.backlog.floor = seq
        self._transaction.stale = False

    def sessions(self) -> list[Session]:
        """Those that watch, wait or listen: who is to be closed when all connections break."""
        watching = [each for watchers in self.keyspace.watchers.values() for each in watchers]
        found = [each for each in watching if isinstance(each, Session)]
        return list(dict.fromkeys([*found, *self.waiting, *self.broker.sessions()]))

    def close(self, session: Session) -> None:
        """The client is gone: it watches, waits for and listens to nothing any more."""
        self.keyspace.unwatch(session)
        self.broker.close(session)
        if session in self.waiting:
            self._unblock(self.waiting[session])

    def _unblock(self, waiter: Waiter) -> None:
        del self.waiting[waiter.session]
        self.keyspace.unwatch(waiter)

    def _seen(self) -> CausalContext:
        """The context, own writes included.

        SUBTLE: it learns of those here only, and not with every command: whatever goes out takes
        its vector from here, so nobody can have met them before.
        """
        if self.seq:
            self.context.vector[self.actor] = self.seq
        return self.context

    def _vector(self) -> dict[int, int]:
        return dict(self._seen().vector)

    def _told(self) -> dict[int, int]:
        """What peers are told to have been applied here; of one's own, what a copy has too.

        SUBTLE: records of what all regions have seen are forgotten everywhere. A copy that is
        promoted must not lack one of those.
        """
        vector = self._vector()
        if self.copied is not None and self.actor in vector:
            vector[self.actor] = min(vector[self.actor], self.copied)
        return vector

    def _remember(self, key: Key, residue: Residue) -> None:
        """Keep what a merge could not finish: removals ahead of their adds, and records."""
        for missed in residue.missed:
            self.context.add(missed)
        for record in residue.lingering:
            self.stability.keep(record, key)

    def _collect(self) -> None:
        """Drop the records that every region is known to have seen."""
        if self.stability.waiting:
            for record, key in self.stability.newly_stable(self._told()):
                self.keyspace.forget(key, record)
