"""Sorted sets, member by member: ZADD assigns a score, ZINCRBY adds to it, ZREM takes what it saw.

The options of ZADD look at this region's copy only. The score that ZINCRBY shows is Redis' sum of
two doubles; what travels is the exact difference that this makes, so that the contributions of all
regions add up alike in every order. A sum that is an infinity is assigned.

Source: https://redis.io/docs/latest/commands/?group=sorted-set
"""

from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from math import isfinite, isnan
from struct import pack

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._arguments import integer
from crdb.commands._copies import copies, put
from crdb.commands._dumps import dumped, dumps, length, string
from crdb.commands._scans import Options, cursor, matching, piece
from crdb.commands._sortable import sortable
from crdb.commands.sets import REPEATS_MAX, drawn
from crdb.crdts.base import Delta
from crdb.crdts.counter import Amount
from crdb.crdts.zset import ZSet
from crdb.decimals import INT_MAX, parse_double, show_double
from crdb.errors import CommandError, not_a_float, syntax, wrong_number_of_arguments
from crdb.keyspace import Key
from crdb.replies import Pairs
from crdb.stamps import BITS
from crdb.transaction import Transaction

LAST_SCORE = (
    "the later clock's score, then the smaller region's, plus the increments it did not see"
)
ADDS_UP = "both count"
TAKES_SEEN = "a removal takes what it saw; an increment that it did not see is the new score"

BOTTOM = ZSet()
"""What a missing key holds. Mutators only read it; it is never merged into."""

FLAGS = frozenset({b"NX", b"XX", b"GT", b"LT", b"CH", b"INCR"})


@copies(ZSet)
def copy(txn: Transaction, found: ZSet) -> Delta:
    return made_of(txn, {member: score_of(found, member) for member in found.members})


@dumps(ZSet)
def dump(found: ZSet) -> bytes:
    pairs = ((member, score_of(found, member)) for member in sorted(found.members))
    body = b"".join(string(member) + pack("<d", score) for member, score in pairs)
    return dumped(5, length(len(found.members)) + body)


@sortable(ZSet, ordered=True)
def elements(found: ZSet) -> Sequence[bytes]:
    return [member for _, member in found.order()]


def made_of(txn: Transaction, scores: Mapping[bytes, float]) -> Delta:
    """A sorted set of these, where nothing is."""
    return ZSet.made(scores, txn.stamp(), txn.take(len(scores)))


def stored(txn: Transaction, target: Key, scores: Mapping[bytes, float]) -> int:
    """Put these in the place of what the key held, none for no key; their number."""
    if scores:
        put(txn, target, [made_of(txn, {each: unsigned(scores[each]) for each in scores})])
    else:
        txn.remove(target)
    return len(scores)


def read(txn: Transaction, key: Key) -> ZSet:
    """A sorted set to look at; empty for a missing key."""
    return txn.read(key, ZSet) or BOTTOM


def unsigned(score: float) -> float:
    """Without the sign of minus nought, which the server's small sorted sets do not keep either."""
    return score + 0.0


def score_of(found: ZSet, member: bytes) -> float:
    """The score of a member that is there."""
    score = found.score(member)
    assert score is not None
    return score


def assign(txn: Transaction, key: Key, member: bytes, score: float) -> bool:
    """Whether the member is new."""
    score = unsigned(score)
    found = txn.read(key, ZSet)
    if found is None:
        txn.write(key, BOTTOM.assign(member, score, txn.stamp(), txn.take(1)))
        return True
    before = len(found.members)
    delta = found.assign_now(member, score, txn.now_us << BITS | txn.tie, txn.fresh)
    if delta is None:
        delta = found.assign(member, score, txn.stamp(), txn.take(ZSet.DOTS))
        txn.write(key, delta)
    else:
        txn.wrote(key, delta, 1)
    return len(found.members) > before


def increment(txn: Transaction, key: Key, member: bytes, before: float, after: float) -> float:
    """Bring a score from one number to the other by adding to it; the score that this gives."""
    if isfinite(before) and isfinite(after):
        delta = read(txn, key).increment(member, difference(before, after), txn.take(1))
        txn.write(key, delta)
    else:
        assign(txn, key, member, after)
    held = score_of(read(txn, key), member)
    return after if after == held else held  # Equal noughts differ in their sign.


def difference(before: float, after: float) -> Amount:
    """Exactly, and as an int if it is one."""
    if before.is_integer() and after.is_integer():
        return int(after) - int(before)
    return Fraction(after) - Fraction(before)


def remove(txn: Transaction, key: Key, members: Sequence[bytes]) -> None:
    """Take members out that are there, each named once."""
    if members:
        txn.write(key, read(txn, key).remove(members, txn.take(len(members))))


@command("zadd", -4, "write", "denyoom", "fast", keys=ONE_KEY, conflict=LAST_SCORE)
def zadd(txn: Transaction, key: Key, *words: bytes) -> Reply:
    if len(words) == 2:
        score = parse_double(words[0])
        if score is not None:
            return int(assign(txn, key, words[1], score))
    start = 0
    while start < len(words) and words[start].upper() in FLAGS:
        start += 1
    flags = {word.upper() for word in words[:start]}
    return add(txn, key, flags, words[start:])


@command("zincrby", 4, "write", "denyoom", "fast", keys=ONE_KEY, conflict=ADDS_UP)
def zincrby(txn: Transaction, key: Key, amount: bytes, member: bytes) -> Reply:
    # Redis reads options here too: ZINCRBY k NX m lacks a score.
    if amount.upper() in FLAGS:
        raise syntax()
    return add(txn, key, {b"INCR"}, (amount, member))


