"""Counters, which are strings that hold a number: INCR and its relatives add.

Increments of all regions count. The number that a SET gave is where they start from.

Source: https://redis.io/docs/latest/commands/?group=string
"""

from decimal import Decimal
from fractions import Fraction

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._arguments import integer
from crdb.commands.strings import BOTTOM, text
from crdb.crdts.counter import Amount
from crdb.crdts.string import String
from crdb.decimals import (
    INT_MAX,
    INT_MIN,
    LONG_DOUBLE_END,
    is_infinity,
    long_double,
    parse_decimal,
    show,
)
from crdb.errors import CommandError, not_a_float, not_an_integer
from crdb.keyspace import Key
from crdb.transaction import Transaction

ADDS_UP = "both count"


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
    after, difference = added(before, more)
    string = txn.read(key, String) or BOTTOM
    txn.write(key, string.increment(difference, txn.take(1)))
    return after


def added(before: Fraction, more: Fraction) -> tuple[bytes, Fraction]:
    """The sum as the real server prints it, and its exact difference to ``before``.

    That travels, so that contributions add up alike in every order.
    """
    total = long_double(long_double(before) + long_double(more))
    if abs(total) >= LONG_DOUBLE_END:
        raise infinite()
    after = show(total)
    return after, Fraction(Decimal(after.decode())) - before


def infinite() -> CommandError:
    return CommandError("ERR increment would produce NaN or Infinity")
