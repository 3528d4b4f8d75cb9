"""XINFO: what this region knows of a stream, its groups and their consumers.

A stream here is no radix tree: of its keys and nodes the server's numbers for an unpacked one are
told, one a hundred entries and one more.

Source: https://redis.io/docs/latest/commands/xinfo-stream/
"""

from collections.abc import Sequence
from itertools import islice
from typing import Any

from crdb.command import Reply, command
from crdb.commands._arguments import integer
from crdb.commands._stream_counts import lag
from crdb.commands._stream_ids import shown
from crdb.commands.streams import NODE, entry
from crdb.commands.streams_groups import SECOND, no_group, subcommand_syntax
from crdb.crdts.consumers import ZERO, Consumer, Group
from crdb.crdts.stream import Stream
from crdb.errors import CommandError
from crdb.keyspace import Key as Name
from crdb.transaction import Transaction

COUNT = 10
"""Entries of each list that FULL shows."""

HELP = """\
XINFO <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
CONSUMERS <key> <groupname>
    Show consumers of <groupname>.
GROUPS <key>
    Show the stream consumer groups.
STREAM <key> [FULL [COUNT <count>]
    Show information about the stream.
HELP
    Print this help.
"""


def stream_at(txn: Transaction, key: Name) -> Stream:
    found = txn.read(key, Stream)
    if found is None:
        raise CommandError("ERR no such key")
    return found


@command("xinfo|stream", -3, "readonly", keys=SECOND)
def stream(txn: Transaction, word: bytes, key: Name, *words: bytes) -> Reply:
    found, count = stream_at(txn, key), fullness(word, words)
    entries = found.entries
    blocks = -(-len(entries) // NODE)
    reply: dict[bytes, Any] = {
        b"length": len(entries),
        b"radix-tree-keys": blocks,
        b"radix-tree-nodes": blocks + 1,
        b"last-generated-id": shown(found.last),
        b"max-deleted-entry-id": shown(found.removed),
        b"entries-added": found.added,
        b"recorded-first-entry-id": shown(entries.peekitem(0)[0] if entries else ZERO),
    }
    if words:
        reply[b"entries"] = [entry(found, each) for each in islice(entries, count)]
        groups = sorted(found.groups.items())
        reply[b"groups"] = [whole(name, found, group, count) for name, group in groups]
        return reply
    ends = [entry(found, entries.peekitem(at)[0]) if entries else None for at in (0, -1)]
    return reply | {
        b"groups": len(found.groups),
        b"first-entry": ends[0],
        b"last-entry": ends[1],
    }


def fullness(word: bytes, words: Sequence[bytes]) -> int | None:
    """How many entries of each list FULL shows; None for all."""
    options = [each.upper() for each in words]
    if not (options in ([], [b"FULL"]) or (options[:2] == [b"FULL", b"COUNT"] and len(words) == 3)):
        raise subcommand_syntax(b"XINFO", word)
    number = integer(words[2]) if len(words) == 3 else COUNT
    return (COUNT if number < 0 else number) or None


def whole(name: bytes, found: Stream, group: Group, count: int | None) -> dict[bytes, Any]:
    """A group with the entries that are pending, as FULL shows it."""
    pending = [
        [shown(key), each.consumer.name, each.delivered_ms, each.count]
        for key, each in islice(group.pending.items(), count)
    ]
    return {
        b"name": name,
        b"last-delivered-id": shown(group.delivered),
        b"entries-read": group.entries_read,
        b"lag": lag(found, group),
        b"pel-count": len(group.pending),
        b"pending": pending,
        b"consumers": [whole_of(each, count) for _, each in sorted(group.consumers.items())],
    }


def whole_of(consumer: Consumer, count: int | None) -> dict[bytes, Any]:
    pending = [
        [shown(key), each.delivered_ms, each.count]
        for key, each in islice(consumer.pending.items(), count)
    ]
    return {
        b"name": consumer.name,
        b"seen-time": consumer.seen_ms,
        b"active-time": -1 if consumer.active_ms is None else consumer.active_ms,
        b"pel-count": len(consumer.pending),
        b"pending": pending,
    }


@command("xinfo|groups", 3, "readonly", keys=SECOND)
def groups(txn: Transaction, word: bytes, key: Name) -> Reply:
    found = stream_at(txn, key)
    return [
        {
            b"name": name,
            b"consumers": len(group.consumers),
            b"pending": len(group.pending),
            b"last-delivered-id": shown(group.delivered),
            b"entries-read": group.entries_read,
            b"lag": lag(found, group),
        }
        for name, group in sorted(found.groups.items())
    ]


@command("xinfo|consumers", 4, "readonly", keys=SECOND)
def consumers(txn: Transaction, word: bytes, key: Name, name: bytes) -> Reply:
    group = stream_at(txn, key).groups.get(name)
    if group is None:
        raise no_group(key, name)
    return [
        {
            b"name": each,
            b"pending": len(consumer.pending),
            b"idle": max(0, txn.now_ms - consumer.seen_ms),
            b"inactive": inactive_ms(txn, consumer),
        }
        for each, consumer in sorted(group.consumers.items())
    ]


def inactive_ms(txn: Transaction, consumer: Consumer) -> int:
    return -1 if consumer.active_ms is None else max(0, txn.now_ms - consumer.active_ms)


@command("xinfo|help", 2, "loading", "stale")
def help_(txn: Transaction, word: bytes) -> Reply:
    return list(HELP.splitlines())
