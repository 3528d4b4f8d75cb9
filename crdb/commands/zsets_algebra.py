"""Union, intersection and difference of sorted sets, with sets as inputs too: read or stored.

What is stored is what this region saw in its sources. It takes the place of what the target held,
of whatever type; members that another region adds there at the same time stay.

Doubles do not add up alike in every order, so the sources are taken as Redis takes them: the
smallest first.

Source: https://redis.io/docs/latest/commands/?group=sorted-set
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import islice
from math import isnan

from crdb.command import ONE_KEY, Reply, command, counted
from crdb.commands._arguments import integer
from crdb.commands.zsets import listed, score_of, stored
from crdb.commands.zsets_ranges import STORED
from crdb.crdts.orset import ORSet
from crdb.crdts.zset import ZSet
from crdb.decimals import parse_double, parse_int
from crdb.errors import CommandError, syntax, wrong_type
from crdb.keyspace import Key
from crdb.transaction import Transaction

Scores = Mapping[bytes, float]
Aggregate = Callable[[float, float], float]


def summed(one: float, other: float) -> float:
    return or_nought(one + other)


AGGREGATES: dict[bytes, Aggregate] = {
    b"SUM": summed,
    # Of what is no number the first stays: a comparison with it is false.
    b"MIN": lambda one, other: other if other < one else one,
    b"MAX": lambda one, other: other if other > one else one,
}


def or_nought(number: float) -> float:
    """Infinity less infinity, or times nought, counts as nothing."""
    return 0.0 if isnan(number) else number


@dataclass
class Sources:
    """What is put together, and how."""

    scores: list[Scores]
    weights: list[float]
    aggregate: Aggregate = summed
    scored: bool = False
    limit: int = 0

    @classmethod
    def of(
        cls,
        txn: Transaction,
        name: str,
        words: tuple[bytes, ...],
        weighed: bool = True,
        option: bytes = b"",
    ) -> "Sources":
        """Read the keys and the options. ``option``: the one beside WEIGHTS and AGGREGATE."""
        number = integer(words[0])
        if number < 1:
            raise CommandError(f"ERR at least 1 input key is needed for '{name}' command")
        keys, left = words[1 : 1 + number], list(reversed(words[1 + number :]))
        if len(keys) < number:
            raise syntax()
        found = cls([scores(txn, key) for key in keys], [1.0] * number)
        while left:
            word = left.pop().upper()
            if word == b"WEIGHTS" and weighed and len(left) >= number:
                found.weights = [weight(left.pop()) for _ in keys]
            elif word == b"AGGREGATE" and weighed and left:
                found.aggregate = aggregate(left.pop())
            elif word == option == b"WITHSCORES":
                found.scored = True
            elif word == option == b"LIMIT" and left:
                found.limit = limit(left.pop())
            else:
                raise syntax()
        return found

    def by_size(self) -> list[tuple[Scores, float]]:
        pairs = zip(self.scores, self.weights, strict=True)
        return sorted(pairs, key=lambda pair: len(pair[0]))

    def union(self) -> dict[bytes, float]:
        total: dict[bytes, float] = {}
        for source, weight in self.by_size():
            for member, score in source.items():
                more = or_nought(weight * score)
                total[member] = self.aggregate(total[member], more) if member in total else more
        return total

    def intersection(self) -> dict[bytes, float]:
        (smallest, weight), *others = self.by_size()
        total = {}
        for member, score in smallest.items():
            if all(member in other for other, _ in others):
                total[member] = or_nought(weight * score)
                for other, its in others:
                    total[member] = self.aggregate(total[member], its * other[member])
        return total

    def difference(self) -> dict[bytes, float]:
        first, *others = self.scores
        return {
            member: score
            for member, score in first.items()
            if not any(member in other for other in others)
        }

    def shown(self, total: dict[bytes, float]) -> Reply:
        entries = sorted((score, member) for member, score in total.items())
        return listed(entries, self.scored)


def scores(txn: Transaction, key: Key) -> Scores:
    """What a key holds; each member of a set has the score 1."""
    entry = txn.find(key)
    value = None if entry is None else entry.value
    if value is None:
        return {}
    if isinstance(value, ORSet):
        return dict.fromkeys(value.members, 1.0)
    if not isinstance(value, ZSet):
        raise wrong_type()
    return {member: score_of(value, member) for member in value.members}


def weight(word: bytes) -> float:
    number = parse_double(word)
    if number is None:
        raise CommandError("ERR weight value is not a float")
    return number


def aggregate(word: bytes) -> Aggregate:
    found = AGGREGATES.get(word.upper())
    if found is None:
        raise syntax()
    return found


def limit(word: bytes) -> int:
    number = parse_int(word)
    if number is None or number < 0:
        raise CommandError("ERR LIMIT can't be negative")
    return number


@command("zunion", -3, "readonly", also=counted(1))
def zunion(txn: Transaction, *words: bytes) -> Reply:
    sources = Sources.of(txn, "zunion", words, option=b"WITHSCORES")
    return sources.shown(sources.union())


@command("zinter", -3, "readonly", also=counted(1))
def zinter(txn: Transaction, *words: bytes) -> Reply:
    sources = Sources.of(txn, "zinter", words, option=b"WITHSCORES")
    return sources.shown(sources.intersection())


@command("zdiff", -3, "readonly", also=counted(1))
def zdiff(txn: Transaction, *words: bytes) -> Reply:
    sources = Sources.of(txn, "zdiff", words, weighed=False, option=b"WITHSCORES")
    return sources.shown(sources.difference())


@command("zintercard", -3, "readonly", also=counted(1))
def zintercard(txn: Transaction, *words: bytes) -> Reply:
    sources = Sources.of(txn, "zintercard", words, weighed=False, option=b"LIMIT")
    return sum(1 for _ in islice(sources.intersection(), sources.limit or None))


@command("zunionstore", -4, "write", "denyoom", keys=ONE_KEY, also=counted(2), conflict=STORED)
def zunionstore(txn: Transaction, target: Key, *words: bytes) -> Reply:
    return stored(txn, target, Sources.of(txn, "zunionstore", words).union())


@command("zinterstore", -4, "write", "denyoom", keys=ONE_KEY, also=counted(2), conflict=STORED)
def zinterstore(txn: Transaction, target: Key, *words: bytes) -> Reply:
    return stored(txn, target, Sources.of(txn, "zinterstore", words).intersection())


@command("zdiffstore", -4, "write", "denyoom", keys=ONE_KEY, also=counted(2), conflict=STORED)
def zdiffstore(txn: Transaction, target: Key, *words: bytes) -> Reply:
    return stored(txn, target, Sources.of(txn, "zdiffstore", words, weighed=False).difference())
