"""Command benchmark: what replication costs a command, and how far from fakeredis that leaves it.

The yardstick is the same engine with plain values: the same `Replica.execute`, the same transaction
with its expiry and WATCH checks, the same entries, handlers of the same shape, but an int, bytes, a
set, a dict or a dict of scores where a replicated type stands. It has no dots, deltas, backlog or
peers. Ours has a peer: every 10 ms at 100,000 commands a second it is sent what is new and its
acknowledgement is taken. What the peer does with the message is not timed, since it would do that
on a machine of its own.

fakeredis gets the same requests through `execute_command`, without a socket.

    python -m tests.bench.bench_commands
"""

import gc
from collections.abc import Callable
from statistics import median
from time import process_time

import fakeredis
import msgspec
from sortedcontainers import SortedList

from crdb.command import TABLE, Command, Reply
from crdb.decimals import INT_MAX, INT_MIN, parse_double, parse_int
from crdb.errors import (
    CommandError,
    not_a_float,
    not_an_integer,
    syntax,
    wrong_number_of_arguments,
    wrong_type,
)
from crdb.keyspace import NEVER_US, Entry, Key
from crdb.messages import Deltas
from crdb.replica import Replica
from crdb.session import Session
from crdb.transaction import Draw, Transaction

COMMANDS = 20_000
COMMANDS_FAKEREDIS = 1_000
ROUNDS = 15
COMMAND_US = 10
TICK_COMMANDS = 1_000
COMMANDS_A_KEY = 100

FLOORS = {
    "hset_plain": 0.60,
    "incr_plain": 0.60,
    "sadd_plain": 0.60,
    "set_plain": 0.45,
    "hset_fakeredis": 20.0,
    "zadd_plain": 0.60,
    "incr_fakeredis": 20.0,
    "sadd_fakeredis": 20.0,
    "set_fakeredis": 20.0,
    "zadd_fakeredis": 10.0,
}

# ── the engine with plain values ────────────────────────────────────────────────────────────────


class Scores:
    """A plain sorted set: scores by member, and their order once a range was asked for."""

    def __init__(self) -> None:
        self.scores: dict[bytes, float] = {}
        self.order: SortedList | None = None

    def assign(self, member: bytes, score: float) -> bool:
        """Whether the member is new."""
        before = self.scores.get(member)
        self.scores[member] = score
        if self.order is not None and before != score:
            if before is not None:
                self.order.remove((before, member))
            self.order.add((score, member))
        return before is None


Value = int | bytes | set[bytes] | dict[bytes, bytes] | Scores


class PlainTransaction(Transaction):
    """Finds and expires as its parent does; writes by assignment."""

    def begin(self, now_us: int, session: Session, draw: Draw, writing: bool = False) -> None:
        self.now_us = now_us
        self.session = session
        self.draw = draw
        self.writing = writing

    def write(self, key: Key, value: Value) -> None:  # type: ignore[override]
        """Make a key or replace its value; its expiry stays."""
        entry = self._keys.get(key)
        if entry is None:
            entry = self._keys[key] = Entry()
        entry.value = value  # type: ignore[assignment]
        if self.keyspace.watchers:
            self.keyspace.touch(key)

    def expire_at(self, key: Key, deadline_ms: int | None) -> None:
        """Set the deadline of an existing key; None lets it live for ever."""
        entry = self._keys[key]
        if deadline_ms is not None:
            entry.deadline_us = deadline_ms * 1000
        elif entry.deadline_us != NEVER_US:
            entry.deadline_us = NEVER_US


class Plain(Replica):
    """A replica that runs the plain commands, alone."""

    def __init__(self) -> None:
        super().__init__(region=1)
        self._transaction = PlainTransaction(
            self.keyspace, 1, 1, self.backlog.writes, {}, self._remember, self.broker
        )


def assign(txn: PlainTransaction, key: Key, value: bytes) -> None:
    txn.find(key)
    txn.write(key, value)


def set_(txn: PlainTransaction, key: Key, value: bytes, *words: bytes) -> Reply:
    if words:
        raise syntax()
    assign(txn, key, value)
    txn.expire_at(key, None)
    return "OK"


def number(value: object) -> int:
    """A value as a number: Redis too keeps one as an integer as long as it can."""
    if value.__class__ is int:
        return value
    if value.__class__ is not bytes:
        raise wrong_type()
    found = parse_int(value)
    if found is None:
        raise not_an_integer()
    return found


def add(txn: PlainTransaction, key: Key, amount: int) -> Reply:
    entry = txn.find(key)
    if entry is None:
        txn.write(key, amount)
        return amount
    total = number(entry.value) + amount
    if not INT_MIN <= total <= INT_MAX:
        raise CommandError("ERR increment or decrement would overflow")
    txn.write(key, total)
    return total


def incr(txn: PlainTransaction, key: Key) -> Reply:
    return add(txn, key, 1)


def sadd(txn: PlainTransaction, key: Key, *names: bytes) -> Reply:
    found: set[bytes] | None = txn.read(key, set)  # type: ignore[type-var]
    if found is None:
        fresh = set(names)
        txn.write(key, fresh)
        return len(fresh)
    before = len(found)
    found.update(names)
    txn.write(key, found)
    return len(found) - before


