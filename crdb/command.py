"""The command table: name, arity, flags, key positions and function of every command.

A command is a function with the `command` decorator in a file of `crdb.commands`. It gets the
`Transaction` and the request's arguments as bytes, and returns a plain reply, or raises
`CommandError` before it has written anything (an expired key that it met may be gone).
A command of two words, as OBJECT FREQ, has the name ``object|freq``, and gets its second word too.

>>> from crdb.commands import objects, strings
>>> lookup([b"GeT", b"k"]).name, lookup([b"OBJECT", b"freq", b"k"]).name
('get', 'object|freq')
>>> lookup([b"nonsense", b"a"])
Traceback (most recent call last):
crdb.errors.CommandError: ERR unknown command 'nonsense', with args beginning with: 'a'\x20
"""

import sys
from collections.abc import Callable
from typing import Any

import msgspec

from crdb.decimals import parse_int
from crdb.errors import CommandError, quoted, quoting, wrong_number_of_arguments
from crdb.session import Request, Waiter

ONE_KEY = (1, 1, 1)
ALL_KEYS = (1, -1, 1)
"""Where keys stand among the words: first, last, step; negative counts from the end."""

Reply = None | int | float | bytes | str | CommandError | list[Any] | dict[Any, Any] | Waiter
"""nil, integer, double, bulk string, status (``str``), error, array, map; see `crdb.replies`. A
`Waiter`: no reply yet, as the command blocks."""

Finder = Callable[[Request], list[bytes]]
"""Finds the keys that have no fixed position, in the whole request."""


class Command(msgspec.Struct, frozen=True):
    """One line of the table. (A Struct, whose fields are read faster than a named tuple's.)"""

    name: str
    words_min: int
    """Number of words with the name: from so many ..."""
    words_max: int
    """... up to so many."""
    flags: frozenset[str]
    """Those of the real server, less what the rest of the line says; and one of ours:
    ``immediate``, not queued by MULTI."""
    keys: tuple[int, int, int]
    """Positions of the first and last key, and the step between them; 0 for no keys."""
    also: Finder | None
    """Keys beyond those: the request says itself where they are."""
    conflict: str
    """What two regions read afterwards when both ran it on one key at once."""
    write: bool
    immediate: bool
    run: Callable[..., Reply]


QUOTED_MAX = 128
"""Bytes of an unknown name, and of its arguments together, that the error shows."""

TABLE: dict[bytes, Command] = {}
"""By name, in upper and in lower case: a request is usually one or the other."""

PAIRS: dict[bytes, dict[bytes, Command]] = {}
"""First word -> second word -> command, in lower case."""


def command(
    name: str,
    arity: int,
    *flags: str,
    keys: tuple[int, int, int] = (0, 0, 0),
    also: Finder | None = None,
    conflict: str = "",
) -> Callable[[Callable[..., Reply]], Callable[..., Reply]]:
    """Enter a function into the table. ``arity``: number of words, negative for "at least"."""

    def enter(run: Callable[..., Reply]) -> Callable[..., Reply]:
        entry = Command(
            name,
            abs(arity),
            arity if arity > 0 else sys.maxsize,
            frozenset(flags),
            keys,
            also,
            conflict,
            write="write" in flags,
            immediate="immediate" in flags,
            run=run,
        )
        first, _, second = name.encode().partition(b"|")
        if (first in TABLE and not second) or second in PAIRS.get(first, {}):
            raise ValueError(f"{name} is in the table already")
        if second:
            PAIRS.setdefault(first, {})[second] = entry
        else:
            TABLE[first] = TABLE[first.upper()] = entry
        return run

    return enter


def lookup(request: Request) -> Command:
    """The command that a request names, with its number of arguments checked."""
    first = request[0].lower()
    found = TABLE.get(request[0]) or TABLE.get(first)
    if found is None or (first in PAIRS and len(request) > found.words_max):
        found = _pair(request)
    if not found.words_min <= len(request) <= found.words_max:
        raise wrong_number_of_arguments(found.name)
    return found


def entries() -> list[Command]:
    """Every command once, in order of the names."""
    pairs = [entry for seconds in PAIRS.values() for entry in seconds.values()]
    by_name = {entry.name: entry for entry in (*TABLE.values(), *pairs)}
    return [by_name[name] for name in sorted(by_name)]


def keys_of(found: Command, request: Request) -> list[bytes]:
    """The keys that a request names."""
    first, last, step = found.keys
    end = last if last >= 0 else len(request) + last
    fixed = list(request[first : end + 1 : step]) if first else []
    return fixed if found.also is None else fixed + found.also(request)


def counted(at: int) -> Finder:
    """Keys that follow their number, which is the word at that position.

    >>> counted(1)([b"SINTERCARD", b"2", b"a", b"b", b"LIMIT", b"1"])
    [b'a', b'b']
    """

    def find(request: Request) -> list[bytes]:
        number = parse_int(request[at]) if len(request) > at else None
        fits = number is not None and 0 < number < len(request) - at
        return list(request[at + 1 : at + 1 + number]) if number and fits else []

    return find


def _pair(request: Request) -> Command:
    first = request[0].lower()
    seconds = PAIRS.get(first)
    if seconds is None:
        raise _unknown(request)
    if len(request) == 1:
        raise wrong_number_of_arguments(first.decode())
    found = seconds.get(request[1].lower())
    if found is None:
        word = quoted(request[1], QUOTED_MAX)
        raise quoting(b"ERR unknown subcommand '%s'. Try %s HELP." % (word, first.upper()))
    return found


def _unknown(request: Request) -> CommandError:
    args = b""
    for word in request[1:]:
        if len(args) >= QUOTED_MAX:
            break
        args += b"'%s' " % quoted(word, QUOTED_MAX - len(args))
    name = quoted(request[0], QUOTED_MAX)
    return quoting(b"ERR unknown command '%s', with args beginning with: %s" % (name, args))
