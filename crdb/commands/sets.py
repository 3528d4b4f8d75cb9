"""Sets of byte strings: add wins, a remove takes what it saw.

Source: https://redis.io/docs/latest/commands/?group=set
"""

from collections.abc import Sequence

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._arguments import integer
from crdb.commands._copies import copies
from crdb.commands._dumps import dumped, dumps, length, string
from crdb.commands._sortable import sortable
from crdb.crdts.base import Delta
from crdb.crdts.orset import ORSet
from crdb.decimals import INT_MAX, parse_int
from crdb.errors import CommandError, syntax
from crdb.keyspace import Key
from crdb.transaction import Transaction

ADD_WINS = "add wins; a remove takes only what it saw"
BOTH_MOVE = "moved to two keys, the member is in both"

REPEATS_MAX = 1 << 20
"""Of SRANDMEMBER with a negative count. A real server answers on and on; the limit is ours."""

BOTTOM = ORSet()
"""What a missing key holds. Mutators only read it; it is never merged into."""


@copies(ORSet)
def copy(txn: Transaction, found: ORSet) -> Delta:
    return made_of(txn, list(found.members))


@dumps(ORSet)
def dump(found: ORSet) -> bytes:
    names = sorted(found.members)
    return dumped(2, length(len(names)) + b"".join(map(string, names)))


@sortable(ORSet, ordered=False)
def elements(found: ORSet) -> Sequence[bytes]:
    return list(found.members)


def made_of(txn: Transaction, names: Sequence[bytes]) -> Delta:
    """A set of these, where nothing is."""
    return BOTTOM.add(names, txn.take(len(names)))


def members(txn: Transaction, key: Key) -> dict[bytes, object]:
    """The members of a set in the order of their arrival; empty for a missing key."""
    found = txn.read(key, ORSet)
    return {} if found is None else found.members  # type: ignore[return-value]


@command("sadd", -3, "write", "denyoom", "fast", keys=ONE_KEY, conflict=ADD_WINS)
def sadd(txn: Transaction, key: Key, *names: bytes) -> Reply:
    found = txn.read(key, ORSet)
    if found is None:
        txn.write(key, BOTTOM.add(names, txn.take(len(names))))
        return len(members(txn, key))
    before = len(found.members)
    txn.wrote(key, found.add_now(names, txn.fresh), len(names))
    return len(found.members) - before


@command("srem", -3, "write", "fast", keys=ONE_KEY, conflict=ADD_WINS)
def srem(txn: Transaction, key: Key, *names: bytes) -> Reply:
    found = txn.read(key, ORSet)
    if found is None:
        return 0
    before, delta = len(found.members), found.remove(names)
    if delta.covers:
        txn.take(1)
        txn.write(key, delta)
    return before - len(found.members)


@command("smembers", 2, "readonly", keys=ONE_KEY)
def smembers(txn: Transaction, key: Key) -> Reply:
    return list(members(txn, key))


@command("sismember", 3, "readonly", "fast", keys=ONE_KEY)
def sismember(txn: Transaction, key: Key, name: bytes) -> Reply:
    return int(name in members(txn, key))


@command("scard", 2, "readonly", "fast", keys=ONE_KEY)
def scard(txn: Transaction, key: Key) -> Reply:
    return len(members(txn, key))


@command("smismember", -3, "readonly", "fast", keys=ONE_KEY)
def smismember(txn: Transaction, key: Key, *names: bytes) -> Reply:
    present = members(txn, key)
    return [int(name in present) for name in names]


@command("smove", 4, "write", "fast", keys=(1, 2, 1), conflict=BOTH_MOVE)
def smove(txn: Transaction, source: Key, target: Key, name: bytes) -> Reply:
    found = txn.read(source, ORSet)
    if found is None:
        return 0
    # Read first: a target of another type is an error, even if there is nothing to move.
    txn.read(target, ORSet)
    if name not in found.members:
        return 0
    if source != target:
        srem(txn, source, name)
        sadd(txn, target, name)
    return 1


@command("spop", -2, "write", "fast", keys=ONE_KEY, conflict="both may pop the same member")
def spop(txn: Transaction, key: Key, *words: bytes) -> Reply:
    if len(words) > 1:
        raise syntax()
    wanted = parse_int(words[0]) if words else 1
    if wanted is None or wanted < 0:
        raise CommandError("ERR value is out of range, must be positive")
    found = txn.read(key, ORSet)
    if found is None:
        return [] if words else None
    popped = drawn(txn, list(found.members), wanted)
    if popped:
        txn.take(1)
        txn.write(key, found.remove(popped))
    return popped if words else popped[0]


@command("srandmember", -2, "readonly", keys=ONE_KEY)
def srandmember(txn: Transaction, key: Key, *words: bytes) -> Reply:
    if len(words) > 1:
        raise syntax()
    wanted = integer(words[0]) if words else 1
    if wanted < -INT_MAX:
        text = f"ERR value is out of range, value must between {-INT_MAX} and {INT_MAX}"
        raise CommandError(text)
    if wanted < -REPEATS_MAX:
        raise CommandError("ERR value is out of range")
    names = list(members(txn, key))
    if not names:
        return [] if words else None
    if wanted < 0:
        return [names[txn.draw(len(names))] for _ in range(-wanted)]
    chosen = drawn(txn, names, wanted)
    return chosen if words else chosen[0]


def drawn(txn: Transaction, left: list[bytes], wanted: int) -> list[bytes]:
    """So many of the names, or all, each once; they are taken out of the list."""
    names = []
    for _ in range(min(wanted, len(left))):
        at = txn.draw(len(left))
        left[at], left[-1] = left[-1], left[at]
        names.append(left.pop())
    return names
