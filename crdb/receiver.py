"""What a replica does with what it is told: its second door."""

from collections.abc import Iterable
from typing import NamedTuple

from crdb import notices, resync
from crdb.causality import Heard, met
from crdb.crdts.base import Residue
from crdb.expirer import Expirer
from crdb.holdings import Holdings
from crdb.link import Link, Resync
from crdb.messages import Deltas, Describe, Difference, Digest, Message, Relay, Resend, Write
from crdb.settings import Settings


class Received(NamedTuple):
    """What a message led to."""

    applied: tuple[Write, ...] = ()
    """Writes that were merged, in order; those of a snapshot have 0 for their group."""
    answers: tuple[tuple[int, Message], ...] = ()
    """(region, message) to send back."""


class Receiver(Holdings):
    """Merges what peers wrote, and answers what they ask."""

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
        self.follows = False
        """This is the copy on another node, and writes nothing (`Replica.copy`)."""
        self.expirer = Expirer(self._transaction, self.links, region, self.settings.owner_grace_us)

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

    def follow(self, now_us: int, author: int, writes: tuple[Write, ...], last: int) -> None:
        """Take what was written under ``author``, up to ``last``, where this is the copy of."""
        self._apply(now_us, writes)
        self.context.advance(author, last)

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
        self._transaction.stale = self.follows
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
