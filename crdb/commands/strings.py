"""Strings as wholes: SET and its relatives assign, GET and its relatives read.

NX, XX, IFEQ and GET look at this region's copy only: two regions that both answer OK to SET NX is
the normal case while they cannot hear each other, and the later clock then decides whose value
stays.

A value that is a HyperLogLog's makes the key one: GET shows it, other string commands refuse it.

Source: https://redis.io/docs/latest/commands/?group=string
"""

from collections.abc import Iterator
from dataclasses import dataclass

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._copies import copies
from crdb.commands._deadlines import DEADLINE_OPTIONS, deadline_ms
from crdb.commands._dumps import dumped, dumps
from crdb.commands._dumps import string as written
from crdb.crdts.base import Delta
from crdb.crdts.hyperloglog import HyperLogLog
from crdb.crdts.string import String
from crdb.errors import syntax, wrong_number_of_arguments, wrong_type
from crdb.keyspace import NEVER_US, Key
from crdb.sketch import is_headed, registers
from crdb.stamps import BITS
from crdb.transaction import Transaction

LAST_WRITER = "whole value; the later clock wins, then the smaller region"
BOTH_SET = f"both may succeed; {LAST_WRITER}"
BOTH_GET = "both may get the old value; of the new ones the later clock's stays"

BOTTOM = String()
"""What a missing key holds. Mutators only read it; it is never merged into."""


def assign(txn: Transaction, key: Key, value: bytes) -> None:
    """Replace the value of whatever type the key holds; its expiry stays."""
    entry = txn.find(key)
    states = [] if entry is None else list(entry.values())
    kind = HyperLogLog if registers(value) is not None else String
    state = next((each for each in states if isinstance(each, kind)), kind())
    txn.write(key, state.assign(value, txn.stamp(), txn.take(kind.DOTS)))
    # The others only now: a key that were gone in between would lose its expiry.
    for other in states:
        if other is not state and other.alive():
            txn.write(key, other.clear(txn.take(other.clear_dots())))


def replace(txn: Transaction, key: Key, value: bytes) -> None:
    """Replace what the key holds, and let it live for ever."""
    # The usual key has been replaced before, and holds no increments that this has to reset.
    entry = txn.keyspace.keys.get(key)
    if (
        entry is not None
        and entry.deadline_us == NEVER_US
        and not entry.others
        and not is_headed(value)
    ):
        string, expiry = entry.value, entry.expiry
        if type(string) is String and string.register and not string.counter.parts and expiry:
            delta = string.register.write_now(value, txn.now_us << BITS | txn.tie, txn.fresh)
            txn.overwrote(key, delta, expiry)
            return
    assign(txn, key, value)
    txn.expire_at(key, None)


def text(txn: Transaction, key: Key) -> bytes | None:
    string = txn.read(key, String)
    return None if string is None else string.value()


@copies(String)
def copy(txn: Transaction, string: String) -> Delta:
    """By the text that shows: an increment that waits behind a text is not copied."""
    return BOTTOM.assign(string.value() or b"", txn.stamp(), txn.take(String.DOTS))


@dumps(String)
def dump(string: String) -> bytes:
    return dumped(0, written(string.value() or b""))


@dataclass
class SetOptions:
    """What follows key and value in a SET."""

    only_if: bytes | None = None
    equal: bytes = b""
    """What IFEQ compares with."""
    get: bool = False
    keep_ttl: bool = False
    expiry: bytes | None = None
    amount: bytes = b""

    @classmethod
    def of(cls, words: Iterator[bytes]) -> "SetOptions":
        """Read the options. An option may be repeated; then the last amount counts."""
        found = cls()
        for word in words:
            option = word.upper()
            if option in (b"NX", b"XX") and found.only_if in (None, option):
                found.only_if = option
            elif option == b"IFEQ" and found.only_if is None:
                found.only_if, found.equal = option, following(words)
            elif option == b"GET":
                found.get = True
            elif option == b"KEEPTTL" and found.expiry is None:
                found.keep_ttl = True
            elif option in DEADLINE_OPTIONS and found.expiry in (None, option):
                if found.keep_ttl:
                    raise syntax()
                found.expiry, found.amount = option, following(words)
            else:
                raise syntax()
        return found

    def holds(self, exists: bool, old: bytes | None) -> bool:
        """Whether the condition does, here: NX, XX, IFEQ or none."""
        if self.only_if == b"IFEQ":
            return exists and old == self.equal
        return self.only_if is None or exists == (self.only_if == b"XX")


def following(words: Iterator[bytes]) -> bytes:
    """The word that belongs to the one before."""
    word = next(words, None)
    if word is None:
        raise syntax()
    return word


