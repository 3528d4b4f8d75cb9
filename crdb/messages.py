"""What replicas send each other. All messages are here, and all are frozen.

A region's own writes are one stream per peer: `Deltas` carries the writes that come after a
sequence number, and in passing what the sender has seen, which acknowledges the other direction.
A receiver that finds a gap answers `Resend`. A sender that no longer has those writes asks what
the peer has instead (`Describe`), gets a `Digest` of it, and sends the `Difference`. Every message
may be lost, repeated or overtaken without harm.
"""

import msgspec

from crdb.crdts.base import Delta
from crdb.dots import CausalContext, Dot, VersionVector

Key = bytes
Write = tuple[int, Key, Delta]
"""(group, key, delta). A group is what one command or transaction wrote, and is numbered by its
first dot's sequence number; the next group's number is one beyond its last. A group is applied
as a whole everywhere, or not at all: no message ends inside one."""

Published = tuple[int, bool, bytes, bytes]
"""(number, sharded, channel, message). A sender numbers what it publishes to one peer."""


class Message(msgspec.Struct, frozen=True):
    region: int
    """Who sends."""
    vector: dict[int, int]
    """What the sender has applied: actor -> sequence number."""
    actor: int
    """Under which name the sender writes; a later name of one region is a greater number."""


class Deltas(Message, frozen=True):
    """The sender's own writes beyond ``after``, up to ``last``; without any, an acknowledgement."""

    after: int
    last: int
    writes: tuple[Write, ...]
    probe: bool = False
    """Asks for an answer: the sender has waited long for an acknowledgement."""
    published: tuple[Published, ...] = ()
    """What PUBLISH says, after the writes. It is not sent again."""


class Relay(Message, frozen=True):
    """Writes of another region, passed on ahead of what the sender wrote after seeing them.

    Only with causal consistency (`Settings.causal`).
    """

    author: int
    """The actor that made the writes, beyond its ``after``, up to its ``last``."""
    after: int
    last: int
    writes: tuple[Write, ...]
    seen: dict[int, int]
    """What the author had applied when it sent them."""


class Resend(Message, frozen=True):
    """Something is missing: send again from what ``vector`` says that I have."""

    after: int
    """The start that was refused. One that has been acknowledged since is an old story."""


class Describe(Message, frozen=True):
    """The backlog does not reach back so far: say what you hold."""


class Summary(Message, frozen=True):
    """A message about all that its sender has seen, hearsay included."""

    cloud: tuple[Dot, ...]

    def seen(self) -> CausalContext:
        """What the sender has seen."""
        return CausalContext(VersionVector(self.vector), self.cloud)


class Digest(Summary, frozen=True):
    """What a replica has seen, and the dots that it still holds."""

    live: tuple[Dot, ...]
    """In ascending order."""


class Difference(Summary, frozen=True):
    """A complete state with its context, less what the receiver is known to hold.

    A snapshot is the difference to nothing. ``known`` is what the receiver's digest had seen: a dot
    beyond it that the receiver holds by now, that the sender has seen and that is not in ``states``
    was removed by the sender as well, though the digest could not name it.
    """

    known: dict[int, int] = {}
    known_cloud: tuple[Dot, ...] = ()
    gone: tuple[Dot, ...] = ()
    """Dots of the digest that the sender has seen, and holds no longer."""
    states: dict[Key, tuple[Delta, ...]] = {}
    """The order of the keys, which depends on their history, says nothing."""

    def known_seen(self) -> CausalContext:
        """What the receiver's digest had seen."""
        return CausalContext(VersionVector(self.known), self.known_cloud)
