"""How long a blocking command waits, as the client says it: seconds, with a fraction."""

from math import ceil

from crdb.decimals import INT_MAX, is_infinity, parse_decimal
from crdb.errors import CommandError


def timeout_us(word: bytes) -> int:
    """In whole milliseconds, rounded up as Redis does; 0 for ever."""
    seconds = parse_decimal(word)
    if is_infinity(word) or (seconds is not None and seconds * 1000 > INT_MAX):
        raise CommandError("ERR timeout is out of range")
    if seconds is None:
        raise CommandError("ERR timeout is not a float or out of range")
    if seconds < 0:
        raise CommandError("ERR timeout is negative")
    return ceil(seconds * 1000) * 1000
