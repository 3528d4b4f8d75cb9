"""How long a command blocks: seconds with fractions, counted in whole milliseconds."""

from math import ceil

from crdb.decimals import INT_MAX, is_infinity, parse_decimal
from crdb.errors import CommandError
from crdb.transaction import Transaction


def timeout_us(txn: Transaction, word: bytes) -> int:
    """The time that a word says, 0 for ever. Raises `CommandError` if it says none."""
    seconds = parse_decimal(word)
    if seconds is None:
        if not is_infinity(word):
            raise CommandError("ERR timeout is not a float or out of range")
        if b"-" not in word:
            raise CommandError("ERR timeout is out of range")
        raise CommandError("ERR timeout is negative")
    milliseconds = ceil(seconds * 1000)
    if milliseconds < 0:
        raise CommandError("ERR timeout is negative")
    if milliseconds + txn.now_ms > INT_MAX:
        raise CommandError("ERR timeout is out of range")
    return milliseconds * 1000