def add(txn: Transaction, key: Key, flags: set[bytes], words: tuple[bytes, ...]) -> Reply:
    """ZADD with its options read: pairs of a score and a member are left."""
    if not words or len(words) % 2:
        raise syntax()
    if flags >= {b"NX", b"XX"}:
        raise CommandError("ERR XX and NX options at the same time are not compatible")
    if len(flags & {b"NX", b"GT", b"LT"}) > 1:
        text = "ERR GT, LT, and/or NX options at the same time are not compatible"
        raise CommandError(text)
    if b"INCR" in flags and len(words) > 2:
        raise CommandError("ERR INCR option supports a single increment-element pair")
    numbers = [parse_double(word) for word in words[::2]]
    if None in numbers:
        raise not_a_float()
    added = changed = 0
    for number, member in zip(numbers, words[1::2], strict=True):
        assert number is not None
        before = read(txn, key).score(member)
        after = number if before is None or b"INCR" not in flags else before + number
        if isnan(after):
            raise CommandError("ERR resulting score is not a number (NaN)")
        if not allowed(flags, before, after):
            continue
        if b"INCR" in flags:
            return increment(txn, key, member, before or 0.0, after)
        added += assign(txn, key, member, after)
        changed += before != after
    if b"INCR" in flags:
        return None
    return changed if b"CH" in flags else added


def allowed(flags: set[bytes], before: float | None, after: float) -> bool:
    """Whether the options let a member get this score, as far as this region knows its old one."""
    if before is None:
        return b"XX" not in flags
    if b"GT" in flags and after <= before:
        return False
    return b"NX" not in flags and not (b"LT" in flags and after >= before)


@command("zrem", -3, "write", "fast", keys=ONE_KEY, conflict=TAKES_SEEN)
def zrem(txn: Transaction, key: Key, *members: bytes) -> Reply:
    found = read(txn, key)
    present = [member for member in dict.fromkeys(members) if member in found.members]
    remove(txn, key, present)
    return len(present)


@command("zscore", 3, "readonly", "fast", keys=ONE_KEY)
def zscore(txn: Transaction, key: Key, member: bytes) -> Reply:
    return read(txn, key).score(member)


@command("zmscore", -3, "readonly", "fast", keys=ONE_KEY)
def zmscore(txn: Transaction, key: Key, *members: bytes) -> Reply:
    found = read(txn, key)
    return [found.score(member) for member in members]


@command("zcard", 2, "readonly", "fast", keys=ONE_KEY)
def zcard(txn: Transaction, key: Key) -> Reply:
    return len(read(txn, key).members)


@command("zrank", -3, "readonly", "fast", keys=ONE_KEY)
def zrank(txn: Transaction, key: Key, member: bytes, *words: bytes) -> Reply:
    return ranked(txn, key, member, words, "zrank")


@command("zrevrank", -3, "readonly", "fast", keys=ONE_KEY)
def zrevrank(txn: Transaction, key: Key, member: bytes, *words: bytes) -> Reply:
    return ranked(txn, key, member, words, "zrevrank")


def ranked(txn: Transaction, key: Key, member: bytes, words: tuple[bytes, ...], name: str) -> Reply:
    if len(words) > 1:
        raise wrong_number_of_arguments(name)
    if words and words[0].upper() != b"WITHSCORE":
        raise syntax()
    found = read(txn, key)
    score = found.score(member)
    if score is None:
        return None
    rank: int = found.order().bisect_left((score, member))
    if name == "zrevrank":
        rank = len(found.members) - 1 - rank
    return [rank, score] if words else rank


@command("zrandmember", -2, "readonly", keys=ONE_KEY)
def zrandmember(txn: Transaction, key: Key, *words: bytes) -> Reply:
    wanted = integer(words[0]) if words else 1
    if wanted < -INT_MAX:
        text = f"ERR value is out of range, value must between {-INT_MAX} and {INT_MAX}"
        raise CommandError(text)
    scored = len(words) == 2 and words[1].upper() == b"WITHSCORES"
    if len(words) > 2 or (len(words) == 2 and not scored):
        raise syntax()
    if wanted < -REPEATS_MAX or (scored and not -INT_MAX <= 2 * wanted <= INT_MAX):
        raise CommandError("ERR value is out of range")
    found = read(txn, key)
    names = list(found.members)
    if not words:
        return drawn(txn, names, 1)[0] if names else None
    if wanted < 0:
        chosen = [names[txn.draw(len(names))] for _ in range(-wanted if names else 0)]
    else:
        chosen = drawn(txn, names, wanted)
    return listed(((score_of(found, name), name) for name in chosen), scored)


def listed(entries: Iterable[tuple[float, bytes]], scored: bool) -> Reply:
    """Members of an order, with their scores or without."""
    if scored:
        return Pairs([member, score] for score, member in entries)
    return [member for _, member in entries]


@command("zscan", -3, "readonly", keys=ONE_KEY)
def zscan(txn: Transaction, key: Key, start: bytes, *words: bytes) -> Reply:
    after = cursor(start)
    # Of a missing key the options are not even read, as in Redis.
    found = txn.read(key, ZSet)
    if found is None:
        return [b"0", []]
    options = Options.of(words, bare=b"NOSCORES")
    following, names = piece(found.members, after, options.wanted)
    names = matching(names, options)
    if not options.bare:
        scores = (show_double(score_of(found, name)) for name in names)
        names = [word for pair in zip(names, scores, strict=True) for word in pair]
    return [b"%d" % following, names]
