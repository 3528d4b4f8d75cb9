"""Which operations touched which key of Redis.

The command table says which words of a request are keys. What the provider was asked is no command,
and a store that is not read at the end is no region: neither counts.
"""

from collections.abc import Iterator
from typing import NamedTuple

from crdb import registry
from crdb.command import TABLE, Command, keys_of
from sim.history import History, Op
from sim.words import plain


class Touch(NamedTuple):
    """One command on one key."""

    key: str
    command: Command
    op: Op


def touches(history: History) -> Iterator[Touch]:
    """Yield every command once for each of its keys, in order of completion."""
    registry.members("crdb.commands")
    for op in history.ops:
        command = TABLE.get(op.name.lower().encode())
        if command is not None and op.place in history.readings:
            for key in keys_of(command, (op.name.encode(), *op.args)):
                yield Touch(plain(key), command, op)
