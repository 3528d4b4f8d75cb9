"""Random commands, here and at a real server: every reply and every error text is the same.

One region alone must be Redis. Time is the server's own at the start of an example, and every
deadline is far away or long past, so no reply depends on how fast the machine is.
"""

import re
from collections.abc import Iterable, Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from crdb.command import Reply
from crdb.errors import CommandError
from crdb.replica import Replica
from crdb.session import Session
from tests.oracle import Connection, Oracle, now_us

Request = Sequence[bytes]
Script = list[tuple[int, list[list[bytes]]]]
"""(client, requests)."""

CLIENTS = 2
BEYOND_MS = b"%d" % (1 << 50)

DIFFERENCES = {
    rb"FLUSH(ALL|DB)( .*)?": "Active-Active refuses them: flushing is an operator's action",
    rb"(SET|PEXPIRE) .* %s" % BEYOND_MS: "Active-Active takes deadlines up to 2^49 ms only",
    rb"QUEUEING (MULTI|WATCH .*)": "Redis' text, and EXEC still runs; Valkey 9 differs in both",
}
"""Requests whose reply is an error on purpose, each with the reason. The server is not asked."""

UNORDERED = {b"KEYS", b"SDIFF", b"SINTER", b"SMEMBERS", b"SUNION"}
TOLERANCE_MS = {b"TTL": 30, b"PTTL": 30_000}
"""In the unit of the reply."""

POP_ALL = b"1000"

# ── requests ──────────────────────────────────────────────────────────────────────────────────

FAR = b"<far>"
"""Stands for an amount of time of its own: GT and LT must not depend on milliseconds passed."""

NUMBER, TEXT, SET, OTHER = b"n", b"", b"\x00\xff", b"s[1]*"
PRELUDE: list[list[bytes]] = [
    [b"MSET", NUMBER, b"41", TEXT, b"abc"],
    [b"SADD", SET, b"x", b"", b"7"],
    [b"SADD", OTHER, b"x", b"y", b"\xfe"],
    [b"EXPIRE", SET, b"5000000000"],
    [b"EXPIRE", NUMBER, b"5000000000"],
]
"""So that most commands meet a key of their type."""

keys = st.sampled_from([NUMBER, TEXT, SET, OTHER, b"none"])
members = st.sampled_from([b"x", b"y", b"z", b"", b"\r\n", b"7", b"\xfe"])
integers = st.sampled_from(
    [b"0", b"1", b"-1", b"7", b"100", b"-0", b"+1", b"01", b" 1", b"1 ", b"1.0", b"0x10"]
    + [b"%d" % (sign * 2**63 + off) for sign in (1, -1) for off in (-1, 0, 1)]
    + [b"9" * 19, b"9" * 30, b"", b"one"]
)
floats = st.one_of(
    integers,
    st.sampled_from([b"0.1", b"-.5", b"3.", b".", b"1e3", b"5.0e-3", b"1e", b"0x1.8p1", b"0x"]),
    st.sampled_from([b"inf", b"-Infinity", b"nan", b"1e4000", b"-1e4932", b"1e4933", b"1e-4951"]),
    st.sampled_from([b"0e99999", b"1e-30", b"0.000000000000000005", b"12345678901234567890.5"]),
    st.decimals(-(10**6), 10**6, allow_nan=False, places=6).map(lambda d: str(d).encode()),
)
values = st.one_of(integers, floats, members, st.binary(max_size=6))
patterns = st.one_of(
    st.sampled_from([b"*", b"a", b"[a-b]", b"?", b"[^a]", b"\\a", b"**", b"*\xff"]),
    st.text("ab*?[]^-\\k1", max_size=8).map(str.encode),
)
relative = st.sampled_from(
    [FAR, FAR, FAR, b"0", b"-1", b"%d" % (2**63 - 1), b"%d" % -(2**63), b"x"]
)
absolute = st.sampled_from([b"9999999999999", b"1", b"0", b"-5", b"%d" % 2**63, b"1.5"])


def flat(parts: Iterable[bytes | list[bytes]]) -> list[bytes]:
    return [word for part in parts for word in (part if isinstance(part, list) else [part])]


def words(*parts: str) -> st.SearchStrategy[list[bytes]]:
    """Up to three of these options, in any order and either case."""
    either = [part.encode() for part in (*parts, *map(str.lower, parts))]
    return st.lists(st.sampled_from(either), max_size=3)


set_options = st.lists(
    st.one_of(
        st.sampled_from([[b"NX"], [b"xx"], [b"GET"], [b"KEEPTTL"], [b"EX"], [b"bad"]]),
        st.tuples(st.sampled_from([b"EX", b"px"]), relative).map(list),
        st.tuples(st.just(b"PXAT"), absolute).map(list),
        st.tuples(st.just(b"exat"), st.sampled_from([b"9999999999", b"1", b"-1", b""])).map(list),
    ),
    max_size=3,
).map(flat)

