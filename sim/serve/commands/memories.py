"""MEMORY: what a key takes, and the process.

Source: https://redis.io/docs/latest/commands/memory-usage/
"""

from crdb.command import Reply
from crdb.decimals import parse_int
from crdb.errors import not_an_integer, syntax
from crdb.keyspace import Key
from crdb.messages import Deltas
from crdb.persistence.format import size_bytes
from crdb.session import Session
from crdb.transaction import Transaction
from sim.serve.answers import answers
from sim.serve.front import Front
from sim.serve.process import memory_bytes

HELP = """\
MEMORY <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
DOCTOR
    Return memory problems reports.
MALLOC-STATS
    Return internal statistics report from the memory allocator.
PURGE
    Attempt to purge dirty pages for reclamation by the allocator.
STATS
    Return information about the memory usage of the server.
USAGE <key> [SAMPLES <count>]
    Return memory in bytes used by <key> and its value.
HELP
    Print this help.
"""


@answers("memory|usage")
def usage(front: Front, txn: Transaction, key: Key, *words: bytes) -> Reply:
    """The bytes that the key's state takes on the wire, all that makes it mergeable included."""
    if words and (words[0].upper() != b"SAMPLES" or len(words) != 2):
        raise syntax()
    samples = parse_int(words[1]) if words else 0
    if samples is None:
        raise not_an_integer()
    if samples < 0:
        raise syntax()
    entry = txn.find(key)
    if entry is None:
        return None
    writes = tuple((1, key, state.complete()) for state in entry.states())
    return size_bytes(Deltas(front.region.number, {}, 1, 0, 1, writes))


@answers("memory|doctor")
def doctor(front: Front, txn: Transaction) -> Reply:
    return (
        b"Hi Sam, I can't find any memory issue in your instance. "
        b"I can only account for what occurs on this base.\n"
    )


@answers("memory|stats")
def memory_stats(front: Front, txn: Transaction) -> Reply:
    now, peak = memory_bytes()
    keys = front.region.execute(Session(), [b"DBSIZE"])
    return {b"peak.allocated": peak, b"total.allocated": now, b"keys.count": keys}


@answers("memory|purge")
def purge(front: Front, txn: Transaction) -> Reply:
    return "OK"


@answers("memory|malloc-stats")
def malloc_stats(front: Front, txn: Transaction) -> Reply:
    return b"Stats not supported for the current allocator"


@answers("memory|help")
def memory_help(front: Front, txn: Transaction) -> Reply:
    return HELP.splitlines()
