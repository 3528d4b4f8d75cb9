"""Ranges of sorted sets, by rank, by score or by name: read, counted, removed, or stored.

A range is found as a span of places in the order of this region's copy. A removal takes the members
that it saw there, as ZREM does.

Ranges by name suppose that all scores are equal. Where they are not, Redis says that the result is
unspecified; here it is what the real server finds in a small sorted set.

Source: https://redis.io/docs/latest/commands/?group=sorted-set
"""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, nextafter
from typing import Any

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._arguments import integer
from crdb.commands.zsets import TAKES_SEEN, listed, read, remove, stored
from crdb.decimals import rounded_double
from crdb.errors import CommandError, quoted, syntax
from crdb.keyspace import Key
from crdb.transaction import Transaction

Order = Any
"""A sorted list of (score, member)."""
Span = tuple[int, int]
"""The places in an order from the first to before the second; the second may be the smaller."""
Range = Callable[[Order, bool], Span]
"""Finds a span in an order. The flag: looking from the end."""

STORED = "the stored sorted sets are united; what each saw there before is gone"


def by_rank(first: bytes, last: bytes) -> Range:
    start, end = integer(first), integer(last)

    def find(order: Order, backwards: bool) -> Span:
        size = len(order)
        low, high = (at + size if at < 0 else at for at in (start, end))
        low, high = max(low, 0), min(high, size - 1)
        return (size - 1 - high, size - low) if backwards else (low, high + 1)

    return find


def by_score(least: bytes, most: bytes) -> Range:
    (low, above), (high, below) = score_bound(least), score_bound(most)

    def find(order: Order, backwards: bool) -> Span:
        return place(order, low, behind=above), place(order, high, behind=not below)

    return find


def score_bound(word: bytes) -> tuple[float, bool]:
    """(score, whether it is left out itself). As C's ``strtod``: nothing at all is 0."""
    text = quoted(word)
    bare = text.removeprefix(b"(")
    score = rounded_double(bare or b"0")
    if score is None:
        raise CommandError("ERR min or max is not a float")
    return score, bare != text


def place(order: Order, score: float, behind: bool) -> int:
    """Before, or behind, all members of that score."""
    if behind and score == inf:
        return len(order)
    at: int = order.bisect_left((nextafter(score, inf) if behind else score,))
    return at


@dataclass(frozen=True)
class NameBound:
    """One end of a range of names: ``-``, ``+``, ``[name`` or ``(name``."""

    end: int
    """-1 before all names, 1 behind them, 0 at the name."""
    name: bytes
    excluded: bool

    @classmethod
    def of(cls, word: bytes) -> "NameBound":
        if quoted(word) in (b"-", b"+"):
            return cls(-1 if word[:1] == b"-" else 1, b"", excluded=True)
        if word[:1] not in (b"(", b"["):
            raise CommandError("ERR min or max not valid string range item")
        return cls(0, word[1:], word[:1] == b"(")

    def below(self, member: bytes) -> bool:
        """Whether a range from here has this member."""
        if self.end:
            return self.end < 0
        return member > self.name or (member == self.name and not self.excluded)

    def above(self, member: bytes) -> bool:
        """Whether a range up to here has it."""
        if self.end:
            return self.end > 0
        return member < self.name or (member == self.name and not self.excluded)


def by_name(least: bytes, most: bytes) -> Range:
    low, high = NameBound.of(least), NameBound.of(most)

    def find(order: Order, backwards: bool) -> Span:
        if not order or not low.below(order[-1][1]) or not high.above(order[0][1]):
            return 0, 0
        if order[0][0] == order[-1][0]:
            return split(order, lambda each: not low.below(each)), split(order, high.above)
        places = range(len(order))
        if backwards:
            last = next((at for at in reversed(places) if high.above(order[at][1])), -1)
            before = (at for at in range(last, -1, -1) if not low.below(order[at][1]))
            return next(before, -1) + 1, last + 1
        first = next((at for at in places if low.below(order[at][1])), len(order))
        behind = (at for at in range(first, len(order)) if not high.above(order[at][1]))
        return first, next(behind, len(order))

    return find


def split(order: Order, before: Callable[[bytes], bool]) -> int:
    """The first place whose name is not ``before``, which holds for names up to some place."""
    low, high = 0, len(order)
    while low < high:
        middle = (low + high) // 2
        if before(order[middle][1]):
            low = middle + 1
        else:
            high = middle
    return low


RANGES: dict[bytes, Callable[[bytes, bytes], Range]] = {b"BYSCORE": by_score, b"BYLEX": by_name}


