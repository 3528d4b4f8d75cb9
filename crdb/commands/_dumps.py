"""Values as DUMP gives them: in the open-source server's own format, which its RESTORE takes.

What an active-active database gives is not published. Ours is the plain value, without the dots
that no other server knows. Each type says in its family how it is written; concurrent values of
another type, which do not show, are left out. Strings are not compressed, as the format allows.

>>> dumped(kind=0, body=string(b"12")).hex()
'00c00c0b0055f54522a19b555c'

Source: https://rdb.fnordig.de/file_format.html
"""

from collections.abc import Callable
from functools import cache
from typing import Any

from crdb.decimals import parse_int
from crdb.keyspace import State

Dump = Callable[[Any], bytes]
"""Gives the payload of a state."""

DUMPS: dict[type[State], Dump] = {}

VERSION = 11
"""Of the format: the latest that Redis and Valkey have in common."""

_POLYNOMIAL = 0x95AC9329AC4BC9B5


def dumps(kind: type[State]) -> Callable[[Dump], Dump]:
    """Enter the function that writes states of this type."""

    def enter(dump: Dump) -> Dump:
        DUMPS[kind] = dump
        return dump

    return enter


def dumped(kind: int, body: bytes) -> bytes:
    """A value of that kind, with version and checksum."""
    data = bytes([kind]) + body + VERSION.to_bytes(2, "little")
    return data + checksum(data).to_bytes(8, "little")


def length(number: int) -> bytes:
    if number < 1 << 6:
        return bytes([number])
    if number < 1 << 14:
        return (number | 1 << 14).to_bytes(2, "big")
    return b"\x80" + number.to_bytes(4, "big")


def string(text: bytes) -> bytes:
    """Short numbers as such, everything else with its length."""
    number = parse_int(text)
    if number is not None:
        for tag, size in enumerate((1, 2, 4), start=0xC0):
            if -1 << 8 * size - 1 <= number < 1 << 8 * size - 1:
                return bytes([tag]) + number.to_bytes(size, "little", signed=True)
    return length(len(text)) + text


def checksum(data: bytes) -> int:
    """CRC-64 with Jones' polynomial."""
    table, found = _table(), 0
    for byte in data:
        found = table[(found ^ byte) & 0xFF] ^ found >> 8
    return found


@cache
def _table() -> list[int]:
    table = []
    for entry in range(256):
        for _ in range(8):
            entry = entry >> 1 ^ (_POLYNOMIAL if entry & 1 else 0)
        table.append(entry)
    return table
