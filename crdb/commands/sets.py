"""Sets of byte strings: add wins, a remove takes what it saw.

Source: https://redis.io/docs/latest/commands/?group=set
"""

from crdb.command import ALL_KEYS, ONE_KEY, Reply, command
from crdb.crdts.orset import ORSet
from crdb.decimals import parse_int
from crdb.errors import CommandError, syntax
from crdb.keyspace import Key
from crdb.transaction import Transaction

ADD_WINS = "add wins; a remove takes only what it saw"

BOTTOM = ORSet()
"""What a missing key holds. Mutators only read it; it is never merged into."""


def members(txn: Transaction, key: Key) -> dict[bytes, object]:
    """The members of a set in the order of their arrival; empty for a missing key."""
    found = txn.read(key, ORSet)
    return {} if found is None else found.members  # type: ignore[return-value]


@command("sadd", -3, "write", "denyoom", "fast", keys=ONE_KEY, conflict=ADD_WINS)
def sadd(txn: Transaction, key: Key, *names: bytes) -> Reply:
    found = txn.read(key, ORSet)
    if found is None:
        txn.write(key, BOTTOM.add(names, txn.take(len(names))))
        return len(members(txn, key))
    before = len(found.members)
    txn.wrote(key, found.add_now(names, txn.fresh), len(names))
    return len(found.members) - before


@command("srem", -3, "write", "fast", keys=ONE_KEY, conflict=ADD_WINS)
def srem(txn: Transaction, key: Key, *names: bytes) -> Reply:
    found = txn.read(key, ORSet)
    if found is None:
        return 0
    before, delta = len(found.members), found.remove(names)
    if delta.covers:
        txn.take(1)
        txn.write(key, delta)
    return before - len(found.members)


@command("smembers", 2, "readonly", keys=ONE_KEY)
def smembers(txn: Transaction, key: Key) -> Reply:
    return list(members(txn, key))


@command("sismember", 3, "readonly", "fast", keys=ONE_KEY)
def sismember(txn: Transaction, key: Key, name: bytes) -> Reply:
    return int(name in members(txn, key))


@command("scard", 2, "readonly", "fast", keys=ONE_KEY)
def scard(txn: Transaction, key: Key) -> Reply:
    return len(members(txn, key))


@command("spop", -2, "write", "fast", keys=ONE_KEY, conflict="both may pop the same member")
def spop(txn: Transaction, key: Key, *words: bytes) -> Reply:
    if len(words) > 1:
        raise syntax()
    wanted = parse_int(words[0]) if words else 1
    if wanted is None or wanted < 0:
        raise CommandError("ERR value is out of range, must be positive")
    found = txn.read(key, ORSet)
    if found is None:
        return [] if words else None
    left = list(found.members)
    popped = [left.pop(txn.draw(len(left))) for _ in range(min(wanted, len(left)))]
    if popped:
        txn.take(1)
        txn.write(key, found.remove(popped))
    return popped if words else popped[0]


@command("sinter", -2, "readonly", keys=ALL_KEYS)
def sinter(txn: Transaction, *keys: Key) -> Reply:
    first, *others = [members(txn, key) for key in keys]
    return [name for name in first if all(name in other for other in others)]


@command("sunion", -2, "readonly", keys=ALL_KEYS)
def sunion(txn: Transaction, *keys: Key) -> Reply:
    return list(dict.fromkeys(name for key in keys for name in members(txn, key)))


@command("sdiff", -2, "readonly", keys=ALL_KEYS)
def sdiff(txn: Transaction, *keys: Key) -> Reply:
    first, *others = [members(txn, key) for key in keys]
    return [name for name in first if not any(name in other for other in others)]
