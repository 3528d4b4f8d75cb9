"""The append-only persister: every change of a replica, as it comes.

Each life begins a file of its own, a snapshot with a log behind it, so that what is in one file is
by one actor's own hand. When a log has grown enough it is rewritten: the present state goes into a
file aside, while records go on into the old one, and are remembered; then the new file gets those
too, and the old one's name.

SUBTLE: a record that is said to be safe has to be in whatever file the name shows after a crash. So
from the moment when the last of them go into the new file until it has the name, new records are
held back: they are in neither file, not safe yet, and who waits for them goes on waiting.

What the log promises: a sync is wanted one interval after a record was made at the latest. So what
a power loss takes was made no longer before it than the interval and the time for which a sync has
been wanted in vain (`AppendOnly.wanted_since_us`). On a slow disk that is more than a second.

Source: "Redis persistence", append-only file and log rewriting; there a base and its increments are
several files under a manifest, here one file, for which a rename is enough.
"""

from collections import deque
from collections.abc import Callable
from functools import partial

from crdb.messages import Message
from crdb.persistence import aof
from crdb.persistence.journal import Journal
from crdb.replica import Received, Replica
from sim.disk import DiskFull, Storage
from sim.persister import ASIDE, FILE, Persister, Policy, Tell, Time
from sim.units import SECOND

OS_WRITES_BACK_US = 30 * SECOND
"""Without an fsync Linux writes back what is older than this (vm.dirty_expire_centisecs)."""
RETRY_US = SECOND
"""A disk that was full is written to again after so long."""