@dataclass
class RangeOptions:
    """What follows the two ends of a range."""

    by: Callable[[bytes, bytes], Range] | None = None
    backwards: bool | None = None
    scored: bool = False
    offset: int = 0
    limit: int = -1

    def read(self, words: tuple[bytes, ...], scores: bool = True) -> "RangeOptions":
        """Read the options. Those that the command's name decides already are refused."""
        left = list(reversed(words))
        while left:
            option = left.pop().upper()
            if option == b"WITHSCORES" and scores:
                self.scored = True
            elif option == b"LIMIT" and len(left) >= 2:
                self.offset, self.limit = integer(left.pop()), integer(left.pop())
            elif option == b"REV" and self.backwards is None:
                self.backwards = True
            elif option in RANGES and self.by is None:
                self.by = RANGES[option]
            else:
                raise syntax()
        self.by, self.backwards = self.by or by_rank, bool(self.backwards)
        if self.by is by_rank:
            if self.limit != -1:
                text = "ERR syntax error, LIMIT is only supported in combination with "
                raise CommandError(text + "either BYSCORE or BYLEX")
            self.offset = 0
        if self.scored and self.by is by_name:
            text = "ERR syntax error, WITHSCORES not supported in combination with BYLEX"
            raise CommandError(text)
        return self

    def range(self, first: bytes, last: bytes) -> Range:
        """Backwards, scores and names are given from the highest."""
        assert self.by is not None
        swapped = self.backwards and self.by is not by_rank
        return self.by(last, first) if swapped else self.by(first, last)

    def entries(self, order: Order, range_: Range) -> list[tuple[float, bytes]]:
        start, end = range_(order, bool(self.backwards))
        if self.offset < 0:
            return []
        size = max(end - start - self.offset, 0)
        if self.limit >= 0:
            size = min(size, self.limit)
        if self.backwards:
            end -= self.offset
            start = end - size
        else:
            start += self.offset
        return list(order.islice(start, start + size, reverse=self.backwards)) if size else []


def ranged(txn: Transaction, key: Key, words: tuple[bytes, ...], options: RangeOptions) -> Reply:
    options.read(words[2:])
    range_ = options.range(*words[:2])
    return listed(options.entries(read(txn, key).order(), range_), options.scored)


@command("zrange", -4, "readonly", keys=ONE_KEY)
def zrange(txn: Transaction, key: Key, *words: bytes) -> Reply:
    return ranged(txn, key, words, RangeOptions())


@command("zrevrange", -4, "readonly", keys=ONE_KEY)
def zrevrange(txn: Transaction, key: Key, *words: bytes) -> Reply:
    return ranged(txn, key, words, RangeOptions(by_rank, True))


@command("zrangebyscore", -4, "readonly", keys=ONE_KEY)
def zrangebyscore(txn: Transaction, key: Key, *words: bytes) -> Reply:
    return ranged(txn, key, words, RangeOptions(by_score, False))


@command("zrevrangebyscore", -4, "readonly", keys=ONE_KEY)
def zrevrangebyscore(txn: Transaction, key: Key, *words: bytes) -> Reply:
    return ranged(txn, key, words, RangeOptions(by_score, True))


@command("zrangebylex", -4, "readonly", keys=ONE_KEY)
def zrangebylex(txn: Transaction, key: Key, *words: bytes) -> Reply:
    return ranged(txn, key, words, RangeOptions(by_name, False))


@command("zrevrangebylex", -4, "readonly", keys=ONE_KEY)
def zrevrangebylex(txn: Transaction, key: Key, *words: bytes) -> Reply:
    return ranged(txn, key, words, RangeOptions(by_name, True))


@command("zrangestore", -5, "write", "denyoom", keys=(1, 2, 1), conflict=STORED)
def zrangestore(txn: Transaction, target: Key, source: Key, *words: bytes) -> Reply:
    options = RangeOptions().read(words[2:], scores=False)
    range_ = options.range(*words[:2])
    entries = options.entries(read(txn, source).order(), range_)
    return stored(txn, target, {member: score for score, member in entries})


@command("zcount", 4, "readonly", "fast", keys=ONE_KEY)
def zcount(txn: Transaction, key: Key, least: bytes, most: bytes) -> Reply:
    return counted_in(txn, key, by_score(least, most))


@command("zlexcount", 4, "readonly", "fast", keys=ONE_KEY)
def zlexcount(txn: Transaction, key: Key, least: bytes, most: bytes) -> Reply:
    return counted_in(txn, key, by_name(least, most))


def counted_in(txn: Transaction, key: Key, range_: Range) -> int:
    start, end = range_(read(txn, key).order(), False)
    return max(end - start, 0)


@command("zremrangebyrank", 4, "write", keys=ONE_KEY, conflict=TAKES_SEEN)
def zremrangebyrank(txn: Transaction, key: Key, first: bytes, last: bytes) -> Reply:
    return removed(txn, key, by_rank(first, last))


@command("zremrangebyscore", 4, "write", keys=ONE_KEY, conflict=TAKES_SEEN)
def zremrangebyscore(txn: Transaction, key: Key, least: bytes, most: bytes) -> Reply:
    return removed(txn, key, by_score(least, most))


@command("zremrangebylex", 4, "write", keys=ONE_KEY, conflict=TAKES_SEEN)
def zremrangebylex(txn: Transaction, key: Key, least: bytes, most: bytes) -> Reply:
    return removed(txn, key, by_name(least, most))


def removed(txn: Transaction, key: Key, range_: Range) -> int:
    order = read(txn, key).order()
    start, end = range_(order, False)
    members = [member for _, member in order.islice(start, max(start, end))]
    remove(txn, key, members)
    return len(members)
