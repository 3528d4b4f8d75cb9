"""Intersection, union and difference of sets: read, counted, or stored as a set of its own.

What is stored is what this region saw in its sources. It takes the place of what the target held,
of whatever type; members that another region adds there at the same time stay.

Source: https://redis.io/docs/latest/commands/?group=set
"""

from collections.abc import Iterator
from itertools import islice

from crdb.command import ALL_KEYS, Reply, command, counted
from crdb.commands._copies import put
from crdb.commands.sets import made_of, members
from crdb.decimals import parse_int
from crdb.errors import CommandError, syntax
from crdb.keyspace import Key
from crdb.transaction import Transaction

UNITED = "the stored sets are united; what each saw there before is gone"


@command("sinter", -2, "readonly", keys=ALL_KEYS)
def sinter(txn: Transaction, *keys: Key) -> Reply:
    return list(intersection(txn, keys))


@command("sunion", -2, "readonly", keys=ALL_KEYS)
def sunion(txn: Transaction, *keys: Key) -> Reply:
    return list(union(txn, keys))


@command("sdiff", -2, "readonly", keys=ALL_KEYS)
def sdiff(txn: Transaction, *keys: Key) -> Reply:
    return list(difference(txn, keys))


@command("sinterstore", -3, "write", "denyoom", keys=ALL_KEYS, conflict=UNITED)
def sinterstore(txn: Transaction, target: Key, *keys: Key) -> Reply:
    return store(txn, target, list(intersection(txn, keys)))


@command("sunionstore", -3, "write", "denyoom", keys=ALL_KEYS, conflict=UNITED)
def sunionstore(txn: Transaction, target: Key, *keys: Key) -> Reply:
    return store(txn, target, list(union(txn, keys)))


@command("sdiffstore", -3, "write", "denyoom", keys=ALL_KEYS, conflict=UNITED)
def sdiffstore(txn: Transaction, target: Key, *keys: Key) -> Reply:
    return store(txn, target, list(difference(txn, keys)))


@command("sintercard", -3, "readonly", also=counted(1))
def sintercard(txn: Transaction, count: bytes, *words: bytes) -> Reply:
    number = parse_int(count)
    if number is None or number < 1:
        raise CommandError("ERR numkeys should be greater than 0")
    if number > len(words):
        raise CommandError("ERR Number of keys can't be greater than number of args")
    limit = limit_of(iter(words[number:]))
    found = intersection(txn, words[:number])
    return sum(1 for _ in islice(found, limit or None))


def limit_of(words: Iterator[bytes]) -> int:
    """The last LIMIT; 0 for none."""
    limit = 0
    for word in words:
        value = next(words, None)
        if word.upper() != b"LIMIT" or value is None:
            raise syntax()
        number = parse_int(value)
        if number is None or number < 0:
            raise CommandError("ERR LIMIT can't be negative")
        limit = number
    return limit


def store(txn: Transaction, target: Key, names: list[bytes]) -> int:
    if names:
        put(txn, target, [made_of(txn, names)])
    else:
        txn.remove(target)
    return len(names)


def intersection(txn: Transaction, keys: tuple[Key, ...]) -> Iterator[bytes]:
    """The names in all; every key is looked at, since a wrong type is an error anywhere."""
    first, *others = [members(txn, key) for key in keys]
    return (name for name in first if all(name in other for other in others))


def union(txn: Transaction, keys: tuple[Key, ...]) -> Iterator[bytes]:
    return iter(dict.fromkeys(name for key in keys for name in members(txn, key)))


def difference(txn: Transaction, keys: tuple[Key, ...]) -> Iterator[bytes]:
    first, *others = [members(txn, key) for key in keys]
    return (name for name in first if not any(name in other for other in others))
