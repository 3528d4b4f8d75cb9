"""Expected replies: the forms in which a test vector says what a command should answer.

`None` checks nothing; a string, number or list is the exact reply, and a list may hold forms; an
object with one of the keys of `FORMS` is matched by that form.

>>> matches({"set": ["b", "a"]}, [b"a", b"b"]), matches({"range": [48, 50]}, 51)
(True, False)
>>> matches({"one_of": ["OK", {"nil": True}]}, None)
True
>>> why_not_a_form({"range": [48]})
"two integers as 'range'"
"""

import json
import re
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from typing import Any

from crdb.command import Reply
from crdb.errors import CommandError
from sim.words import plain

Form = Callable[[Any, Any], bool]


def matches(expected: Any, reply: Reply) -> bool:
    """Return whether the reply is as expected. An error matches the form ``error`` only."""
    return _matches(expected, plain(reply))


def why_not_a_form(expected: Any) -> str | None:
    """What was expected where this is nothing that a reply can be matched with; None if it is."""
    if isinstance(expected, list):
        return next((why for each in expected if (why := why_not_a_form(each))), None)
    if not isinstance(expected, dict):
        return None
    form, value = _form(expected)
    if form is None:
        return f"an object with one of {', '.join(map(repr, sorted(FORMS)))}"
    kind, what, _ = FORMS[form]
    if not isinstance(value, kind):
        return f"{what} as {form!r}"
    if form == "range" and not (len(value) == 2 and all(type(each) is int for each in value)):
        return "two integers as 'range'"
    if form == "re":
        try:
            re.compile(value)
        except re.error as error:
            return f"a regular expression as 're' ({error})"
    if form == "num" and not _tolerance(expected.get("tol", 0)):
        return "a number of 0 or more as 'tol'"
    if form == "map":
        return why_not_a_form(list(value.values()))
    return why_not_a_form(value) if form == "one_of" else None


def _tolerance(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0


def _form(expected: dict[str, Any]) -> tuple[str | None, Any]:
    return next(((key, expected[key]) for key in FORMS if key in expected), (None, None))


def _matches(expected: Any, reply: Any) -> bool:
    if expected is None:
        return True
    if isinstance(expected, dict):
        form, value = _form(expected)
        if form is None:
            raise ValueError(f"{expected}: expected {why_not_a_form(expected)}")
        if form == "num":
            return _number(value, reply, expected.get("tol", 0))
        return FORMS[form][2](value, reply)
    if isinstance(expected, list):
        if isinstance(reply, dict):
            reply = [word for pair in reply.items() for word in pair]
        return (
            isinstance(reply, list)
            and len(reply) == len(expected)
            and all(map(_matches, expected, reply))
        )
    return type(expected) is type(reply) and bool(expected == reply)


def _nil(wanted: bool, reply: Any) -> bool:
    return (reply is None) is wanted


def _error(prefix: str, reply: Any) -> bool:
    return isinstance(reply, CommandError) and str(reply).startswith(prefix)


def _one_of(choices: list[Any], reply: Any) -> bool:
    return any(_matches(choice, reply) for choice in choices)


def _set(members: list[Any], reply: Any) -> bool:
    return isinstance(reply, list) and sorted(reply, key=repr) == sorted(members, key=repr)


def _map(fields: dict[str, Any], reply: Any) -> bool:
    """A map, or a reply of names and values in turn, whatever their order."""
    found = reply
    if not isinstance(reply, dict):
        if not isinstance(reply, list) or len(reply) != 2 * len(fields):
            return False
        if not all(isinstance(name, str) for name in reply[::2]):
            return False
        found = dict(zip(reply[::2], reply[1::2], strict=True))
    return found.keys() == fields.keys() and all(
        _matches(value, found[name]) for name, value in fields.items()
    )


def _ids(ids: list[str], reply: Any) -> bool:
    """Entries ``[id, fields]``, or those of the one key in ``[[key, entries]]``."""
    if reply is None:
        return not ids
    if _rows(reply) and len(reply) == 1 and len(reply[0]) == 2 and _rows(reply[0][1]):
        reply = reply[0][1]
    return _rows(reply) and [entry[0] for entry in reply] == ids


def _pending_ids(ids: list[str], reply: Any) -> bool:
    return _rows(reply) and [row[0] for row in reply] == ids


def _names(names: list[str], reply: Any) -> bool:
    """Rows of field names and values in turn, each with a ``name``."""
    if not _rows(reply):
        return False
    found = [
        str(value)
        for row in reply
        for name, value in zip(row[::2], row[1::2], strict=False)
        if name == "name"
    ]
    return sorted(found) == sorted(names)


def _rows(reply: Any) -> bool:
    return isinstance(reply, list) and all(isinstance(row, list) and row for row in reply)


def _json(value: Any, reply: Any) -> bool:
    try:
        return bool(isinstance(reply, str) and json.loads(reply) == value)
    except json.JSONDecodeError:
        return False


def _number(value: float, reply: Any, tolerance: float = 0) -> bool:
    if isinstance(reply, CommandError) or reply is None:
        return False
    try:
        difference = abs(Decimal(str(reply)) - Decimal(str(value)))
    except InvalidOperation:
        return False
    return difference <= Decimal(str(tolerance))


def _range(ends: list[int], reply: Any) -> bool:
    return type(reply) is int and ends[0] <= reply <= ends[1]


def _re(pattern: str, reply: Any) -> bool:
    return isinstance(reply, str) and re.search(pattern, reply) is not None


FORMS: dict[str, tuple[Any, str, Form]] = {
    "nil": (bool, "true", _nil),
    "set": (list, "a list of members", _set),
    "map": (dict, "an object of fields", _map),
    "ids": (list, "a list of entry ids", _ids),
    "pending_ids": (list, "a list of entry ids", _pending_ids),
    "names": (list, "a list of names", _names),
    "json": (object, "a JSON value", _json),
    "num": (int | float, "a number", _number),
    "range": (list, "two integers", _range),
    "re": (str, "a regular expression", _re),
    "error": (str, "the beginning of an error", _error),
    "one_of": (list, "a list of choices", _one_of),
}
"""Key -> what its value has to be, in Python's and in plain words, and how it matches a reply."""
