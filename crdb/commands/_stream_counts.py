"""How many entries a group has read, and how many it has still to read: None where nobody knows.

As open-source Redis reckons: it counts what was ever added, and gives up where something between
was deleted. With late entries of other regions it does not know either.

Source: https://redis.io/docs/latest/commands/xinfo-groups/
"""

from crdb.crdts.consumers import ZERO, Group, Id
from crdb.crdts.stream import Stream


def counted_to(stream: Stream, group: Group, position: Id) -> int | None:
    """How many entries the group has read once it has also read the one at this id."""
    known = group.entries_read is not None and group.delivered >= first_of(stream)
    if known and not has_gaps(stream, group.delivered):
        return (group.entries_read or 0) + 1
    return counted_at(stream, position) if stream.added else group.entries_read


def counted_at(stream: Stream, position: Id) -> int | None:
    """How many entries were ever added up to this id."""
    if not stream.added:
        return 0
    if not stream.entries and position <= stream.last:
        return stream.added
    if ZERO < position < stream.removed:
        return None
    if position >= stream.last:
        return stream.added if position == stream.last else None
    first = first_of(stream)
    if (stream.removed == ZERO or stream.removed < first) and position <= first:
        return stream.added - len(stream.entries) + (position == first)
    return None


def lag(stream: Stream, group: Group) -> int | None:
    """How many entries wait to be delivered."""
    if group.late:
        return None
    if not stream.added:
        return 0
    read = group.entries_read
    if read is None or has_gaps(stream, group.delivered):
        read = counted_at(stream, group.delivered)
    return None if read is None else stream.added - read


def has_gaps(stream: Stream, position: Id) -> bool:
    """Whether an entry after this id was deleted."""
    return bool(stream.entries) and stream.removed != ZERO and position <= stream.removed


def first_of(stream: Stream) -> Id:
    """The id of the first entry that is left, which there must be."""
    first: Id = stream.entries.peekitem(0)[0][:2]
    return first
