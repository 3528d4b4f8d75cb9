"""Words: plain values as text that people and JSON can read, and the name that was meant.

>>> plain([b"tea", {b"milk", b"jam"}, 3, None])
['tea', ['jam', 'milk'], 3, None]
>>> did_you_mean("paymants", ["payments", "three-cities"])
"did you mean 'payments'?"
>>> did_you_mean("Europe west", ["North Europe", "West Europe"])
"did you mean 'West Europe'?"
"""

import re
from collections.abc import Iterable
from difflib import SequenceMatcher
from typing import Any

CLOSE = 0.6
"""How alike two names have to be, from 0 to 1: difflib's own cutoff."""


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
    """Return a question that names the closest of the known names, or nothing if none is close.

    Upper case, blanks and the order of words do not matter: what differs in these only is meant.
    """
    alike = sorted((-_likeness(name, each), each) for each in known)[:most]
    least = 1 if alike and alike[0][0] == -1 else CLOSE
    close = [repr(each) for likeness, each in alike if -likeness >= least]
    return f"did you mean {' or '.join(close)}?" if close else ""


def _likeness(one: str, two: str) -> float:
    pairs = [(mine, theirs) for mine in _spellings(one) for theirs in _spellings(two)]
    return max(SequenceMatcher(None, theirs, mine).ratio() for mine, theirs in pairs)


def _spellings(name: str) -> set[str]:
    words = re.findall(r"[a-z0-9]+", name.lower())
    return {"".join(words), "".join(sorted(words)), "".join(reversed(words))}
