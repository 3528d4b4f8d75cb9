"""Bit fields: integers of any width up to 64 bits, at any place in a string.

Fields are not merged: BITFIELD reads a string, changes it and assigns the whole, so that of two
regions' changes the later clock's stay.

Source: https://redis.io/docs/latest/commands/bitfield/
"""

import re
from collections.abc import Sequence
from typing import NamedTuple

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._arguments import integer
from crdb.commands.bitmaps import offset
from crdb.commands.strings import LAST_WRITER, assign, text
from crdb.errors import CommandError, syntax
from crdb.keyspace import Key
from crdb.transaction import Transaction

WORDS = {b"GET": 2, b"SET": 3, b"INCRBY": 3, b"OVERFLOW": 1}
"""Operation -> how many words follow it."""

OVERFLOWS = (b"WRAP", b"SAT", b"FAIL")

_FIELD = re.compile(rb"([iu])([1-9][0-9]?)")


class Field(NamedTuple):
    """Where an integer is, and what it may be."""

    signed: bool
    width: int
    place: int

    @classmethod
    def of(cls, kind: bytes, where: bytes) -> "Field":
        found = _FIELD.fullmatch(kind)
        width = 0 if found is None else int(found[2])
        signed = kind.startswith(b"i")
        if not 0 < width < 64 + signed:
            raise CommandError(
                "ERR Invalid bitfield type. Use something like i16 u8. "
                "Note that u64 is not supported but i64 is."
            )
        return cls(signed, width, offset(where, width))

    @property
    def end(self) -> int:
        """Bytes of a string that the field is the last in."""
        return (self.place + self.width + 7) // 8

    @property
    def _shift(self) -> int:
        return -(self.place + self.width) % 8

    def read(self, whole: bytes | bytearray) -> int:
        part = whole[self.place // 8 : self.end].ljust(self.end - self.place // 8, b"\0")
        return self.wrapped(int.from_bytes(part, "big") >> self._shift)

    def write(self, whole: bytearray, value: int) -> None:
        start, mask = self.place // 8, (1 << self.width) - 1
        part = int.from_bytes(whole[start : self.end], "big") & ~(mask << self._shift)
        part |= (value & mask) << self._shift
        whole[start : self.end] = part.to_bytes(self.end - start, "big")

    def wrapped(self, value: int) -> int:
        value &= (1 << self.width) - 1
        return value - (1 << self.width) if self.signed and value >> self.width - 1 else value

    def limited(self, value: int, overflow: bytes) -> int | None:
        """The value that is written instead; None if nothing is."""
        if self.wrapped(value) == value or overflow == b"WRAP":
            return self.wrapped(value)
        least = -1 << self.width - 1 if self.signed else 0
        most = least + (1 << self.width) - 1
        return None if overflow == b"FAIL" else min(max(value, least), most)


class Step(NamedTuple):
    name: bytes
    field: Field
    amount: int
    overflow: bytes

    def run(self, whole: bytearray) -> int | None:
        """What the client gets; ``whole`` is changed in place."""
        before = self.field.read(whole)
        if self.name == b"GET":
            return before
        value = self.amount + (before if self.name == b"INCRBY" else 0)
        if self.name == b"SET" and not self.field.signed:
            # An unsigned field cannot be set to less than nothing: the real server sees much more.
            value &= (1 << 64) - 1
        after = self.field.limited(value, self.overflow)
        if after is None:
            return None
        self.field.write(whole, after)
        return before if self.name == b"SET" else after


def steps(words: Sequence[bytes]) -> list[Step]:
    """What is asked for, one after the other. OVERFLOW is for those that follow."""
    found, overflow, at = [], b"WRAP", 0
    while at < len(words):
        name = words[at].upper()
        args = words[at + 1 : at + 1 + WORDS.get(name, 0)]
        if not args or len(args) < WORDS[name]:
            raise syntax()
        if name == b"OVERFLOW":
            overflow = args[0].upper()
            if overflow not in OVERFLOWS:
                raise CommandError("ERR Invalid OVERFLOW type specified")
        else:
            field = Field.of(*args[:2])
            found.append(Step(name, field, integer(args[2]) if args[2:] else 0, overflow))
        at += 1 + len(args)
    return found


@command("bitfield", -2, "write", "denyoom", keys=ONE_KEY, conflict=LAST_WRITER)
def bitfield(txn: Transaction, key: Key, *words: bytes) -> Reply:
    asked = steps(words)
    found = text(txn, key)
    written = max((step.field.end for step in asked if step.name != b"GET"), default=0)
    whole = bytearray((found or b"").ljust(written, b"\0"))
    replies: Reply = [step.run(whole) for step in asked]
    if written and (found is None or whole != found):
        assign(txn, key, bytes(whole))
    return replies


@command("bitfield_ro", -2, "readonly", "fast", keys=ONE_KEY)
def bitfield_ro(txn: Transaction, key: Key, *words: bytes) -> Reply:
    asked = steps(words)
    if any(step.name != b"GET" for step in asked):
        raise CommandError("ERR BITFIELD_RO only supports the GET subcommand")
    whole = bytearray(text(txn, key) or b"")
    return [step.run(whole) for step in asked]
