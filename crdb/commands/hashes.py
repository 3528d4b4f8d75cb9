"""Hashes: fields with values. An update of a field beats a concurrent HDEL.

A field that has expired reads as missing. Its owner's tick removes it, and so does whoever is about
to write to it.

Source: https://redis.io/docs/latest/commands/?group=hash
"""

from collections.abc import Iterable, Mapping
from itertools import chain

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._arguments import integer
from crdb.commands._copies import copies
from crdb.commands._dumps import dumped, dumps, length, string
from crdb.commands._scans import Options, cursor, matching, piece
from crdb.commands.counters import ADDS_UP, added, exact, infinite
from crdb.commands.sets import REPEATS_MAX, drawn
from crdb.crdts.base import NOTHING, Delta
from crdb.crdts.field import Field, Written, text
from crdb.crdts.hash import Hash
from crdb.decimals import INT_MAX, INT_MIN, is_infinity, parse_decimal
from crdb.errors import CommandError, syntax, wrong_number_of_arguments
from crdb.keyspace import Key
from crdb.replies import Pairs
from crdb.stamps import BITS
from crdb.transaction import Transaction

LAST_WRITER = "both fields; of one field the later clock's value, then the smaller region's"
UPDATE_WINS = "a removal takes only what it saw: an update that it did not see stays"
BOTH_SET = f"both may succeed; {LAST_WRITER}"

BOTTOM = Hash()
"""What a missing key holds. Mutators only read it; it is never merged into."""


@dumps(Hash)
def dump(found: Hash) -> bytes:
    """Raises `CommandError` for fields with deadlines: the format has no room for them."""
    if found.timed:
        raise CommandError("ERR a hash whose fields have deadlines cannot be dumped here")
    pairs = sorted(found.value().items())
    return dumped(4, length(len(pairs)) + b"".join(map(string, chain(*pairs))))


@copies(Hash)
def copy(txn: Transaction, found: Hash) -> Delta:
    """By the values that show, with the deadlines of their fields."""
    made, values = Hash(), shown(txn, found)
    made.merge(made.assign(values, txn.stamp(), txn.take(len(values))), NOTHING)
    for name in found.timed:
        if name in values:
            ends_ms = found.ends_ms(name)
            made.merge(made.expire_at(name, ends_ms, txn.region, txn.take(1)), NOTHING)
    return made.complete()


def opened(txn: Transaction, key: Key, names: Iterable[bytes]) -> Hash:
    """What a write to these fields finds at a key: those that have expired are removed first."""
    found = txn.read(key, Hash)
    if found is not None and found.timed:
        wanted = found.timed if found.ended(txn.now_ms) else set(names) & found.timed.keys()
        ended = [name for name in sorted(wanted) if found.ends_ms(name) <= txn.now_ms]
        if ended:
            remove(txn, key, found, ended)
    # SUBTLE: it may be there though it does not exist, with a deadline that has outlived its field.
    return txn.keyspace.hash_at(key) or BOTTOM


def remove(txn: Transaction, key: Key, found: Hash, names: Iterable[bytes]) -> None:
    names = list(names)
    txn.write(key, found.remove(names, txn.take(max(1, found.resets(names)))))


def assign(txn: Transaction, key: Key, values: Mapping[bytes, bytes]) -> int:
    """How many of the fields are new."""
    found = opened(txn, key, values)
    new = sum(name not in found.fields for name in values)
    dots = len(values) + found.resets(values)
    txn.write(key, found.assign(values, txn.stamp(), txn.take(dots)))
    return new


def there(txn: Transaction, field: Written | Field) -> bool:
    """Whether a field that exists has not expired."""
    return isinstance(field, Written) or field.ends_ms > txn.now_ms


def get(txn: Transaction, found: Hash | None, name: bytes) -> bytes | None:
    """The value of a field; None if it is missing or has expired."""
    field = None if found is None else found.fields.get(name)
    return text(field) if field is not None and there(txn, field) else None


def shown(txn: Transaction, found: Hash | None) -> dict[bytes, bytes]:
    """The fields that are there, in the order of their arrival."""
    fields = {} if found is None else found.fields
    return {name: text(field) for name, field in fields.items() if there(txn, field)}


@command("hset", -4, "write", "denyoom", "fast", keys=ONE_KEY, conflict=LAST_WRITER)
def hset(txn: Transaction, key: Key, name: bytes, value: bytes, *more: bytes) -> Reply:
    if not more:
        # The usual field is one assignment, and replaced by another.
        found = txn.read(key, Hash)
        if found is not None:
            delta = found.assign_now(name, value, txn.now_us << BITS | txn.tie, txn.fresh)
            if delta is not None:
                txn.wrote(key, delta, 1)
                return 1 if delta.covers is None else 0
    if len(more) % 2:
        raise wrong_number_of_arguments("hset")
    return assign(txn, key, {name: value, **dict(zip(more[::2], more[1::2], strict=True))})


@command("hmset", -4, "write", "denyoom", "fast", keys=ONE_KEY, conflict=LAST_WRITER)
def hmset(txn: Transaction, key: Key, *words: bytes) -> Reply:
    if len(words) % 2:
        raise wrong_number_of_arguments("hmset")
    hset(txn, key, *words)
    return "OK"


