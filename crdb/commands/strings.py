"""Strings and counters: SET and its relatives assign, INCR and its relatives add.

NX, XX and GET look at this region's copy only: two regions that both answer OK to SET NX is the
normal case while they cannot hear each other, and the later clock then decides whose value stays.

Source: https://redis.io/docs/latest/commands/?group=string
"""

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._expiries import DEADLINE_OPTIONS, deadline_ms
from crdb.crdts.counter import Amount
from crdb.crdts.string import String
from crdb.decimals import (
    INT_MAX,
    INT_MIN,
    LONG_DOUBLE_END,
    is_infinity,
    long_double,
    parse_decimal,
    parse_int,
    show,
)
from crdb.errors import (
    CommandError,
    not_a_float,
    not_an_integer,
    syntax,
    wrong_number_of_arguments,
)
from crdb.keyspace import NEVER_US, Key
from crdb.stamps import BITS
from crdb.transaction import Transaction

LENGTH_MAX = 512 * 1024 * 1024
LAST_WRITER = "whole value; the later clock wins, then the smaller region"
ADDS_UP = "both count"

BOTTOM = String()
"""What a missing key holds. Mutators only read it; it is never merged into."""


def assign(txn: Transaction, key: Key, value: bytes) -> None:
    """Replace the value of whatever type the key holds; its expiry stays."""
    entry = txn.find(key)
    states = [] if entry is None else list(entry.values())
    string = next((each for each in states if isinstance(each, String)), BOTTOM)
    txn.write(key, string.assign(value, txn.stamp(), txn.take(String.DOTS)))
    # The others only now: a key that were gone in between would lose its expiry.
    for other in states:
        if other is not string and other.alive():
            txn.write(key, other.clear(txn.take(1)))


def replace(txn: Transaction, key: Key, value: bytes) -> None:
    """Replace what the key holds, and let it live for ever."""
    # The usual key has been replaced before, and holds no increments that this has to reset.
    entry = txn.keyspace.keys.get(key)
    if entry is not None and entry.deadline_us == NEVER_US and not entry.others:
        string, expiry = entry.value, entry.expiry
        if type(string) is String and string.register and not string.counter.parts and expiry:
            delta = string.register.write_now(value, txn.now_us << BITS | txn.tie, txn.fresh)
            txn.overwrote(key, delta, expiry)
            return
    assign(txn, key, value)
    txn.expire_at(key, None)


def text(txn: Transaction, key: Key) -> bytes | None:
    string = txn.read(key, String)
    return None if string is None else string.value()


@dataclass
class SetOptions:
    """What follows key and value in a SET."""

    only_if: bytes | None = None
    get: bool = False
    keep_ttl: bool = False
    expiry: bytes | None = None
    amount: bytes = b""

    @classmethod
    def of(cls, words: Iterator[bytes]) -> "SetOptions":
        """Read the options. An option may be repeated; then the last amount counts."""
        found = cls()
        for word in words:
            option = word.upper()
            if option in (b"NX", b"XX") and found.only_if in (None, option):
                found.only_if = option
            elif option == b"GET":
                found.get = True
            elif option == b"KEEPTTL" and found.expiry is None:
                found.keep_ttl = True
            elif option in DEADLINE_OPTIONS and found.expiry in (None, option):
                amount = next(words, None)
                if amount is None or found.keep_ttl:
                    raise syntax()
                found.expiry, found.amount = option, amount
            else:
                raise syntax()
        return found


@command("set", -3, "write", "denyoom", keys=ONE_KEY, conflict=LAST_WRITER)
def set_(txn: Transaction, key: Key, value: bytes, *words: bytes) -> Reply:
    if not words:
        replace(txn, key, value)
        return "OK"
    options = SetOptions.of(iter(words))
    expiry, deadline = options.expiry, None
    if expiry is not None:
        deadline = deadline_ms(txn, expiry, options.amount, "set")
    old = text(txn, key) if options.get else None
    if options.only_if and (options.only_if == b"NX") == (txn.find(key) is not None):
        return old
    if deadline is not None and deadline <= txn.now_ms:
        txn.remove(key)
        return old if options.get else "OK"
    assign(txn, key, value)
    if not options.keep_ttl:
        txn.expire_at(key, deadline)
    return old if options.get else "OK"


@command("setnx", 3, "write", "denyoom", "fast", keys=ONE_KEY, conflict=LAST_WRITER)
def setnx(txn: Transaction, key: Key, value: bytes) -> Reply:
    if txn.find(key) is not None:
        return 0
    set_(txn, key, value)
    return 1