class AppendOnly(Persister):
    """A log of everything since a snapshot, in one file."""

    refusal = "MISCONF Errors writing to the AOF file: No space left on device"

    def __init__(
        self, time: Time, storage: Storage, replica: Replica, policy: Policy, tell: Tell
    ) -> None:
        super().__init__(time, storage, replica, policy, tell)
        waits = {"always": 0, "interval": policy.interval_us or SECOND, "never": OS_WRITES_BACK_US}
        self._interval_us = waits[policy.fsync]
        self._journal = Journal(replica)
        self._size = self._synced = self._base_bytes = 0
        """Of the file in bytes. 0: this life has none yet."""
        self._made = self._safe = 0
        """Records, and those of them that are on the disk."""
        self._ends: deque[tuple[int, int]] = deque()
        """(size of the file, records made by then), for what is not known to be on the disk."""
        self._held: list[aof.Record] | None = []
        """The last records, while they cannot be appended; None while they can."""
        self._tail: list[aof.Record] = []
        """Made since the snapshot that is being written aside."""
        self._closed = False
        self._waiting: deque[tuple[int, Callable[[], object]]] = deque()
        self._wanted: deque[tuple[int, int]] = deque()
        """(when a sync was wanted, of how many records), for those that are not safe yet."""
        self._rewrite()

    @property
    def wanted_since_us(self) -> int | None:
        """Since when the disk owes a sync; None if it owes none."""
        return self._wanted[0][0] if self._wanted else None

    # ── what is to be kept ──────────────────────────────────────────────────────────────────

    def wrote(self) -> None:
        if self._replica.seq > self._journal.seq:
            if not self._interval_us:
                self._collect()
            self._want_sync()

    def collect(self) -> None:
        if self._replica.seq > self._journal.seq:
            self._collect()
            self._want_sync()

    def received(self, message: Message, received: Received) -> None:
        self._collect()
        before = self._made
        for record in self._journal.received(message, received):
            self._add(record)
        if self._made > before:
            self._want_sync()

    def when_safe(self, go_on: Callable[[], object]) -> None:
        """Under "always" whoever has done or read something waits until that is on the disk."""
        self.wrote()
        if self._interval_us or self._safe == self._made:
            go_on()
        else:
            self._waiting.append((self._made, go_on))

    def close(self) -> None:
        """What is on the disk after this, with nothing behind it, is provably all."""
        self._collect()
        self._closed = True
        self._add(self._journal.closed())
        self._sync()

    def _collect(self) -> None:
        for record in self._journal.wrote():
            self._add(record)

    def _add(self, record: aof.Record) -> None:
        self._made += 1
        if self._held is None and self._replacing:
            self._tail.append(record)
        self._append(record, self._made)

    def _append(self, record: aof.Record, number: int) -> None:
        if self._held is not None:
            self._held.append(record)
            return
        frame = aof.record(record, self._synced)
        try:
            self._storage.append(FILE, frame)
        except DiskFull as error:
            self._storage.truncate(FILE, self._size)
            self._held = [record]
            self._note_full(error)
        else:
            self._size += len(frame)
            self._ends.append((self._size, number))

    # ── on to the disk ──────────────────────────────────────────────────────────────────────

    def _want_sync(self) -> None:
        if not self._interval_us:
            self._sync()
        elif self._alarm is None:
            self._alarm = self._time.call_in(self._interval_us, self._due)

    def _due(self, _: object) -> None:
        self._alarm = None
        self._collect()
        if self.full:
            self._try_again()
        self._sync()

    def _sync(self) -> None:
        if self._made > self._safe:
            self._wanted.append((self._time.now, self._made))
        if self._held is None:
            self._storage.fsync(FILE, partial(self._live, self._on_disk))
        elif self.full and self._alarm is None:
            self._alarm = self._time.call_in(RETRY_US, self._due)
        # Else they are held for a rename, which will see to it.

    def _on_disk(self, size_bytes: int) -> None:
        self._synced = max(self._synced, size_bytes)
        while self._ends and self._ends[0][0] <= size_bytes:
            _, self._safe = self._ends.popleft()
        self._release()
        percent = 100 + self._policy.rewrite_percent
        grown = self._size >= max(self._policy.rewrite_bytes, self._base_bytes * percent // 100)
        if grown and self._held is None and not self._replacing and not self._closed:
            self._rewrite()

    def _release(self) -> None:
        while self._wanted and self._wanted[0][1] <= self._safe:
            self._wanted.popleft()
        while self._waiting and self._waiting[0][0] <= self._safe:
            self._waiting.popleft()[1]()

    def _try_again(self) -> None:
        """There may be space by now, if somebody has made some."""
        self.full = False
        if self._size:
            self._append_held()
        else:
            self._rewrite()

    def _append_held(self) -> None:
        held, self._held = self._held or [], None
        for number, record in enumerate(held, start=self._made - len(held) + 1):
            self._append(record, number)

    # ── another file ────────────────────────────────────────────────────────────────────────

    def _rewrite(self) -> None:
        self._collect()
        self._tail.clear()
        if not self._size:
            self._held = []  # The snapshot has them all.
        self._begin_file(self._base_written)

    def _give_up(self, error: DiskFull) -> None:
        """For a first file there has to be space; else the old one goes on."""
        if not self._size:
            super()._give_up(error)
            self._sync()
            return
        self._replacing = False
        self._storage.remove(ASIDE)
        self._base_bytes = self._size  # Not again before it has grown as much once more.
        self._tell("rewrite failed", why=str(error))
        if self._held is not None and not self.full:
            self._append_held()
            self._want_sync()

    def _base_written(self, size_bytes: int) -> None:
        self._collect()
        if self.full:
            self._give_up(DiskFull("the log itself finds no space"))
            return
        tail = b"".join(aof.record(record, size_bytes) for record in self._tail)
        self._tail.clear()
        safe = self._made - len(self._held or [])
        renamed = partial(self._live, partial(self._renamed, size_bytes, safe))
        self._held = self._held or []
        if not tail:
            self._storage.rename(ASIDE, FILE, renamed)
            return
        try:
            self._storage.append(ASIDE, tail)
        except DiskFull as error:
            self._give_up(error)
        else:
            rename = partial(self._storage.rename, ASIDE, FILE, renamed)
            self._storage.fsync(ASIDE, partial(self._live, lambda _: rename()))

    def _renamed(self, base_bytes: int, safe: int, size_bytes: int) -> None:
        self._replacing = False
        self._size = self._synced = size_bytes
        self._base_bytes = base_bytes
        self._ends.clear()
        self._safe = safe
        self._tell("rewrite", bytes=size_bytes)
        self._release()
        self._append_held()
        if self._made > self._safe:
            self._sync()
