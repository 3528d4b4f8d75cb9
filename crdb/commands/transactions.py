"""MULTI, EXEC, DISCARD, WATCH: commands that run as one, or not at all if a watched key changed.

WATCH looks at this region's copy. A change that replication brings counts like a local one; a
change made elsewhere that has not arrived yet does not. So check-and-set holds within a region
only: two regions that both EXEC at once both succeed.

Source: https://redis.io/docs/latest/develop/using-commands/transactions/
"""

from crdb.command import Reply, command, lookup
from crdb.errors import CommandError
from crdb.keyspace import Key
from crdb.notices import perform
from crdb.session import Request
from crdb.transaction import Transaction

ABORTED = "EXECABORT Transaction discarded because of"


SESSION = ("immediate", "noscript", "loading", "stale", "fast", "allow_busy")


@command("multi", 1, *SESSION, "no_multi")
def multi(txn: Transaction) -> Reply:
    if txn.session.queue is not None:
        raise CommandError("ERR MULTI calls can not be nested")
    txn.session.queue = []
    return "OK"


# Redis says 1 for the arity. But EXEC with too many words also ends the transaction, so it has
# to get as far as here.
@command(
    "exec",
    -1,
    "immediate",
    "noscript",
    "loading",
    "stale",
    "skip_slowlog",
    conflict="each command in it by its own rule",
)
def exec_(txn: Transaction, *words: bytes) -> Reply:
    session = txn.session
    queue, failed = session.queue, session.failed
    if words:
        end(txn)
        raise CommandError(f"{ABORTED}: wrong number of arguments for 'exec' command")
    if queue is None:
        raise CommandError("ERR EXEC without MULTI")
    changed = session.dirty or any(
        not was_expired and is_expired(txn, key) for key, was_expired in session.watched.items()
    )
    end(txn)
    if failed:
        raise CommandError(f"{ABORTED} previous errors.")
    if changed:
        return None
    with txn.undivided():
        return [run(txn, request) for request in queue]


@command("discard", 1, *SESSION)
def discard(txn: Transaction) -> Reply:
    if txn.session.queue is None:
        raise CommandError("ERR DISCARD without MULTI")
    end(txn)
    return "OK"


@command(
    "watch",
    -2,
    *SESSION,
    "no_multi",
    keys=(1, -1, 1),
    conflict="both may EXEC: each looks at its own copy",
)
def watch(txn: Transaction, *keys: Key) -> Reply:
    session = txn.session
    if session.queue is not None:
        raise CommandError("ERR WATCH inside MULTI is not allowed")
    for key in keys:
        if key not in session.watched:
            # What this region has to expire is removed now: removed later, it would be a change.
            txn.find(key)
            txn.keyspace.watch(session, key, is_expired(txn, key))
    return "OK"


@command("unwatch", 1, *SESSION[1:])
def unwatch(txn: Transaction) -> Reply:
    txn.keyspace.unwatch(txn.session)
    return "OK"


def end(txn: Transaction) -> None:
    """The session is as if it had never seen MULTI or WATCH."""
    unwatch(txn)
    txn.session.queue = None
    txn.session.failed = False


def is_expired(txn: Transaction, key: Key) -> bool:
    """Whether the key is past its deadline and not yet removed."""
    entry = txn.keyspace.keys.get(key)
    return entry is not None and entry.deadline_us <= txn.now_us


def run(txn: Transaction, request: Request) -> Reply:
    """Run one queued command. Its error is its reply, and those after it run all the same."""
    found = lookup(request)
    txn.writing = found.write
    try:
        return perform(txn, found, request)
    except CommandError as error:
        return error
