"""XREAD by id, and XREADGROUP: every entry to one consumer of the group in this region.

XREAD goes forward by id: an entry of another region that arrives late, with a lower id, is passed.
XREADGROUP delivers that too, before what follows, so that ids may go down from call to call.

Source: https://redis.io/docs/latest/commands/xreadgroup/
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any, NamedTuple

from crdb.command import Reply, command
from crdb.commands._arguments import integer
from crdb.commands._stream_counts import counted_to
from crdb.commands._stream_ids import END, entry_id, shown
from crdb.commands.streams import LOCAL, entry
from crdb.crdts.consumers import ZERO, Consumer, Group, Id, after
from crdb.crdts.stream import Stream
from crdb.decimals import parse_int
from crdb.errors import CommandError, quoted, quoting, syntax
from crdb.keyspace import Key as Name
from crdb.replies import Table
from crdb.session import Request
from crdb.transaction import Transaction


def streams(request: Request) -> list[bytes]:
    """The keys of a request: the first half of what follows STREAMS."""
    upper = [word.upper() for word in request]
    if b"STREAMS" not in upper:
        return []
    rest = request[upper.index(b"STREAMS") + 1 :]
    return list(rest[: len(rest) // 2])


class Reading(NamedTuple):
    """What the words before and after STREAMS say."""

    most: int | None
    """How many entries of each stream; None for all."""
    block_ms: int | None
    group: tuple[bytes, bytes] | None
    """Group and consumer."""
    noack: bool
    keys: Sequence[bytes]
    ids: Sequence[bytes]
    head: Sequence[bytes]
    """The words up to STREAMS."""


def reading(name: str, words: Sequence[bytes]) -> Reading:
    count = block_ms = group = None
    noack, at, grouped = False, 0, name == "xreadgroup"
    while at < len(words):
        option, more = words[at].upper(), len(words) - at - 1
        if option == b"BLOCK" and more:
            block_ms = timeout_ms(words[at + 1])
        elif option == b"COUNT" and more:
            count = max(0, integer(words[at + 1])) or None
        elif option == b"STREAMS" and more:
            break
        elif option == b"GROUP" and more > 1:
            if not grouped:
                raise only_grouped("GROUP")
            group = words[at + 1], words[at + 2]
            at += 1
        elif option == b"NOACK":
            if not grouped:
                raise only_grouped("NOACK")
            noack = True
            at -= 1
        else:
            raise syntax()
        at += 2
    rest = words[at + 1 :]
    if not rest:
        raise syntax()
    if len(rest) % 2:
        sign = ">" if grouped else "$"
        raise CommandError(
            f"ERR Unbalanced '{name}' list of streams: "
            f"for each stream key an ID or '{sign}' must be specified."
        )
    if grouped and group is None:
        raise CommandError("ERR Missing GROUP option for XREADGROUP")
    half = len(rest) // 2
    return Reading(count, block_ms, group, noack, rest[:half], rest[half:], words[: at + 1])


def only_grouped(option: str) -> CommandError:
    return CommandError(
        f"ERR The {option} option is only supported by XREADGROUP. You called XREAD instead."
    )


def timeout_ms(word: bytes) -> int:
    number = parse_int(word)
    if number is None:
        raise CommandError("ERR timeout is not an integer or out of range")
    if number < 0:
        raise CommandError("ERR timeout is negative")
    return number


@command("xread", -4, "readonly", "blocking", "movablekeys", also=streams)
def xread(txn: Transaction, *words: bytes) -> Reply:
    asked = reading("xread", words)
    starts = [position(txn, key, word) for key, word in zip(asked.keys, asked.ids, strict=True)]
    found = [txn.read(key, Stream) for key in asked.keys]
    reply = Table()
    for key, start, each in zip(asked.keys, starts, found, strict=True):
        if each is not None:
            keys = islice(each.entries.irange(after(start)), asked.most)
            if entries := [entry(each, one) for one in keys]:
                reply.append([key, entries])
    if reply or asked.block_ms is None:
        return reply or None
    # What is last now must not move while the client waits.
    request = [b"XREAD", *asked.head, *asked.keys, *map(shown, starts)]
    return txn.wait(request, asked.keys, 1000 * asked.block_ms)


def position(txn: Transaction, key: Name, word: bytes) -> Id:
    """After which id XREAD reads. ``$``: after the last id; ``+``: what has the last id."""
    found = txn.read(key, Stream)
    if word == b">":
        raise CommandError(
            "ERR The > ID can be specified only when calling XREADGROUP "
            "using the GROUP <group> <consumer> option."
        )
    if word not in (b"$", b"+"):
        return entry_id(word)
    last = ZERO if found is None else found.last
    if word == b"$" or last == ZERO:
        return last
    return (last[0], last[1] - 1) if last[1] else (last[0] - 1, END - 1)


@command("xreadgroup", -7, "write", "blocking", "movablekeys", also=streams, conflict=LOCAL)
def xreadgroup(txn: Transaction, *words: bytes) -> Reply:
    asked = reading("xreadgroup", words)
    assert asked.group is not None
    found, starts = [], []
    for key, word in zip(asked.keys, asked.ids, strict=True):
        found.append(group_at(txn, key, asked.group[0], " in XREADGROUP with GROUP option"))
        starts.append(None if word == b">" else history(word))
    reply = Table()
    for key, start, (stream, group) in zip(asked.keys, starts, found, strict=True):
        consumer = group.consumer(asked.group[1], txn.now_ms)
        if start is not None:
            reply.append([key, again(txn, stream, consumer, start, asked.most)])
        elif new := next_ones(txn, stream, group, consumer, asked):
            reply.append([key, new])
    if reply or asked.block_ms is None:
        return reply or None
    return txn.wait([b"XREADGROUP", *words], asked.keys, 1000 * asked.block_ms)


def group_at(txn: Transaction, key: Name, name: bytes, where: str = "") -> tuple[Stream, Group]:
    """Raises `CommandError` if there is no such group; ``where`` ends its text."""
    found = txn.read(key, Stream)
    group = None if found is None else found.groups.get(name)
    if found is None or group is None:
        text = b"NOGROUP No such key '%s' or consumer group '%s'" % (quoted(key), quoted(name))
        raise quoting(text + where.encode())
    return found, group


def history(word: bytes) -> Id:
    if word in (b"$", b"+"):
        raise CommandError(
            f"ERR The {word.decode()} ID is meaningless in the context of XREADGROUP: you want to "
            "read the history of this consumer by specifying a proper ID, or use the > ID to get "
            f"new messages. The {word.decode()} ID would just return an empty result set."
        )
    return entry_id(word)


def again(
    txn: Transaction, stream: Stream, consumer: Consumer, start: Id, count: int | None
) -> list[Any]:
    """What is pending for the consumer; of an entry that is deleted only the id."""
    entries = []
    for key in islice(consumer.pending.irange(after(start)), count):
        if key in stream.entries:
            pending = consumer.pending[key]
            pending.delivered_ms, pending.count = txn.now_ms, pending.count + 1
            entries.append(entry(stream, key))
        else:
            entries.append([shown(key), None])
    return entries


def next_ones(
    txn: Transaction, stream: Stream, group: Group, consumer: Consumer, asked: Reading
) -> list[Any]:
    """Deliver what the group has not delivered yet."""
    keys = group.undelivered(stream.entries, asked.most)
    for key in keys:
        if key[:2] > group.delivered:
            group.entries_read = counted_to(stream, group, key[:2])
            group.delivered = key[:2]
        group.late.discard(key)
        if not asked.noack:
            group.give(key, consumer, txn.now_ms, 1)
            consumer.active_ms = txn.now_ms
    return [entry(stream, key) for key in keys]
