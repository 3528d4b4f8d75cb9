"""Snapshots: all that a replica holds at one moment, as a file. What RDB files are to Redis.

    "crdbsnap", version of the file, version of the columns
    frames: one head, the keys in blocks of a few thousand, and one end with their number

What survives is a `Difference` to nothing: the complete state with its context, hence also the
actor and how far it had written, and every record that waits for stability. A file is understood
as a whole or refused, with the place and the cause; nothing of it is skipped.

Keys are in the order of their first dots, which does not depend on how the replica came to hold
them: equal states are equal bytes.

>>> from crdb.crdts.orset import SetDelta
>>> tea = SetDelta({b"tea": 1 << 48 | 1}, {})
>>> state = Difference(1, {1: 1}, 1, (), states={b"breakfast": (tea,)})
>>> data = written(state)
>>> read(data) == state
True
>>> read(data[:-1])
Traceback (most recent call last):
crdb.persistence.reader.Unreadable: byte 73: a piece of 11 bytes begins, and 10 are left
>>> read(data.replace(b"tea", b"sea"))
Traceback (most recent call last):
crdb.persistence.reader.Unreadable: byte 26: the checksum of a piece of 47 bytes is wrong

Source: the layout is ours; the idea of one is Redis' RDB file.
"""

from collections.abc import Iterator
from itertools import islice
from typing import Any, NamedTuple

import msgspec

from crdb.crdts.base import Delta
from crdb.dots import Dot
from crdb.messages import Difference, Key
from crdb.persistence.columns import column, first_dot
from crdb.persistence.format import VERSION as COLUMNS_VERSION
from crdb.persistence.frames import Frame, frame, frame_at
from crdb.persistence.integers import read_varint, varint
from crdb.persistence.reader import Reader, Unreadable

MAGIC = b"crdbsnap"
VERSION = 1
"""Raised with every change to what is between the columns."""
VERSIONS = bytes([VERSION, COLUMNS_VERSION])
_HEAD, _KEYS, _END = 1, 2, 3
_BLOCK_KEYS = 4096

States = dict[Key, tuple[Delta, ...]]


class Head(msgspec.Struct, frozen=True):
    """Whose state it is, and what it has seen."""

    region: int
    actor: int
    vector: dict[int, int]
    cloud: tuple[Dot, ...]


class Read(NamedTuple):
    state: Difference
    end: int
    """The place behind the snapshot: in a log the records begin there."""


def pieces(state: Difference) -> Iterator[bytes]:
    """The file, in pieces to be written one after the other.

    Raises TypeError for a field that holds what its class does not declare.
    """
    yield MAGIC + VERSIONS
    head = Head(state.region, state.actor, state.vector, state.cloud)
    yield frame(_HEAD, column(Head).pack([head]))
    keys = iter(sorted(state.states, key=lambda key: (first_dot(state.states[key]), key)))
    while block := {key: state.states[key] for key in islice(keys, _BLOCK_KEYS)}:
        yield frame(_KEYS, column(States).pack([block]))
    yield frame(_END, varint(len(state.states)))


def written(state: Difference) -> bytes:
    """The file at once."""
    return b"".join(pieces(state))


def read(data: bytes) -> Difference:
    """What was written. Raises `Unreadable` for anything but a whole snapshot and nothing else."""
    state, end = read_from(data)
    if end != len(data):
        raise Unreadable(f"byte {end}: the snapshot ends, and {len(data) - end} bytes follow")
    return state


def read_from(data: bytes) -> Read:
    """The snapshot at the beginning of a file. Raises `Unreadable`."""
    _check_versions(data)
    at = len(MAGIC) + len(VERSIONS)
    found = _next(data, at, _HEAD)
    head = _value(Head, found, at)
    states: States = {}
    while True:
        at, found = found.end, _next(data, found.end, _KEYS, _END)
        if found.kind == _END:
            break
        states |= _value(States, found, at)
    keys = read_varint(Reader(found.body))
    if keys != len(states):
        raise Unreadable(f"byte {at}: {keys} keys were written, and {len(states)} are here")
    state = Difference(head.region, head.vector, head.actor, head.cloud, states=states)
    return Read(state, found.end)


def _check_versions(data: bytes) -> None:
    size = len(MAGIC)
    if data[:size] != MAGIC:
        raise Unreadable(f"byte 0: begins with {data[:size]!r}, not with {MAGIC!r}: no snapshot")
    versions = data[size : size + len(VERSIONS)]
    if versions != VERSIONS:
        raise Unreadable(
            f"byte {size}: format version {_dotted(versions)}, while this program reads "
            f"{_dotted(VERSIONS)}"
        )


def _dotted(versions: bytes) -> str:
    return ".".join(map(str, versions)) or "none"


def _next(data: bytes, at: int, *kinds: int) -> Frame:
    if at == len(data):
        raise Unreadable(f"byte {at}: the file ends before the end of the snapshot")
    found = frame_at(data, at)
    if found.kind not in kinds:
        raise Unreadable(f"byte {at}: a piece of kind {found.kind} where {kinds} may stand")
    return found


def _value(kind: object, found: Frame, at: int) -> Any:
    """What a frame at that place holds."""
    reader = Reader(found.body)
    try:
        (value,) = column(kind).unpack(reader, 1)
    except Unreadable as error:
        raise Unreadable(f"byte {at}: a piece with the right checksum, but in it {error}") from None
    return value
