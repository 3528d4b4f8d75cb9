"""What an active-active database refuses, by name.

Flushing is an operator's action on all regions at once; SUBSTR is the old name of GETRANGE. That
they are refused is documented. No Redis page gives the error's text; it is ours.

Source: "Compatibility with open-source Redis", the tables of commands.
"""

from crdb.command import ONE_KEY, Reply, command
from crdb.errors import CommandError
from crdb.keyspace import Key
from crdb.transaction import Transaction

REFUSED = "refused in every region"


def refusal(name: str) -> CommandError:
    return CommandError(f"ERR '{name}' command is not supported in Active-Active databases")


@command("flushall", -1, "write", conflict=REFUSED)
def flushall(txn: Transaction, *words: bytes) -> Reply:
    raise refusal("flushall")


@command("flushdb", -1, "write", conflict=REFUSED)
def flushdb(txn: Transaction, *words: bytes) -> Reply:
    raise refusal("flushdb")


@command("substr", 4, "readonly", keys=ONE_KEY, conflict=REFUSED)
def substr(txn: Transaction, key: Key, first: bytes, last: bytes) -> Reply:
    raise refusal("substr")
