"""Persisters: how one replica is kept on a disk, for one life.

    Snapshots    all of it, every hour or so: what came since is lost when power fails
    AppendOnly   every change as it comes (`sim.appendonly`)

A file is replaced by writing another beside it, syncing that, and renaming it, so its name never
shows half of one.
"""

from collections.abc import Callable
from functools import partial
from typing import Any, Literal, Protocol

import msgspec

from crdb.messages import Message
from crdb.persistence import snapshot
from crdb.replica import Received, Replica
from sim.disk import DiskFull, Storage
from sim.units import HOUR

FILE, ASIDE = "replica", "replica.new"

Tell = Callable[..., object]
"""Is told what happened: a word, and details by name."""


class Alarm(Protocol):
    def cancel(self) -> None: ...


class Time(Protocol):
    """`sim.engine.Engine`, or whoever else can wait."""

    @property
    def now(self) -> int: ...

    def call_in(
        self, delay_us: int, callback: Callable[[Any], object], arg: Any = None
    ) -> Alarm: ...


class Policy(msgspec.Struct, frozen=True):
    """What is kept of a replica, and how soon."""

    kind: Literal["rdb", "aof"]
    fsync: Literal["always", "interval", "never"] = "interval"
    """Of an append-only log."""
    interval_us: int = 0
    """From one snapshot to the next (0: an hour), or from a write to its fsync (0: a second)."""
    rewrite_percent: int = 100
    """A log is rewritten when it has grown by so much of its base …"""
    rewrite_bytes: int = 64 << 20
    """… and is at least so large. Both are Redis' defaults."""


class Persister:
    """One life of one replica on one disk."""

    full = False
    """The disk was, when it was last written to: clients' writes are refused."""
    refusal = ""
    """The error that they get."""

    def __init__(
        self, time: Time, storage: Storage, replica: Replica, policy: Policy, tell: Tell
    ) -> None:
        self._time = time
        self._storage = storage
        self._replica = replica
        self._policy = policy
        self._tell = tell
        self._alarm: Alarm | None = None
        self._replacing = False
        self._stopped = False

    def wrote(self) -> None:
        """The replica may have written something. Cheap: it is asked after every request."""

    def collect(self) -> None:
        """Hand what the replica wrote to the system, which may or may not write it back."""

    def received(self, message: Message, received: Received) -> None:
        """What the replica made of a message."""

    def when_safe(self, go_on: Callable[[], object]) -> None:
        """Go on now, or once all that has been done so far is where the policy wants it."""
        go_on()

    def close(self) -> None:
        """An orderly end: have all of it put on the disk."""

    def stop(self) -> None:
        """The life is over. Nothing that was asked of the disk comes back here."""
        self._stopped = True
        if self._alarm is not None:
            self._alarm.cancel()

    def _begin_file(self, then: Callable[[int], object]) -> None:
        """Write the present state aside, and go on when it is on the disk."""
        self._replacing = True
        self._storage.remove(ASIDE)
        try:
            for piece in snapshot.pieces(self._replica.snapshot()):
                self._storage.append(ASIDE, piece)
        except DiskFull as error:
            self._give_up(error)
        else:
            self._storage.fsync(ASIDE, partial(self._live, then))

    def _give_up(self, error: DiskFull) -> None:
        """There is no space for another file."""
        self._replacing = False
        self._storage.remove(ASIDE)
        self._note_full(error)

    def _note_full(self, error: DiskFull) -> None:
        if not self.full:
            self._tell("full", why=str(error))
        self.full = True

    def _live(self, then: Callable[[int], object], size_bytes: int) -> None:
        if not self._stopped:
            then(size_bytes)


class Snapshots(Persister):
    """A file that is replaced every so often."""

    refusal = (
        "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to persist "
        "to disk: no space left on device"
    )

    def __init__(
        self, time: Time, storage: Storage, replica: Replica, policy: Policy, tell: Tell
    ) -> None:
        super().__init__(time, storage, replica, policy, tell)
        self._interval_us = policy.interval_us or HOUR
        self._alarm = time.call_in(self._interval_us, self.take)

    def close(self) -> None:
        self.take()

    def take(self, _: object = None) -> None:
        """Take a snapshot; while one is being written no other is begun."""
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self._time.call_in(self._interval_us, self.take)
        if not self._replacing:
            self._begin_file(self._written)

    def _written(self, _: int) -> None:
        self._storage.rename(ASIDE, FILE, partial(self._live, self._renamed))

    def _renamed(self, size_bytes: int) -> None:
        self._replacing = self.full = False
        self._tell("snapshot", bytes=size_bytes)
