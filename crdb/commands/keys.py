"""Keys of any type: whether they exist, what they are, under which name.

DEL removes what this region sees: a write that it did not see, made elsewhere at the same time,
stays. RENAME is such a removal beside a write, so an unseen write to the old key stays there too.
KEYS, RANDOMKEY and DBSIZE speak of this replica's slot range.

Source: https://redis.io/docs/latest/commands/?group=generic
"""

from collections.abc import Iterator

from crdb import glob
from crdb.command import ALL_KEYS, ONE_KEY, Reply, command
from crdb.commands._arguments import integer
from crdb.commands._copies import copied, put
from crdb.crdts.hash import Hash
from crdb.errors import CommandError, syntax
from crdb.keyspace import Entry, Key
from crdb.transaction import Transaction

OBSERVED = "what each saw is gone; a write that neither saw stays"
MEET = "the copies meet like two writes of their type"
BOTH_MOVE = f"both move what they saw; at one new key {MEET}"

FROM_TO = (1, 2, 1)
C_INT_END = 1 << 31


@command("del", -2, "write", keys=ALL_KEYS, conflict=OBSERVED)
def del_(txn: Transaction, *keys: Key) -> Reply:
    return sum(txn.find(key) is not None and txn.remove(key) for key in keys)


@command("unlink", -2, "write", "fast", keys=ALL_KEYS, conflict=OBSERVED)
def unlink(txn: Transaction, *keys: Key) -> Reply:
    """DEL: in an active-active database it does not free memory later either."""
    return del_(txn, *keys)


@command("exists", -2, "readonly", "fast", keys=ALL_KEYS)
def exists(txn: Transaction, *keys: Key) -> Reply:
    return sum(txn.find(key) is not None for key in keys)


@command("touch", -2, "readonly", "fast", keys=ALL_KEYS)
def touch(txn: Transaction, *keys: Key) -> Reply:
    """EXISTS: times of access are not kept."""
    return exists(txn, *keys)


@command("type", 2, "readonly", "fast", keys=ONE_KEY)
def type_(txn: Transaction, key: Key) -> Reply:
    entry = txn.find(key)
    return "none" if entry is None or entry.value is None else entry.value.name


@command("rename", 3, "write", keys=FROM_TO, conflict=BOTH_MOVE)
def rename(txn: Transaction, old: Key, new: Key) -> Reply:
    entry = found(txn, old)
    if old != new:
        move(txn, entry, old, new)
    return "OK"


@command("renamenx", 3, "write", "fast", keys=FROM_TO, conflict=BOTH_MOVE)
def renamenx(txn: Transaction, old: Key, new: Key) -> Reply:
    entry = found(txn, old)
    if txn.find(new) is not None:
        return 0
    move(txn, entry, old, new)
    return 1


@command("copy", -3, "write", "denyoom", keys=FROM_TO, conflict=MEET)
def copy(txn: Transaction, source: Key, target: Key, *words: bytes) -> Reply:
    replace = False
    options = iter(words)
    for word in options:
        option = word.upper()
        if option == b"DB" and (number := next(options, None)) is not None:
            check_database(number)
        elif option == b"REPLACE":
            replace = True
        else:
            raise syntax()
    if source == target:
        raise CommandError("ERR source and destination objects are the same")
    entry = txn.find(source)
    if entry is None or (txn.find(target) is not None and not replace):
        return 0
    put(txn, target, copied(txn, entry), txn.deadline_ms(source))
    return 1


@command("keys", 2, "readonly")
def keys(txn: Transaction, pattern: bytes) -> Reply:
    """The keys in order of their bytes, so that every replica and run shows the same."""
    matches = glob.matcher(pattern)
    return sorted(key for key, _ in present(txn) if matches(key))


@command("randomkey", 1, "readonly")
def randomkey(txn: Transaction) -> Reply:
    candidates = [key for key, _ in present(txn)]
    return candidates[txn.draw(len(candidates))] if candidates else None


@command("dbsize", 1, "readonly", "fast")
def dbsize(txn: Transaction) -> Reply:
    """Like Redis, it counts expired keys too, until they are removed."""
    return len(txn.keyspace.keys)


def present(txn: Transaction) -> Iterator[tuple[Key, Entry]]:
    """The keys that exist and are not expired; nothing is removed on sight."""
    now_us, now_ms = txn.now_us, txn.now_ms
    for key, entry in txn.keyspace.keys.items():
        ended = isinstance(entry.value, Hash) and entry.value.ended(now_ms)
        if entry.deadline_us > now_us and not ended:
            yield key, entry


def found(txn: Transaction, key: Key) -> Entry:
    entry = txn.find(key)
    if entry is None:
        raise CommandError("ERR no such key")
    return entry


def move(txn: Transaction, entry: Entry, old: Key, new: Key) -> None:
    """The value under the new key, with its deadline; what was seen of the old one is gone."""
    put(txn, new, copied(txn, entry), txn.deadline_ms(old))
    txn.remove(old)


def check_database(word: bytes) -> None:
    """An active-active database has no other databases beside it."""
    number = integer(word)
    if not -C_INT_END <= number < C_INT_END:
        ends = f"{-C_INT_END} and {C_INT_END - 1}"
        raise CommandError(f"ERR value is out of range, value must between {ends}")
    if number != 0:
        raise CommandError("ERR DB index is out of range")
