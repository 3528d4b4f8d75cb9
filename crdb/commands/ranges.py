"""Parts of strings: APPEND and SETRANGE make a new whole of the old one, GETRANGE reads a part.

Parts are not merged: of two regions that each change a part of one string the later clock's whole
string stays.

Source: https://redis.io/docs/latest/commands/?group=string
"""

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._arguments import integer
from crdb.commands.strings import LAST_WRITER, assign, text
from crdb.errors import CommandError
from crdb.keyspace import Key
from crdb.transaction import Transaction

LENGTH_MAX = 512 * 1024 * 1024


@command("append", 3, "write", "denyoom", "fast", keys=ONE_KEY, conflict=LAST_WRITER)
def append(txn: Transaction, key: Key, tail: bytes) -> Reply:
    whole = (text(txn, key) or b"") + tail
    check_length(len(whole))
    assign(txn, key, whole)
    return len(whole)


@command("strlen", 2, "readonly", "fast", keys=ONE_KEY)
def strlen(txn: Transaction, key: Key) -> Reply:
    return len(text(txn, key) or b"")


@command("setrange", 4, "write", "denyoom", keys=ONE_KEY, conflict=LAST_WRITER)
def setrange(txn: Transaction, key: Key, offset: bytes, part: bytes) -> Reply:
    start = integer(offset)
    if start < 0:
        raise CommandError("ERR offset is out of range")
    old = text(txn, key) or b""
    if not part:
        return len(old)
    end = start + len(part)
    check_length(end)
    whole = old[:start].ljust(start, b"\0") + part + old[end:]
    assign(txn, key, whole)
    return len(whole)


@command("getrange", 4, "readonly", keys=ONE_KEY)
def getrange(txn: Transaction, key: Key, first: bytes, last: bytes) -> Reply:
    start, end = integer(first), integer(last)
    whole = text(txn, key) or b""
    if start < 0 and end < start:
        return b""
    # An end before the beginning is the beginning: GETRANGE k 0 -100 gives the first byte.
    start, end = (max(0, at + len(whole) if at < 0 else at) for at in (start, end))
    return whole[start : end + 1]


def check_length(length: int) -> None:
    if length > LENGTH_MAX:
        raise CommandError("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
