"""Numbers as Redis reads and writes them: 64-bit integers, and long doubles of 17 decimals.

Redis adds with the x87 80-bit long double and prints ``%.17Lf`` without trailing zeros. Python's
float has 53 bits and would show 10.59999999999999964 for 10.5 + 0.1. So the sum is computed
exactly and rounded once to the 64-bit significand that the real server has.

>>> parse_int(b"10"), parse_int(b"+10"), parse_int(b"010"), parse_int(b" 10")
(10, None, None, None)
>>> show(long_double(parse_decimal(b"10.5") + parse_decimal(b"0.1")))
b'10.6'
>>> show(parse_decimal(b"5.0e3")), show(parse_decimal(b"0x1.8"))
(b'5000', b'1.5')
"""

import re
import struct
from decimal import Decimal
from fractions import Fraction
from functools import cache
from math import copysign, isfinite, isinf

INT_MIN, INT_MAX = -(1 << 63), (1 << 63) - 1

LONG_DOUBLE_END = 1 << 16_384
"""The first power of two beyond the long doubles."""

_HALF_OF_LEAST = Fraction(1, 1 << 16_446)
_TEXT_MAX = 5 * 1024 - 1
_EXPONENT_MAX = 30_000
"""A longer text cannot bring a number with a larger exponent back into range."""

_INT = re.compile(rb"0|-?[1-9][0-9]{0,18}")
_DECIMAL = re.compile(rb"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE]([+-]?[0-9]+))?")
_HEX = re.compile(
    rb"([+-]?)0[xX](?=\.?[0-9a-fA-F])([0-9a-fA-F]*)\.?([0-9a-fA-F]*)(?:[pP]([+-]?[0-9]+))?"
)
_INFINITY = re.compile(rb"[+-]?inf(?:inity)?", re.IGNORECASE)
_SIGNIFICAND_BITS = 64
_DIGITS = 17
_HIDDEN = 1 << 52
"""The bit of a double's fraction that is not stored."""
_WHOLE_MAX = 1 << 62
"""Whole doubles up to here are shown as integers, with all their digits."""
_PLAIN_ZEROS_MAX = 7
"""A double with more zeros than this beside its digits is shown with an exponent."""


def parse_int(text: bytes) -> int | None:
    """The 64-bit integer that ``text`` is the canonical form of, else None."""
    if _INT.fullmatch(text) is None:
        return None
    number = int(text)
    return number if INT_MIN <= number <= INT_MAX else None


def parse_decimal(text: bytes) -> Fraction | None:
    """The exact value of what C's ``strtold`` reads, decimal or hexadecimal.

    None for anything else, for infinities, and for what no long double is near to.
    """
    if len(text) > _TEXT_MAX:
        return None
    number = _parse_scientific(text)
    if number is None:
        number = _parse_hexadecimal(text)
    if not number:
        return number
    in_range = abs(number) > _HALF_OF_LEAST and abs(long_double(number)) < LONG_DOUBLE_END
    return number if in_range else None


def parse_double(text: bytes) -> float | None:
    """The nearest double; None for no number, and for one that no double is near to."""
    number = rounded_double(text)
    if number and isfinite(number):
        return number
    if number is None or (isinf(number) and not is_infinity(text)):
        return None
    lost = not number and text.lower().partition(b"e")[0].strip(b"+-0.")
    return None if lost else number


def rounded_double(text: bytes) -> float | None:
    """The same, but a number beyond every double is an infinity or nought."""
    if _DECIMAL.fullmatch(text) is None and not is_infinity(text):
        return None
    return float(text)


def is_infinity(text: bytes) -> bool:
    """Whether ``strtold`` reads an infinity here."""
    return _INFINITY.fullmatch(text) is not None


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
    # Through Decimal, as Python refuses to write an int of more than 4300 digits.
    text = f"{Decimal(whole)}.{rest:0{_DIGITS}}".rstrip("0").rstrip(".")
    return (f"-{text}" if number < 0 and scaled else text).encode()


