"""What replicas send each other. All messages are here, and all are frozen.

A region's own writes are one stream per peer: `Deltas` carries the writes that come after a
sequence number, and in passing what the sender has seen, which acknowledges the other direction.
A receiver that finds a gap answers `Resend`; a sender that no longer has those writes answers
with a `Snapshot`. Every message may be lost, repeated or overtaken without harm.
"""

import msgspec

from crdb.crdts.base import Delta
from crdb.dots import Dot

Key = bytes
Write = tuple[int, Key, Delta]
"""(group, key, delta). A group is what one command or transaction wrote, and is numbered by its
first dot's sequence number; the next group's number is one beyond its last. A group is applied
as a whole everywhere, or not at all: no message ends inside one."""


class Message(msgspec.Struct, frozen=True):
    region: int
    """Who sends."""
    vector: dict[int, int]
    """What the sender has applied: actor -> sequence number."""


class Deltas(Message, frozen=True):
    """The sender's own writes beyond ``after``, up to ``last``; without any, an acknowledgement."""

    actor: int
    after: int
    last: int
    writes: tuple[Write, ...]
    probe: bool = False
    """Asks for an answer: the sender has waited long for an acknowledgement."""


class Resend(Message, frozen=True):
    """Something is missing: send again from what ``vector`` says that I have."""

    after: int
    """The start that was refused. One that has been acknowledged since is an old story."""


class Snapshot(Message, frozen=True):
    """A complete state with its context; merged as a whole, so the context comes with it."""

    actor: int
    cloud: tuple[Dot, ...]
    states: tuple[tuple[Key, tuple[Delta, ...]], ...]
