"""A collection in pieces, each with the cursor that the last one gave: what all SCANs share.

Every name has a *place*, a number made from its bytes alone, and a scan goes through the places in
order. The cursor is the last place that was handed out. So nothing is kept between calls, and a
name that is there from the first call to the last is returned, exactly once, whatever comes, goes,
expires or is resynced in between; even if the scan goes on in another region.

Redis walks the buckets of its hash table instead, and may return a name twice. COUNT is a hint
there; here it is exact, except that names of one place are not parted. The price: a call looks at
every name, so who scans a million keys asks for more than ten at a time.

>>> names = {b"%d" % number for number in range(25)}
>>> cursor, first = piece(names, after=0, count=10)
>>> cursor, second = piece(names - {first[0], b"24"}, cursor, count=10)
>>> cursor, third = piece(names, cursor, count=10)
>>> cursor, set(first) | set(second) | set(third) >= names - {b"24"}
(0, True)

Source: https://redis.io/docs/latest/commands/scan/
"""

import re
from collections.abc import Collection
from heapq import nsmallest
from typing import NamedTuple
from zlib import crc32

from crdb import glob
from crdb.commands._arguments import integer
from crdb.errors import CommandError, quoted, quoting, syntax

COUNT = 10
CURSOR_END = 1 << 64
TYPES = frozenset({b"string", b"list", b"set", b"zset", b"hash", b"stream"})
OF_OTHERS = {b"NOVALUES": "HSCAN", b"NOSCORES": "ZSCAN"}

_CURSOR = re.compile(rb"\s*\+?([0-9]+)")


class Options(NamedTuple):
    """What follows the cursor."""

    pattern: bytes | None = None
    wanted: int = COUNT
    kind: str | None = None
    bare: bool = False
    """Names without what belongs to them: NOVALUES of HSCAN, NOSCORES of ZSCAN."""

    @classmethod
    def of(
        cls, words: tuple[bytes, ...], *, of_keys: bool = False, bare: bytes | None = None
    ) -> "Options":
        """Read the options; of one that is repeated the last counts. Keys also have a TYPE.

        ``bare``: the option of this command that asks for names only.
        """
        found = cls()
        left = iter(words)
        for word in left:
            option = word.upper()
            if option == bare:
                found = found._replace(bare=True)
                continue
            if option in OF_OTHERS:
                text = f"ERR {option.decode()} option can only be used in {OF_OTHERS[option]}"
                raise CommandError(text)
            value = next(left, None)
            if value is None:
                raise syntax()
            if option == b"COUNT":
                found = found._replace(wanted=positive(value))
            elif option == b"MATCH":
                found = found._replace(pattern=value)
            elif option == b"TYPE" and of_keys:
                found = found._replace(kind=kind(value))
            else:
                raise syntax()
        return found


def piece(names: Collection[bytes], after: int, count: int) -> tuple[int, list[bytes]]:
    """The next ``count`` names behind that cursor, and the cursor to go on with: 0 at the end."""
    places = {name: at for name in names if (at := place(name)) > after}
    if len(places) <= count:
        return 0, in_order(places)
    last = nsmallest(count, places.values())[-1]
    # SUBTLE: all names of the last place, though it makes more than were asked for. The cursor
    # cannot point between them, and those left behind would be skipped.
    chosen = {name: at for name, at in places.items() if at <= last}
    return (0 if len(chosen) == len(places) else last), in_order(chosen)


def place(name: bytes) -> int:
    """Where a name stands in every scan of every region; from 1 on, since 0 is the beginning."""
    return crc32(name) + 1


def in_order(places: dict[bytes, int]) -> list[bytes]:
    return sorted(places, key=lambda name: (places[name], name))


def matching(names: list[bytes], options: Options) -> list[bytes]:
    """Filters come last: a piece may be empty though the scan is not at its end."""
    if options.pattern is None:
        return names
    matches = glob.matcher(options.pattern)
    return [name for name in names if matches(name)]


def cursor(word: bytes) -> int:
    """An unsigned 64-bit number as C reads it: after spaces, with a sign, up to a NUL."""
    found = _CURSOR.fullmatch(quoted(word))
    if found is None or int(found[1]) >= CURSOR_END:
        raise CommandError("ERR invalid cursor")
    return int(found[1])


def positive(word: bytes) -> int:
    number = integer(word)
    if number < 1:
        raise syntax()
    return number


def kind(word: bytes) -> str:
    """A type's name, even of one that no key can have here yet."""
    if word.lower() not in TYPES:
        raise quoting(b"ERR unknown type name '%s'" % quoted(word))
    return word.lower().decode()
