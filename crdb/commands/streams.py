"""Streams: entries are added, read by id, deleted and trimmed.

A deletion takes the entries that this region sees. Two regions may have made entries of one id: a
command that names it speaks of both.

Source: https://redis.io/docs/latest/commands/?group=stream
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._arguments import integer
from crdb.commands._copies import copies
from crdb.commands._stream_ids import bound, entry_id, made, shown, wanted
from crdb.crdts.base import Delta
from crdb.crdts.consumers import ZERO, Id, Key
from crdb.crdts.stream import Stream, StreamDelta
from crdb.errors import CommandError, syntax, wrong_number_of_arguments
from crdb.keyspace import Key as Name
from crdb.transaction import Transaction

BOTH_ADD = "both entries are kept, in order of their ids"
OBSERVED = "what each saw is gone; an entry that neither saw stays"
LOCAL = "each region keeps its own"

NODE = 100
"""So many entries go at once where trimming is approximate, as in a server's blocks ..."""
LIMIT = 100 * NODE
"""... and at most so many, unless the client says otherwise."""

BOTTOM = Stream()
"""What a missing key holds. Mutators only read it; it is never merged into."""


@copies(Stream)
def copy(txn: Transaction, found: Stream) -> Delta:
    """The entries, and no groups. What has no entries is no stream then."""
    dot = txn.take(max(1, len(found.entries)))
    entries = {(*key[:2], dot + n): fields for n, (key, fields) in enumerate(found.entries.items())}
    return StreamDelta(entries)


class Trimming(NamedTuple):
    """Which entries are too many or too old."""

    length: int | None
    oldest: Id
    approximate: bool
    limit: int
    """Delete at most so many; 0 for as many as there are."""


class Options(NamedTuple):
    """Options of XADD and XTRIM as they were read, not yet whether they go together."""

    by: bytes | None
    length: int
    oldest: Id
    approximate: bool
    limit: int | None
    make: bool
    """Whether a missing key is made."""
    rest: Sequence[bytes]
    """What follows the options: the id and the fields."""

    def trimming(self, needed: bool) -> Trimming | None:
        """Raises `CommandError` if they do not go together."""
        if self.limit and self.by is None:
            raise CommandError(
                "ERR syntax error, LIMIT cannot be used without specifying a trimming strategy"
            )
        if needed and self.by is None:
            raise CommandError("ERR syntax error, XTRIM must be called with a trimming strategy")
        if self.limit is not None and not self.approximate:
            raise CommandError(
                "ERR syntax error, LIMIT cannot be used without the special ~ option"
            )
        if self.by is None:
            return None
        most = LIMIT if self.limit is None else self.limit
        length = self.length if self.by == b"MAXLEN" else None
        return Trimming(length, self.oldest, self.approximate, most)


def options(words: Sequence[bytes], adding: bool) -> Options:
    """Read the options of XADD or XTRIM."""
    by: bytes | None = None
    length, oldest, approximate, make = 0, ZERO, False, True
    limit: int | None = None
    at = 0
    while at < len(words):
        option, more = words[at].upper(), len(words) - at - 1
        if option in (b"MAXLEN", b"MINID") and more:
            if by is not None:
                raise CommandError(
                    "ERR syntax error, MAXLEN and MINID options at the same time are not compatible"
                )
            by = option
            if more > 1 and words[at + 1] in (b"~", b"="):
                at += 1
                approximate = words[at] == b"~"
            at += 1
            if option == b"MAXLEN":
                length = at_least_0("MAXLEN", words[at])
            else:
                oldest = entry_id(words[at])
        elif option == b"LIMIT" and more:
            at += 1
            limit = at_least_0("LIMIT", words[at])
        elif option == b"NOMKSTREAM" and adding:
            make = False
        elif adding:
            break
        else:
            raise syntax()
        at += 1
    return Options(by, length, oldest, approximate, limit, make, words[at:])


def at_least_0(option: str, word: bytes) -> int:
    number = integer(word)
    if number < 0:
        raise CommandError(f"ERR The {option} argument must be >= 0.")
    return number


@command("xadd", -5, "write", "denyoom", "fast", keys=ONE_KEY, conflict=BOTH_ADD)
def xadd(txn: Transaction, key: Name, *words: bytes) -> Reply:
    read = options(words, adding=True)
    rest = read.rest
    asked = wanted(txn, rest[0]) if rest else (None, None)
    trimming = read.trimming(needed=False)
    if len(rest) < 3 or not len(rest) % 2:
        raise wrong_number_of_arguments("xadd")
    if asked == ZERO:
        raise CommandError("ERR The ID specified in XADD must be greater than 0-0")
    found = txn.read(key, Stream)
    if found is None and not read.make:
        return None
    new = made(txn, asked, ZERO if found is None else found.last)
    txn.write(key, BOTTOM.add(new, tuple(rest[1:]), txn.take(1)))
    if trimming is not None:
        trim(txn, key, trimming)
    return shown(new)


