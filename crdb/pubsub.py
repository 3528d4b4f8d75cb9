"""Who listens to what in one region, and what waits to be said to them and to the other regions.

A message reaches the region's own subscribers at once, as pushes that `Replica.wake` gives out. To
every other region it travels with the next `Deltas`, behind the writes in it: at most once, in the
order in which it was published, and never again if that message is lost. That PUBLISH travels as an
effect is published; the rest is our choice.
"""

from collections.abc import Iterable, Mapping
from functools import cache
from typing import Literal

from crdb import glob
from crdb.errors import CommandError
from crdb.link import Link
from crdb.messages import Published
from crdb.replies import Push
from crdb.session import Session

Kind = Literal["", "p", "s"]
"""A channel, a pattern of channels, or a channel that belongs to a slot."""

CLASSES = "g$lshzxetd"
"""Classes of notifications that ``A`` stands for; ``m`` and ``n`` have to be asked for."""

matcher = cache(glob.matcher)


def matches(pattern: bytes, channel: bytes) -> bool:
    """Unlike the empty key, the empty channel matches no pattern but the empty one."""
    return bool(matcher(pattern)(channel)) if channel else not pattern


def notifications(flags: str) -> frozenset[str]:
    """What is to be told of, as ``notify-keyspace-events`` says; nothing without K or E.

    >>> sorted(notifications("Kgx")), sorted(notifications("gx")), len(notifications("KEA"))
    (['K', 'g', 'x'], [], 12)
    """
    unknown = set(flags) - set("AKEmn" + CLASSES)
    if unknown:
        raise ValueError(f"{flags!r}: no event class {sorted(unknown)[0]!r} of AKEmn{CLASSES}")
    chosen = frozenset(flags.replace("A", CLASSES))
    return chosen if chosen & {"K", "E"} else frozenset()


class Broker:
    """The subscriptions of one region's sessions."""

    __slots__ = ("_links", "listeners", "notify", "outbox", "spoken")

    def __init__(self, links: Mapping[int, Link], notify: frozenset[str] = frozenset()) -> None:
        self._links = links
        self.notify = notify
        """The classes of keyspace notifications, with K and E for where they are told."""
        self.listeners: dict[Kind, dict[bytes, dict[Session, None]]] = {"": {}, "p": {}, "s": {}}
        """What is listened to -> those who do, the longest first."""
        self.outbox: list[tuple[Session, Push]] = []
        """What subscribers have not been given yet."""
        self.spoken = False
        """Something was published here since the last `take`: it has to leave with a tick."""

    def subscribe(self, session: Session, kind: Kind, name: bytes) -> None:
        session.subscriptions.setdefault(kind, {})[name] = None
        self.listeners[kind].setdefault(name, {})[session] = None

    def unsubscribe(self, session: Session, kind: Kind, name: bytes) -> None:
        names = session.subscriptions.get(kind, {})
        if name not in names:
            return
        del names[name], self.listeners[kind][name][session]
        if not names:
            del session.subscriptions[kind]
        if not self.listeners[kind][name]:
            del self.listeners[kind][name]

    def close(self, session: Session) -> None:
        """The client is gone, and what it has not been given with it."""
        for kind in self.listeners:
            for name in list(session.subscriptions.get(kind, ())):
                self.unsubscribe(session, kind, name)
        self.outbox = [each for each in self.outbox if each[0] is not session]

    def sessions(self) -> list[Session]:
        """All that listen to anything."""
        return [
            session
            for names in self.listeners.values()
            for listening in names.values()
            for session in listening
        ]

    def publish(self, sharded: bool, channel: bytes, message: bytes) -> int:
        """Say it here and send it to the peers; how many were told here."""
        self.spoken = True
        for link in self._links.values():
            link.publish(sharded, channel, message)
        return self.deliver(sharded, channel, message)

    def deliver(self, sharded: bool, channel: bytes, message: bytes) -> int:
        """Say it to this region's subscribers; how many they are."""
        before = len(self.outbox)
        if sharded:
            self._push(self.listeners["s"].get(channel, ()), b"smessage", channel, message)
            return len(self.outbox) - before
        self._push(self.listeners[""].get(channel, ()), b"message", channel, message)
        for pattern, sessions in self.listeners["p"].items():
            if matches(pattern, channel):
                self._push(sessions, b"pmessage", pattern, channel, message)
        return len(self.outbox) - before

    def receive(self, link: Link, published: Iterable[Published]) -> None:
        """What another region's message brings, but for what an earlier one brought."""
        for number, sharded, channel, message in published:
            if number > link.published_here:
                link.published_here = number
                self.deliver(sharded, channel, message)

    def event(self, kind: str, event: str, key: bytes) -> None:
        """Tell of something of that class that happened to a key, if that is wanted."""
        if kind in self.notify:
            word = event.encode()
            if "K" in self.notify:
                self.deliver(False, b"__keyspace@0__:" + key, word)
            if "E" in self.notify:
                self.deliver(False, b"__keyevent@0__:" + word, key)

    def take(self) -> list[tuple[Session, Push]]:
        """The pushes that wait, which are not kept here any longer."""
        self.spoken = False
        taken, self.outbox = self.outbox, []
        return taken

    def _push(self, sessions: Iterable[Session], *words: bytes) -> None:
        self.outbox += [(session, Push(words)) for session in sessions]


LISTENING = frozenset(
    {"ping", "psubscribe", "punsubscribe", "quit", "reset", "ssubscribe", "subscribe"}
    | {"sunsubscribe", "unsubscribe"}
)
"""What a client of the older protocol may do while it is subscribed."""


def only_listening(session: Session, name: str) -> CommandError | None:
    """The error for a client that cannot tell a reply from a push, unless the command may be."""
    if session.protocol > 2 or name in LISTENING:
        return None
    return CommandError(
        f"ERR Can't execute '{name}': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / "
        "PING / QUIT / RESET are allowed in this context"
    )