@command("set", -3, "write", "denyoom", keys=ONE_KEY, conflict=LAST_WRITER)
def set_(txn: Transaction, key: Key, value: bytes, *words: bytes) -> Reply:
    if not words:
        replace(txn, key, value)
        return "OK"
    options = SetOptions.of(iter(words))
    expiry, deadline = options.expiry, None
    if expiry is not None:
        deadline = deadline_ms(txn, expiry, options.amount, "set")
    looks = options.get or options.only_if == b"IFEQ"
    old = shown(txn, key) if looks else None
    if not options.holds(txn.find(key) is not None, old):
        return old if options.get else None
    if deadline is not None and deadline <= txn.now_ms:
        txn.remove(key)
        return old if options.get else "OK"
    assign(txn, key, value)
    if not options.keep_ttl:
        txn.expire_at(key, deadline)
    return old if options.get else "OK"


@command("setnx", 3, "write", "denyoom", "fast", keys=ONE_KEY, conflict=BOTH_SET)
def setnx(txn: Transaction, key: Key, value: bytes) -> Reply:
    if txn.find(key) is not None:
        return 0
    set_(txn, key, value)
    return 1


@command("setex", 4, "write", "denyoom", keys=ONE_KEY, conflict=LAST_WRITER)
def setex(txn: Transaction, key: Key, seconds: bytes, value: bytes) -> Reply:
    return until(txn, key, value, deadline_ms(txn, b"EX", seconds, "setex"))


@command("psetex", 4, "write", "denyoom", keys=ONE_KEY, conflict=LAST_WRITER)
def psetex(txn: Transaction, key: Key, milliseconds: bytes, value: bytes) -> Reply:
    return until(txn, key, value, deadline_ms(txn, b"PX", milliseconds, "psetex"))


def until(txn: Transaction, key: Key, value: bytes, deadline: int) -> Reply:
    assign(txn, key, value)
    txn.expire_at(key, deadline)
    return "OK"


def shown(txn: Transaction, key: Key) -> bytes | None:
    """What GET gives."""
    entry = txn.find(key)
    if entry is None:
        return None
    state = entry.value
    if type(state) is not String and type(state) is not HyperLogLog:
        raise wrong_type()
    return state.value()


get = command("get", 2, "readonly", "fast", keys=ONE_KEY)(shown)


@command("getset", 3, "write", "denyoom", "fast", keys=ONE_KEY, conflict=BOTH_GET)
def getset(txn: Transaction, key: Key, value: bytes) -> Reply:
    old = text(txn, key)
    replace(txn, key, value)
    return old


@command("getdel", 2, "write", "fast", keys=ONE_KEY, conflict="both may get the value")
def getdel(txn: Transaction, key: Key) -> Reply:
    old = text(txn, key)
    if old is not None:
        txn.remove(key)
    return old


@command("mset", -3, "write", "denyoom", keys=(1, -1, 2), conflict=LAST_WRITER)
def mset(txn: Transaction, *pairs: bytes) -> Reply:
    if len(pairs) % 2:
        raise wrong_number_of_arguments("mset")
    for key, value in zip(pairs[::2], pairs[1::2], strict=True):
        set_(txn, key, value)
    return "OK"


@command("msetnx", -3, "write", "denyoom", keys=(1, -1, 2), conflict=BOTH_SET)
def msetnx(txn: Transaction, *pairs: bytes) -> Reply:
    if len(pairs) % 2:
        raise wrong_number_of_arguments("msetnx")
    if any(txn.find(key) is not None for key in pairs[::2]):
        return 0
    mset(txn, *pairs)
    return 1


@command("mget", -2, "readonly", "fast", keys=(1, -1, 1))
def mget(txn: Transaction, *keys: Key) -> Reply:
    values: list[bytes | None] = []
    for key in keys:
        entry = txn.find(key)
        string = None if entry is None else entry.value
        values.append(string.value() if isinstance(string, String) else None)
    return values


@command("getex", -2, "write", "fast", keys=ONE_KEY, conflict="the longer deadline stays")
def getex(txn: Transaction, key: Key, *words: bytes) -> Reply:
    option, amount = getex_options(iter(words))
    deadline = None
    if option in DEADLINE_OPTIONS:
        deadline = deadline_ms(txn, option, amount, "getex")
    value = text(txn, key)
    if value is None or not option:
        return value
    if deadline is not None and deadline <= txn.now_ms:
        txn.remove(key)
    elif deadline is not None or txn.deadline_ms(key) is not None:
        txn.expire_at(key, deadline)
    return value


def getex_options(words: Iterator[bytes]) -> tuple[bytes, bytes]:
    """(PERSIST or the kind of deadline or nothing, amount); it may be repeated."""
    chosen = amount = b""
    for word in words:
        option = word.upper()
        if chosen not in (b"", option):
            raise syntax()
        if option in DEADLINE_OPTIONS:
            amount = following(words)
        elif option != b"PERSIST":
            raise syntax()
        chosen = option
    return chosen, amount
