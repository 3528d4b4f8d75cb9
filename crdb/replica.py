"""A replica: one region's copy of one slot range, with three doors.

    execute   a client's request in, its reply out
    receive   a peer's message in; what became visible and what to answer out
    tick      time passes; messages to send out

Plain values in and out. A replica has no clock, no dice and no socket: whoever holds it brings
the time of that region's clock, draws the numbers and carries the messages. Nobody is called back.

>>> from crdb.session import Session
>>> berlin, tokyo = Replica(region=1, peers=[2]), Replica(region=2, peers=[1])
>>> no_dice = lambda n: 0
>>> berlin.execute(0, Session(), [b"INCR", b"visits"], no_dice)
1
>>> tokyo.execute(0, Session(), [b"INCRBY", b"visits", b"10"], no_dice)
10
>>> for peer, message in berlin.tick(1000) + tokyo.tick(1000):
...     _ = {1: berlin, 2: tokyo}[peer].receive(2000, message)
>>> [each.execute(3000, Session(), [b"GET", b"visits"], no_dice) for each in (berlin, tokyo)]
[b'11', b'11']
"""

from collections.abc import Iterable, Iterator
from typing import Any, Self

from crdb import notices, registry
from crdb.command import TABLE, Reply, lookup
from crdb.errors import CommandError, WrongType, stale
from crdb.link import Link, Resync
from crdb.messages import Deltas, Describe, Difference, Message, Relay
from crdb.pubsub import only_listening
from crdb.receiver import Received as Received
from crdb.receiver import Receiver
from crdb.session import Request, Session
from crdb.settings import Settings as Settings
from crdb.transaction import Draw

registry.members("crdb.commands")


