"""A consumer group as one region knows it: what it has delivered, to whom, and what is pending.

None of this travels. What does, that the group exists and how far a region has acknowledged, is in
`crdb.crdts.stream`, and reaches this side by `Group.acknowledged`. A backup holds only that, too: a
restored region begins each group where it was created, less what any region has acknowledged, so
it delivers again and skips nothing.

An entry of another region may arrive with an id that this group has passed. It is *late*, and is
delivered before anything else, unless the group began behind it (`Group.start`) or a region that
had seen it has acknowledged it.

Source: Redis Active-Active, "Streams", consumer groups.
"""

from collections.abc import Iterable
from typing import Any

import msgspec
from sortedcontainers import SortedDict, SortedList

from crdb.dots import SEQ_BITS, SEQ_MASK, Dot

Id = tuple[int, int]
"""Milliseconds and number."""

Key = tuple[int, int, Dot]
"""An entry's id and its dot: two regions may have added entries of one id."""

ZERO: Id = (0, 0)


class Mark(msgspec.Struct, frozen=True, gc=False):
    """One region's word on a group: it exists from ``id`` on, or is acknowledged up to it."""

    name: bytes
    acknowledges: bool
    dot: Dot
    id: Id
    seen: dict[int, int]
    """What the author had applied, own writes included: actor -> sequence number."""

    def knew(self, dot: Dot) -> bool:
        return self.seen.get(dot >> SEQ_BITS, 0) >= dot & SEQ_MASK


class Pending:
    """An entry that was delivered and is not acknowledged."""

    __slots__ = ("consumer", "count", "delivered_ms")

    def __init__(self, consumer: "Consumer", delivered_ms: int, count: int) -> None:
        self.consumer = consumer
        self.delivered_ms = delivered_ms
        self.count = count


class Consumer:
    __slots__ = ("active_ms", "name", "pending", "seen_ms")

    def __init__(self, name: bytes, now_ms: int) -> None:
        self.name = name
        self.seen_ms = now_ms
        """When it last asked for anything ..."""
        self.active_ms: int | None = None
        """... and when it last got something."""
        self.pending: SortedDict[Key, Pending] = SortedDict()


class Group:
    """The local side of one group. ``births``: the dots of the creations that it stands for."""

    __slots__ = (
        "births",
        "consumers",
        "delivered",
        "entries_read",
        "late",
        "pending",
        "start",
    )

    def __init__(self, start: Id, births: frozenset[Dot]) -> None:
        self.births = births
        self.start = start
        """Where a client set it: what is not beyond, whenever it arrives, is passed over."""
        self.delivered = start
        self.late: SortedList[Key] = SortedList()
        self.entries_read: int | None = None
        self.pending: SortedDict[Key, Pending] = SortedDict()
        self.consumers: dict[bytes, Consumer] = {}

    def set_to(self, position: Id) -> None:
        """XGROUP SETID: go on from there, back or forth."""
        self.start = self.delivered = position
        self.late.clear()

    def widened(self, start: Id, entries: Any, acks: Iterable[Mark]) -> None:
        """Another region had created the group at the same time, from an earlier id on."""
        begin, end = after(start), min(after(self.start), after(self.delivered))
        self.start = start
        acks = list(acks)
        for key in entries.irange(begin, end, inclusive=(True, False)):
            self.arrived(key, acks)

    def arrived(self, key: Key, acks: Iterable[Mark]) -> None:
        """An entry that was not here before."""
        if not self.start < key[:2] <= self.delivered or key in self.late:
            return
        if not any(key[:2] <= ack.id and ack.knew(key[2]) for ack in acks):
            self.late.add(key)

    def gone(self, key: Key) -> None:
        """An entry is deleted. It stays pending if it was: clients learn of it by XAUTOCLAIM."""
        if self.late:
            self.late.discard(key)

    def acknowledged(self, ack: Mark, entries: Any) -> None:
        """A region has acknowledged all that it knew up to an id: deliver none of that here."""
        for key in [key for key in self.late if key[:2] <= ack.id and ack.knew(key[2])]:
            self.late.remove(key)
        if self.delivered < ack.id:
            passed = entries.irange(after(self.delivered), after(ack.id), inclusive=(True, False))
            self.late.update(key for key in passed if not ack.knew(key[2]))
            self.delivered = ack.id
            self.entries_read = None

    def undelivered(self, entries: Any, count: int | None) -> list[Key]:
        """What to deliver next: what is late, and then what follows."""
        keys: list[Key] = list(self.late[:count])
        for key in entries.irange(after(self.delivered)):
            if count is not None and len(keys) >= count:
                break
            keys.append(key)
        return keys

    def done(self, entries: Any, last: Id) -> Id:
        """The highest id up to which all that was here is delivered and acknowledged."""
        waiting = [each[0] for each in (self.late, self.pending.keys()) if each]
        if not waiting:
            return min(self.delivered, last)
        at = entries.bisect_left(min(waiting)[:2])
        before: Id = entries.keys()[at - 1][:2] if at else ZERO
        # SETID may have gone back behind what is pending.
        return min(before, self.delivered)

    def consumer(self, name: bytes, now_ms: int) -> Consumer:
        """The consumer of that name, which now asks for something; made if there is none."""
        found = self.consumers.get(name)
        if found is None:
            found = self.consumers[name] = Consumer(name, now_ms)
        found.seen_ms = now_ms
        return found

    def give(self, key: Key, consumer: Consumer, delivered_ms: int, count: int) -> Pending:
        """The entry is pending for that consumer, whoever had it before."""
        self.take(key)
        pending = Pending(consumer, delivered_ms, count)
        self.pending[key] = consumer.pending[key] = pending
        return pending

    def take(self, key: Key) -> bool:
        """The entry is pending no longer. False if it was not."""
        pending = self.pending.pop(key, None)
        if pending is None:
            return False
        del pending.consumer.pending[key]
        return True

    def drop(self, consumer: Consumer) -> int:
        """The consumer goes, with all that was pending for it; returns how much."""
        keys = list(consumer.pending)
        for key in keys:
            self.take(key)
        del self.consumers[consumer.name]
        return len(keys)


def after(position: Id) -> tuple[int, int]:
    """The least that is greater than every entry of this id: no clock comes near its limit."""
    return position[0], position[1] + 1
