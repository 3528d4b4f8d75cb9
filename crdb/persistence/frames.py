"""Frames: what files are made of, each piece with its length and a checksum of all of it.

    mark byte, kind, length of the body (4 bytes), CRC-32 of kind, length and body (4), body

The checksum holds the length too, so a wrong length is damage like any other, and not the place
where the next frame is looked for. The mark makes frames easy to find behind a damaged one.

>>> data = frame(1, b"tea") + frame(2, b"milk")
>>> frame_at(data, 0)
Frame(kind=1, body=b'tea', end=13)
>>> [found.body for found in whole_frames(data, after=1)]
[b'milk']
>>> frame_at(data[:-1], 13)
Traceback (most recent call last):
crdb.persistence.reader.Unreadable: byte 13: a piece of 14 bytes begins, and 13 are left
"""

import struct
from collections.abc import Iterator
from typing import NamedTuple
from zlib import crc32

from crdb.persistence.reader import Unreadable

MARK = b"\xcb"
_CHECKED = struct.Struct("<BI")
_HEAD = struct.Struct("<BII")
OVERHEAD_BYTES = len(MARK) + _HEAD.size


class Frame(NamedTuple):
    kind: int
    body: bytes
    end: int
    """The place behind it."""


def frame(kind: int, body: bytes) -> bytes:
    size = len(body)
    checksum = crc32(body, crc32(_CHECKED.pack(kind, size)))
    return MARK + _HEAD.pack(kind, size, checksum) + body


def frame_at(data: bytes, at: int) -> Frame:
    """The frame that begins there. Raises `Unreadable`, which names the place and the cause."""
    left = len(data) - at
    if left > 0 and data[at : at + 1] != MARK:
        raise Unreadable(f"byte {at}: {data[at : at + 1]!r} where a piece begins with {MARK!r}")
    if left < OVERHEAD_BYTES:
        raise Unreadable(f"byte {at}: a piece begins with {OVERHEAD_BYTES} bytes, {left} are left")
    kind, size, checksum = _HEAD.unpack_from(data, at + len(MARK))
    start, end = at + OVERHEAD_BYTES, at + OVERHEAD_BYTES + size
    if end > len(data):
        raise Unreadable(f"byte {at}: a piece of {end - at} bytes begins, and {left} are left")
    body = data[start:end]
    if crc32(body, crc32(_CHECKED.pack(kind, size))) != checksum:
        raise Unreadable(f"byte {at}: the checksum of a piece of {end - at} bytes is wrong")
    return Frame(kind, body, end)


def whole_frames(data: bytes, after: int) -> Iterator[Frame]:
    """Every undamaged frame that begins beyond a place, wherever it begins."""
    at = data.find(MARK, after)
    while at >= 0:
        try:
            found = frame_at(data, at)
            yield found
            at = data.find(MARK, found.end)
        except Unreadable:
            at = data.find(MARK, at + 1)