ARGUMENTS: dict[str, tuple[st.SearchStrategy[bytes | list[bytes]], ...]] = {
    "SET": (keys, values, st.just([]) | set_options),
    "GET": (keys,),
    "SETNX": (keys, values),
    "GETDEL": (keys,),
    "MSET": (keys, values, st.just([]) | st.tuples(keys, values).map(list)),
    "MGET": (keys, st.lists(keys, max_size=2)),
    "APPEND": (keys, values),
    "STRLEN": (keys,),
    "INCR": (keys,),
    "DECR": (keys,),
    "INCRBY": (keys, integers),
    "DECRBY": (keys, integers),
    "INCRBYFLOAT": (keys, floats),
    "SADD": (keys, st.lists(members, min_size=1, max_size=4)),
    "SREM": (keys, st.lists(members, min_size=1, max_size=3)),
    "SMEMBERS": (keys,),
    "SISMEMBER": (keys, members),
    "SCARD": (keys,),
    "SPOP": (keys, st.sampled_from([[], [POP_ALL], [b"0"], [b"-1"], [b"x"], [b"1", b"2"]])),
    "SINTER": (keys, st.lists(keys, max_size=2)),
    "SUNION": (keys, st.lists(keys, max_size=2)),
    "SDIFF": (keys, st.lists(keys, max_size=2)),
    "DEL": (keys, st.lists(keys, max_size=2)),
    "EXISTS": (keys, st.lists(keys, max_size=2)),
    "TYPE": (keys,),
    "EXPIRE": (keys, relative, words("NX", "XX", "GT", "LT")),
    "PEXPIRE": (keys, relative, words("NX", "XX", "GT", "LT", "b\r\nad\n")),
    "TTL": (keys,),
    "PTTL": (keys,),
    "PERSIST": (keys,),
    "KEYS": (patterns,),
    "DBSIZE": (),
    "PING": (st.just([]) | members,),
    "ECHO": (values,),
    "MULTI": (),
    "EXEC": (),
    "DISCARD": (),
    "WATCH": (keys,),
    "UNWATCH": (),
}


def line(name: str) -> st.SearchStrategy[list[bytes]]:
    """A request of this command, as it should be."""
    spelling = st.sampled_from([name, name.lower(), name.title()]).map(str.encode)
    return st.tuples(spelling, *ARGUMENTS[name]).map(flat)


# Those that are most of all in their options come more often.
proper = st.sampled_from([*sorted(ARGUMENTS), *["SET"] * 4, *["EXPIRE"] * 2]).flatmap(line)
crooked = st.one_of(
    st.tuples(proper, st.lists(values, min_size=1, max_size=2)).map(lambda two: two[0] + two[1]),
    proper.map(lambda request: request[:-1] or request),
    st.lists(st.one_of(values, st.binary(min_size=100, max_size=150)), min_size=1, max_size=4),
    st.sampled_from([[b"FLUSHALL"], [b"FLUSHDB", b"ASYNC"]]),
    keys.map(lambda key: [b"PEXPIRE", key, BEYOND_MS]),
    keys.map(lambda key: [b"SET", key, b"v", b"PXAT", BEYOND_MS]),
)
block = st.lists(proper, max_size=5).map(lambda body: [[b"MULTI"], *body, [b"EXEC"]])
watched = st.tuples(line("WATCH"), proper, block).map(lambda three: [*three[:2], *three[2]])
step = st.one_of(
    *[proper.map(lambda request: [request])] * 6, crooked.map(lambda r: [r]), block, watched
)
scripts = st.lists(st.tuples(st.integers(0, CLIENTS - 1), step), min_size=15, max_size=40)
"""Steps of one client or the other, each a few requests in a row."""


def finished(request: Request, position: int) -> list[Request]:
    """With its own amount of time, and without a random choice that outlives it."""
    amount = b"%d" % (100_000_000 + (position * 37 % 101) * 1_000_000)
    request = [amount if word == FAR else word for word in request]
    if request[0].upper() == b"SPOP" and len(request) > 1:
        return [request, [b"DEL", request[1]]]
    return [request]


# ── comparison ────────────────────────────────────────────────────────────────────────────────


