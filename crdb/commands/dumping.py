"""DUMP: a value in the open-source server's format. The way back, RESTORE, is refused.

Source: https://redis.io/docs/latest/commands/dump/
"""

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._dumps import DUMPS
from crdb.errors import CommandError
from crdb.keyspace import Key
from crdb.transaction import Transaction


@command("dump", 2, "readonly", keys=ONE_KEY)
def dump(txn: Transaction, key: Key) -> Reply:
    entry = txn.find(key)
    if entry is None or entry.value is None:
        return None
    if type(entry.value) not in DUMPS:
        raise CommandError(f"ERR a {entry.value.name} cannot be dumped here")
    return DUMPS[type(entry.value)](entry.value)
