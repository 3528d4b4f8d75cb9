"""Deadlines as commands give them: EX, PX, EXAT, PXAT and the arguments of the EXPIRE family."""

from crdb.commands._arguments import integer
from crdb.crdts.expiry import FOREVER
from crdb.errors import CommandError
from crdb.transaction import Transaction

DEADLINE_OPTIONS = {b"EX": 1000, b"PX": 1, b"EXAT": 1000, b"PXAT": 1}
"""Option -> milliseconds in its unit."""

DEADLINE_MAX_MS = FOREVER >> 1
"""Redis Active-Active allows expiry times up to 2^49, open-source Redis up to 2^64."""


def invalid(name: str) -> CommandError:
    return CommandError(f"ERR invalid expire time in '{name}' command")


def deadline_ms(txn: Transaction, option: bytes, amount: bytes, name: str) -> int:
    """Milliseconds of Unix time; a time that is not positive, or too far, is an error."""
    number = integer(amount)
    moment = number * DEADLINE_OPTIONS[option]
    if number > 0 and not option.endswith(b"AT"):
        moment += txn.now_ms
    if not 0 < moment <= DEADLINE_MAX_MS:
        raise invalid(name)
    return moment
