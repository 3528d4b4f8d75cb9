"""Keys of any type: whether they exist, what they are, when they end.

DEL removes what this region sees: a write that it did not see, made elsewhere at the same time,
stays. KEYS and DBSIZE speak of this replica's slot range.

Source: https://redis.io/docs/latest/commands/?group=generic
"""

from crdb import glob
from crdb.command import ALL_KEYS, ONE_KEY, Reply, command
from crdb.commands._expiries import DEADLINE_MAX_MS, invalid
from crdb.decimals import INT_MIN, parse_int
from crdb.errors import CommandError, not_an_integer, quoted, quoting
from crdb.keyspace import Key
from crdb.transaction import Transaction

OBSERVED = "what each saw is gone; a write that neither saw stays"
LONGEST = "the longer deadline stays; a key without one outlives both"

CONDITIONS = (b"NX", b"XX", b"GT", b"LT")


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


@command("expire", -3, "write", "fast", keys=ONE_KEY, conflict=LONGEST)
def expire(txn: Transaction, key: Key, seconds: bytes, *words: bytes) -> Reply:
    return expire_in(txn, key, seconds, words, unit_ms=1000, name="expire")


@command("pexpire", -3, "write", "fast", keys=ONE_KEY, conflict=LONGEST)
def pexpire(txn: Transaction, key: Key, milliseconds: bytes, *words: bytes) -> Reply:
    return expire_in(txn, key, milliseconds, words, unit_ms=1, name="pexpire")


@command("ttl", 2, "readonly", "fast", keys=ONE_KEY)
def ttl(txn: Transaction, key: Key) -> Reply:
    left = left_ms(txn, key)
    return left if left < 0 else (left + 500) // 1000


@command("pttl", 2, "readonly", "fast", keys=ONE_KEY)
def pttl(txn: Transaction, key: Key) -> Reply:
    return left_ms(txn, key)


@command("persist", 2, "write", "fast", keys=ONE_KEY, conflict="no deadline beats every deadline")
def persist(txn: Transaction, key: Key) -> Reply:
    if txn.find(key) is None or txn.deadline_ms(key) is None:
        return 0
    txn.expire_at(key, None)
    return 1


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


def left_ms(txn: Transaction, key: Key) -> int:
    """Milliseconds until the key expires; -1 for never, -2 for no key."""
    if txn.find(key) is None:
        return -2
    deadline_ms = txn.deadline_ms(key)
    return -1 if deadline_ms is None else deadline_ms - txn.now_ms


def expire_in(
    txn: Transaction, key: Key, amount: bytes, words: tuple[bytes, ...], *, unit_ms: int, name: str
) -> int:
    """1 if the deadline was set, or the key removed because the deadline is past."""
    wanted = conditions(words)
    number = parse_int(amount)
    if number is None:
        raise not_an_integer()
    deadline_ms = number * unit_ms + txn.now_ms
    if number * unit_ms < INT_MIN or deadline_ms > DEADLINE_MAX_MS:
        raise invalid(name)
    if txn.find(key) is None or not allowed(wanted, txn.deadline_ms(key), deadline_ms):
        return 0
    if deadline_ms <= txn.now_ms:
        txn.remove(key)
    else:
        txn.expire_at(key, deadline_ms)
    return 1


def conditions(words: tuple[bytes, ...]) -> set[bytes]:
    """The options of EXPIRE."""
    found = set()
    for word in words:
        if word.upper() not in CONDITIONS:
            raise quoting(b"ERR Unsupported option " + quoted(word))
        found.add(word.upper())
    if b"NX" in found and len(found) > 1:
        text = "ERR NX and XX, GT or LT options at the same time are not compatible"
        raise CommandError(text)
    if {b"GT", b"LT"} <= found:
        raise CommandError("ERR GT and LT options at the same time are not compatible")
    return found


def allowed(wanted: set[bytes], old_ms: int | None, new_ms: int) -> bool:
    """Whether a deadline may be replaced; no deadline counts as one that never comes."""
    return not (
        (b"NX" in wanted and old_ms is not None)
        or (b"XX" in wanted and old_ms is None)
        or (b"GT" in wanted and (old_ms is None or new_ms <= old_ms))
        or (b"LT" in wanted and old_ms is not None and new_ms >= old_ms)
    )
