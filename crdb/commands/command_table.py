"""COMMAND: what the command table says of itself.

It speaks of the commands that are here. Names, arity, flags and key positions are those of the real
server. Left out: tips and key specifications, which come as empty lists, since nothing here is made
of them; of COMMAND DOCS the arguments, the complexity and the history. Whether a key is read or
changed is told for the whole command, not for each key. All that is our choice.

Source: https://redis.io/docs/latest/commands/?group=server
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

from crdb import glob
from crdb.command import PAIRS, TABLE, Command, Reply, command, entries, keys_of
from crdb.errors import CommandError, syntax
from crdb.replies import Fixed
from crdb.transaction import Transaction

HELP = """\
COMMAND <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
(no subcommand)
    Return details about all commands.
COUNT
    Return the total number of commands in this server.
LIST
    Return a list of all commands in this server.
INFO [<command-name> ...]
    Return details about multiple commands.
    If no command names are given, documentation details for all
    commands are returned.
DOCS [<command-name> ...]
    Return documentation details about multiple commands.
    If no command names are given, documentation details for all
    commands are returned.
GETKEYS <full-command>
    Return the keys from a full command.
GETKEYSANDFLAGS <full-command>
    Return the keys and the access flags from a full command.
HELP
    Print this help.
"""

OUR_OWN = frozenset({"immediate"})
"""Flags that no client is told of."""

GROUPS = {
    "counters": "string",
    "ranges": "string",
    "strings": "string",
    "bit": "bitmap",
    "connections": "connection",
    "geo": "geo",
    "hash": "hash",
    "hyperloglog": "hyperloglog",
    "json": "json",
    "list": "list",
    "sets": "set",
    "stream": "stream",
    "sorted": "sorted-set",
    "zset": "sorted-set",
    "pubsub": "pubsub",
    "transactions": "transactions",
    "functions": "scripting",
    "script": "scripting",
    "command_table": "server",
    "flush": "server",
    "hosted": "server",
    "refused": "server",
    "server": "server",
}
"""How a family's file begins -> the documentation's group; all else is ``generic``."""

GROUP_OF = {
    **dict.fromkeys(["asking", "cluster", "readonly", "readwrite"], "cluster"),
    **dict.fromkeys(["client", "echo", "ping", "reset", "select"], "connection"),
    **dict.fromkeys(["migrate", "move", "object", "restore", "wait", "waitaof"], "generic"),
    **dict.fromkeys(["pfdebug", "pfselftest"], "hyperloglog"),
    **dict.fromkeys(["delifeq", "lcs", "msetex", "substr"], "string"),
    "dbsize": "server",
    "script": "scripting",
    "sscan": "set",
}
"""Commands that stand in the file of another group."""

CATEGORIES = {
    "generic": ["@keyspace"],
    "server": [],
    "sorted-set": ["@sortedset"],
    "transactions": ["@transaction"],
}
"""Group -> its categories of access control, where that is not the group's own name."""


@command("command", 1, "loading", "stale")
def command_(txn: Transaction) -> Reply:
    return whole()


@command("command|count", 2, "loading", "stale")
def count(txn: Transaction, word: bytes) -> Reply:
    return len(top_names())


@command("command|info", -2, "loading", "stale")
def info(txn: Transaction, word: bytes, *names: bytes) -> Reply:
    return [described(name.lower()) for name in names or top_names()]


@command("command|list", -2, "loading", "stale")
def list_(txn: Transaction, word: bytes, *words: bytes) -> Reply:
    names = sorted({*top_names(), *(each.name.encode() for each in entries())})
    if not words:
        return names
    if len(words) != 3 or words[0].upper() != b"FILTERBY":
        raise syntax()
    by, wanted = words[1].upper(), words[2]
    if by == b"MODULE":
        return []
    if by == b"ACLCAT":
        category = f"@{wanted.decode(errors='replace').lower()}"
        return [name for name in names if category in categories(name)]
    if by != b"PATTERN":
        raise syntax()
    matches = glob.matcher(wanted)
    return [name for name in names if matches(name)]


@command("command|docs", -2, "loading", "stale")
def docs(txn: Transaction, word: bytes, *names: bytes) -> Reply:
    wanted = [name.lower() for name in names] or top_names()
    return {name: documented(name) for name in wanted if known(name)}


@command("command|getkeys", -3, "loading", "stale")
def getkeys(txn: Transaction, word: bytes, *request: bytes) -> Reply:
    return asked_of(request)[1]


@command("command|getkeysandflags", -3, "loading", "stale")
def getkeysandflags(txn: Transaction, word: bytes, *request: bytes) -> Reply:
    found, keys = asked_of(request)
    access = ["RO", "access"] if "readonly" in found.flags else ["RW", "access", "update"]
    return [[key, access] for key in keys]


