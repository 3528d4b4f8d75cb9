"""When fields end: the HEXPIRE family, HTTL and its relatives, HPERSIST; and fields read, written
or removed together with their deadlines: HGETEX, HSETEX, HGETDEL, as Valkey has them.

NX, XX, GT and LT look at this region's deadline, as for keys. Of deadlines set in two regions at
once the longer stays.

Source: https://valkey.io/commands/hexpire/ and https://redis.io/docs/latest/commands/hexpire/
"""

from collections.abc import Callable, Sequence

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._arguments import integer
from crdb.commands._deadlines import DEADLINE_MAX_MS, DEADLINE_OPTIONS, invalid
from crdb.commands.expiries import allowed, conditions, in_seconds
from crdb.commands.hashes import LAST_WRITER, UPDATE_WINS, assign, get, opened, remove
from crdb.crdts.expiry import FOREVER
from crdb.crdts.hash import Hash
from crdb.errors import CommandError, syntax
from crdb.keyspace import Key
from crdb.transaction import Transaction

LONGEST = "the longer deadline stays; a field without one outlives both"

CONDITIONS = {b"NX", b"XX", b"FNX", b"FXX"}
"""Of HSETEX: on the key, or on all of the fields."""
OPPOSITES = ({b"NX", b"XX"}, {b"FNX", b"FXX"})

Words = Sequence[bytes]


def mismatch() -> CommandError:
    text = "ERR numfields should be greater than 0 and match the provided number of fields"
    return CommandError(text)


def parted(words: Words) -> tuple[Words, Words]:
    """What stands before the word FIELDS, and what stands behind it."""
    for at, word in enumerate(words[:-1]):
        if word.upper() == b"FIELDS":
            return words[:at], words[at + 1 :]
    raise mismatch()


def counted(words: Words, width: int = 1) -> Words:
    """The words that follow their number, so many for each."""
    number = integer(words[0])
    if number < 1 or number * width != len(words) - 1:
        raise mismatch()
    return words[1:]


def listed(words: Words, otherwise: Callable[[], CommandError]) -> Words:
    """The fields of a command that has no options: FIELDS n field …"""
    if words[0].upper() != b"FIELDS":
        raise syntax()
    if integer(words[1]) != len(words) - 2:
        raise otherwise()
    return words[2:]


def moment_ms(txn: Transaction, amount: bytes, unit_ms: int, from_ms: int, name: str) -> int:
    """Milliseconds of Unix time. It may be past; a negative amount is an error, unlike a key's."""
    number = integer(amount)
    if number < 0 or number * unit_ms + from_ms > DEADLINE_MAX_MS:
        raise invalid(name)
    return number * unit_ms + from_ms


def set_deadline(txn: Transaction, key: Key, name: bytes, deadline_ms: int) -> None:
    """End an existing field then: at once if that is past."""
    found = opened(txn, key, [name])
    if deadline_ms <= txn.now_ms:
        remove(txn, key, found, [name])
    else:
        txn.write(key, found.expire_at(name, deadline_ms, txn.region, txn.take(1)))


@command("hexpire", -6, "write", "fast", keys=ONE_KEY, conflict=LONGEST)
def hexpire(txn: Transaction, key: Key, seconds: bytes, *words: bytes) -> Reply:
    return end_at(txn, key, seconds, words, unit_ms=1000, from_ms=txn.now_ms, name="hexpire")


@command("hpexpire", -6, "write", "fast", keys=ONE_KEY, conflict=LONGEST)
def hpexpire(txn: Transaction, key: Key, milliseconds: bytes, *words: bytes) -> Reply:
    return end_at(txn, key, milliseconds, words, unit_ms=1, from_ms=txn.now_ms, name="hpexpire")


@command("hexpireat", -6, "write", "fast", keys=ONE_KEY, conflict=LONGEST)
def hexpireat(txn: Transaction, key: Key, seconds: bytes, *words: bytes) -> Reply:
    return end_at(txn, key, seconds, words, unit_ms=1000, from_ms=0, name="hexpireat")


@command("hpexpireat", -6, "write", "fast", keys=ONE_KEY, conflict=LONGEST)
def hpexpireat(txn: Transaction, key: Key, milliseconds: bytes, *words: bytes) -> Reply:
    return end_at(txn, key, milliseconds, words, unit_ms=1, from_ms=0, name="hpexpireat")


def end_at(
    txn: Transaction,
    key: Key,
    amount: bytes,
    words: Words,
    *,
    unit_ms: int,
    from_ms: int,
    name: str,
) -> list[Reply]:
    """For each field: 1 set, 2 removed since the deadline is past, 0 not allowed, -2 missing."""
    options, rest = parted(words)
    wanted, fields = conditions(tuple(options)), counted(rest)
    deadline_ms = moment_ms(txn, amount, unit_ms, from_ms, name)
    txn.read(key, Hash)
    return [end_field(txn, key, field, deadline_ms, wanted) for field in fields]


def end_field(
    txn: Transaction, key: Key, name: bytes, deadline_ms: int, wanted: set[bytes]
) -> Reply:
    old_ms = ends_ms(txn, txn.read(key, Hash), name)
    if old_ms == -2:
        return -2
    if not allowed(wanted, None if old_ms == -1 else old_ms, deadline_ms):
        return 0
    set_deadline(txn, key, name, deadline_ms)
    return 2 if deadline_ms <= txn.now_ms else 1


def ends_ms(txn: Transaction, found: Hash | None, name: bytes) -> int:
    """Unix time in milliseconds at which the field ends; -1 for never, -2 for no field."""
    if found is None or get(txn, found, name) is None:
        return -2
    at_ms = found.ends_ms(name)
    return -1 if at_ms == FOREVER else at_ms


