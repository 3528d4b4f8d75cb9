"""Keyspace notifications: messages to this region's subscribers about what happened to its keys.

Which are sent is a setting, and a command that wrote says what the real server would. There is no
list of all commands: a command is told under its own name, in the class of the key's type, unless
it stands in one of the tables here. What it has written tells whether anything happened, and what
is left of the key whether that ended it.

Notifications do not travel: each region speaks of its own copy. So what arrives from another region
is told too, as ``merge``, since the command's name does not travel; a key that went by it was
deleted or expired, and a deadline alone is told as such. That is our choice.

Source: https://redis.io/docs/latest/develop/pubsub/keyspace-notifications/
"""

from collections.abc import Container, Iterable, Mapping, Sequence
from typing import Any

from crdb.command import Command, Reply, keys_of
from crdb.crdts.base import CRDT
from crdb.crdts.expiry import Expiry
from crdb.keyspace import NEVER_US, Entry, Key, Keyspace
from crdb.messages import Write
from crdb.pubsub import Broker
from crdb.session import Request
from crdb.transaction import Transaction

EVENTS = {
    "bitfield": "setbit",
    "bitop": "set",
    "blmpop": "lpop",
    "blpop": "lpop",
    "brpop": "rpop",
    "bzpopmax": "zpopmax",
    "bzpopmin": "zpopmin",
    "copy": "copy_to",
    "decr": "incrby",
    "decrby": "incrby",
    "geoadd": "zadd",
    "getset": "set",
    "hgetdel": "hdel",
    "hmset": "hset",
    "hpexpire": "hexpire",
    "hexpireat": "hexpire",
    "hpexpireat": "hexpire",
    "hsetex": "hset",
    "hsetnx": "hset",
    "incr": "incrby",
    "lpushx": "lpush",
    "mset": "set",
    "msetex": "set",
    "msetnx": "set",
    "pfmerge": "pfadd",
    "psetex": "set",
    "rpushx": "rpush",
    "setex": "set",
    "setnx": "set",
    "sort": "sortstore",
    "xautoclaim": "xclaim",
    "xreadgroup": "xgroup-createconsumer",
    "zincrby": "zincr",
}
"""Command -> its event, where that has another name."""

MOVES = {
    "rename": ("rename_from", "rename_to"),
    "renamenx": ("rename_from", "rename_to"),
    "rpoplpush": ("rpop", "lpush"),
    "brpoplpush": ("rpop", "lpush"),
    "smove": ("srem", "sadd"),
}
"""Command -> what happened to its first key, and what to its second."""

ENDS = {
    b"LEFT": ("lpop", "lpush"),
    b"RIGHT": ("rpop", "rpush"),
}
"""What LMOVE does where."""

TAKES = frozenset(
    {"hdel", "lpop", "lrem", "ltrim", "rename_from", "rpop", "spop", "srem", "xdel", "zpopmax"}
    | {"zpopmin", "zrem", "zremrangebylex", "zremrangebyrank", "zremrangebyscore"}
)
"""Events that are told even when nothing is left; then the key's end is told beside them."""

GENERIC = frozenset(
    {"copy_to", "del", "expire", "persist", "rename_from", "rename_to", "restore"},
)
"""Events of the class ``g``, whatever the type."""

CLASSES = {"string": "$", "list": "l", "set": "s", "hash": "h", "zset": "z", "stream": "t"}
"""Type -> its class; that of others, which are modules' types in Redis, is ``d``."""

NOTHING_NEW = frozenset({"sadd", "pfadd"})
"""Commands that write, for other regions to see, though nothing has changed here: then with 0."""


def perform(txn: Transaction, command: Command, request: Request) -> Reply:
    """Run a command, and tell who wants to know what it did to the keys."""
    if not txn.broker.notify:
        return command.run(txn, *request[1:])
    keys = keys_of(command, request)
    before = {key for key in keys if _present(txn, key)}
    position = len(txn.log)
    reply = command.run(txn, *request[1:])
    if command.write:
        if reply != 0 or command.name not in NOTHING_NEW:
            _tell(txn, before, _told(command, request, keys), txn.log[position:])
    elif "readonly" in command.flags and not command.name.startswith("object|"):
        for key in keys:
            if key not in before:
                txn.broker.event("m", "keymiss", key)
    return reply


