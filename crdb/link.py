"""A link: how far one peer is with this region's stream, and what it has been told.

Two cursors: ``sent`` is how far the stream has gone out, ``acked`` how far the peer says that it
has applied it. With one cursor only, every tick would send everything not yet acknowledged again.

Waiting is measured from the past, never set for the future: a clock that was ahead and is put right
would else leave a peer unasked for as long as it had been wrong.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import msgspec

from crdb.causality import Relays
from crdb.messages import Deltas, Message, Published

DOUBLINGS_MAX = 5


class Resync(Enum):
    """How far it is with giving the peer what no stream will bring it."""

    NO = "not needed"
    DUE = "to be asked what it holds"
    ASKED = "asked what it holds"
    ANSWERED = "sent the difference, and has not said yet that it has it"


@dataclass(slots=True)
class Link:
    """Sending state towards one peer. Times are on this region's own clock, in microseconds."""

    peer: int
    resend_after_us: int
    sent: int = 0
    acked: int = 0
    told: int = -1
    """Which version of this region's context the peer has been told; -1: tell it again."""
    asked: tuple[int, int] | None = None
    """The gap that was reported last, (author, up to where it is here): each is reported once."""
    actor: int = 0
    """Who writes for the peer, as last heard; 0 for not yet."""
    seen: Mapping[int, int] = field(default_factory=dict)
    """What the peer last said that it has applied: actor -> sequence number."""
    resync: Resync = Resync.NO
    doubted: bool = False
    """Ask the peer for an answer with the next tick."""
    heard_at_us: int = 0
    """When the peer was last heard …"""
    spoke_at_us: int = 0
    """… and when it was last sent something."""
    since_us: int = 0
    """Since when an acknowledgement is outstanding."""
    relays: Relays = field(default_factory=Relays)
    """With causal consistency: others' writes that go ahead of one's own."""
    doublings: int = 0
    """How often the peer was asked in vain: each time, wait twice as long."""
    publications: int = 0
    """Number of the last message that was published to the peer …"""
    published: list[Published] = field(default_factory=list)
    """… those that the next `Deltas` will carry …"""
    published_here: int = 0
    """… and the number of the last that the peer published here."""

    def acknowledge(self, seq: int, now_us: int) -> None:
        """The peer has applied this region's stream up to ``seq``."""
        self.heard_at_us = now_us
        if seq > self.acked or seq == self.sent:
            self.doublings = 0
            self.since_us = now_us
        self.acked = seq

    def due_us(self, records: bool) -> int | None:
        """When to ask the peer for an answer; None if nothing is expected of it.

        ``records``: something here waits to be seen by all regions. A peer whose last word was lost
        says nothing more by itself.
        """
        if self.acked < self.sent or self.resync is not Resync.NO:
            return self.since_us + (self.resend_after_us << self.doublings)
        if records:
            quiet_us = max(self.heard_at_us, self.spoke_at_us)
            return quiet_us + (self.resend_after_us << self.doublings)
        return None

    def asks(self, now_us: int, records: bool) -> bool:
        """Whether the peer is to be asked now. Must be called first in every tick."""
        self.heard_at_us = min(self.heard_at_us, now_us)
        self.spoke_at_us = min(self.spoke_at_us, now_us)
        self.since_us = min(self.since_us, now_us)
        due_us = self.due_us(records)
        return self.doubted or (due_us is not None and now_us >= due_us)

    def speak(self, now_us: int, asking: bool) -> None:
        """A message goes out."""
        if asking:
            self.doublings = min(self.doublings + 1, DOUBLINGS_MAX)
        if asking or self.acked == self.sent:
            self.since_us = now_us
        self.spoke_at_us = now_us
        self.doubted = False

    def behind(self) -> None:
        """The stream cannot bring the peer what it lacks."""
        self.relays.drop()
        if self.resync is Resync.NO:
            self.resync = Resync.DUE

    def answered(self, seq: int, now_us: int) -> None:
        """All up to ``seq`` is on its way as a difference."""
        self.sent, self.since_us, self.resync = seq, now_us, Resync.ANSWERED

    def caught_up(self) -> None:
        """The peer lacks nothing but what the stream will bring."""
        if self.resync is Resync.ANSWERED and self.acked >= self.sent:
            self.resync = Resync.NO

    def rewind(self, seq: int) -> None:
        """The peer lacks what came after ``seq``: its word counts, not what it once acked."""
        self.sent = self.acked = seq

    def publish(self, sharded: bool, channel: bytes, message: bytes) -> None:
        """To go out with the next tick, even if there is nothing else to tell."""
        self.publications += 1
        self.published.append((self.publications, sharded, channel, message))
        self.told = -1

    def carrying(self, message: Message) -> Message:
        """The message with what is to be published, if it is of the kind that carries it."""
        if not self.published or not isinstance(message, Deltas):
            return message
        published, self.published = tuple(self.published), []
        return msgspec.structs.replace(message, published=published)
