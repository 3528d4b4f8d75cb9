"""The append-only log: a snapshot, and after it every change since, record by record.

    a whole snapshot (`crdb.persistence.snapshot`)
    frames, each: how much of the file was known to be on the disk (8 bytes), then a record

A record says what was merged, and how far that brings an author's stream; so from one to the next
it is seen whether anything is missing. The last record of an orderly shutdown says that the log is
complete. A rewrite is a new file that begins with a newer snapshot, and takes the old one's place
by one rename: there is no moment at which the name shows half of anything.

When power fails, what had not been synced is on the disk in part: cut short, or with sectors
missing in the midst of it. That is no damage. The log is read up to the first hole, and what is cut
off is said. But a record behind a hole, written when the place of the hole was already known to be
on the disk, shows that the disk has lost what it had promised to keep: such a file is refused.

SUBTLE: damage to what was synced last, with nothing written after it, looks the same as a torn
write and is cut off as one. Therefore whoever comes back from a log that was not closed trusts it
for a beginning only: under a new actor, and not before its peers have been asked.

Source: how to tell a crash from corruption: Alagappan et al., "Protocol-aware recovery for
consensus-based storage" (FAST 2018). Redis' AOF refuses damage in the middle likewise
("aof-load-truncated").
"""

import struct
from typing import NamedTuple

import msgspec

from crdb.crdts.base import Delta
from crdb.dots import Dot
from crdb.messages import Difference, Key, Write
from crdb.persistence import snapshot
from crdb.persistence.columns import column
from crdb.persistence.frames import Frame, frame, frame_at, whole_frames
from crdb.persistence.reader import Reader, Unreadable

_SYNCED = struct.Struct("<Q")


class Applied(msgspec.Struct, frozen=True):
    """Writes that came next in an author's stream, perhaps this replica's own."""

    author: int
    after: int
    """How much of the stream was here before …"""
    last: int
    """… and with them."""
    writes: tuple[Write, ...]


class Joined(msgspec.Struct, frozen=True):
    """What a difference brought, and the context that it stands for."""

    vector: dict[int, int]
    cloud: tuple[Dot, ...]
    writes: tuple[tuple[Key, Delta], ...]


class Closed(msgspec.Struct, frozen=True):
    """An orderly end: nothing was written after this."""

    seq: int
    """Of the replica's last own write."""


Record = Applied | Joined | Closed
_KINDS: dict[int, type[Record]] = {17: Applied, 18: Joined, 19: Closed}
_NUMBERS = {kind: number for number, kind in _KINDS.items()}


class Cut(NamedTuple):
    """What could not be read at the end of a log."""

    at: int
    """The place behind the last whole record."""
    size_bytes: int
    why: str

    def __str__(self) -> str:
        return f"{self.size_bytes} bytes cut off behind the last whole record: {self.why}"


class Log(NamedTuple):
    base: Difference
    records: tuple[Record, ...]
    base_bytes: int
    cut: Cut | None

    @property
    def closed(self) -> bool:
        """Whether this is provably all that was ever written."""
        return self.cut is None and bool(self.records) and isinstance(self.records[-1], Closed)


def record(what: Record, synced: int) -> bytes:
    """A record to be appended, ``synced`` bytes of the file being known to be on the disk.

    Raises TypeError for a field that holds what its class does not declare.
    """
    body = column(type(what)).pack([what])
    return frame(_NUMBERS[type(what)], _SYNCED.pack(synced) + body)


def read(data: bytes) -> Log:
    """A log up to its last whole record. Raises `Unreadable` for one that is damaged before."""
    base, at = snapshot.read_from(data)
    base_bytes, records = at, list[Record]()
    while at < len(data):
        try:
            found = frame_at(data, at)
        except Unreadable as hole:
            _check_torn(data, at, hole)
            return Log(base, tuple(records), base_bytes, Cut(at, len(data) - at, str(hole)))
        records.append(_record(found, at))
        at = found.end
    return Log(base, tuple(records), base_bytes, None)


def _check_torn(data: bytes, at: int, hole: Unreadable) -> None:
    """Raise `Unreadable` if what cannot be read there had been on the disk for certain."""
    for found in whole_frames(data, at + 1):
        if found.kind in _KINDS and _synced(found) > at:
            raise Unreadable(
                f"{hole}; and it had been written safely: the record that ends at byte {found.end} "
                f"says that {_synced(found)} bytes were on the disk. The file is damaged: take a "
                "backup, or let the region come back from its peers"
            ) from None


def _synced(found: Frame) -> int:
    if len(found.body) < _SYNCED.size:
        return 0
    return int(_SYNCED.unpack_from(found.body)[0])


def _record(found: Frame, at: int) -> Record:
    kind = _KINDS.get(found.kind)
    if kind is None:
        raise Unreadable(f"byte {at}: no record is of kind {found.kind}")
    reader = Reader(found.body[_SYNCED.size :])
    try:
        (what,) = column(kind).unpack(reader, 1)
    except Unreadable as error:
        raise Unreadable(
            f"byte {at}: a record with the right checksum, but in it {error}"
        ) from None
    return what  # type: ignore[no-any-return]