@command("xtrim", -4, "write", keys=ONE_KEY, conflict=OBSERVED)
def xtrim(txn: Transaction, key: Name, *words: bytes) -> Reply:
    trimming = options(words, adding=False).trimming(needed=True)
    assert trimming is not None
    return trim(txn, key, trimming)


def trim(txn: Transaction, key: Name, trimming: Trimming) -> int:
    """Delete from the beginning; returns how many."""
    found = txn.read(key, Stream)
    if found is None:
        return 0
    if trimming.length is None:
        excess = found.entries.bisect_left(trimming.oldest)
    else:
        excess = max(0, len(found.entries) - trimming.length)
    limit = trimming.limit or excess
    if trimming.approximate and (excess < len(found.entries) or excess > limit):
        excess = min(excess, limit) // NODE * NODE
    return delete(txn, key, found, list(islice(found.entries, excess)))


def delete(txn: Transaction, key: Name, found: Stream, keys: Sequence[Key]) -> int:
    if keys:
        txn.take(1)
        txn.write(key, found.remove(keys))
    return len(keys)


@command("xdel", -3, "write", "fast", keys=ONE_KEY, conflict=OBSERVED)
def xdel(txn: Transaction, key: Name, *words: bytes) -> Reply:
    found = txn.read(key, Stream)
    if found is None:
        return 0
    ids = dict.fromkeys(map(entry_id, words))
    keys = [each for position in ids for each in of_id(found.entries, position)]
    found.removed = max([found.removed, *(each[:2] for each in keys)])
    return delete(txn, key, found, keys)


def of_id(entries: Any, position: Id) -> list[Key]:
    """The entries of one id: in ``entries``, or among those that are pending."""
    return list(entries.irange(position, (position[0], position[1] + 1), inclusive=(True, False)))


@command("xlen", 2, "readonly", "fast", keys=ONE_KEY)
def xlen(txn: Transaction, key: Name) -> Reply:
    found = txn.read(key, Stream)
    return 0 if found is None else len(found.entries)


@command("xrange", -4, "readonly", keys=ONE_KEY)
def xrange(txn: Transaction, key: Name, first: bytes, last: bytes, *words: bytes) -> Reply:
    return between(txn, key, bound(first, end=False), bound(last, end=True), words, False)


@command("xrevrange", -4, "readonly", keys=ONE_KEY)
def xrevrange(txn: Transaction, key: Name, last: bytes, first: bytes, *words: bytes) -> Reply:
    return between(txn, key, bound(first, end=False), bound(last, end=True), words, True)


def between(
    txn: Transaction, key: Name, first: Id, last: Id, words: Sequence[bytes], backwards: bool
) -> Reply:
    count: int | None = None
    for at in range(0, len(words), 2):
        if words[at].upper() != b"COUNT" or at + 1 == len(words):
            raise syntax()
        count = max(0, integer(words[at + 1]))
    found = txn.read(key, Stream)
    if found is None:
        return []
    if count == 0:
        return None
    keys = found.entries.irange(first, (last[0], last[1] + 1), reverse=backwards)
    return [entry(found, each) for each in islice(keys, count)]


def entry(found: Stream, key: Key) -> list[Any]:
    """One entry as clients read it."""
    return [shown(key), list(found.entries[key])]


@command("xsetid", -3, "write", "denyoom", "fast", keys=ONE_KEY, conflict=LOCAL)
def xsetid(txn: Transaction, key: Name, word: bytes, *words: bytes) -> Reply:
    """The last id only goes up.

    What is below has been used. The server compares with the last entry that is left.
    """
    position = entry_id(word)
    added: int | None = None
    removed = ZERO
    for at in range(0, len(words), 2):
        option = words[at].upper()
        if option == b"ENTRIESADDED" and at + 1 < len(words):
            added = integer(words[at + 1])
            if added < 0:
                raise CommandError("ERR entries_added must be positive")
        elif option == b"MAXDELETEDID" and at + 1 < len(words):
            removed = entry_id(words[at + 1])
            if position < removed:
                raise smaller("the provided max_deleted_entry_id")
        else:
            raise syntax()
    found = txn.read(key, Stream)
    if found is None:
        raise CommandError("ERR no such key")
    if position < found.removed:
        raise smaller("current max_deleted_entry_id")
    if position < found.last:
        raise smaller("the target stream top item")
    if added is not None and added < len(found.entries):
        text = "ERR The entries_added specified in XSETID is smaller than the target stream length"
        raise CommandError(text)
    found.last = position
    if added is not None:
        found.added = added
    if removed != ZERO:
        found.removed = removed
    return "OK"


def smaller(what: str) -> CommandError:
    return CommandError(f"ERR The ID specified in XSETID is smaller than {what}")
