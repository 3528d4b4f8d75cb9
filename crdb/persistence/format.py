"""The format: a delta, a state or a message as bytes with a checksum, and back.

    magic byte, version byte, the name of the class, its columns, CRC-32 of all before it

A state is written as the delta that it is: ``encode(state.complete())``. Equal values are equal
bytes, whatever their history and in whatever region; nothing is compressed beyond the columns.
What has a right checksum is trusted to have been written by this program.

>>> from crdb.crdts.orset import ORSet, SetDelta
>>> tea = SetDelta({b"tea": 1, b"milk": 2}, {})
>>> decode(encode(tea)) == tea
True
>>> encode(tea) == encode(SetDelta({b"milk": 2, b"tea": 1}, {}))
True
>>> decode(encode(tea)[:-1])
Traceback (most recent call last):
crdb.persistence.reader.Unreadable: 34 bytes are damaged or cut short: the checksum is wrong
"""

from typing import Any
from zlib import crc32

from crdb.crdts.base import Delta
from crdb.messages import Message
from crdb.persistence.columns import NAMED
from crdb.persistence.reader import Reader, Unreadable

MAGIC = 0xCB
VERSION = 1
"""Raised with every change to the bytes, also by a change to a class that is encoded."""
HEAD_BYTES = 2
CHECKSUM_BYTES = 4


def encode(value: Delta | Message) -> bytes:
    """Raises TypeError for a field that holds what its class does not declare."""
    body = bytes([MAGIC, VERSION]) + NAMED.pack([value])
    return body + crc32(body).to_bytes(CHECKSUM_BYTES, "little")


def decode(data: bytes) -> Any:
    """The value, equal to the one encoded. Raises `Unreadable` for anything else."""
    if data[:1] != bytes([MAGIC]):
        raise Unreadable(f"begins with {data[:1]!r}, not with the magic byte {bytes([MAGIC])!r}")
    if data[1:2] not in (b"", bytes([VERSION])):
        raise Unreadable(f"format version {data[1]}, while this program reads {VERSION}")
    body, checksum = data[:-CHECKSUM_BYTES], data[-CHECKSUM_BYTES:]
    if crc32(body).to_bytes(CHECKSUM_BYTES, "little") != checksum:
        raise Unreadable(f"{len(data)} bytes are damaged or cut short: the checksum is wrong")
    reader = Reader(body[HEAD_BYTES:])
    (value,) = NAMED.unpack(reader, 1)
    if reader.left:
        raise Unreadable(f"{reader.left} bytes are left after the end")
    return value


def size_bytes(message: Message) -> int:
    """What a message takes on the wire. It costs an encoding: not for every message of a run."""
    return len(encode(message))
