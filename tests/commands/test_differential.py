"""Random commands, here and at a real server: every reply and every error text is the same.

One region alone must be Redis. Time is the server's own at the start of an example, and every
deadline is far away or long past, so no reply depends on how fast the machine is. Each family is
compared by itself, so that its commands meet each other often. What is refused here on purpose,
and why, stands with each family as `differences`.
"""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdb.command import Reply
from crdb.errors import CommandError
from crdb.replica import Replica
from crdb.replies import resp2
from crdb.session import Session, Waiter
from tests.commands.families import (
    AS_READ,
    BY_CHANCE,
    DIFFERENCES,
    FAMILIES,
    READS,
    SCANS,
    TOLERANCE,
    UNORDERED,
    Family,
)
from tests.commands.families._family import ALL, Request, patterns, reading
from tests.commands.requests import CLIENTS, Script, finished, prelude, scripts
from tests.oracle import Connection, Oracle, now_us

EXAMPLES = {"sessions": 1, "keys": 3, "strings": 3, "sets": 3}
"""How many times the usual number; 2 for others."""


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
        ours = resp2(self.reply(list(request)))
        if isinstance(ours, CommandError):
            assert len(self.replica.backlog) == before, "an error changes nothing"
        difference = differs(request, queueing)
        if difference and b"QUEUEING" in difference:
            assert isinstance(ours, CommandError)
            return
        # In its stead: something that is queued, or that fails the transaction as it does here.
        instead = [b"NONSENSE" if queueing and isinstance(ours, CommandError) else b"PING"]
        theirs = self.there.execute(instead if difference else request)
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

    def reply(self, request: list[bytes]) -> Reply:
        """Ours. Nobody comes while a client waits: it gets what its time-out brings."""
        reply = self.replica.execute(self.now_us, self.session, request, lambda n: 0)
        if isinstance(reply, Waiter):
            assert reply.deadline_us is not None
            [(_, reply)] = self.replica.wake(reply.deadline_us, lambda n: 0)
        return reply

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
    tolerance = TOLERANCE.get(name, TOLERANCE.get(b" ".join(request[:2]).upper()))
    if differs(request, queueing=False):
        assert isinstance(ours, CommandError)
        return
    if isinstance(ours, CommandError) or isinstance(theirs, CommandError):
        assert repr(ours) == repr(theirs)
        return
    if name in AS_READ:
        assert AS_READ[name](ours) == AS_READ[name](theirs)
    elif name in BY_CHANCE and ALL not in request:
        assert shape(ours) == shape(theirs)
    elif name in SCANS:
        compare_scans(request, ours, theirs)
    elif name == b"OBJECT" and isinstance(theirs, list):
        assert ours == without_encoding(theirs)
    elif name in UNORDERED | BY_CHANCE:
        assert in_order(ours) == in_order(theirs)
    elif tolerance and isinstance(ours, list) and isinstance(theirs, list):
        for here, there in zip(ours, theirs, strict=True):
            compare(request, here, there)
    elif tolerance and isinstance(ours, int) and isinstance(theirs, int) and theirs > 0:
        assert abs(ours - theirs) <= tolerance
    else:
        assert (type(ours), ours) == (type(theirs), theirs)


def compare_scans(request: Request, ours: Reply, theirs: Reply) -> None:
    """All that a scan finds in one call. What another cursor means is each server's own."""
    assert isinstance(ours, list)
    assert isinstance(theirs, list)
    if int(request[SCANS[request[0].upper()]]) == 0 and ALL in request:
        assert ours[0] == theirs[0] == b"0"
        assert in_order(ours[1]) == in_order(theirs[1])


def without_encoding(help_: list[Reply]) -> list[Reply]:
    """OBJECT HELP without what the product does not support: the first entry, of three lines."""
    assert str(help_[1]).startswith("ENCODING")
    return [help_[0], *help_[4:]]


def shape(reply: Reply) -> tuple[type, int]:
    return type(reply), len(reply) if isinstance(reply, list) else 1


def in_order(reply: Reply) -> list[str]:
    assert isinstance(reply, list)
    return sorted(map(repr, reply))


def worked(family: Family, replica: Replica, clients: list[Pair], script: Script) -> None:
    """Run a script, then compare everything that is left."""
    for request in prelude(family):
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
        for read in READS:
            clients[0].execute(reading(read, key))
    clients[0].execute([b"KEYS", b"*"])
    clients[0].execute([b"DBSIZE"])
    clients[0].execute([b"SCAN", b"0", b"COUNT", ALL])


@pytest.mark.parametrize("name", FAMILIES)
def test_replies_are_those_of_the_real_server(oracle: Oracle, name: str) -> None:
    family, reached = FAMILIES[name], set[bytes]()

    def check(more: Sequence[str], times: int) -> None:
        @settings(max_examples=(settings.default or settings()).max_examples * times)
        @given(script=scripts(family, more))
        def each(script: Script) -> None:
            replica = Replica(region=1, settings=family.settings)
            with oracle.clients(CLIENTS) as connections:
                now = now_us(connections[0])
                clients = [Pair(replica, now, there, reached) for there in connections]
                worked(family, replica, clients, script)

        each()

    def missed() -> list[str]:
        return [command for command in family.arguments if command.encode() not in reached]

    check((), EXAMPLES.get(name, 2))
    if missed():  # By bad luck, perhaps: what was not drawn, or had nothing to find, comes again.
        check(missed(), 1)
    assert not missed(), "a comparison that never happens proves nothing"


@pytest.mark.parametrize("name", FAMILIES)
def test_every_number_of_words_is_judged_as_at_the_real_server(oracle: Oracle, name: str) -> None:
    with oracle.clients(1) as [there]:
        replica = Replica(region=1, settings=FAMILIES[name].settings)
        client = Pair(replica, now_us(there), there)
        for command in FAMILIES[name].arguments:
            for words in range(6):
                client.execute([command.encode(), *[b"1"] * words])
            client.execute([b"DISCARD"])


@given(patterns=st.lists(patterns, min_size=1, max_size=30))
def test_keys_match_patterns_as_at_the_real_server(oracle: Oracle, patterns: list[bytes]) -> None:
    names = [b"", b"[a]", b"a*", b"\\", *b"a b ab ba aab k 1 - ] ^".split()]
    with oracle.clients(1) as [there]:
        client = Pair(Replica(region=1), now_us(there), there)
        client.execute([b"MSET", *(word for name in names for word in (name, b"v"))])
        for pattern in patterns:
            client.execute([b"KEYS", pattern])
