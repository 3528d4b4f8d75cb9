"""Units: durations as people write them, to and from whole microseconds.

All time in the simulator is an integer number of microseconds. A bare number carries no unit and
is therefore refused; so is a duration that is no whole number of microseconds.

>>> us("11m")
660000000
>>> us("250ms") + us("1.5 s")
1750000
>>> human(us("11m"))
'11 min'
"""

import re
from fractions import Fraction
from typing import Any, ClassVar, Self

MS = 1_000
SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR

_UNITS = {
    "us": 1,
    "µs": 1,
    "ms": MS,
    "s": SECOND,
    "m": MINUTE,
    "min": MINUTE,
    "h": HOUR,
    "d": DAY,
}
_NAMES = ((DAY, "d"), (HOUR, "h"), (MINUTE, "min"), (SECOND, "s"), (MS, "ms"), (1, "µs"))
_DURATION = re.compile(r"\s*(\d+(?:\.\d+)?)\s*([a-zµ]+)\s*")


class NotADuration(ValueError):
    """The text is no duration, or no whole number of microseconds."""


def us(duration: str | int, unit: str | None = None) -> int:
    """Return `duration` in microseconds; a bare number needs its `unit`.

    Raises NotADuration for anything else than a number and one of the units us, ms, s, m or min,
    h, d, and for fractions of a microsecond.

    >>> us(5, "s")
    5000000
    >>> us(5)
    Traceback (most recent call last):
    sim.units.NotADuration: '5': expected a number and a unit (us, ms, s, m, h, d), as in "250ms"
    """
    text = f"{duration}{unit or ''}"
    found = _DURATION.fullmatch(text)
    if found is None or found[2] not in _UNITS:
        raise NotADuration(
            f'{text!r}: expected a number and a unit (us, ms, s, m, h, d), as in "250ms"'
        )
    exact = Fraction(found[1]) * _UNITS[found[2]]
    if exact.denominator != 1:
        raise NotADuration(f"{text!r}: expected a whole number of microseconds")
    return exact.numerator


def human(duration_us: int) -> str:
    """Return a duration for reading: its largest unit, rounded to three significant digits.

    >>> [human(t) for t in (0, 250, 41_500, 1_234_567, 90_000_000, -83_000)]
    ['0 µs', '250 µs', '41.5 ms', '1.23 s', '1.5 min', '-83 ms']
    >>> [human(t) for t in (999, 9_996, 999_999, 59_999_999)]
    ['999 µs', '10 ms', '1 s', '1 min']
    """
    size = abs(duration_us)
    # The unit is that of the rounded size, or 999,999 µs would be 1000 ms.
    step = 10 ** max(0, len(str(size)) - 3)
    rounded = round(Fraction(size, step)) * step
    unit, name = next((pair for pair in _NAMES if rounded >= pair[0]), _NAMES[-1])
    decimals = 0 if size >= 100 * unit else 1 if size >= 10 * unit else 2
    number = str(round(Fraction(size * 10**decimals, unit))).rjust(decimals + 1, "0")
    if decimals:
        number = f"{number[:-decimals]}.{number[-decimals:]}".rstrip("0").rstrip(".")
    return f"{'-' if duration_us < 0 else ''}{number} {name}"


class Offset(int):
    """Microseconds to either side, as a type that scenario files write with a unit."""

    least_us: ClassVar[int | None] = None
    least: ClassVar[str] = ""

    def __new__(cls, size_us: int) -> Self:
        """Raises NotADuration for less than the type allows."""
        if cls.least_us is not None and size_us < cls.least_us:
            raise NotADuration(f"{human(size_us)}: expected {cls.least}")
        return super().__new__(cls, size_us)


class Duration(Offset):
    """Microseconds that pass, perhaps none."""

    least_us = 0
    least = "0s or more"


class Period(Duration):
    """Microseconds that certainly pass: what is done again after none would never end."""

    least_us = 1
    least = "more than 0s"


def decode(kind: type, text: object) -> Any:
    """Return what a scenario file gives for a type of this room; a leading minus turns it back.

    Raises NotADuration. It is the ``dec_hook`` of `msgspec.convert`.

    >>> decode(Offset, "-30ms")
    -30000
    >>> decode(Duration, "-30ms")
    Traceback (most recent call last):
    sim.units.NotADuration: -30 ms: expected 0s or more
    """
    if not issubclass(kind, Offset):
        raise NotImplementedError(kind)
    if not isinstance(text, str):
        raise NotADuration(f'{text!r}: expected a text with a unit, as in "250ms"')
    size_us = us(text.removeprefix("-"))
    return kind(-size_us if text.startswith("-") else size_us)


def encode(value: object) -> str:
    """Return the text that `decode` takes. It is the ``enc_hook`` of `msgspec.json.encode`."""
    if not isinstance(value, Offset):
        raise NotImplementedError(type(value))
    return f"{int(value)}us"


def clock(at_us: int) -> str:
    """Return a point of engine time for reading: minutes, seconds and milliseconds.

    >>> clock(612_345_678)
    '10:12.345'
    """
    minutes, rest_us = divmod(at_us, MINUTE)
    return f"{minutes}:{rest_us // SECOND:02d}.{rest_us % SECOND // MS:03d}"
