"""The backlog: a replica's own writes, oldest first, bounded.

A peer that falls behind its oldest write cannot be served from here and needs a snapshot.

>>> from crdb.crdts.counter import CounterDelta
>>> backlog = Backlog(writes_max=2)
>>> for seq in (1, 2, 3):
...     backlog.writes.append((seq, b"k", CounterDelta()))
>>> backlog.trim(acked=0, last=3)
>>> writes, last = backlog.slice(after=1, last=3)
>>> [group for group, _, _ in writes], last
([2, 3], 3)
>>> backlog.slice(after=0, last=3) is None       # too old: write 1 is no longer here
True

Source: the per-shard replication backlog of Redis Active-Active (1 to 250 MB there; counted in
writes here).
"""

from bisect import bisect_right
from operator import itemgetter

from crdb.messages import Write

_group = itemgetter(0)


class Backlog:
    """Writes in order. Appending costs O(1), slicing O(log n + slice)."""

    __slots__ = ("floor", "unlogged_after", "writes", "writes_max")

    def __init__(self, writes_max: int, floor: int = 0) -> None:
        self.writes_max = writes_max
        self.floor = floor
        """Everything up to this sequence number has been dropped."""
        self.writes: list[Write] = []
        """Appended to directly, by every write of the replica."""
        self.unlogged_after: int | None = None
        """Writes beyond this number stay until they are in the log; None if no log is kept."""

    def __len__(self) -> int:
        return len(self.writes)

    def slice(
        self, after: int, last: int, limit: int | None = None
    ) -> tuple[tuple[Write, ...], int] | None:
        """The writes of whole groups beyond ``after``, about ``limit``, and how far they reach.

        ``last`` is the last number in use. None means too old: a snapshot is needed.
        """
        if after < self.floor:
            return None
        writes = self.writes
        start = bisect_right(writes, after, key=_group)
        if limit is None or start + limit >= len(writes):
            return tuple(writes[start:]), last
        end = bisect_right(writes, writes[start + limit - 1][0], key=_group)
        reach = writes[end][0] - 1 if end < len(writes) else last
        return tuple(writes[start:end]), reach

    def trim(self, acked: int, last: int) -> None:
        """Drop what every peer has, and what is too much. ``last`` is the last number in use."""
        writes = self.writes
        drop = bisect_right(writes, acked, key=_group)
        excess = len(writes) - self.writes_max
        if excess > drop:
            drop = bisect_right(writes, writes[excess - 1][0], key=_group)
        if self.unlogged_after is not None:
            drop = min(drop, bisect_right(writes, self.unlogged_after, key=_group))
        if drop:
            self.floor = writes[drop][0] - 1 if drop < len(writes) else last
            del writes[:drop]
