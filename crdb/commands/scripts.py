"""Scripts in Lua: EVAL and its relatives run them, SCRIPT keeps them.

A script looks at this region's copy, as a transaction does, and only its effects travel. What it
found out before it wrote may be different elsewhere.

Source: https://redis.io/docs/latest/develop/programmability/eval-intro/
"""

from crdb.command import Reply, command, counted
from crdb.commands._arguments import integer
from crdb.errors import CommandError
from crdb.lua.scripts import Scripts
from crdb.session import Request
from crdb.transaction import Transaction

HELP = """\
SCRIPT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
EXISTS <sha1> [<sha1> ...]
    Return information about the existence of the scripts in the script cache.
FLUSH [ASYNC|SYNC]
    Flush the Lua scripts cache. Very dangerous on replicas.
    When called without the optional mode argument, the behavior is determined
    by the lazyfree-lazy-user-flush configuration directive. Valid modes are:
    * ASYNC: Asynchronously flush the scripts cache.
    * SYNC: Synchronously flush the scripts cache.
KILL
    Kill the currently executing Lua script.
LOAD <script>
    Load a script into the scripts cache without executing it.
HELP
    Print this help.
"""

RUN = ("noscript", "stale", "skip_monitor", "no_mandatory_keys")
KEEP = ("noscript", "stale")
EFFECTS = "each command in it by its own rule"


@command("eval", -3, *RUN, also=counted(2), conflict=EFFECTS)
def eval_(txn: Transaction, script: bytes, number: bytes, *words: bytes) -> Reply:
    return evaluate(txn, script, number, words)


@command("eval_ro", -3, *RUN, "readonly", also=counted(2))
def eval_ro(txn: Transaction, script: bytes, number: bytes, *words: bytes) -> Reply:
    return evaluate(txn, script, number, words, read_only=True)


@command("evalsha", -3, *RUN, also=counted(2), conflict=EFFECTS)
def evalsha(txn: Transaction, sha: bytes, number: bytes, *words: bytes) -> Reply:
    return evaluate_known(txn, sha, number, words)


@command("evalsha_ro", -3, *RUN, "readonly", also=counted(2))
def evalsha_ro(txn: Transaction, sha: bytes, number: bytes, *words: bytes) -> Reply:
    return evaluate_known(txn, sha, number, words, read_only=True)


@command("script|load", 3, *KEEP)
def load(txn: Transaction, word: bytes, script: bytes) -> Reply:
    return scripts_of(txn).load(script)


@command("script|exists", -3, *KEEP)
def exists(txn: Transaction, word: bytes, *shas: bytes) -> Reply:
    known: Request = () if txn.scripts is None else list(txn.scripts.sources)
    return [int(sha.lower() in known) for sha in shas]


@command("script|flush", -2, *KEEP)
def flush(txn: Transaction, word: bytes, *words: bytes) -> Reply:
    if len(words) > 1 or any(each.upper() not in (b"SYNC", b"ASYNC") for each in words):
        raise CommandError("ERR SCRIPT FLUSH only support SYNC|ASYNC option")
    if txn.scripts is not None:
        txn.scripts.flush()
    return "OK"


@command("script|kill", 2, "noscript", "allow_busy")
def kill(txn: Transaction, word: bytes) -> Reply:
    """A script ends before the next command begins."""
    raise CommandError("NOTBUSY No scripts in execution right now.")


@command("script|help", 2, "loading", "stale")
def help_(txn: Transaction, word: bytes) -> Reply:
    return HELP.splitlines()


def scripts_of(txn: Transaction) -> Scripts:
    """Those of the replica, with Lua started if need be."""
    if txn.scripts is None:
        txn.shelf.append(Scripts(txn))
    found = txn.scripts
    assert isinstance(found, Scripts)
    return found


def evaluate(
    txn: Transaction,
    script: bytes,
    number: bytes,
    words: tuple[bytes, ...],
    read_only: bool = False,
) -> Reply:
    keys, rest = split(integer(number), words)
    scripts = scripts_of(txn)
    return scripts.evaluate(txn, scripts.load(script), keys, rest, read_only)


def evaluate_known(
    txn: Transaction,
    sha: bytes,
    number: bytes,
    words: tuple[bytes, ...],
    read_only: bool = False,
) -> Reply:
    keys, rest = split(integer(number), words)
    if txn.scripts is None or sha.lower() not in txn.scripts.sources:
        raise CommandError("NOSCRIPT No matching script. Please use EVAL.")
    return scripts_of(txn).evaluate(txn, sha.lower(), keys, rest, read_only)


def split(number: int, words: tuple[bytes, ...]) -> tuple[Request, Request]:
    """Keys and arguments."""
    if number > len(words):
        raise CommandError("ERR Number of keys can't be greater than number of args")
    if number < 0:
        raise CommandError("ERR Number of keys can't be negative")
    return words[:number], words[number:]
