"""Whole values put at a key: by RENAME and COPY, and by the commands that end in STORE.

What this region saw at the key is removed, and the new value comes with fresh dots. So it is a
write like any other: what another region wrote to that key at the same time, unseen, meets it by
the rule of its type. The deadline is replaced too, as by SET: none is one that never comes.

Each type says in its family how it is copied: by its value, so that a sum that two regions copy
at once does not count twice.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from crdb.crdts.base import Delta
from crdb.keyspace import Entry, Key, State
from crdb.transaction import Transaction

Copy = Callable[[Transaction, Any], Delta]
"""Gives the delta that makes a state's value anew, with dots of its own, where nothing is."""

COPIES: dict[type[State], Copy] = {}


def copies(kind: type[State]) -> Callable[[Copy], Copy]:
    """Enter the function that copies states of this type."""

    def enter(copy: Copy) -> Copy:
        COPIES[kind] = copy
        return copy

    return enter


def copied(txn: Transaction, entry: Entry) -> Iterator[Delta]:
    """Everything that the entry holds: after concurrent writes of two types, both.

    SUBTLE: made one by one when `put` asks. By then it has removed what was there, and the copy has
    seen that: else a removal that wins over what did not see it would take the copy, too.
    """
    return (COPIES[type(state)](txn, state) for state in entry.values() if state.alive())


def put(
    txn: Transaction, key: Key, deltas: Iterable[Delta], deadline_ms: int | None = None
) -> None:
    """Replace what the key holds by at least one delta, made for where nothing is."""
    txn.remove(key)
    for delta in deltas:
        txn.write(key, delta)
    # A stream's groups are not copied: of one without entries nothing comes.
    if txn.find(key) is not None:
        txn.expire_at(key, deadline_ms)