def show_double(number: float) -> bytes:
    """A double as Redis shows scores: nearly always the fewest digits that read back as it.

    >>> [show_double(each) for each in (3.0, 0.1, 1e17, 1e22, 1.5e-7, float("-inf"))]
    [b'3', b'0.1', b'100000000000000000', b'1e+22', b'1.5e-7', b'-inf']
    """
    if not isfinite(number):
        return str(number).encode()
    if number.is_integer() and abs(number) <= _WHOLE_MAX and (number or copysign(1, number) > 0):
        return b"%d" % number
    if not number:
        return b"-0"
    text, power = grisu2(abs(number))
    magnitude = abs(power + len(text) - 1)
    if power >= 0 and magnitude < len(text) + _PLAIN_ZEROS_MAX:
        shown = text + "0" * power
    elif power < 0 and (power > -_PLAIN_ZEROS_MAX or magnitude < 4):
        shown = text.rjust(1 - power, "0")
        shown = f"{shown[:power]}.{shown[power:]}"
    else:
        exponent = power + len(text) - 1
        shown = f"{text[0]}{'.' if text[1:] else ''}{text[1:]}e{exponent:+d}"
    return (f"-{shown}" if number < 0 else shown).encode()


def grisu2(number: float) -> tuple[str, int]:
    """(digits, power of ten of the last) of a positive double, as the algorithm Grisu2 finds them.

    It works with 64 bits and is not always right: a few doubles in a thousand get a
    digit more than they need, or the second nearest last digit. Redis shows them so.

    >>> grisu2(882516754398678.2)
    ('8825167543986783', -1)

    Source: Loitsch, "Printing floating-point numbers quickly and accurately with integers" (2010).
    """
    (bits,) = struct.unpack("<Q", struct.pack("<d", number))
    exponent, fraction = max(bits >> 52, 1) - 1075, bits & _HIDDEN - 1 | (bits >> 52 and _HIDDEN)
    # The number, and half the way to its neighbours, as 64-bit fractions of one exponent.
    shift = 64 - fraction.bit_length()
    exponent -= shift
    half = 1 << shift - 1
    ends = fraction << shift, (fraction << shift) + half, (fraction << shift) - half
    if fraction == _HIDDEN:
        ends = ends[0], ends[1], (fraction << shift) - half // 2
    power, scale, point = _scale(exponent)
    middle, upper, lower = ((end * scale + (1 << 63)) >> 64 for end in ends)
    text, place = _shortest(middle, upper - 1, lower + 1, point)
    return text, place - power


@cache
def _scale(exponent: int) -> tuple[int, int, int]:
    """(power of ten, its 64-bit fraction, bits behind the point of a product with it)."""
    # The first guess is part of the format: near a border two powers would do.
    power = (int(-(exponent + 87) * 0.30102999566398114) + 348) // 8 * 8 - 348
    while True:
        exact = Fraction(10) ** power
        binary = exact.numerator.bit_length() - exact.denominator.bit_length() - 64
        scale = round(exact / Fraction(2) ** binary)
        if scale >= 1 << 64:
            binary += 1
            scale = round(exact / Fraction(2) ** binary)
        point = -(exponent + binary + 64)
        if 32 <= point <= 60:
            return power, scale, point
        power += 8 if point > 60 else -8


def _shortest(middle: int, upper: int, lower: int, point: int) -> tuple[str, int]:
    """The fewest digits between the ends, the last one moved towards the middle."""
    one, text, place, unit = 1 << point, "", 10, 1
    whole, rest = divmod(upper, one)
    while True:
        place -= 1
        if place >= 0:
            digit, whole = divmod(whole, 10**place)
            left, step = (whole << point) + rest, 10**place << point
        else:
            unit *= 10
            digit, left = divmod(rest * 10, one)
            rest, step = left, one
        text += str(digit) if digit or text else ""
        room, far = (upper - lower) * unit, (upper - middle) * unit
        if left < room or (place >= 0 and left == room):
            break
    last = int(text[-1])
    while (
        left < far and room - left >= step and (left + step < far or far - left > left + step - far)
    ):
        last -= 1
        left += step
    return f"{text[:-1]}{last}", place


def _parse_scientific(text: bytes) -> Fraction | None:
    found = _DECIMAL.fullmatch(text)
    if found is None:
        return None
    digits, exponent = found.groups()
    if not digits.strip(b"0."):
        return Fraction(0)
    if exponent is not None and abs(Decimal(exponent.decode())) > _EXPONENT_MAX:
        return None
    return Fraction(Decimal(text.decode()))


def _parse_hexadecimal(text: bytes) -> Fraction | None:
    found = _HEX.fullmatch(text)
    if found is None:
        return None
    sign, whole, rest, exponent = found.groups()
    number = Fraction(int(whole + rest, 16), 16 ** len(rest))
    power = Decimal((exponent or b"0").decode())
    if number and abs(power) > _EXPONENT_MAX:
        return None
    number *= Fraction(2) ** (int(power) if number else 0)
    return -number if sign == b"-" else number
