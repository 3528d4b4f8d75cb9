"""Pops of sorted sets: the least or the greatest members, now or as soon as there are any.

A pop is local: two regions may pop the same member. It takes what it saw, so an increment made
elsewhere at the same time stays as the member's new score.

Source: https://redis.io/docs/latest/commands/?group=sorted-set
"""

from typing import NamedTuple

from crdb.command import ONE_KEY, Reply, command, counted
from crdb.commands._timeouts import timeout_us
from crdb.commands.zsets import listed, read, remove
from crdb.decimals import parse_int
from crdb.errors import CommandError, syntax
from crdb.keyspace import Key
from crdb.transaction import Transaction

BOTH_POP = "both may pop the same member; an increment that neither saw stays"


def popped(txn: Transaction, key: Key, greatest: bool, wanted: int) -> list[tuple[float, bytes]]:
    order = read(txn, key).order()
    size = min(wanted, len(order))
    start = len(order) - size if greatest else 0
    entries = list(order.islice(start, start + size, reverse=greatest))
    remove(txn, key, [member for _, member in entries])
    return entries


@command("zpopmin", -2, "write", "fast", keys=ONE_KEY, conflict=BOTH_POP)
def zpopmin(txn: Transaction, key: Key, *words: bytes) -> Reply:
    return pop(txn, key, words, greatest=False)


@command("zpopmax", -2, "write", "fast", keys=ONE_KEY, conflict=BOTH_POP)
def zpopmax(txn: Transaction, key: Key, *words: bytes) -> Reply:
    return pop(txn, key, words, greatest=True)


def pop(txn: Transaction, key: Key, words: tuple[bytes, ...], greatest: bool) -> Reply:
    if len(words) > 1:
        raise syntax()
    wanted = parse_int(words[0]) if words else 1
    if wanted is None or wanted < 0:
        raise CommandError("ERR value is out of range, must be positive")
    entries = popped(txn, key, greatest, wanted)
    if words:
        return listed(entries, scored=True)
    return [word for score, member in entries for word in (member, score)]


@command("bzpopmin", -3, "write", "blocking", "fast", keys=(1, -2, 1), conflict=BOTH_POP)
def bzpopmin(txn: Transaction, *words: bytes) -> Reply:
    return pop_or_wait(txn, words, greatest=False)


@command("bzpopmax", -3, "write", "blocking", "fast", keys=(1, -2, 1), conflict=BOTH_POP)
def bzpopmax(txn: Transaction, *words: bytes) -> Reply:
    return pop_or_wait(txn, words, greatest=True)


def pop_or_wait(txn: Transaction, words: tuple[bytes, ...], greatest: bool) -> Reply:
    keys, patience_us = words[:-1], timeout_us(txn, words[-1])
    for key in keys:
        for score, member in popped(txn, key, greatest, 1):
            return [key, member, score]
    name = b"BZPOPMAX" if greatest else b"BZPOPMIN"
    return txn.wait((name, *words), keys, patience_us)


class Pops(NamedTuple):
    """What ZMPOP asks for."""

    keys: tuple[Key, ...]
    greatest: bool
    wanted: int

    @classmethod
    def of(cls, words: tuple[bytes, ...]) -> "Pops":
        number = parse_int(words[0])
        if number is None or number < 1:
            raise CommandError("ERR numkeys should be greater than 0")
        keys, options = words[1 : 1 + number], words[1 + number :]
        if not options or options[0].upper() not in (b"MIN", b"MAX"):
            raise syntax()
        wanted = 1
        if len(options) > 1:
            if len(options) < 3 or options[1].upper() != b"COUNT":
                raise syntax()
            count = parse_int(options[2])
            if count is None or count < 1:
                raise CommandError("ERR count should be greater than 0")
            if len(options) > 3:
                raise syntax()
            wanted = count
        return cls(keys, options[0].upper() == b"MAX", wanted)

    def run(self, txn: Transaction) -> Reply:
        """The first key that has members, with those that are taken; nil if none has any."""
        for key in self.keys:
            entries = popped(txn, key, self.greatest, self.wanted)
            if entries:
                return [key, [[member, score] for score, member in entries]]
        return None


@command("zmpop", -4, "write", also=counted(1), conflict=BOTH_POP)
def zmpop(txn: Transaction, *words: bytes) -> Reply:
    return Pops.of(words).run(txn)


@command("bzmpop", -5, "write", "blocking", also=counted(2), conflict=BOTH_POP)
def bzmpop(txn: Transaction, timeout: bytes, *words: bytes) -> Reply:
    pops, patience_us = Pops.of(words), timeout_us(txn, timeout)
    reply = pops.run(txn)
    if reply is None:
        return txn.wait((b"BZMPOP", timeout, *words), pops.keys, patience_us)
    return reply
