"""CONFIG: what a region's front is set to.

Source: https://redis.io/docs/latest/commands/config/
"""

from crdb.command import Reply
from crdb.errors import CommandError, syntax
from crdb.transaction import Transaction
from sim.serve.answers import answers
from sim.serve.front import Front

HELP = """\
CONFIG <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
GET <pattern>
    Return parameters matching the glob-like <pattern> and their values.
SET <directive> <value>
    Set the configuration <directive> to <value>.
RESETSTAT
    Reset statistics reported by the INFO command.
REWRITE
    Rewrite the configuration file.
HELP
    Prints this help.
"""


@answers("config|get")
def get(front: Front, txn: Transaction, *patterns: bytes) -> Reply:
    found = front.config.matching(patterns)
    return {name.encode(): value.encode() for name, value in found.items()}


@answers("config|set")
def set_(front: Front, txn: Transaction, *words: bytes) -> Reply:
    if len(words) % 2:
        raise syntax()
    front.config.set(zip(words[::2], words[1::2], strict=True))
    return "OK"


@answers("config|resetstat")
def resetstat(front: Front, txn: Transaction) -> Reply:
    front.counts.reset()
    return "OK"


@answers("config|rewrite")
def rewrite(front: Front, txn: Transaction) -> Reply:
    raise CommandError("ERR The server is running without a config file")


@answers("config|help")
def help_(front: Front, txn: Transaction) -> Reply:
    return HELP.splitlines()
