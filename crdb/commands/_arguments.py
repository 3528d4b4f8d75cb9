"""Arguments that many commands read alike."""

from crdb.decimals import parse_int
from crdb.errors import not_an_integer


def integer(word: bytes) -> int:
    """The 64-bit number that a word says. Raises `CommandError` if it says none."""
    number = parse_int(word)
    if number is None:
        raise not_an_integer()
    return number
