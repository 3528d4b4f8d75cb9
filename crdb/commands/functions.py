"""Functions: libraries of scripts in Lua that are called by name.

Each region has libraries of its own, and FUNCTION LOAD has to be said in every one. DUMP and
RESTORE are left out.

Source: https://redis.io/docs/latest/develop/programmability/functions-intro/
"""

from typing import Any

from crdb import glob
from crdb.command import Reply, command, counted
from crdb.commands.scripts import EFFECTS, RUN, scripts_of, split
from crdb.decimals import parse_int
from crdb.errors import CommandError, quoted, quoting
from crdb.transaction import Transaction

HELP = """\
FUNCTION <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
LOAD [REPLACE] <FUNCTION CODE>
    Create a new library with the given library name and code.
DELETE <LIBRARY NAME>
    Delete the given library.
LIST [LIBRARYNAME PATTERN] [WITHCODE]
    Return general information on all the libraries:
    * Library name
    * The engine used to run the Library
    * Functions list
    * Library code (if WITHCODE is given)
    It also possible to get only function that matches a pattern using LIBRARYNAME argument.
STATS
    Return information about the current function running.
KILL
    Kill the current running function.
FLUSH [ASYNC|SYNC]
    Delete all the libraries.
HELP
    Print this help.
"""

OWN = "each region has functions of its own"


@command("fcall", -3, *RUN, also=counted(2), conflict=EFFECTS)
def fcall(txn: Transaction, name: bytes, number: bytes, *words: bytes) -> Reply:
    return call(txn, name, number, words)


@command("fcall_ro", -3, *RUN, "readonly", also=counted(2))
def fcall_ro(txn: Transaction, name: bytes, number: bytes, *words: bytes) -> Reply:
    return call(txn, name, number, words, read_only=True)


@command("function|load", -3, "write", "denyoom", "noscript", conflict=OWN)
def load(txn: Transaction, word: bytes, *words: bytes) -> Reply:
    *options, code = words
    for option in options:
        if option.upper() != b"REPLACE":
            raise quoting(b"ERR Unknown option given: " + quoted(option))
    return scripts_of(txn).load_library(code, replace=bool(options))


@command("function|delete", 3, "write", "noscript", conflict=OWN)
def delete(txn: Transaction, word: bytes, name: bytes) -> Reply:
    if scripts_of(txn).libraries.pop(name, None) is None:
        raise CommandError("ERR Library not found")
    return "OK"


@command("function|flush", -2, "write", "noscript", conflict=OWN)
def flush(txn: Transaction, word: bytes, *words: bytes) -> Reply:
    if len(words) > 1 or any(each.upper() not in (b"SYNC", b"ASYNC") for each in words):
        raise CommandError("ERR FUNCTION FLUSH only supports SYNC|ASYNC option")
    scripts_of(txn).libraries.clear()
    return "OK"


@command("function|list", -2, "noscript")
def list_(txn: Transaction, word: bytes, *words: bytes) -> Reply:
    pattern, with_code = b"*", False
    left = iter(words)
    for each in left:
        if each.upper() == b"WITHCODE" and not with_code:
            with_code = True
        elif each.upper() == b"LIBRARYNAME":
            given = next(left, None)
            if given is None:
                raise CommandError("ERR library name argument was not given")
            pattern = given
        else:
            raise quoting(b"ERR Unknown argument " + quoted(each))
    matches = glob.matcher(pattern)
    libraries = sorted(scripts_of(txn).libraries)
    return [shown(txn, name, with_code) for name in libraries if matches(name)]


@command("function|stats", 2, "noscript", "allow_busy")
def stats(txn: Transaction, word: bytes) -> Reply:
    libraries = scripts_of(txn).libraries.values()
    functions = sum(len(library.functions) for library in libraries)
    counts = {b"libraries_count": len(libraries), b"functions_count": functions}
    return {b"running_script": None, b"engines": {b"LUA": counts}}


@command("function|kill", 2, "noscript", "allow_busy")
def kill(txn: Transaction, word: bytes) -> Reply:
    """A function ends before the next command begins."""
    raise CommandError("NOTBUSY No scripts in execution right now.")


@command("function|help", 2, "loading", "stale")
def help_(txn: Transaction, word: bytes) -> Reply:
    return HELP.splitlines()


def shown(txn: Transaction, name: bytes, with_code: bool) -> dict[bytes, Any]:
    library = scripts_of(txn).libraries[name]
    functions = [
        {
            b"name": each,
            b"description": function.description,
            b"flags": [flag.decode() for flag in function.flags],
        }
        for each, function in sorted(library.functions.items())
    ]
    found = {b"library_name": name, b"engine": b"LUA", b"functions": functions}
    return {**found, b"library_code": library.code} if with_code else found


def call(
    txn: Transaction,
    name: bytes,
    number: bytes,
    words: tuple[bytes, ...],
    read_only: bool = False,
) -> Reply:
    scripts = scripts_of(txn)
    scripts.function(name)
    count = parse_int(number)
    if count is None:
        raise CommandError("ERR Bad number of keys provided")
    keys, rest = split(count, words)
    return scripts.call_function(txn, name, keys, rest, read_only)
