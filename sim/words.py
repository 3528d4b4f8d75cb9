"""Words: plain values as text that people and JSON can read, the name that was meant, and what is
wrong with a value that does not fit.

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


_KINDS = {
    "array": "a list",
    "bool": "true or false",
    "float": "a number",
    "int": "a whole number",
    "null": "nothing",
    "object": "a table",
    "str": "a text",
}
_KIND = "|".join(_KINDS)
_OF_KINDS = re.compile(rf"`((?:{_KIND})(?: \| (?:{_KIND}))*)`")


def refusal(line: str) -> str:
    """Return what msgspec says of a value that does not fit in the words of our files.

    The place comes first, written as for --set.

    >>> refusal("Expected `array` of length 2, got 1 - at `$.variants[0].regions`")
    'variants.0.regions: expected a list of length 2, not 1'
    >>> refusal("Expected `int | str`, got `null`"), refusal("JSON is malformed: unknown type")
    ('expected a whole number or a text, not nothing', 'no JSON: unknown type')
    """
    what, *places = line.split(" - at ")
    for found, ours in _PHRASES:
        what = re.sub(found, ours, what)
    what = _OF_KINDS.sub(_kinds, what)
    path = "".join(place.strip("`").removeprefix("key in ").strip("$") for place in places[::-1])
    path = re.sub(r"\[(.*?)\]", r".\1", path.replace("...", "…")).removeprefix(".")
    return f"{path}: {what}" if path else what


def _kinds(found: re.Match[str]) -> str:
    return " or ".join(_KINDS[kind] for kind in found[1].split(" | "))


_PHRASES = (
    ("Object contains unknown field `(.*?)`", r"unknown key '\1'"),
    ("Object missing required field `(.*?)`", r"expected the key '\1'"),
    ("Invalid (?:enum )?value", "unknown"),
    ("JSON is malformed", "no JSON"),
    ("Input data was truncated", "no JSON: it breaks off"),
    ("Expected", "expected"),
    (", got (?=[`0-9])", ", not "),
)


def _likeness(one: str, two: str) -> float:
    pairs = [(mine, theirs) for mine in _spellings(one) for theirs in _spellings(two)]
    return max(SequenceMatcher(None, theirs, mine).ratio() for mine, theirs in pairs)


def _spellings(name: str) -> set[str]:
    words = re.findall(r"[a-z0-9]+", name.lower())
    return {"".join(words), "".join(sorted(words)), "".join(reversed(words))}
