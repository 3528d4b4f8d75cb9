"""A front: what the connections to one region share.

It is the `crdb.host.Host` of their sessions: who is connected and may come in, what the region is
set to, what has been counted; and it answers the commands of `sim.serve.commands`.
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from hashlib import sha1
from typing import TYPE_CHECKING, Any

from crdb.command import Reply, lookup
from crdb.commands.connections import wrong_password
from crdb.errors import CommandError
from crdb.keyspace import Entry
from crdb.pubsub import notifications
from crdb.session import Request, Session
from crdb.transaction import Transaction
from sim.region import Region
from sim.serve.access import NOBODY
from sim.serve.answers import ANSWERS
from sim.serve.config import Config
from sim.serve.connection import Connection
from sim.serve.counts import Counts

if TYPE_CHECKING:
    from sim.serve.server import Server


class Front:
    """One region, as its clients see it."""

    def __init__(self, server: "Server", region: Region) -> None:
        self.server = server
        self.region = region
        self.port = 0
        self.pace = server.pace
        self.access = server.access
        self.recorder = server.recorder
        self.log = server.log
        self.begun_us = region.engine.now
        self.run_id = sha1(f"{region.name} {server.world.seed}".encode()).hexdigest()
        self.connections: dict[int, Connection] = {}
        self.counts = Counts()
        self.config = Config(self)
        self.commands: Mapping[str, Callable[..., Any]] = {
            name: partial(_answer, answer, self, "|" in name) for name, answer in ANSWERS.items()
        }
        self.monitors: dict[Connection, None] = {}
        self.paused_until_us = 0
        self.paused_writes_only = False

    # ── connections ─────────────────────────────────────────────────────────────────────────

    def let_in(self, connection: Connection) -> bool:
        """Take a connection, or turn it away."""
        session = connection.session
        session.number = self.server.next_number()
        if not self.region.up:
            connection.transport.abort()
            return False
        if len(self.connections) >= self.config.number("maxclients"):
            self.counts.rejected += 1
            connection.transport.write(b"-ERR max number of clients reached\r\n")
            connection.transport.close()
            return False
        self.counts.connections += 1
        self.connections[session.number] = connection
        self.region.lines[session] = connection
        return True

    def gone(self, connection: Connection) -> None:
        """A connection has ended, from whichever side."""
        session = connection.session
        if self.connections.get(session.number) is not connection:
            return  # It was turned away.
        del self.connections[session.number]
        if self.monitors.pop(connection, False) is None:
            self.reconsider()
        self.region.lines.pop(session, None)
        self.region.close(session)
        if self.recorder is not None:
            self.recorder.left(connection)

    @property
    def here(self) -> bytes:
        """Its address and port."""
        return f"{self.server.address}:{self.port}".encode()

    def expires(self) -> int:
        """How many keys have a deadline."""
        return sum(entry.expiry is not None for entry in self._entries())

    def _entries(self) -> Iterable[Entry]:
        return self.region.replica.keyspace.keys.values()

    def of(self, txn: Transaction) -> Connection:
        """The connection that asks."""
        return self.connections[txn.session.number]

    def admit(self, session: Session, user: bytes | None, password: bytes) -> None:
        """See `crdb.host.Host`."""
        if user is None and self.access.open:
            raise CommandError(NOBODY)
        name = b"default" if user is None else user
        now_s = self.pace.seconds()
        until_s = self.access.ends(name, password, now_s)
        if until_s is None and not self.access.admits(name, password):
            raise wrong_password()
        session.user = name
        connection = self.connections[session.number]
        connection.admitted = True
        connection.reconsider()
        if connection.expiry is not None:
            connection.expiry.cancel()
            connection.expiry = None
        if until_s is not None:
            connection.expiry = self.pace.call_at(until_s, self._expire, connection)

    def _expire(self, connection: Connection) -> None:
        self.log(f"{connection.session.address.decode()}: its token has ended and was not renewed")
        connection.transport.close()

    def notify(self, events: str) -> None:
        """Tell subscribers of such keyspace events from now on."""
        self.region.replica.broker.notify = notifications(events)

    # ── what makes all of them careful ──────────────────────────────────────────────────────

    @property
    def undisturbed(self) -> bool:
        return not self.monitors and not self.paused_until_us

    def reconsider(self) -> None:
        """Something has begun or ended that every connection has to heed."""
        for each in self.connections.values():
            each.reconsider()

    def pauses(self, request: Request) -> bool:
        """Whether a request has to wait for the end of CLIENT PAUSE."""
        if not self.paused_until_us:
            return False
        try:
            found = lookup(request)
        except CommandError:
            return False
        if found.name in ("client|unpause", "client|pause"):
            return False
        may_write = found.write or found.name in ("exec", "publish", "spublish", "eval", "evalsha")
        return may_write or not self.paused_writes_only

    def pause(self, milliseconds: int, writes_only: bool) -> None:
        """CLIENT PAUSE. A later one may lengthen an earlier one, not shorten it."""
        begun = bool(self.paused_until_us)
        until_us = max(self.paused_until_us, self.region.engine.now + milliseconds * 1000)
        self.paused_until_us = until_us
        self.paused_writes_only = writes_only and (self.paused_writes_only or not begun)
        self.reconsider()
        self.pace.call_at(until_us / 1_000_000, self._resume_if_due)

    def _resume_if_due(self) -> None:
        if self.paused_until_us and self.region.engine.now >= self.paused_until_us:
            self.resume()

    def resume(self) -> None:
        """CLIENT PAUSE is over."""
        self.paused_until_us = 0
        self.reconsider()
        for each in list(self.connections.values()):
            each.go_on()

    # ── what is done to one connection ──────────────────────────────────────────────────────

    def unblock(self, connection: Connection, error: bool) -> None:
        """CLIENT UNBLOCK: as if its time were up, or with an error."""
        text = "UNBLOCKED client unblocked via CLIENT UNBLOCK"
        self.region.reset(connection.session)
        connection.say(CommandError(text) if error else None)

    def begin_anew(self, connection: Connection) -> None:
        """RESET: as if it had just come."""
        session = connection.session
        self.region.reset(session)
        if self.recorder is not None:
            self.recorder.left(connection)
        session.protocol, session.name, session.user = 2, b"", b"default"
        connection.silent, connection.skip = False, 0
        connection.admitted = self.access.open
        if self.monitors.pop(connection, True) is None:
            self.reconsider()
        connection.reconsider()

    def show(self, by: Connection, request: Request) -> None:
        """Tell who MONITORs of a request, but for what might hold a secret."""
        if self.monitors:
            line = shown(by, request)
            for each in self.monitors if line else ():
                each.transport.write(line)


def _answer(
    answer: Callable[..., Reply], front: Front, two: bool, txn: Transaction, *words: bytes
) -> Reply:
    return answer(front, txn, *words[two:])


SECRET = frozenset({b"auth", b"hello", b"acl", b"config", b"monitor", b"crdb.rotate"})


def shown(by: Connection, request: Request) -> bytes:
    """A request as MONITOR shows it; nothing for what may hold a secret."""
    if request[0].lower() in SECRET:
        return b""
    now_us = by.clock_us()
    words = b" ".join(b'"%b"' % _escaped(word) for word in request)
    seconds, micros = divmod(now_us, 1_000_000)
    return b"+%d.%06d [0 %b] %b\r\n" % (seconds, micros, by.session.address, words)


_NAMED = {7: b"\\a", 8: b"\\b", 9: b"\\t", 10: b"\\n", 13: b"\\r", 34: b'\\"', 92: b"\\\\"}


def _escaped(word: bytes) -> bytes:
    return b"".join(
        _NAMED.get(each, b"%c" % each if 32 <= each < 127 else b"\\x%02x" % each) for each in word
    )
