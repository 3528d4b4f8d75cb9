"""Keys of any type: whether they exist, what they are, what their names are.

DEL removes what this region sees: a write that it did not see, made elsewhere at the same time,
stays. KEYS and DBSIZE speak of this replica's slot range.

Source: https://redis.io/docs/latest/commands/?group=generic
"""

from crdb import glob
from crdb.command import ALL_KEYS, ONE_KEY, Reply, command
from crdb.keyspace import Key
from crdb.transaction import Transaction

OBSERVED = "what each saw is gone; a write that neither saw stays"


@command("del", -2, "write", keys=ALL_KEYS, conflict=OBSERVED)
def del_(txn: Transaction, *keys: Key) -> Reply:
    return sum(txn.find(key) is not None and txn.remove(key) for key in keys)


@command("exists", -2, "readonly", "fast", keys=ALL_KEYS)
def exists(txn: Transaction, *keys: Key) -> Reply:
    return sum(txn.find(key) is not None for key in keys)


@command("type", 2, "readonly", "fast", keys=ONE_KEY)
def type_(txn: Transaction, key: Key) -> Reply:
    entry = txn.find(key)
    return "none" if entry is None or entry.value is None else entry.value.name


@command("keys", 2, "readonly")
def keys(txn: Transaction, pattern: bytes) -> Reply:
    """The keys in order of their bytes, so that every replica and run shows the same."""
    matches = glob.matcher(pattern)
    entries, now_us = txn.keyspace.keys, txn.now_us
    return sorted(
        key for key, entry in entries.items() if entry.deadline_us > now_us and matches(key)
    )


@command("dbsize", 1, "readonly", "fast")
def dbsize(txn: Transaction) -> Reply:
    """Like Redis, it counts expired keys too, until they are removed."""
    return len(txn.keyspace.keys)