class Pair:
    """One client, here and there, and what its MULTI has queued."""

    def __init__(
        self, replica: Replica, now_us: int, there: Connection, reached: set[bytes] | None = None
    ) -> None:
        self.reached = set() if reached is None else reached
        """Commands whose effect has been compared, not just an error, nil or nought."""
        self.replica = replica
        self.now_us = now_us
        self.there = there
        self.session = Session()
        self.queued: list[Request] = []

    def execute(self, request: Request) -> None:
        """Run a request at both and compare."""
        queueing = self.session.queue is not None
        before = len(self.replica.backlog)
        ours = self.replica.execute(self.now_us, self.session, list(request), lambda n: 0)
        if isinstance(ours, CommandError):
            assert len(self.replica.backlog) == before, "an error changes nothing"
        difference = differs(request, queueing)
        if difference and b"QUEUEING" in difference:
            assert isinstance(ours, CommandError)
            return
        theirs = self.there.execute([b"PING"] if difference else request)
        if ours == "QUEUED":
            assert theirs == "QUEUED"
            self.queued.append(request)
            return
        if request[0].upper() == b"EXEC" and isinstance(ours, list):
            assert isinstance(theirs, list)
            self.reached.add(b"EXEC")
            for each, here, there in zip(self.queued, ours, theirs, strict=True):
                self._compare(each, here, there)
        else:
            self._compare(request, ours, theirs)
        if self.session.queue is None:
            self.queued = []

    def _compare(self, request: Request, ours: Reply, theirs: Reply) -> None:
        if not isinstance(ours, CommandError) and ours not in (None, 0, [], -1, -2):
            self.reached.add(request[0].upper())
        compare(request, ours, theirs)


def differs(request: Request, queueing: bool) -> bytes | None:
    """The entry of `DIFFERENCES` that a request falls under."""
    written = b" ".join(request).upper()
    if queueing and differs(request, queueing=False) is None:
        written = b"QUEUEING " + written
    return next((each for each in DIFFERENCES if re.fullmatch(each, written, re.DOTALL)), None)


def compare(request: Request, ours: Reply, theirs: Reply) -> None:
    name = request[0].upper()
    if differs(request, queueing=False):
        assert isinstance(ours, CommandError)
        return
    if isinstance(ours, CommandError) or isinstance(theirs, CommandError):
        assert repr(ours) == repr(theirs)
        return
    if name == b"SPOP" and POP_ALL not in request:
        assert type(ours) is type(theirs)
        return
    if name in UNORDERED or name == b"SPOP":
        assert isinstance(ours, list)
        assert isinstance(theirs, list)
        assert sorted(ours) == sorted(theirs)
        return
    assert type(ours) is type(theirs)
    if name in TOLERANCE_MS and isinstance(ours, int) and isinstance(theirs, int) and theirs > 0:
        assert abs(ours - theirs) <= TOLERANCE_MS[name]
        return
    assert ours == theirs


def worked(replica: Replica, clients: list[Pair], script: Script) -> None:
    """Run a script, then compare everything that is left."""
    for request in PRELUDE:
        clients[0].execute(request)
    position = 0
    for number, requests in script:
        for request in requests:
            position += 1
            for each in finished(request, position):
                clients[number].execute(each)
    for client in clients:
        client.execute([b"DISCARD"])
        client.execute([b"UNWATCH"])
    assert not replica.keyspace.watchers
    for key in list(replica.keyspace.keys):
        for name in (b"GET", b"SMEMBERS", b"TYPE", b"TTL"):
            clients[0].execute([name, key])
    clients[0].execute([b"KEYS", b"*"])
    clients[0].execute([b"DBSIZE"])


def test_replies_are_those_of_the_real_server(oracle: Oracle) -> None:
    reached: set[bytes] = set()

    @settings(max_examples=(settings.default or settings()).max_examples * 6)
    @given(script=scripts)
    def check(script: Script) -> None:
        replica = Replica(region=1)
        with oracle.clients(CLIENTS) as connections:
            now = now_us(connections[0])
            clients = [Pair(replica, now, there, reached) for there in connections]
            worked(replica, clients, script)

    check()
    missed = {name for name in ARGUMENTS if name.encode() not in reached}
    assert not missed, "a comparison that never happens proves nothing"


def test_every_number_of_words_is_judged_as_at_the_real_server(oracle: Oracle) -> None:
    with oracle.clients(1) as [there]:
        client = Pair(Replica(region=1), now_us(there), there)
        for name in ARGUMENTS:
            for words in range(6):
                client.execute([name.encode(), *[b"1"] * words])
            client.execute([b"DISCARD"])


@given(patterns=st.lists(patterns, min_size=1, max_size=30))
def test_keys_match_patterns_as_at_the_real_server(oracle: Oracle, patterns: list[bytes]) -> None:
    names = [b"", b"[a]", b"a*", b"\\", *b"a b ab ba aab k 1 - ] ^".split()]
    with oracle.clients(1) as [there]:
        client = Pair(Replica(region=1), now_us(there), there)
        client.execute([b"MSET", *(word for name in names for word in (name, b"v"))])
        for pattern in patterns:
            client.execute([b"KEYS", pattern])