class Replica(Receiver):
    """Executes commands locally and converges with its peers."""

    @classmethod
    def restored(
        cls,
        region: int,
        peers: Iterable[int],
        actor: int,
        backup: Difference | None = None,
        settings: Settings | None = None,
    ) -> Self:
        """A replica that begins with a backup (`snapshot`), or with nothing.

        ``actor`` must be greater than any that has ever written for this region, so it is issued
        outside of what is backed up: no dot is ever used twice. With peers it is stale until one
        of them has brought it up to date.
        """
        replica = cls(region, peers, actor, settings)
        if backup is not None:
            replica._receive_difference(0, backup)
        replica._transaction.stale = bool(replica.links)
        return replica

    def copy(self, actor: int) -> Self:
        """A copy for another node of the region: it follows, until it is promoted.

        It has to be given what peers say here (`receive`; its answers are nobody's business) and
        what is written here (`pass_on`). ``actor`` is a new one, as it may write one day.
        """
        copy = self.restored(self.region, self.links, actor, self.snapshot(), self.settings)
        copy.follows = copy._transaction.stale = True
        self.copied = self.seq
        return copy

    def pass_on(self, copy: "Replica", now_us: int) -> bool:
        """Give the copy what was written here since the last time; False if the backlog has it no
        more, and another `copy` has to be made."""
        found = self.backlog.slice(self.copied or 0, self.seq)
        if found is None:
            return False
        writes, self.copied = found
        copy.follow(now_us, self.actor, writes, self.copied)
        return True

    def promote(self, stale: bool = False) -> None:
        """The copy goes on as the region's replica: what was not passed on yet is lost here.

        What peers have of that comes back with a resync, since its author is no more. ``stale``:
        what was copied was so too.
        """
        self.follows = False
        self._transaction.stale = stale
        self._find_orphans()

    def add_peer(self, region: int) -> None:
        """A region joins, or is back: it starts with nothing, under a new actor (`restored`)."""
        self.links[region] = Link(region, self.settings.resend_after_us)
        for peer in sorted(self.links):
            self.links[peer] = self.links.pop(peer)
        self.stability.restart(region)

    def remove_peer(self, region: int) -> None:
        """A region leaves for good. What it told some of the others, these pass on.

        What arrives of it later is refused, as by the product: records may have been forgotten.
        """
        self._ended[region] = self.links.pop(region).actor
        self.stability.leave(region)
        self._find_orphans()
        self._transaction.stale &= bool(self.links)

    # ── door 1 ──────────────────────────────────────────────────────────────────────────────

    def execute(self, now_us: int, session: Session, request: Request, draw: Draw) -> Reply:
        """Run one request of at least one word. An error is a reply, and changes nothing."""
        command = TABLE.get(request[0])
        if command is None or not command.words_min <= len(request) <= command.words_max:
            try:
                command = lookup(request)
            except CommandError as error:
                session.failed = session.queue is not None
                return error
        if session.subscriptions and (refused := only_listening(session, command.name)):
            return refused
        transaction = self._transaction
        if transaction.stale and command.write:
            session.failed = session.queue is not None
            return stale()
        if session.queue is not None and not command.immediate:
            session.queue.append(tuple(request))
            return "QUEUED"
        transaction.begin(now_us, session, draw, command.write)
        # In a copy the name gives way: a third cheaper than `run(transaction, *request[1:])`.
        args: list[Any] = list(request)
        args[0] = transaction
        try:
            if self.broker.notify:
                return notices.perform(transaction, command, request)
            return command.run(*args)
        except CommandError as error:
            return error

    def wake(self, now_us: int, draw: Draw) -> list[tuple[Session, Reply]]:
        """What nobody is waiting at a door for: pushes to subscribers, and late replies.

        These are of blocked clients whose keys have changed, or whose time is up; who waits longest
        is served first. To be asked for after every door while `restless`.
        """
        woken: list[tuple[Session, Reply]] = [*self.broker.take()]
        while changed := [each for each in self.waiting.values() if each.dirty]:
            for waiter in changed:
                waiter.dirty = False
                reply = self.execute(now_us, waiter.session, waiter.request, draw)
                if not (reply is waiter or isinstance(reply, WrongType)):
                    woken.append((waiter.session, reply))
                    self._unblock(waiter)
        for waiter in list(self.waiting.values()):
            if waiter.deadline_us is not None and waiter.deadline_us <= now_us:
                woken.append((waiter.session, None))
                self._unblock(waiter)
        return woken + self.broker.take()

    # ── door 3 ──────────────────────────────────────────────────────────────────────────────

    def tick(self, now_us: int) -> list[tuple[int, Message]]:
        """Let time pass: expire keys, and send each peer what it does not have."""
        if not self.stale:
            self.expirer.expire(now_us)
        self._collect()
        outbox: list[tuple[int, Message]] = []
        for link in self.links.values():
            outbox += [(link.peer, relay) for relay in self._relays(link)]
            message = self._next(link, now_us)
            if message is not None:
                link.told = self.heard
                outbox.append((link.peer, link.carrying(message)))
        acked = min((link.acked for link in self.links.values()), default=self.seq)
        self.backlog.trim(acked if self.copied is None else min(acked, self.copied), self.seq)
        return outbox

    def wake_at(self, now_us: int) -> int | None:
        """When `tick` will next have something to do, on this region's clock; None for never."""
        if self.stability.waiting and not self.links:
            return now_us
        expiry_us = None if self.stale else self.expirer.wake_at(now_us)
        times = [] if expiry_us is None else [expiry_us]
        times += [each.deadline_us for each in self.waiting.values() if each.deadline_us]
        for link in self.links.values():
            if link.resync is Resync.NO:
                unsent = link.sent < self.seq or bool(link.relays) or self._lags(link)
            else:
                unsent = link.resync is Resync.DUE
            if (unsent and not self.stale) or link.told != self.heard or link.doubted:
                return now_us
            due_us = link.due_us(self.stability.waiting or self.stale)
            if due_us is not None:
                times.append(due_us)
        return max(now_us, min(times)) if times else None

    def _relays(self, link: Link) -> Iterator[Relay]:
        if link.relays.overrun:
            link.relays.overrun = False
            link.behind()
        if link.relays:
            vector = self._told()
            for heard in link.relays.take(link.seen):
                yield Relay(self.region, vector, self.actor, *heard[:4], dict(heard.seen))

    def _next(self, link: Link, now_us: int) -> Message | None:
        asking = link.asks(now_us, self.stability.waiting or self.stale)
        untold, after = link.told != self.heard, link.sent
        if self.stale:
            if not untold and not asking:
                return None
            link.speak(now_us, asking)
            return self.digest()
        if self._lags(link):
            link.behind()
        if link.resync is Resync.NO:
            if after == self.seq and not untold and not asking:
                return None
            found = self.backlog.slice(after, self.seq, self.settings.batch_writes_max)
            if found is not None:
                link.speak(now_us, asking)
                writes, link.sent = found
                vector = self._told()
                return Deltas(self.region, vector, self.actor, after, link.sent, writes, asking)
            link.behind()
        return self._ask_what_it_holds(link, now_us, asking, untold)

    def _ask_what_it_holds(
        self, link: Link, now_us: int, asking: bool, untold: bool
    ) -> Message | None:
        """Meanwhile the stream rests, and only what is seen here is told on."""
        if asking or link.resync is Resync.DUE:
            link.speak(now_us, asking)
            link.resync, link.since_us = Resync.ASKED, now_us
            return Describe(self.region, self._told(), self.actor)
        return Deltas(self.region, self._told(), self.actor, 0, 0, ()) if untold else None

    def settled(self) -> bool:
        """Whether nothing is left to send or to learn, as far as is known here."""
        return not self.stale and all(
            link.acked == link.sent == self.seq
            and not link.relays
            and link.told == self.heard
            and link.resync is Resync.NO
            and not self._lags(link)
            for link in self.links.values()
        )