@command("get", 2, "readonly", "fast", keys=ONE_KEY)
def get(txn: Transaction, key: Key) -> Reply:
    string = txn.read(key, String)
    return None if string is None else string.value()


@command("getdel", 2, "write", "fast", keys=ONE_KEY, conflict="both may get the value")
def getdel(txn: Transaction, key: Key) -> Reply:
    old = text(txn, key)
    if old is not None:
        txn.remove(key)
    return old


@command("mset", -3, "write", "denyoom", keys=(1, -1, 2), conflict=LAST_WRITER)
def mset(txn: Transaction, *pairs: bytes) -> Reply:
    if len(pairs) % 2:
        raise wrong_number_of_arguments("mset")
    for key, value in zip(pairs[::2], pairs[1::2], strict=True):
        set_(txn, key, value)
    return "OK"


@command("mget", -2, "readonly", "fast", keys=(1, -1, 1))
def mget(txn: Transaction, *keys: Key) -> Reply:
    values: list[bytes | None] = []
    for key in keys:
        entry = txn.find(key)
        string = None if entry is None else entry.value
        values.append(string.value() if isinstance(string, String) else None)
    return values


@command("append", 3, "write", "denyoom", "fast", keys=ONE_KEY, conflict=LAST_WRITER)
def append(txn: Transaction, key: Key, tail: bytes) -> Reply:
    whole = (text(txn, key) or b"") + tail
    if len(whole) > LENGTH_MAX:
        raise CommandError("ERR string exceeds maximum allowed size (proto-max-bulk-len)")
    assign(txn, key, whole)
    return len(whole)


@command("strlen", 2, "readonly", "fast", keys=ONE_KEY)
def strlen(txn: Transaction, key: Key) -> Reply:
    return len(text(txn, key) or b"")


def add(txn: Transaction, key: Key, amount: int) -> Reply:
    string = txn.read(key, String)
    if string is None:
        txn.write(key, BOTTOM.increment(amount, txn.take(1)))
        return amount
    # The usual counter was never assigned to, and its sum is the value.
    counter = string.counter
    before: Amount | None = counter.total
    if string.register is not None or type(before) is not int:
        before = string.integer()
    if before is None:
        raise not_an_integer()
    total = before + amount
    if not INT_MIN <= total <= INT_MAX:
        raise CommandError("ERR increment or decrement would overflow")
    txn.wrote(key, counter.increment_now(amount, txn.fresh), 1)
    return total


def integer(word: bytes) -> int:
    number = parse_int(word)
    if number is None:
        raise not_an_integer()
    return number


@command("incr", 2, "write", "denyoom", "fast", keys=ONE_KEY, conflict=ADDS_UP)
def incr(txn: Transaction, key: Key) -> Reply:
    return add(txn, key, 1)


@command("decr", 2, "write", "denyoom", "fast", keys=ONE_KEY, conflict=ADDS_UP)
def decr(txn: Transaction, key: Key) -> Reply:
    return add(txn, key, -1)


@command("incrby", 3, "write", "denyoom", "fast", keys=ONE_KEY, conflict=ADDS_UP)
def incrby(txn: Transaction, key: Key, amount: bytes) -> Reply:
    return add(txn, key, integer(amount))


@command("decrby", 3, "write", "denyoom", "fast", keys=ONE_KEY, conflict=ADDS_UP)
def decrby(txn: Transaction, key: Key, amount: bytes) -> Reply:
    number = integer(amount)
    if number == INT_MIN:
        raise CommandError("ERR decrement would overflow")
    return add(txn, key, -number)


def exact(word: bytes) -> Fraction | None:
    """The number that a word says; None for an infinity."""
    number = parse_decimal(word)
    if number is None and not is_infinity(word):
        raise not_a_float()
    return number


@command("incrbyfloat", 3, "write", "denyoom", "fast", keys=ONE_KEY, conflict=ADDS_UP)
def incrbyfloat(txn: Transaction, key: Key, amount: bytes) -> Reply:
    present = text(txn, key)
    before, more = exact(b"0" if present is None else present), exact(amount)
    if before is None or more is None:
        raise infinite()
    total = long_double(long_double(before) + long_double(more))
    if abs(total) >= LONG_DOUBLE_END:
        raise infinite()
    # The reply is what the real server prints; what travels is the exact difference to it, so
    # that contributions add up alike in every order.
    after = show(total)
    string = txn.read(key, String) or BOTTOM
    difference = Fraction(Decimal(after.decode())) - before
    txn.write(key, string.increment(difference, txn.take(1)))
    return after


def infinite() -> CommandError:
    return CommandError("ERR increment would produce NaN or Infinity")