@command("hsetnx", 4, "write", "denyoom", "fast", keys=ONE_KEY, conflict=BOTH_SET)
def hsetnx(txn: Transaction, key: Key, name: bytes, value: bytes) -> Reply:
    if get(txn, txn.read(key, Hash), name) is not None:
        return 0
    return assign(txn, key, {name: value})


@command("hget", 3, "readonly", "fast", keys=ONE_KEY)
def hget(txn: Transaction, key: Key, name: bytes) -> Reply:
    return get(txn, txn.read(key, Hash), name)


@command("hmget", -3, "readonly", "fast", keys=ONE_KEY)
def hmget(txn: Transaction, key: Key, *names: bytes) -> Reply:
    found = txn.read(key, Hash)
    return [get(txn, found, name) for name in names]


@command("hgetall", 2, "readonly", keys=ONE_KEY)
def hgetall(txn: Transaction, key: Key) -> Reply:
    return shown(txn, txn.read(key, Hash))


@command("hkeys", 2, "readonly", keys=ONE_KEY)
def hkeys(txn: Transaction, key: Key) -> Reply:
    return list(shown(txn, txn.read(key, Hash)))


@command("hvals", 2, "readonly", keys=ONE_KEY)
def hvals(txn: Transaction, key: Key) -> Reply:
    return list(shown(txn, txn.read(key, Hash)).values())


@command("hlen", 2, "readonly", "fast", keys=ONE_KEY)
def hlen(txn: Transaction, key: Key) -> Reply:
    found = txn.read(key, Hash) or BOTTOM
    return len(found.fields) - sum(not there(txn, field) for field in found.timed.values())


@command("hstrlen", 3, "readonly", "fast", keys=ONE_KEY)
def hstrlen(txn: Transaction, key: Key, name: bytes) -> Reply:
    return len(get(txn, txn.read(key, Hash), name) or b"")


@command("hexists", 3, "readonly", "fast", keys=ONE_KEY)
def hexists(txn: Transaction, key: Key, name: bytes) -> Reply:
    return int(get(txn, txn.read(key, Hash), name) is not None)


@command("hdel", -3, "write", "fast", keys=ONE_KEY, conflict=UPDATE_WINS)
def hdel(txn: Transaction, key: Key, *names: bytes) -> Reply:
    found = opened(txn, key, names)
    present = {name for name in names if name in found.fields}
    if present:
        remove(txn, key, found, sorted(present))
    return len(present)


@command("hincrby", 4, "write", "denyoom", "fast", keys=ONE_KEY, conflict=ADDS_UP)
def hincrby(txn: Transaction, key: Key, name: bytes, word: bytes) -> Reply:
    amount = integer(word)
    found = opened(txn, key, [name])
    before = found.field(name).string.integer()
    if before is None:
        raise CommandError("ERR hash value is not an integer")
    total = before + amount
    if not INT_MIN <= total <= INT_MAX:
        raise CommandError("ERR increment or decrement would overflow")
    txn.write(key, found.increment(name, amount, txn.take(1)))
    return total


@command("hincrbyfloat", 4, "write", "denyoom", "fast", keys=ONE_KEY, conflict=ADDS_UP)
def hincrbyfloat(txn: Transaction, key: Key, name: bytes, word: bytes) -> Reply:
    more = exact(word)
    if more is None:
        raise CommandError("ERR value is NaN or Infinity")
    found = opened(txn, key, [name])
    value = get(txn, found, name)
    before = parse_decimal(b"0" if value is None else value)
    if before is None:
        if value is not None and is_infinity(value):
            raise infinite()
        raise CommandError("ERR hash value is not a float")
    after, difference = added(before, more)
    txn.write(key, found.increment(name, difference, txn.take(1)))
    return after


@command("hrandfield", -2, "readonly", keys=ONE_KEY)
def hrandfield(txn: Transaction, key: Key, *words: bytes) -> Reply:
    wanted = integer(words[0]) if words else 1
    if wanted < -INT_MAX:
        ends = f"{-INT_MAX} and {INT_MAX}"
        raise CommandError(f"ERR value is out of range, value must between {ends}")
    if len(words) > 2 or (len(words) == 2 and words[1].upper() != b"WITHVALUES"):
        raise syntax()
    if wanted < -REPEATS_MAX or (len(words) == 2 and wanted > INT_MAX // 2):
        raise CommandError("ERR value is out of range")
    values = shown(txn, txn.read(key, Hash))
    names = list(values)
    if not names:
        return [] if words else None
    if wanted < 0:
        chosen = [names[txn.draw(len(names))] for _ in range(-wanted)]
    else:
        chosen = drawn(txn, names, wanted)
    if not words:
        return chosen[0]
    return Pairs([name, values[name]] for name in chosen) if len(words) == 2 else chosen


@command("hscan", -3, "readonly", keys=ONE_KEY)
def hscan(txn: Transaction, key: Key, start: bytes, *words: bytes) -> Reply:
    after = cursor(start)
    # Of a missing key the options are not even read, as in Redis.
    found = txn.read(key, Hash)
    if found is None:
        return [b"0", []]
    options = Options.of(words, bare=b"NOVALUES")
    values = shown(txn, found)
    following, names = piece(values, after, options.wanted)
    names = matching(names, options)
    if not options.bare:
        names = [word for name in names for word in (name, values[name])]
    return [b"%d" % following, names]
