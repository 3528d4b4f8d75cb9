"""What scripts find beside Lua's own libraries: cjson, bit, and numbers by chance that repeat.

Each function returns whether it went well, and the value or the error's text: no exception of
Python may get into a script, which could catch and keep it.
"""

import json
from collections.abc import Callable
from math import isfinite
from typing import Any

MASK = (1 << 32) - 1
SPARSE_FROM, SPARSE_RATIO = 10, 2
"""An array with a larger index than the first, and with fewer items than a half, is refused."""
DEPTH_MAX = 1_000

Result = tuple[bool, Any]

_ESCAPES = {bytes([code]): b"\\u%04x" % code for code in [*range(32), 127]} | {
    b'"': b'\\"',
    b"\\": b"\\\\",
    b"/": b"\\/",
    b"\b": b"\\b",
    b"\f": b"\\f",
    b"\n": b"\\n",
    b"\r": b"\\r",
    b"\t": b"\\t",
}


class Refused(Exception):
    """What cannot be done, in words for the script."""


def answering(function: Callable[..., Any]) -> Callable[..., Result]:
    """The function as Lua may call it."""

    def answer(*words: Any) -> Result:
        try:
            return True, function(*words)
        except Refused as error:
            return False, str(error).encode()
        except (TypeError, ValueError, OverflowError):
            return False, b"bad argument"
        except RecursionError:
            return False, b"Found too many nested data structures"

    return answer


class Json:
    """cjson, between the tables of one runtime and text."""

    def __init__(self, table: Callable[[Any], Any], type_of: Callable[[Any], str | None]) -> None:
        """``table`` makes a table of Lua, ``type_of`` names the type of a value."""
        self.null: Any = None
        self._table = table
        self._type_of = type_of

    def decode(self, text: bytes) -> Any:
        try:
            value = json.loads(text, parse_constant=refuse_constant)
        except json.JSONDecodeError as error:
            where = f"at character {error.pos + 1}"
            raise Refused(f"Expected value but found invalid token {where}") from None
        return self._into(value)

    def encode(self, value: Any) -> bytes:
        return self._text(value, 1)

    def _into(self, value: Any) -> Any:
        if value is None:
            return self.null
        if isinstance(value, str):
            return value.encode()
        if isinstance(value, dict):
            return self._table({key.encode(): self._into(each) for key, each in value.items()})
        if isinstance(value, list):
            return self._table([self._into(each) for each in value])
        return value if isinstance(value, bool) else float(value)

    def _text(self, value: Any, depth: int) -> bytes:
        if value is None or value is self.null or self._type_of(value) == "userdata":
            return b"null"
        if isinstance(value, bool):
            return b"true" if value else b"false"
        if isinstance(value, bytes):
            return quoted(value)
        if isinstance(value, int | float):
            return number(value)
        kind = self._type_of(value)
        if kind != "table":
            raise Refused(f"Cannot serialise {kind}: type not supported")
        if depth > DEPTH_MAX:
            raise Refused(f"Cannot serialise, excessive depth ({depth})")
        items = list(value.items())
        length = length_of([key for key, _ in items])
        if length is None:
            pairs = (named(key) + b":" + self._text(each, depth + 1) for key, each in items)
            return b"{%s}" % b",".join(pairs)
        by_place = {int(key): each for key, each in items}
        parts = (self._text(by_place.get(at), depth + 1) for at in range(1, length + 1))
        return b"[%s]" % b",".join(parts)


def refuse_constant(word: str) -> None:
    raise Refused(f"Expected value but found invalid number: {word}")


def length_of(keys: list[Any]) -> int | None:
    """The length of the array that has these indexes; None for what is an object."""
    if not keys or not all(is_index(key) for key in keys):
        return None
    longest = int(max(keys))
    if longest > SPARSE_FROM and longest > len(keys) * SPARSE_RATIO:
        raise Refused("Cannot serialise table: excessively sparse array")
    return longest


def is_index(key: Any) -> bool:
    return isinstance(key, int | float) and not isinstance(key, bool) and key > 0 == key % 1


def named(key: Any) -> bytes:
    if isinstance(key, bytes):
        return quoted(key)
    if isinstance(key, int | float) and not isinstance(key, bool):
        return b'"%s"' % number(key)
    raise Refused("Cannot serialise table: table key must be a number or string")


def number(value: float) -> bytes:
    if not isfinite(value):
        raise Refused("Cannot serialise number: must not be NaN or Infinity")
    return b"%.14g" % value


def quoted(text: bytes) -> bytes:
    parts = (text[at : at + 1] for at in range(len(text)))
    return b'"%s"' % b"".join(_ESCAPES.get(part, part) for part in parts)


class Chance:
    """The numbers of `lrand48`, as the server has them: the same in every script."""

    def __init__(self) -> None:
        self._state = 0
        self.seed(0)

    def seed(self, number: float) -> None:
        self._state = (int(number) & MASK) << 16 | 0x330E

    def random(self, *bounds: float) -> float:
        """A fraction below 1, or a whole number from 1 or the first bound to the last."""
        self._state = (self._state * 0x5DEECE66D + 0xB) % (1 << 48)
        largest = (1 << 31) - 1
        fraction = (self._state >> 17) % largest / largest
        if not bounds:
            return fraction
        low, high = (1, *bounds)[-2:] if len(bounds) < 3 else (1, 0)
        if low > high:
            raise Refused("bad argument to 'random' (interval is empty)")
        return int(fraction * (int(high) - int(low) + 1)) + int(low)


def word(value: float) -> int:
    """The 32 bits of a number."""
    return round(value) & MASK


def signed(bits: int) -> int:
    bits &= MASK
    return bits - (1 << 32) if bits >> 31 else bits


def rolled(value: int, by: int) -> int:
    by &= 31
    return value << by | value >> (32 - by)


def tohex(value: float, digits: float = 8) -> bytes:
    shown = b"%08x" % word(value)
    shown = shown.upper() if digits < 0 else shown
    return shown[-int(abs(digits)) :] if digits else b""


def folded(step: Callable[[int, int], int]) -> Callable[..., int]:
    def fold(first: float, *others: float) -> int:
        bits = word(first)
        for other in others:
            bits = step(bits, word(other))
        return signed(bits)

    return fold


BIT: dict[str, Callable[..., Any]] = {
    "tobit": lambda a: signed(word(a)),
    "tohex": tohex,
    "bnot": lambda a: signed(~word(a)),
    "band": folded(lambda a, b: a & b),
    "bor": folded(lambda a, b: a | b),
    "bxor": folded(lambda a, b: a ^ b),
    "lshift": lambda a, n: signed(word(a) << (word(n) & 31)),
    "rshift": lambda a, n: signed(word(a) >> (word(n) & 31)),
    "arshift": lambda a, n: signed(signed(word(a)) >> (word(n) & 31)),
    "rol": lambda a, n: signed(rolled(word(a), word(n))),
    "ror": lambda a, n: signed(rolled(word(a), -word(n))),
    "bswap": lambda a: signed(int.from_bytes(word(a).to_bytes(4, "little"), "big")),
}
