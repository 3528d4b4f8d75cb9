"""Bitmaps: strings as arrays of bits, the first bit the highest of the first byte.

Bits are not merged: of two regions that each change a bit of one string the later clock's whole
string stays, as it is published.

Source: https://redis.io/docs/latest/commands/?group=bitmap
"""

from functools import reduce
from operator import and_, or_, xor

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._arguments import integer
from crdb.commands.ranges import LENGTH_MAX
from crdb.commands.strings import LAST_WRITER, assign, replace, text
from crdb.decimals import parse_int
from crdb.errors import CommandError, syntax
from crdb.keyspace import Key
from crdb.transaction import Transaction

OPERATIONS = {b"AND": and_, b"OR": or_, b"XOR": xor}


def offset(word: bytes, width: int = 0) -> int:
    """The place of a bit. ``width``: of the field, where ``#2`` may stand for the third one."""
    unit = width if width and word.startswith(b"#") else 0
    number = parse_int(word[1:] if unit else word)
    place = -1 if number is None else number * (unit or 1)
    if not 0 <= place < 8 * LENGTH_MAX:
        raise CommandError("ERR bit offset is not an integer or out of range")
    return place


@command("setbit", 4, "write", "denyoom", keys=ONE_KEY, conflict=LAST_WRITER)
def setbit(txn: Transaction, key: Key, where: bytes, bit: bytes) -> Reply:
    place = offset(where)
    if bit not in (b"0", b"1"):
        raise CommandError("ERR bit is not an integer or out of range")
    found = text(txn, key)
    whole = bytearray((found or b"").ljust(place // 8 + 1, b"\0"))
    mask = 0x80 >> place % 8
    before = whole[place // 8] & mask
    whole[place // 8] ^= mask if bool(before) != (bit == b"1") else 0
    if found is None or whole != found:
        assign(txn, key, bytes(whole))
    return int(before > 0)


@command("getbit", 3, "readonly", "fast", keys=ONE_KEY)
def getbit(txn: Transaction, key: Key, where: bytes) -> Reply:
    place = offset(where)
    byte = (text(txn, key) or b"")[place // 8 : place // 8 + 1]
    return byte[0] >> 7 - place % 8 & 1 if byte else 0


@command("bitcount", -2, "readonly", keys=ONE_KEY)
def bitcount(txn: Transaction, key: Key, *words: bytes) -> Reply:
    start, end, unit = limits(words)
    whole = text(txn, key) or b""
    if start < 0 and end < start:  # Unlike for BITPOS, before both are moved to the beginning.
        return 0
    first, beyond = span(start, end, unit, len(whole))
    return cut(whole, first, beyond).bit_count()


@command("bitpos", -3, "readonly", keys=ONE_KEY)
def bitpos(txn: Transaction, key: Key, bit: bytes, *words: bytes) -> Reply:
    wanted = integer(bit)
    if wanted not in (0, 1):
        raise CommandError("ERR The bit argument must be 1 or 0.")
    start, end, unit = limits(words)
    whole = text(txn, key)
    if whole is None:
        return -wanted
    first, beyond = span(start, end, unit, len(whole))
    found = cut(whole, first, beyond)
    if not wanted:
        found ^= (1 << beyond - first) - 1
    if found:
        return beyond - found.bit_length()
    # Behind a string without an end there are zeros.
    return beyond if not wanted and len(words) < 2 and beyond > first else -1


def limits(words: tuple[bytes, ...]) -> tuple[int, int, int]:
    """Start, end and bits in their unit, from what follows: up to start, end and BYTE or BIT."""
    if len(words) > 3:
        raise syntax()
    start = integer(words[0]) if words else 0
    unit = words[2].upper() if words[2:] else b"BYTE"
    if unit not in (b"BYTE", b"BIT"):
        raise syntax()
    return start, integer(words[1]) if words[1:] else -1, 8 if unit == b"BYTE" else 1


def span(start: int, end: int, unit: int, length: int) -> tuple[int, int]:
    """The first bit and the one beyond the last; two equal ones for none."""
    size = 8 * length // unit
    start, end = (max(0, at + size if at < 0 else at) for at in (start, end))
    end = min(end, size - 1)
    return (start * unit, (end + 1) * unit) if start <= end else (0, 0)


def cut(whole: bytes, first: int, beyond: int) -> int:
    """These bits, as a number."""
    some = int.from_bytes(whole[first // 8 : (beyond + 7) // 8], "big") >> -beyond % 8
    return some & (1 << beyond - first) - 1


@command("bitop", -4, "write", "denyoom", keys=(2, -1, 1), conflict=LAST_WRITER)
def bitop(txn: Transaction, name: bytes, target: Key, *keys: Key) -> Reply:
    operation = name.upper()
    if operation != b"NOT" and operation not in OPERATIONS:
        raise syntax()
    if operation == b"NOT" and len(keys) > 1:
        raise CommandError("ERR BITOP NOT must be called with a single source key.")
    sources = [text(txn, key) or b"" for key in keys]
    length = max(map(len, sources))
    numbers = [int.from_bytes(source.ljust(length, b"\0"), "big") for source in sources]
    if operation == b"NOT":
        found = numbers[0] ^ (1 << 8 * length) - 1
    else:
        found = reduce(OPERATIONS[operation], numbers)
    if length:
        replace(txn, target, found.to_bytes(length, "big"))
    elif txn.find(target) is not None:
        txn.remove(target)
    return length
