"""Numbers as Redis reads and writes them: 64-bit integers, and long doubles of 17 decimals.

Redis adds with the x87 80-bit long double and prints ``%.17Lf`` without trailing zeros. Python's
float has 53 bits and would show 10.59999999999999964 for 10.5 + 0.1. So the sum is computed
exactly and rounded once to the 64-bit significand that the real server has.

>>> parse_int(b"10"), parse_int(b"+10"), parse_int(b"010"), parse_int(b" 10")
(10, None, None, None)
>>> show(long_double(parse_decimal(b"10.5") + parse_decimal(b"0.1")))
b'10.6'
>>> show(parse_decimal(b"5.0e3"))
b'5000'
"""

import re
from fractions import Fraction

INT_MIN, INT_MAX = -(1 << 63), (1 << 63) - 1

_INT = re.compile(rb"0|-?[1-9][0-9]{0,18}")
_DECIMAL = re.compile(rb"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?")
_SIGNIFICAND_BITS = 64
_DIGITS = 17


def parse_int(text: bytes) -> int | None:
    """The 64-bit integer that ``text`` is the canonical form of, else None."""
    if _INT.fullmatch(text) is None:
        return None
    number = int(text)
    return number if INT_MIN <= number <= INT_MAX else None


def parse_decimal(text: bytes) -> Fraction | None:
    """The exact value of a decimal number; None for anything else, infinities included."""
    return Fraction(text.decode()) if _DECIMAL.fullmatch(text) else None


def long_double(number: Fraction) -> Fraction:
    """The nearest number with a 64-bit significand, ties to even."""
    if not number:
        return number
    top, bottom = abs(number.numerator), number.denominator
    shift = _SIGNIFICAND_BITS - (top.bit_length() - bottom.bit_length())
    if top << max(shift, 0) >= bottom << max(-shift, 0) << _SIGNIFICAND_BITS:
        shift -= 1
    scale = Fraction(1 << shift) if shift >= 0 else Fraction(1, 1 << -shift)
    return round(number * scale) / scale


def show(number: int | Fraction) -> bytes:
    """``%.17Lf`` without trailing zeros; an int as it is."""
    if isinstance(number, int):
        return b"%d" % number
    scaled = round(abs(number) * 10**_DIGITS)
    whole, rest = divmod(scaled, 10**_DIGITS)
    text = f"{whole}.{rest:0{_DIGITS}}".rstrip("0").rstrip(".")
    return (f"-{text}" if number < 0 and scaled else text).encode()
