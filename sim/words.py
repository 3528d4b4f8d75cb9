"""Words: plain values as text that people and JSON can read, and the name that was meant.

>>> plain([b"tea", {b"milk", b"jam"}, 3, None])
['tea', ['jam', 'milk'], 3, None]
>>> did_you_mean("paymants", ["payments", "three-cities"])
"did you mean 'payments'?"
"""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any


def plain(value: Any) -> Any:
    """Return a tree of plain values with text for bytes, and sets as lists in order.

    Bytes that are no UTF-8 show as backslashes and hex digits. What is not bytes, a list, tuple,
    set or dict stays what it is.
    """
    if isinstance(value, bytes):
        return value.decode(errors="backslashreplace")
    if isinstance(value, set | frozenset):
        return sorted(map(plain, value))
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {plain(key): plain(each) for key, each in value.items()}
    return value


def did_you_mean(name: str, known: Iterable[str], most: int = 1) -> str:
    """Return a question that names the closest of the known names, or nothing if none is close."""
    close = get_close_matches(name, sorted(known), n=most)
    return f"did you mean {' or '.join(map(repr, close))}?" if close else ""
