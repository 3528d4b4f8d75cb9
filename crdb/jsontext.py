"""JSON as text, as RedisJSON reads and writes it.

Integers of 64 bits, signed or not, stay integers; all other numbers are doubles, and are written
with a fraction or an exponent: 1.0 stays 1.0. Strings are written as they are, but for quotes and
control characters.

>>> write(read(b'{"a": [1, 1.0, 1e3, 1e-7, 18446744073709551616], "b": "\\\\u00e9"}'))
'{"a":[1,1.0,1000.0,1e-7,1.8446744073709552e19],"b":"é"}'
>>> read(b"[1,]")
Traceback (most recent call last):
crdb.errors.CommandError: trailing comma at line 1 column 4
"""

import json
import re
from decimal import Decimal
from json.encoder import encode_basestring
from math import isfinite
from typing import Any, NamedTuple

from crdb.errors import CommandError

INTEGERS = range(-(1 << 63), 1 << 64)
DEPTH_MAX = 128
PLAIN_DIGITS_MAX = 16
PLAIN_ZEROS_MAX = 5
"""Digits before the point, and zeros after it, without an exponent."""


class Layout(NamedTuple):
    """What JSON.GET puts between the parts."""

    indent: str = ""
    newline: str = ""
    space: str = ""


COMPACT = Layout()


def read(data: bytes) -> Any:
    """The value that a text says. Raises `CommandError`."""
    try:
        text = data.decode()
        value = json.loads(text, parse_int=_int, parse_float=_float, parse_constant=_constant)
        if "\\u" in text:
            json.dumps(value, ensure_ascii=False).encode()
    except json.JSONDecodeError as error:
        raise _refusal(error) from None
    except UnicodeDecodeError:
        raise CommandError("invalid unicode code point at line 1 column 1") from None
    except UnicodeEncodeError:
        raise CommandError(f"unexpected end of hex escape at line 1 column {len(text)}") from None
    except (OverflowError, ValueError):
        raise CommandError(f"number out of range at line 1 column {len(text)}") from None
    except RecursionError:
        raise _too_deep() from None
    if text.count("[") + text.count("{") > DEPTH_MAX and _depth(value) > DEPTH_MAX:
        raise _too_deep()
    return value


def write(value: Any, layout: Layout = COMPACT, level: int = 0) -> str:
    """The text of a value, with nothing but what the layout says between its parts."""
    if isinstance(value, str):
        return encode_basestring(value)
    if isinstance(value, float):
        return _show(value)
    if isinstance(value, dict):
        between = f":{layout.space}"
        parts = [
            f"{encode_basestring(name)}{between}{write(each, layout, level + 1)}"
            for name, each in value.items()
        ]
        return _enclosed("{", parts, "}", layout, level)
    if isinstance(value, list):
        parts = [write(each, layout, level + 1) for each in value]
        return _enclosed("[", parts, "]", layout, level)
    return json.dumps(value)


def _enclosed(first: str, parts: list[str], last: str, layout: Layout, level: int) -> str:
    if not parts:
        return first + last
    line = layout.newline + layout.indent * level
    return f"{first}{line}{layout.indent}{f',{line}{layout.indent}'.join(parts)}{line}{last}"


def _show(number: float) -> str:
    """The fewest digits that read back as this double."""
    sign, digits, power = Decimal(repr(number)).normalize().as_tuple()
    assert isinstance(power, int)
    text, minus = "".join(map(str, digits)), "-" if sign else ""
    before_point = len(text) + power
    if not number:
        return f"{minus}0.0"
    if len(text) <= before_point <= PLAIN_DIGITS_MAX:
        return f"{minus}{text}{'0' * power}.0"
    if 0 < before_point <= PLAIN_DIGITS_MAX:
        return f"{minus}{text[:before_point]}.{text[before_point:]}"
    if -PLAIN_ZEROS_MAX < before_point <= 0:
        return f"{minus}0.{'0' * -before_point}{text}"
    rest = f".{text[1:]}" if text[1:] else ""
    return f"{minus}{text[0]}{rest}e{before_point - 1}"


def _int(text: str) -> int | float:
    if text == "-0":
        return -0.0
    number = _float(text) if len(text) > len(str(INTEGERS.start)) else int(text)
    return number if isinstance(number, float) or number in INTEGERS else float(number)


def _float(text: str) -> float:
    number = float(text)
    if not isfinite(number):
        raise OverflowError
    return number


def _constant(text: str) -> Any:
    """NaN and infinities: Python knows them, JSON does not."""
    raise json.JSONDecodeError("Expecting value", text, 0)


def _depth(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + max(map(_depth, inner), default=0) if isinstance(value, dict | list) else 0


def _too_deep() -> CommandError:
    return CommandError(f"recursion limit exceeded at line 1 column {DEPTH_MAX}")


WHY = {
    "Expecting value": "expected value",
    "Expecting property name enclosed in double quotes": "key must be a string",
    "Expecting ':' delimiter": "expected `:`",
    "Invalid control character at": (
        "control character (\\u0000-\\u001F) found while parsing a string"
    ),
    "Invalid \\escape": "invalid escape",
    "Invalid \\uXXXX escape": "invalid escape",
    "Extra data": "trailing characters",
}
"""What Python's reader says -> what RedisJSON's does."""

_STRING = re.compile(r"\"(?:[^\"\\]|\\.)*\"")


def _refusal(error: json.JSONDecodeError) -> CommandError:
    """The error with the place that RedisJSON gives: that of the sign that is wrong."""
    text, at = error.doc, error.pos
    opened = _innermost(text[:at])
    if error.msg.startswith("Unterminated"):
        why, at = "EOF while parsing a string", len(text) - 1
    elif not text[at:].strip():
        why, at = f"EOF while parsing {opened}", len(text) - 1
    elif text[:at].rstrip().endswith(",") and text[at] in "]}":
        why = "trailing comma"
    elif error.msg == "Expecting ',' delimiter":
        why = f"expected `,` or `{']' if opened == 'a list' else '}'}`"
    else:
        why = WHY.get(error.msg.partition(": ")[0], error.msg)
        at += why == "invalid escape"
    line, column = text.count("\n", 0, at + 1) + 1, at - text.rfind("\n", 0, at + 1)
    return CommandError(f"{why} at line {line} column {column}")


def _innermost(text: str) -> str:
    """What is not closed at the end of the text."""
    left = _STRING.sub("", text)
    while (shorter := re.sub(r"\[[^][{}]*\]|\{[^][{}]*\}", "", left)) != left:
        left = shorter
    signs = re.findall(r"[\[{]", left)
    return {"[": "a list", "{": "an object"}[signs[-1]] if signs else "a value"
