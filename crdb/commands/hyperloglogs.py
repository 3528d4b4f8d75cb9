"""HyperLogLogs, which estimate how many different elements they were given.

They are kept as they are in Redis, dense: 16,384 registers of six bits. The real server keeps small
ones sparse, which only the length of what GET gives tells; both forms may be SET. Every PFCOUNT
gives the real server's number.

Source: https://redis.io/docs/latest/commands/?group=hyperloglog
"""

from crdb.command import ALL_KEYS, ONE_KEY, Reply, command
from crdb.commands._copies import copies
from crdb.commands._dumps import dumped, dumps, string
from crdb.crdts.base import Delta
from crdb.crdts.hyperloglog import HyperLogLog
from crdb.crdts.string import String
from crdb.errors import CommandError, WrongType, wrong_type
from crdb.keyspace import Key
from crdb.sketch import Registers, estimate, heights, is_headed, raising, spot, spots_of
from crdb.transaction import Transaction

MERGED = "both count, and a deletion of the key wins over both"

BOTTOM = HyperLogLog()
"""What a missing key holds. Mutators only read it; it is never merged into."""


@copies(HyperLogLog)
def copy(txn: Transaction, found: HyperLogLog) -> Delta:
    return BOTTOM.add(spots_of(heights(found.sketches())), txn.take(1), txn.seen())


@dumps(HyperLogLog)
def dump(found: HyperLogLog) -> bytes:
    return dumped(0, string(found.value()))


def read(txn: Transaction, key: Key) -> HyperLogLog | None:
    entry = txn.find(key)
    state = None if entry is None else entry.value
    if state is None or isinstance(state, HyperLogLog):
        return state
    if not isinstance(state, String):
        raise wrong_type()
    if is_headed(state.value() or b""):
        raise CommandError("INVALIDOBJ Corrupted HLL object detected")
    raise WrongType("WRONGTYPE Key is not a valid HyperLogLog string value.")


def sketches(txn: Transaction, *keys: Key) -> list[Registers]:
    """Of the keys that exist."""
    found = [read(txn, key) for key in keys]
    return [sketch for each in found if each is not None for sketch in each.sketches()]


def add(txn: Transaction, key: Key, spots: list[int] | tuple[int, ...]) -> bool:
    """Raise registers. False if there was nothing to raise, and the key exists."""
    found = read(txn, key)
    raised = raising([] if found is None else found.sketches(), spots)
    if found is not None and not raised:
        return False
    txn.write(key, (found or BOTTOM).add(raised, txn.take(1), txn.seen()))
    return True


@command("pfadd", -2, "write", "denyoom", "fast", keys=ONE_KEY, conflict=MERGED)
def pfadd(txn: Transaction, key: Key, *elements: bytes) -> Reply:
    return int(add(txn, key, [spot(element) for element in elements]))


@command("pfcount", -2, "readonly", keys=ALL_KEYS)
def pfcount(txn: Transaction, *keys: Key) -> Reply:
    if len(keys) > 1:
        return estimate(sketches(txn, *keys))
    found = read(txn, keys[0])
    return 0 if found is None else found.count()


@command("pfmerge", -2, "write", "denyoom", keys=ALL_KEYS, conflict=MERGED)
def pfmerge(txn: Transaction, target: Key, *keys: Key) -> Reply:
    add(txn, target, spots_of(heights(sketches(txn, target, *keys))))
    return "OK"
