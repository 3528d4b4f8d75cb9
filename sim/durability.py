"""Durability: what a region keeps on its disk, what it loses with the power, and how it comes back.

After a power loss a region cannot prove that what its disk has is all that it ever wrote: it comes
back under a new actor, and is stale until a peer has brought it up to date. What only it had, and
its disk kept, the others get from it then. A region without peers serves what it has at once. One
whose file is refused comes back empty if it has peers, and stays down if it has none: somebody has
to decide what to lose.
"""

from collections.abc import Callable

from crdb.command import TABLE
from crdb.errors import CommandError
from crdb.messages import Message
from crdb.persistence import aof
from crdb.persistence.reader import Unreadable
from crdb.persistence.recovery import recovered
from crdb.replica import Received, Replica
from crdb.session import Request, Session
from sim.appendonly import AppendOnly
from sim.disk import Disk
from sim.persister import FILE, Persister, Policy, Snapshots, Tell, Time


class Durability:
    """Nothing is kept: with the power everything is gone."""

    def begin(self, replica: Replica) -> None:
        """The region goes on with another replica: a new life."""

    def refused(self, session: Session, request: Request) -> CommandError | None:
        """The error for a write while the disk is full."""
        return None

    def wrote(self) -> None:
        """The replica may have written something. Cheap: it is asked after every request."""

    def collect(self) -> None:
        """Hand what the replica wrote to the system, which may or may not write it back."""

    def received(self, message: Message, received: Received) -> None:
        """What the replica made of a message."""

    def when_safe(self, go_on: Callable[[], object]) -> None:
        """Go on, perhaps not before what has been done so far is on the disk."""
        go_on()

    def close(self) -> None:
        """An orderly end."""

    def power_loss(self) -> None:
        """Only what is on the disk is left; whoever waits for it waits in vain."""

    def loading_us(self) -> int:
        """How long it takes to read what is there."""
        return 0

    def recover(self, replica: Replica, actor: int) -> Replica | None:
        """The next life of a replica, under a new actor. None if that is for somebody to decide."""
        return Replica.restored(replica.region, replica.links, actor, None, replica.settings)


class OnDisk(Durability):
    """The disk of one region, and the persister of its present life."""

    def __init__(
        self, time: Time, disk: Disk, replica: Replica, policy: Policy, tell: Tell
    ) -> None:
        self.disk = disk
        self._time = time
        self._policy = policy
        self._tell = tell
        self._persister = self._begun(replica)

    def _begun(self, replica: Replica) -> Persister:
        kind = AppendOnly if self._policy.kind == "aof" else Snapshots
        return kind(self._time, self.disk, replica, self._policy, self._tell)

    def begin(self, replica: Replica) -> None:
        self._persister.stop()
        self._persister = self._begun(replica)

    def refused(self, session: Session, request: Request) -> CommandError | None:
        if not self._persister.full:
            return None
        command = TABLE.get(request[0].upper())
        if command is None or not command.write:
            return None
        session.failed = session.queue is not None
        return CommandError(self._persister.refusal)

    def wrote(self) -> None:
        self._persister.wrote()

    def collect(self) -> None:
        self._persister.collect()

    def received(self, message: Message, received: Received) -> None:
        self._persister.received(message, received)

    def when_safe(self, go_on: Callable[[], object]) -> None:
        self._persister.when_safe(go_on)

    def close(self) -> None:
        self._persister.close()

    def power_loss(self) -> None:
        self._persister.stop()
        self.disk.power_loss()

    def loading_us(self) -> int:
        return self.disk.moving_us(len(self.disk.read(FILE) or b""))

    def recover(self, replica: Replica, actor: int) -> Replica | None:
        """None if the file is refused, and there are no peers to take the data from."""
        data, empty = self.disk.read(FILE), super().recover(replica, actor)
        if data is None:
            self._tell("nothing found")
            return empty
        try:
            log = aof.read(data)
            found = recovered(log, replica.region, replica.links, actor, replica.settings)
        except Unreadable as error:
            self._tell("refused", why=str(error))
            return empty if replica.links else None
        self._tell(
            "recovered",
            bytes=len(data),
            records=len(log.records),
            keys=len(found.keyspace.keys),
            cut="" if log.cut is None else str(log.cut),
        )
        return found
