"""Ids of stream entries: as clients write them, and as XADD makes them.

A new id is greater than every one seen here. Which ids XADD takes is a setting of the database:

strict        ``*`` or ``ms-*`` or ``ms``. The number within the millisecond is the region's, plus a
              multiple of `STRIDE`: no two regions make the same, and one makes them in order. The
              published examples show the region's number alone; the multiples are our choice.
semi-strict   full ids too; two regions may then make the same.
liberal       any id that is greater, numbered from 0 as in open-source Redis.

Source: Redis Active-Active, "Streams", id generation modes.
"""

import re

from crdb.crdts.consumers import ZERO, Id
from crdb.decimals import parse_int
from crdb.errors import CommandError, quoted
from crdb.stamps import REGIONS_MAX
from crdb.transaction import Transaction

END = 1 << 64
LAST: Id = (END - 1, END - 1)
STRIDE = REGIONS_MAX

LENGTH_MAX = 127
"""Bytes of an id. A longer one is none."""

_UNSIGNED = re.compile(rb"\s*([+-]?)([0-9]+)")


def unsigned(word: bytes) -> int | None:
    """What the server's ``strtoull`` reads, wrapping a minus that does not come first."""
    found = _UNSIGNED.fullmatch(word)
    if found is None or (number := int(found[2])) >= END:
        return None
    if found[1] != b"-":
        return number
    return -number % END if parse_int(word) is None else None


def entry_id(word: bytes, number: int = 0) -> Id:
    """The full id that a word says; ``number`` is the one within the millisecond if it says none.

    Raises `CommandError`.
    """
    text = quoted(word)
    first, dash, second = text.partition(b"-")
    parts = unsigned(first), unsigned(second) if dash else number
    if len(word) > LENGTH_MAX or parts[0] is None or parts[1] is None:
        raise CommandError("ERR Invalid stream ID specified as stream command argument")
    return parts[0], parts[1]


def bound(word: bytes, end: bool) -> Id:
    """One end of an interval: ``-``, ``+``, an id, or with ``(`` the next to it."""
    if word in (b"-", b"+"):
        return ZERO if word == b"-" else LAST
    missing = END - 1 if end else 0
    if len(word) < 2 or not word.startswith(b"("):
        return entry_id(word, missing)
    ms, number = entry_id(word[1:], missing)
    if end:
        if (ms, number) == ZERO:
            raise CommandError("ERR invalid end ID for the interval")
        return (ms, number - 1) if number else (ms - 1, END - 1)
    if (ms, number) == LAST:
        raise CommandError("ERR invalid start ID for the interval")
    return (ms, number + 1) if number < END - 1 else (ms + 1, 0)


def shown(position: tuple[int, ...]) -> bytes:
    """An id as clients read it, of an id or of an entry's key."""
    return b"%d-%d" % position[:2]


Wanted = tuple[int | None, int | None]
"""Milliseconds and number as XADD is asked for; None for one that it makes."""


def wanted(txn: Transaction, word: bytes) -> Wanted:
    """What XADD is asked for. Raises `CommandError` for what the database does not take."""
    if word == b"*":
        return None, None
    mode = txn.settings.xadd_ids
    first, dash, second = word.partition(b"-")
    if second == b"*" or (mode != "liberal" and not dash):
        return entry_id(first)[0], None
    full = entry_id(word)
    if mode == "strict":
        raise CommandError(
            "ERR a full ID is not allowed here: expected '*' or milliseconds, "
            "as crdt_xadd_id_uniqueness_mode is strict"
        )
    return full


def made(txn: Transaction, asked: Wanted, last: Id) -> Id:
    """The id of a new entry, greater than ``last``. Raises `CommandError` if there is none."""
    if last == LAST:
        raise CommandError(
            "ERR The stream has exhausted the last possible ID, unable to add more items"
        )
    ms, number = asked
    if ms is None:
        new = _next(txn, max(txn.now_ms, last[0]), last)
        # Numbers of this millisecond have run out.
        return new if new[1] < END else _next(txn, new[0] + 1, last)
    if number is None:
        ms, number = _next(txn, ms, last)
    if (ms, number) <= last or number >= END:
        raise CommandError(
            "ERR The ID specified in XADD is equal or smaller than the target stream top item"
        )
    return ms, number


def _next(txn: Transaction, ms: int, last: Id) -> Id:
    """The least id in this millisecond that this region may make, beyond ``last`` if it can be."""
    least = last[1] + 1 if ms == last[0] else 0
    if txn.settings.xadd_ids == "liberal":
        return ms, least
    return ms, least + (txn.region - least) % STRIDE
