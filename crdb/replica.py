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
from typing import Any, NamedTuple, Self

from crdb import notices, registry, resync
from crdb.causality import Heard, met
from crdb.command import TABLE, Reply, lookup
from crdb.crdts.base import Residue
from crdb.errors import CommandError, WrongType, stale
from crdb.expirer import Expirer
from crdb.holdings import Holdings
from crdb.link import Link, Resync
from crdb.messages import Deltas, Describe, Difference, Digest, Message, Relay, Resend, Write
from crdb.pubsub import only_listening
from crdb.session import Request, Session
from crdb.settings import Settings as Settings
from crdb.transaction import Draw

registry.members("crdb.commands")


class Received(NamedTuple):
    """What a message led to."""

    applied: tuple[Write, ...] = ()
    """Writes that were merged, in order; those of a snapshot have 0 for their group."""
    answers: tuple[tuple[int, Message], ...] = ()
    """(region, message) to send back."""


class Replica(Holdings):
    """Executes commands locally and converges with its peers."""

    def __init__(
        self,
        region: int,
        peers: Iterable[int] = (),
        actor: int | None = None,
        settings: Settings | None = None,
    ) -> None:
        """``actor`` must never have written before; by default it has the region's number.

        Raises ValueError for a region or actor that does not fit into a stamp or a dot.
        """
        super().__init__(region, peers, actor, settings)
        self.orphans: set[int] = set()
        """Actors that nobody is known to write as: what they wrote is in no stream any more."""
        self._ended: dict[int, int] = {}  # Removed region -> the last of its actors.
        self.heard = 0
        """Counts changes of the context that peers have to be told."""
        self.expirer = Expirer(self._transaction, self.links, region, self.settings.owner_grace_us)

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

    # ── door 2 ──────────────────────────────────────────────────────────────────────────────

    def receive(self, now_us: int, message: Message) -> Received:
        """Take a peer's message. Nobody else is listened to."""
        link = self.links.get(message.region)
        if link is None or message.actor <= self._ended.get(message.region, 0):
            return Received()
        if isinstance(message, Resend) and message.after < link.acked:
            return Received()
        if message.actor > link.actor:
            self._note_actor(link, message.actor)
        elif message.actor < link.actor:
            # From a former life: what it wrote counts, what it had seen is gone with it.
            if isinstance(message, Deltas):
                return Received(self._receive_deltas(now_us, link, message).applied)
            return Received()
        link.acknowledge(message.vector.get(self.actor, 0), now_us)
        received = Received()
        if isinstance(message, Deltas):
            received = self._receive_deltas(now_us, link, message)
            self.broker.receive(link, message.published)
        elif isinstance(message, Relay):
            received = self._receive_relay(now_us, link, message)
        elif isinstance(message, Difference):
            received = self._receive_difference(now_us, message)
        elif isinstance(message, Digest):
            received = self._receive_digest(now_us, link, message)
        elif isinstance(message, Describe):
            received = Received(answers=((link.peer, self.digest()),))
        elif isinstance(message, Resend):
            link.rewind(message.vector.get(self.actor, 0))
            if self.settings.causal and self._knows_more(message):
                link.behind()
        link.seen = message.vector
        if not self._lags(link):
            link.caught_up()
        self.stability.note(message.region, message.vector)
        self._collect()
        return received

    def _receive_deltas(self, now_us: int, link: Link, message: Deltas) -> Received:
        if message.probe:
            link.told, link.asked = -1, None
        heard = Heard(message.actor, message.after, message.last, message.writes, message.vector)
        return self._hear(now_us, link, heard)

    def _receive_relay(self, now_us: int, link: Link, message: Relay) -> Received:
        heard = Heard(message.author, message.after, message.last, message.writes, message.seen)
        return self._hear(now_us, link, heard)

    def _hear(self, now_us: int, link: Link, heard: Heard) -> Received:
        """Take what comes next in an author's stream; ask for it again if it is not the next."""
        author, have = heard.author, self.context.vector.get(heard.author, 0)
        causal = self.settings.causal
        if heard.last <= have and heard.after <= have:
            return Received()
        early = causal and not met(heard.seen, self._seen().vector, author)
        if heard.after > have or early:
            if link.asked == (author, have):
                return Received()
            link.asked = (author, have)
            vector = self._vector()
            after = heard.after if author == link.actor else vector.get(link.actor, 0)
            answer = Resend(self.region, vector, self.actor, after)
            return Received(answers=((link.peer, answer),))
        applied = heard.writes
        if have > heard.after:
            applied = tuple(write for write in applied if write[0] > have)
        self._apply(now_us, applied)
        self.context.advance(author, heard.last)
        if author != link.actor:
            self._find_orphans()
        if causal:
            self._pass_on(link, heard)
        self.heard += 1
        return Received(applied)

    def _pass_on(self, source: Link, heard: Heard) -> None:
        """Whoever lacks it gets it ahead of what is written here from now on."""
        for link in self.links.values():
            rests = link.resync in (Resync.DUE, Resync.ASKED)
            if link is not source and link.actor != heard.author and not rests:
                link.relays.add(heard)

    def _knows_more(self, message: Message) -> bool:
        """Whether a peer lacks what others wrote and what is here."""
        theirs = message.vector
        return any(
            theirs.get(actor, 0) < seq
            for actor, seq in self.context.vector.items()
            if actor not in (self.actor, message.actor)
        )

    def _apply(self, now_us: int, writes: tuple[Write, ...]) -> None:
        """Merge what comes next in its stream: only hearsay can have met these dots before."""
        before = notices.held(self.broker, self.keyspace, (key for _, key, _ in writes))
        merge, cloud, ghosts = self.keyspace.merge, self.context.cloud, self.keyspace.ghosts
        for _, key, delta in writes:
            residue = merge(key, delta, cloud)
            if residue is not None:
                self._remember(key, residue)
            if ghosts:
                self.expirer.adopt(now_us, key)
        notices.merged(self.broker, self.keyspace, now_us, before, writes)

    def _receive_difference(self, now_us: int, message: Difference) -> Received:
        """Join what was missed; last its context, which stands for all of it.

        SUBTLE: an answer to a digest of this region's former life leaves out what that life held.
        It arrives here as from nowhere, and would pass for complete.
        """
        if not self._seen().includes(message.known_seen()):
            return Received()
        applied: list[Write] = []
        before = notices.held(self.broker, self.keyspace, self.keyspace.keys)
        for key, delta in resync.deltas(self.keyspace, message):
            residue = self.keyspace.merge(key, delta, self.context)
            applied.append((0, key, delta))
            if residue is not None:
                self._remember(key, Residue(lingering=residue.lingering))
            self.expirer.adopt(now_us, key)
        notices.merged(self.broker, self.keyspace, now_us, before, applied)
        self.context.merge(message.seen())
        self._find_orphans()
        self.heard += 1
        self._transaction.stale = False
        return Received(tuple(applied))

    def _receive_digest(self, now_us: int, link: Link, message: Digest) -> Received:
        link.answered(self.seq, now_us)
        held = resync.Held(message.seen(), message.live)
        return Received(answers=((link.peer, self.difference(held)),))

    def _note_actor(self, link: Link, actor: int) -> None:
        """A peer that writes under a new name has lost its past."""
        if link.actor:
            self.stability.restart(link.peer)
        link.actor, link.published_here = actor, 0
        self._find_orphans()

    def _lags(self, link: Link) -> bool:
        """Whether the peer lacks, as far as it has said, what no stream will bring it."""
        seen, mine = link.seen, self.context.vector
        return any(seen.get(actor, 0) < mine[actor] for actor in self.orphans)

    def _find_orphans(self) -> None:
        living = {self.actor, *(link.actor for link in self.links.values())}
        self.orphans = {actor for actor in self.context.vector if actor not in living}

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
        self.backlog.trim(acked, self.seq)
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
            vector = self._vector()
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
                vector = self._vector()
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
            return Describe(self.region, self._vector(), self.actor)
        return Deltas(self.region, self._vector(), self.actor, 0, 0, ()) if untold else None

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
