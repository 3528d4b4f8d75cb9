"""Entries that were delivered and not acknowledged: seen by XPENDING, given to another consumer.

All of it is local to the region. An entry that was deleted meanwhile is no longer worth a claim.

Source: https://redis.io/docs/latest/commands/xpending/, https://redis.io/docs/latest/commands/xclaim/
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._arguments import integer
from crdb.commands._stream_ids import bound, entry_id, shown
from crdb.commands.streams import LOCAL, entry, of_id
from crdb.commands.streams_reads import group_at
from crdb.crdts.consumers import ZERO, Consumer, Group, Id, Key
from crdb.crdts.stream import Stream
from crdb.decimals import INT_MAX, parse_int
from crdb.errors import CommandError, quoted, quoting, syntax
from crdb.keyspace import Key as Name
from crdb.transaction import Transaction

ATTEMPTS = 10
"""XAUTOCLAIM looks at so many pending entries for each that it may claim."""

COUNT = 100
COUNT_MAX = INT_MAX // 16


@command("xpending", -3, "readonly", keys=ONE_KEY)
def xpending(txn: Transaction, key: Name, name: bytes, *words: bytes) -> Reply:
    if not words:
        return summary(group_at(txn, key, name)[1])
    if not 3 <= len(words) <= 6:
        raise syntax()
    idle_ms = 0
    if words[0].upper() == b"IDLE":
        idle_ms = integer(words[1])
        if len(words) < 5:
            raise syntax()
        words = words[2:]
    count = max(0, integer(words[2]))
    first, last = bound(words[0], end=False), bound(words[1], end=True)
    group = group_at(txn, key, name)[1]
    pending = group.pending
    if len(words) > 3:
        consumer = group.consumers.get(words[3])
        if consumer is None:
            return []
        pending = consumer.pending
    rows: list[Any] = []
    for each in pending.irange(first, (last[0], last[1] + 1)):
        if len(rows) >= count:
            break
        found = pending[each]
        idle = max(0, txn.now_ms - found.delivered_ms)
        if idle >= idle_ms:
            rows.append([shown(each), found.consumer.name, idle, found.count])
    return rows


def summary(group: Group) -> Reply:
    if not group.pending:
        return [0, None, None, None]
    ends = [shown(group.pending.peekitem(at)[0]) for at in (0, -1)]
    consumers = [
        [name, b"%d" % len(consumer.pending)]
        for name, consumer in sorted(group.consumers.items())
        if consumer.pending
    ]
    return [len(group.pending), *ends, consumers]


class Claim(NamedTuple):
    """How XCLAIM is to claim."""

    delivered_ms: int
    deliveries: int | None
    force: bool
    justid: bool
    last: Id


def claiming(txn: Transaction, words: Sequence[bytes]) -> Claim:
    delivered_ms, count, last = txn.now_ms, None, ZERO
    flags: set[bytes] = set()
    at = 0
    while at < len(words):
        option = words[at].upper()
        if option in (b"FORCE", b"JUSTID"):
            flags.add(option)
        elif at + 1 == len(words):
            raise unrecognized(words[at])
        elif option in (b"IDLE", b"TIME", b"RETRYCOUNT"):
            at += 1
            number = option_of("XCLAIM", f"{option.decode()} option argument", words[at])
            if option == b"RETRYCOUNT":
                count = number if number >= 0 else None
            else:
                delivered_ms = txn.now_ms - number if option == b"IDLE" else number
        elif option == b"LASTID":
            at += 1
            last = entry_id(words[at])
        else:
            raise unrecognized(words[at])
        at += 1
    if not 0 <= delivered_ms <= txn.now_ms:
        delivered_ms = txn.now_ms
    return Claim(delivered_ms, count, b"FORCE" in flags, b"JUSTID" in flags, last)


def unrecognized(word: bytes) -> CommandError:
    return quoting(b"ERR Unrecognized XCLAIM option '%s'" % quoted(word))


def option_of(name: str, what: str, word: bytes) -> int:
    number = parse_int(word)
    if number is None:
        raise CommandError(f"ERR Invalid {what} for {name}")
    return number


@command("xclaim", -6, "write", "fast", keys=ONE_KEY, conflict=LOCAL)
def xclaim(
    txn: Transaction, key: Name, name: bytes, to: bytes, idle: bytes, *words: bytes
) -> Reply:
    stream, group = group_at(txn, key, name)
    idle_ms = option_of("XCLAIM", "min-idle-time argument", idle)
    ids: list[Id] = []
    for word in words:
        try:
            ids.append(entry_id(word))
        except CommandError:
            break
    claim = claiming(txn, words[len(ids) :])
    if claim.last > group.delivered:
        group.delivered = claim.last
    consumer = group.consumer(to, txn.now_ms)
    claimed = []
    for wanted in ids:
        keys = of_id(group.pending, wanted)
        if claim.force:
            keys = sorted({*keys, *of_id(stream.entries, wanted)})
        for each in keys:
            if take_over(txn, stream, group, each, consumer, idle_ms, claim):
                claimed.append(shown(each) if claim.justid else entry(stream, each))
    return claimed


def take_over(
    txn: Transaction,
    stream: Stream,
    group: Group,
    key: Key,
    consumer: Consumer,
    idle_ms: int,
    claim: Claim,
) -> bool:
    """Give one entry to the consumer. Not what was delivered just now, or is deleted."""
    if key not in stream.entries:
        group.take(key)
        return False
    pending = group.pending.get(key)
    if pending is not None and txn.now_ms - pending.delivered_ms < idle_ms:
        return False
    count = 1 if pending is None else pending.count
    if claim.deliveries is not None:
        count = claim.deliveries
    elif not claim.justid:
        count += 1
    group.late.discard(key)
    group.give(key, consumer, claim.delivered_ms, count)
    consumer.active_ms = txn.now_ms
    return True


@command("xautoclaim", -6, "write", "fast", keys=ONE_KEY, conflict=LOCAL)
def xautoclaim(
    txn: Transaction,
    key: Name,
    name: bytes,
    to: bytes,
    idle: bytes,
    start: bytes,
    *words: bytes,
) -> Reply:
    idle_ms = option_of("XAUTOCLAIM", "min-idle-time argument", idle)
    first = bound(start, end=False)
    count, justid = autoclaiming(words)
    stream, group = group_at(txn, key, name)
    consumer = group.consumer(to, txn.now_ms)
    claim = Claim(txn.now_ms, None, False, justid, ZERO)
    claimed: list[Any] = []
    deleted: list[bytes] = []
    attempts, follows = ATTEMPTS * count, ZERO
    for each in list(group.pending.irange(first)):
        if not attempts or len(claimed) + len(deleted) == count:
            follows = each[:2]
            break
        attempts -= 1
        if each not in stream.entries:
            group.take(each)
            deleted.append(shown(each))
        elif take_over(txn, stream, group, each, consumer, idle_ms, claim):
            claimed.append(shown(each) if justid else entry(stream, each))
    return [shown(follows), claimed, deleted]


def autoclaiming(words: Sequence[bytes]) -> tuple[int, bool]:
    count, justid, at = COUNT, False, 0
    while at < len(words):
        option = words[at].upper()
        if option == b"COUNT" and at + 1 < len(words):
            at += 1
            number = parse_int(words[at])
            if number is None or not 1 <= number <= COUNT_MAX:
                raise CommandError("ERR COUNT must be > 0")
            count = number
        elif option == b"JUSTID":
            justid = True
        else:
            raise syntax()
        at += 1
    return count, justid