@command("command|help", 2, "loading", "stale")
def help_(txn: Transaction, word: bytes) -> Reply:
    return HELP.splitlines()


def asked_of(request: tuple[bytes, ...]) -> tuple[Command, list[bytes]]:
    """The command that a request names, and the keys in it."""
    first = request[0].lower()
    if first in PAIRS and len(request) == 1:
        raise CommandError("ERR The command has no key arguments")
    found = entry(first if first not in PAIRS else b"|".join([first, request[1].lower()]))
    if found is None:
        raise CommandError("ERR Invalid command specified")
    if not found.keys[0] and found.also is None:
        raise CommandError("ERR The command has no key arguments")
    if not found.words_min <= len(request) <= found.words_max:
        raise CommandError("ERR Invalid number of arguments specified for command")
    return found, keys_of(found, request)


def top_names() -> list[bytes]:
    """Commands by their first word."""
    return sorted({name.lower() for name in TABLE} | set(PAIRS))


def entry(name: bytes) -> Command | None:
    """The line of the table with this name, in lower case; of two words it has a ``|``."""
    first, _, second = name.partition(b"|")
    return PAIRS.get(first, {}).get(second) if second else TABLE.get(name)


def known(name: bytes) -> bool:
    return name in PAIRS or entry(name) is not None


def subcommands(name: bytes) -> list[bytes]:
    return [b"%s|%s" % (name, second) for second in sorted(PAIRS.get(name, {}))]


@cache
def whole() -> Fixed:
    """The reply to COMMAND: clients ask for it whenever they connect."""
    return Fixed(described(name) for name in top_names())


def described(name: bytes) -> Reply:
    """One line as COMMAND INFO shows it; nil for an unknown name."""
    if not known(name):
        return None
    found = entry(name)
    below = [described(each) for each in subcommands(name)]
    shown = [] if found is None else flags(found)
    keys = (0, 0, 0) if found is None else found.keys
    return [name, arity(name), shown, *keys, categories(name), [], [], below]


def arity(name: bytes) -> int:
    """Number of words, negative for "at least"; what has second words takes any number."""
    found = entry(name)
    if found is None:
        return -2
    exact = found.words_min == found.words_max and name not in PAIRS
    return found.words_min if exact else -found.words_min


def flags(found: Command) -> list[str]:
    shown = found.flags - OUR_OWN
    return sorted(shown if found.also is None else shown | {"movablekeys"})


def group(name: bytes) -> str:
    """The group of the documentation that a command stands in."""
    first, seconds = name.partition(b"|")[0].decode(), PAIRS.get(name, {}).values()
    found = entry(name) or next(iter(seconds))
    family = found.run.__module__.rpartition(".")[2]
    of_family = (group for start, group in GROUPS.items() if family.startswith(start))
    return GROUP_OF.get(first) or next(of_family, "generic")


def categories(name: bytes) -> list[str]:
    """The categories of access control, from what the table knows."""
    found = entry(name)
    if found is None:
        return ["@slow"]
    of_group = group(name)
    shown = [f"@{flag}" for flag in ("write", "pubsub", "blocking") if flag in found.flags]
    if "readonly" in found.flags and of_group != "scripting":
        shown.append("@read")
    shown += CATEGORIES.get(of_group, [f"@{of_group}"])
    shown.append("@fast" if "fast" in found.flags else "@slow")
    return list(dict.fromkeys(shown))


def documented(name: bytes) -> dict[bytes, Any]:
    found = entry(name)
    said: dict[bytes, Any] = {
        b"summary": summary(name, found).encode(),
        b"group": group(name).encode(),
        b"arity": arity(name),
    }
    below = subcommands(name)
    if below:
        said[b"subcommands"] = {each: documented(each) for each in below}
    return said


def summary(name: bytes, found: Command | None) -> str:
    """The first sentence about the function; where there is none, what the table knows."""
    if found is None:
        return f"A container of {listed(PAIRS[name])}."
    said = (found.run.__doc__ or "").strip().partition("\n")[0]
    if said:
        return said
    does = {"write": "Changes", "readonly": "Reads"}
    verb = next((word for flag, word in does.items() if flag in found.flags), "Speaks of")
    about = "keys" if found.keys[0] or found.also else "the server"
    rule = f"; in two regions at once: {found.conflict}" if found.conflict else ""
    return f"{verb} {about} ({group(name)}){rule}."


def listed(words: Iterable[bytes]) -> str:
    return ", ".join(sorted(word.decode().upper() for word in words))