def merged(
    broker: Broker,
    keyspace: Keyspace,
    now_us: int,
    before: Mapping[Key, int],
    writes: Iterable[Write],
) -> None:
    """Tell of what came from another region. ``before``: key -> deadline, of those that existed."""
    if not broker.notify:
        return
    for key, kinds in _kinds(writes).items():
        entry = keyspace.keys.get(key)
        if entry is None:
            if key in before:
                expired = before[key] <= now_us
                broker.event(*(("x", "expired") if expired else ("g", "del")), key)
        elif set(kinds) == {Expiry}:
            broker.event("g", _deadline_event(entry), key)
        else:
            if key not in before:
                broker.event("n", "new", key)
            broker.event(_class("merge", entry, kinds), "merge", key)


def held(broker: Broker, keyspace: Keyspace, keys: Iterable[Key]) -> dict[Key, int]:
    """What `merged` has to know of the time before: key -> deadline, of those that exist."""
    if not broker.notify:
        return {}
    return {key: keyspace.keys[key].deadline_us for key in keys if key in keyspace.keys}


def _told(command: Command, request: Request, keys: Sequence[Key]) -> list[tuple[Key, str]]:
    """What might have happened, and to which key, in this order."""
    name = command.name
    if name in ("lmove", "blmove"):
        (taken, _), (_, put) = (ENDS[word.upper()] for word in request[3:5])
        return list(zip(keys, (taken, put), strict=True))
    if name in MOVES:
        return list(zip(keys, MOVES[name], strict=True))
    event = EVENTS.get(name, name.replace("|", "-"))
    if name in ("lmpop", "zmpop", "bzmpop", "blmpop"):
        event = _end(request, event)
    # Only MSET sets a key twice; everything else does it once.
    return [(key, event) for key in (keys if event == "set" else dict.fromkeys(keys))]


def _end(request: Request, event: str) -> str:
    """Which end a command takes from: the last word that says so."""
    ends = {b"LEFT": "lpop", b"RIGHT": "rpop", b"MIN": "zpopmin", b"MAX": "zpopmax"}
    return next((ends[word.upper()] for word in request[::-1] if word.upper() in ends), event)


def _tell(
    txn: Transaction, before: set[Key], told: list[tuple[Key, str]], writes: list[Write]
) -> None:
    broker, touched = txn.broker, _kinds(writes)
    # RENAME and COPY make a new key, whatever was there; it is told before the old one is gone.
    for key in [key for key, event in told if event in ("rename_to", "copy_to")]:
        before.discard(key)
        _tell_new(txn, before, touched, key)
    for key, event in told:
        _tell_new(txn, before, touched, key)
        kinds, entry = touched.get(key), txn.keyspace.keys.get(key)
        if kinds is None:
            continue
        if entry is None:
            if key in before:
                if event in TAKES:
                    broker.event(_class(event, entry, kinds), event, key)
                if event != "rename_from":
                    broker.event("g", "del", key)
            continue
        if set(kinds) == {Expiry}:
            broker.event("g", _deadline_event(entry), key)
            continue
        broker.event(_class(event, entry, kinds), event, key)
        if event == "set" and Expiry in kinds and entry.deadline_us != NEVER_US:
            broker.event("g", "expire", key)


def _tell_new(txn: Transaction, before: set[Key], touched: Container[Key], key: Key) -> None:
    if key in touched and key in txn.keyspace.keys and key not in before:
        before.add(key)
        txn.broker.event("n", "new", key)


def _kinds(writes: Iterable[Write]) -> dict[Key, list[type[CRDT[Any]]]]:
    """The types of what was written to each key."""
    kinds: dict[Key, list[type[CRDT[Any]]]] = {}
    for _, key, delta in writes:
        kinds.setdefault(key, []).append(delta.crdt)
    return kinds


def _class(event: str, entry: Entry | None, kinds: Sequence[type[CRDT[Any]]]) -> str:
    if event in GENERIC:
        return "g"
    shown = entry.value if entry is not None else None
    return CLASSES.get(kinds[-1].name if shown is None else shown.name, "d")


def _deadline_event(entry: Entry) -> str:
    return "persist" if entry.deadline_us == NEVER_US else "expire"


def _present(txn: Transaction, key: Key) -> bool:
    entry = txn.keyspace.keys.get(key)
    return entry is not None and entry.deadline_us > txn.now_us
