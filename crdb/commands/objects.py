"""OBJECT: what the server knows of a value beside the value.

The product refuses ENCODING. The rest answers like a server with the default policy, noeviction,
that was asked in the moment of the last access: times of access are not kept here, and no two keys
share a value.

Source: https://redis.io/docs/latest/commands/object/
"""

from crdb.command import Reply, command
from crdb.errors import CommandError
from crdb.keyspace import Key
from crdb.transaction import Transaction

NOT_LFU = (
    "ERR An LFU maxmemory policy is not selected, access frequency not tracked. "
    "Please note that when switching between policies at runtime LRU and LFU data "
    "will take some time to adjust."
)

HELP = """\
OBJECT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
FREQ <key>
    Return the access frequency index of the <key>. The returned integer is
    proportional to the logarithm of the recent access frequency of the key.
IDLETIME <key>
    Return the idle time of the <key>, that is the approximated number of
    seconds elapsed since the last access to the key.
REFCOUNT <key>
    Return the number of references of the value associated with the specified
    <key>.
HELP
    Print this help.
"""

SECOND = (2, 2, 1)


@command("object|freq", 3, "readonly", keys=SECOND)
def freq(txn: Transaction, word: bytes, key: Key) -> Reply:
    if txn.find(key) is None:
        return None
    raise CommandError(NOT_LFU)


@command("object|idletime", 3, "readonly", keys=SECOND)
def idletime(txn: Transaction, word: bytes, key: Key) -> Reply:
    return None if txn.find(key) is None else 0


@command("object|refcount", 3, "readonly", keys=SECOND)
def refcount(txn: Transaction, word: bytes, key: Key) -> Reply:
    return None if txn.find(key) is None else 1


@command("object|help", 2, "loading", "stale")
def help_(txn: Transaction, word: bytes) -> Reply:
    return HELP.splitlines()