def ends(txn: Transaction, key: Key, words: Words, shown: Callable[[int], int]) -> Reply:
    fields = listed(words, syntax)
    found = txn.read(key, Hash)
    times = [ends_ms(txn, found, name) for name in fields]
    return [at_ms if at_ms < 0 else shown(at_ms) for at_ms in times]


@command("httl", -5, "readonly", "fast", keys=ONE_KEY)
def httl(txn: Transaction, key: Key, *words: bytes) -> Reply:
    return ends(txn, key, words, lambda at_ms: in_seconds(at_ms - txn.now_ms))


@command("hpttl", -5, "readonly", "fast", keys=ONE_KEY)
def hpttl(txn: Transaction, key: Key, *words: bytes) -> Reply:
    return ends(txn, key, words, lambda at_ms: at_ms - txn.now_ms)


@command("hexpiretime", -5, "readonly", "fast", keys=ONE_KEY)
def hexpiretime(txn: Transaction, key: Key, *words: bytes) -> Reply:
    return ends(txn, key, words, in_seconds)


@command("hpexpiretime", -5, "readonly", "fast", keys=ONE_KEY)
def hpexpiretime(txn: Transaction, key: Key, *words: bytes) -> Reply:
    return ends(txn, key, words, lambda at_ms: at_ms)


@command("hpersist", -5, "write", "fast", keys=ONE_KEY, conflict="no deadline beats every deadline")
def hpersist(txn: Transaction, key: Key, *words: bytes) -> Reply:
    """For each field: 1, or -1 without a deadline, -2 missing."""
    fields = listed(words, mismatch)
    txn.read(key, Hash)
    return [persist(txn, key, name) for name in fields]


def persist(txn: Transaction, key: Key, name: bytes) -> Reply:
    old_ms = ends_ms(txn, txn.read(key, Hash), name)
    if old_ms < 0:
        return old_ms
    set_deadline(txn, key, name, FOREVER)
    return 1


def timed(words: Words, others: set[bytes], last: bytes) -> dict[bytes, bytes]:
    """Options -> amount: at most one kind of deadline or ``last``, which goes with no deadline."""
    found: dict[bytes, bytes] = {}
    ending = b""
    left = iter(words)
    for word in left:
        option, amount = word.upper(), b""
        if option in DEADLINE_OPTIONS or option == last:
            if ending not in (b"", option):
                raise syntax()
            ending = option
            if option != last:
                value = next(left, None)
                if value is None:
                    raise syntax()
                amount = value
        elif option not in others:
            raise syntax()
        found[option] = amount
    if any(pair <= found.keys() for pair in OPPOSITES):
        raise syntax()
    return found


def deadline_of(txn: Transaction, options: dict[bytes, bytes], name: str) -> int | None:
    """The deadline that the options say, None if they say none."""
    for option, unit_ms in DEADLINE_OPTIONS.items():
        if option in options:
            from_ms = 0 if option.endswith(b"AT") else txn.now_ms
            return moment_ms(txn, options[option], unit_ms, from_ms, name)
    return None


@command("hgetex", -5, "write", "fast", keys=ONE_KEY, conflict=LONGEST)
def hgetex(txn: Transaction, key: Key, *words: bytes) -> Reply:
    before, rest = parted(words)
    options, fields = timed(before, set(), b"PERSIST"), counted(rest)
    txn.read(key, Hash)
    deadline_ms = deadline_of(txn, options, "hgetex")
    values: list[Reply] = []
    for name in fields:
        value = get(txn, txn.read(key, Hash), name)
        values.append(value)
        if value is not None and deadline_ms is not None:
            set_deadline(txn, key, name, deadline_ms)
        elif b"PERSIST" in options:
            persist(txn, key, name)
    return values


@command("hsetex", -6, "write", "denyoom", "fast", keys=ONE_KEY, conflict=LAST_WRITER)
def hsetex(txn: Transaction, key: Key, *words: bytes) -> Reply:
    before, rest = parted(words)
    options, pairs = timed(before, CONDITIONS, b"KEEPTTL"), counted(rest, width=2)
    values = dict(zip(pairs[::2], pairs[1::2], strict=True))
    txn.read(key, Hash)
    exists = txn.find(key) is not None
    if (b"NX" in options and exists) or (b"XX" in options and not exists):
        return 0
    deadline_ms = deadline_of(txn, options, "hsetex")
    found = txn.read(key, Hash)
    present = [name for name in values if get(txn, found, name) is not None]
    if (b"FNX" in options and present) or (b"FXX" in options and len(present) < len(values)):
        return 0
    if deadline_ms is not None and deadline_ms <= txn.now_ms:
        if found is not None and present:
            remove(txn, key, opened(txn, key, present), present)
        return 1
    kept = {name: ends_ms(txn, found, name) for name in present}
    assign(txn, key, values)
    for name in values:
        ends = kept.get(name, -1) if b"KEEPTTL" in options else deadline_ms
        if ends is not None and ends > 0:
            set_deadline(txn, key, name, ends)
    return 1


@command("hgetdel", -5, "write", "fast", keys=ONE_KEY, conflict=f"both may get it; {UPDATE_WINS}")
def hgetdel(txn: Transaction, key: Key, *words: bytes) -> Reply:
    fields = listed(words, mismatch)
    found = opened(txn, key, fields)
    values: dict[bytes, Reply] = {name: get(txn, found, name) for name in fields}
    present = [name for name, value in values.items() if value is not None]
    if present:
        remove(txn, key, found, present)
    # Of a field that is named twice, the first takes the value away.
    return [values.pop(name, None) for name in fields]