def hset(txn: PlainTransaction, key: Key, *words: bytes) -> Reply:
    found: dict[bytes, bytes] | None = txn.read(key, dict)  # type: ignore[type-var]
    if len(words) % 2:
        raise wrong_number_of_arguments("hset")
    if found is None:
        found = {}
    before = len(found)
    for at in range(0, len(words), 2):
        found[words[at]] = words[at + 1]
    txn.write(key, found)
    return len(found) - before


def zadd(txn: PlainTransaction, key: Key, *words: bytes) -> Reply:
    if len(words) != 2:
        raise syntax()
    score = parse_double(words[0])
    if score is None:
        raise not_a_float()
    found: Scores | None = txn.read(key, Scores)  # type: ignore[type-var]
    if found is None:
        found = Scores()
        txn.write(key, found)
    new = found.assign(words[1], score + 0.0)
    txn.write(key, found)
    return int(new)


def _entered(name: str, run: Callable[..., Reply]) -> Command:
    like = TABLE[name.encode()]
    return msgspec.structs.replace(like, run=run)


PLAIN = {
    b"PLAIN." + name.upper().encode(): _entered(name, run)
    for name, run in (("set", set_), ("incr", incr), ("sadd", sadd), ("hset", hset), ("zadd", zadd))
}

# ── requests and rounds ─────────────────────────────────────────────────────────────────────────


def requests(name: bytes, count: int) -> list[list[bytes]]:
    """Requests, a hundred a key. Members and fields come twice each: half of the adds are new."""
    keys = count // COMMANDS_A_KEY
    rows: list[list[bytes]] = []
    for number in range(count):
        key = b"%s:%d" % (name.lower(), number % keys)
        if name == b"SET":
            rows.append([name, key, b"value %d" % number])
        elif name == b"ZADD":
            member = b"member %d" % (number // keys // 2)
            rows.append([name, key, b"%d.5" % number, member])
        elif name == b"SADD":
            rows.append([name, key, b"member %d" % (number // keys // 2)])
        elif name == b"HSET":
            rows.append([name, key, b"field %d" % (number // keys // 2), b"value %d" % number])
        else:
            rows.append([name, key])
    return rows


def batched(rows: list[list[bytes]]) -> list[list[list[bytes]]]:
    """What runs between two ticks; the plain engine gets it so too, for loops of the same price."""
    return [rows[at : at + TICK_COMMANDS] for at in range(0, len(rows), TICK_COMMANDS)]


def no_dice(n: int) -> int:
    raise AssertionError("these commands draw no numbers")


def plain(rows: list[list[bytes]]) -> float:
    """Return commands per second on plain values."""
    execute, session = Plain().execute, Session()
    spells = batched([[b"PLAIN." + row[0], *row[1:]] for row in rows])
    now_us = 0
    gc.collect()
    gc.freeze()
    begin = process_time()
    for spell in spells:
        for request in spell:
            now_us += COMMAND_US
            execute(now_us, session, request, no_dice)
    return len(rows) / (process_time() - begin)


def replicated(rows: list[list[bytes]]) -> float:
    """Return commands per second with a peer that is sent every write and acknowledges it."""
    replica, session = Replica(region=1, peers=[2]), Session()
    execute = replica.execute
    spells = batched(rows)
    now_us = 0
    gc.collect()
    gc.freeze()
    begin = process_time()
    for spell in spells:
        for request in spell:
            now_us += COMMAND_US
            execute(now_us, session, request, no_dice)
        tick(replica, now_us)
    return len(rows) / (process_time() - begin)


def tick(replica: Replica, now_us: int) -> None:
    """Build the message to the peer, and take the acknowledgement that the last one leads to."""
    for peer, message in replica.tick(now_us):
        assert isinstance(message, Deltas)
        replica.receive(now_us, Deltas(peer, {1: message.last}, peer, 0, 0, ()))


def fake(rows: list[list[bytes]]) -> float:
    """Return commands per second of fakeredis."""
    execute = fakeredis.FakeStrictRedis().execute_command
    gc.collect()
    gc.freeze()
    begin = process_time()
    for request in rows:
        execute(*request)
    return len(rows) / (process_time() - begin)


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Return our rate for each command as a multiple of the plain engine's and of fakeredis'."""
    ratios: dict[str, list[float]] = {name: [] for name in FLOORS}
    TABLE.update(PLAIN)
    try:
        for name in (b"HSET", b"INCR", b"SADD", b"SET", b"ZADD"):
            label = name.decode().lower()
            rows, few = requests(name, COMMANDS), requests(name, COMMANDS_FAKEREDIS)
            for _ in range(rounds):
                ours = replicated(rows)
                ratios[f"{label}_plain"].append(ours / plain(rows))
                ratios[f"{label}_fakeredis"].append(ours / fake(few))
    finally:
        for entry in PLAIN:
            del TABLE[entry]
        gc.unfreeze()
    return {name: median(found) for name, found in ratios.items()}


if __name__ == "__main__":
    for name, ratio in measure().items():
        yardstick = "plain values" if name.endswith("plain") else "fakeredis"
        print(f"{name:24} {ratio:.2f} x {yardstick} (floor {FLOORS[name]:.2f})")
