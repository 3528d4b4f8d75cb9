"""Churn benchmark: what a long life leaves behind that a fresh copy of the data does not have.

Three regions write and remove under keys drawn from Zipf's law, some of them much and most of them
seldom, and hear each other all the while. Once everything is stable the state of one region is held
against a copy that was freshly loaded with the same values: bytes as encoded, and bytes of the
objects in memory.

    python -m tests.bench.bench_churn [OPERATIONS]
"""

import gc
import sys
from bisect import bisect
from collections.abc import Callable, Iterator
from itertools import accumulate
from random import Random
from typing import Any

from crdb.commands._copies import copied, put
from crdb.keyspace import NEVER_US
from crdb.persistence.format import size_bytes
from crdb.replica import Replica, Settings
from crdb.session import Session
from crdb.transaction import no_dice
from tests.regions import START_US, Regions

OPERATIONS = 1_000_000
KEYS = 3_000
EXPONENT = 1.0
"""Of Zipf's law: the key of rank n is drawn in proportion to n to the power of minus this."""
HEAR_EVERY = 2_000
"""Operations."""
REGIONS = 3
KEY_US = 10
"""The copy is loaded at 100,000 keys a second."""

Write = Callable[[Random, bytes], list[bytes]]
"""(dice, key) -> a request."""


def member(dice: Random) -> bytes:
    return b"member-of-some-length-%d" % dice.randrange(40)


def text(dice: Random) -> bytes:
    return b"value " * dice.randrange(1, 20)


WRITES: dict[str, list[Write]] = {
    "string": [
        lambda dice, key: [b"SET", key, text(dice)],
        lambda dice, key: [b"SET", key, text(dice), b"EXAT", b"4000000000"],
        lambda dice, key: [b"DEL", key],
    ],
    "counter": [
        lambda dice, key: [b"INCRBY", key, b"%d" % dice.randrange(-5, 9)],
        lambda dice, key: [b"INCR", key],
        lambda dice, key: [b"DEL", key],
    ],
    "set": [
        lambda dice, key: [b"SADD", key, member(dice), member(dice)],
        lambda dice, key: [b"SREM", key, member(dice)],
        lambda dice, key: [b"SADD", key, member(dice)],
    ],
    "hash": [
        lambda dice, key: [b"HSET", key, member(dice), text(dice)],
        lambda dice, key: [b"HINCRBY", key, b"counter", b"1"],
        lambda dice, key: [b"HDEL", key, member(dice)],
    ],
    "zset": [
        lambda dice, key: [b"ZADD", key, b"%f" % dice.random(), member(dice)],
        lambda dice, key: [b"ZINCRBY", key, b"1.5", b"one-that-is-counted"],
        lambda dice, key: [b"ZREM", key, member(dice)],
    ],
    "list": [
        lambda dice, key: [b"RPUSH", key, text(dice)],
        lambda dice, key: [b"LPOP", key],
        lambda dice, key: [b"LTRIM", key, b"-20", b"-1"],
    ],
    "hyperloglog": [
        lambda dice, key: [b"PFADD", key, b"%d" % dice.randrange(300)],
        lambda dice, key: [b"DEL", key] if dice.random() < 0.1 else [b"PFCOUNT", key],
    ],
    "stream": [
        lambda dice, key: [b"XADD", key, b"MAXLEN", b"30", b"*", b"field", text(dice)],
        lambda dice, key: [b"XTRIM", key, b"MAXLEN", b"5"],
    ],
    "json": [
        lambda dice, key: [b"JSON.SET", key, b"$", b'{"name":"a name","tags":["one","two"]}'],
        lambda dice, key: [b"JSON.SET", key, b"$.name", b'"%s"' % member(dice)],
        lambda dice, key: [b"JSON.ARRAPPEND", key, b"$.tags", b'"%s"' % member(dice)],
        lambda dice, key: [b"JSON.ARRPOP", key, b"$.tags", b"0"],
    ],
}
"""Type -> its writes; a key is of one type."""


def churned(operations: int, seed: int = 1) -> Regions:
    """Regions after so many operations, when all they did is stable."""
    dice, regions = Random(seed), Regions(REGIONS, Settings(batch_writes_max=1 << 30))
    kinds = sorted(WRITES)
    weights = list(accumulate(1 / rank**EXPONENT for rank in range(1, KEYS + 1)))
    for number in range(operations):
        rank = bisect(weights, dice.random() * weights[-1])
        kind = kinds[rank % len(kinds)]
        request = dice.choice(WRITES[kind])(dice, b"%s:%d" % (kind.encode(), rank))
        regions.run(1 + dice.randrange(REGIONS), *request)
        if number % HEAR_EVERY == 0:
            regions.settle()
    regions.settle()
    return regions


def loaded(source: Replica) -> Replica:
    """A region without a past that holds the same values under the same deadlines."""
    fresh = Replica(1)
    transaction = fresh._transaction
    for number, (key, entry) in enumerate(sorted(source.keyspace.keys.items())):
        transaction.begin(START_US + number * KEY_US, Session(), no_dice)
        deadline_us = entry.deadline_us
        deadline_ms = None if deadline_us == NEVER_US else deadline_us // 1000
        put(transaction, key, copied(transaction, entry), deadline_ms)
    fresh.tick(START_US)
    return fresh


def memory_bytes(replica: Replica) -> int:
    """Of all objects that the keyspace holds on to, each counted once."""
    return sum(map(sys.getsizeof, reachable([replica.keyspace.keys, replica.keyspace.ghosts])))


def reachable(roots: list[Any]) -> Iterator[Any]:
    seen, left = set[int](), roots
    while left:
        each = left.pop()
        if id(each) not in seen and not isinstance(each, type):
            seen.add(id(each))
            yield each
            left += gc.get_referents(each)


def measure(operations: int = OPERATIONS) -> dict[str, float]:
    """Ratios of the churned copy to the freshly loaded one."""
    region = churned(operations)[1]
    fresh = loaded(region)
    return {
        "encoded": size_bytes(region.snapshot()) / size_bytes(fresh.snapshot()),
        "memory": memory_bytes(region) / memory_bytes(fresh),
    }


if __name__ == "__main__":
    for name, ratio in measure(int(sys.argv[1]) if sys.argv[1:] else OPERATIONS).items():
        print(f"{name:8} {ratio:6.3f} x a freshly loaded copy")
