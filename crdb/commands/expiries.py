"""When keys end: the EXPIRE family, TTL and its relatives, PERSIST.

NX, XX, GT and LT look at this region's deadline. Of deadlines set in two regions at once the
longer stays, whatever the conditions were.

Source: https://redis.io/docs/latest/commands/expire/
"""

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._arguments import integer
from crdb.commands._deadlines import DEADLINE_MAX_MS, invalid
from crdb.decimals import INT_MIN
from crdb.errors import CommandError, quoted, quoting
from crdb.keyspace import Key
from crdb.transaction import Transaction

LONGEST = "the longer deadline stays; a key without one outlives both"

CONDITIONS = (b"NX", b"XX", b"GT", b"LT")


@command("expire", -3, "write", "fast", keys=ONE_KEY, conflict=LONGEST)
def expire(txn: Transaction, key: Key, seconds: bytes, *words: bytes) -> Reply:
    return end_at(txn, key, seconds, words, unit_ms=1000, from_ms=txn.now_ms, name="expire")


@command("pexpire", -3, "write", "fast", keys=ONE_KEY, conflict=LONGEST)
def pexpire(txn: Transaction, key: Key, milliseconds: bytes, *words: bytes) -> Reply:
    return end_at(txn, key, milliseconds, words, unit_ms=1, from_ms=txn.now_ms, name="pexpire")


@command("expireat", -3, "write", "fast", keys=ONE_KEY, conflict=LONGEST)
def expireat(txn: Transaction, key: Key, seconds: bytes, *words: bytes) -> Reply:
    return end_at(txn, key, seconds, words, unit_ms=1000, from_ms=0, name="expireat")


@command("pexpireat", -3, "write", "fast", keys=ONE_KEY, conflict=LONGEST)
def pexpireat(txn: Transaction, key: Key, milliseconds: bytes, *words: bytes) -> Reply:
    return end_at(txn, key, milliseconds, words, unit_ms=1, from_ms=0, name="pexpireat")


@command("ttl", 2, "readonly", "fast", keys=ONE_KEY)
def ttl(txn: Transaction, key: Key) -> Reply:
    return in_seconds(left_ms(txn, key))


@command("pttl", 2, "readonly", "fast", keys=ONE_KEY)
def pttl(txn: Transaction, key: Key) -> Reply:
    return left_ms(txn, key)


@command("expiretime", 2, "readonly", "fast", keys=ONE_KEY)
def expiretime(txn: Transaction, key: Key) -> Reply:
    return in_seconds(end_ms(txn, key))


@command("pexpiretime", 2, "readonly", "fast", keys=ONE_KEY)
def pexpiretime(txn: Transaction, key: Key) -> Reply:
    return end_ms(txn, key)


@command("persist", 2, "write", "fast", keys=ONE_KEY, conflict="no deadline beats every deadline")
def persist(txn: Transaction, key: Key) -> Reply:
    if txn.find(key) is None or txn.deadline_ms(key) is None:
        return 0
    txn.expire_at(key, None)
    return 1


def end_ms(txn: Transaction, key: Key) -> int:
    """Unix time in milliseconds at which the key expires; -1 for never, -2 for no key."""
    if txn.find(key) is None:
        return -2
    deadline_ms = txn.deadline_ms(key)
    return -1 if deadline_ms is None else deadline_ms


def left_ms(txn: Transaction, key: Key) -> int:
    """Milliseconds until the key expires; -1 for never, -2 for no key."""
    end = end_ms(txn, key)
    return end if end < 0 else end - txn.now_ms


def in_seconds(milliseconds: int) -> int:
    """The nearest number of seconds; what is no time stays as it is."""
    return milliseconds if milliseconds < 0 else (milliseconds + 500) // 1000


def end_at(
    txn: Transaction,
    key: Key,
    amount: bytes,
    words: tuple[bytes, ...],
    *,
    unit_ms: int,
    from_ms: int,
    name: str,
) -> int:
    """1 if the deadline was set, or the key removed because the deadline is past."""
    wanted = conditions(words)
    number = integer(amount)
    deadline_ms = number * unit_ms + from_ms
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
