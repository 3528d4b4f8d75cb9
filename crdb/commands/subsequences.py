"""LCS: the longest common subsequence of two strings, and where its runs are.

Sources: https://redis.io/docs/latest/commands/lcs/; for the rows as numbers, Hyyrö, "Bit-parallel
LCS-length computation revisited" (2004).
"""

from dataclasses import dataclass

from crdb.command import Reply, command
from crdb.commands._arguments import integer
from crdb.commands.ranges import LENGTH_MAX
from crdb.commands.strings import following, text
from crdb.errors import CommandError, WrongType, syntax
from crdb.keyspace import Key
from crdb.transaction import Transaction

CELL_BYTES = 4
"""Of the real server's table of lengths: it refuses strings whose table is too large."""


@dataclass
class Options:
    length: bool = False
    places: bool = False
    with_length: bool = False
    least: int = 0

    @classmethod
    def of(cls, words: tuple[bytes, ...]) -> "Options":
        found, left = cls(), iter(words)
        for word in left:
            option = word.upper()
            if option == b"LEN":
                found.length = True
            elif option == b"IDX":
                found.places = True
            elif option == b"WITHMATCHLEN":
                found.with_length = True
            elif option == b"MINMATCHLEN":
                found.least = integer(following(left))
            else:
                raise syntax()
        if found.length and found.places:
            why = "If you want both the length and indexes, please just use IDX"
            raise CommandError(f"ERR {why}.")
        return found


@command("lcs", -3, "readonly", keys=(1, 2, 1))
def lcs(txn: Transaction, first: Key, second: Key, *words: bytes) -> Reply:
    try:
        one, two = text(txn, first) or b"", text(txn, second) or b""
    except WrongType:
        raise CommandError("ERR The specified keys must contain string values") from None
    options = Options.of(words)
    if (len(one) + 1) * (len(two) + 1) * CELL_BYTES > LENGTH_MAX:
        why = "Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len"
        raise CommandError(f"ERR {why}")
    pairs = matches(one, two)
    if options.length:
        return len(pairs)
    if not options.places:
        return bytes(one[at] for at, _ in reversed(pairs))
    found: list[Reply] = []
    for (start, beside), length in runs(pairs):
        if length >= options.least:
            ends: list[Reply] = [[start, start + length - 1], [beside, beside + length - 1]]
            found.append([*ends, length] if options.with_length else ends)
    return {b"matches": found, b"len": len(pairs)}


def matches(one: bytes, two: bytes) -> list[tuple[int, int]]:
    """The places of the bytes in common, the last first.

    Of the table of lengths only the steps are kept: a row is a number, in which a 0 says that
    with that byte of ``two`` the length is one more than without it.
    """
    everywhere = (1 << len(two)) - 1
    places: dict[int, int] = {}
    for at, byte in enumerate(two):
        places[byte] = places.get(byte, 0) | 1 << at
    row, rows = everywhere, []
    for byte in one:
        met = row & places.get(byte, 0)
        row = (row + met | row - met) & everywhere
        rows.append(row)
    found = []
    i, j = len(one) - 1, len(two) - 1
    while i >= 0 and j >= 0:
        if one[i] == two[j]:
            found.append((i, j))
            i, j = i - 1, j - 1
        elif rows[i] >> j & 1:
            j -= 1
        else:
            i -= 1
    return found


def runs(pairs: list[tuple[int, int]]) -> list[tuple[tuple[int, int], int]]:
    """Where bytes that follow each other in both begin, and how many they are."""
    found: list[tuple[tuple[int, int], int]] = []
    for i, j in pairs:
        if found and found[-1][0] == (i + 1, j + 1):
            found[-1] = (i, j), found[-1][1] + 1
        else:
            found.append(((i, j), 1))
    return found
