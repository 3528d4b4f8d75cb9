"""Resync: what a peer gets that the backlog cannot serve, and how it is joined.

The peer says what it has seen and which dots it still holds. It gets the parts of the states whose
dots it has not seen, and the names of the dots that it holds and that are gone here. So a region
that was cut off for long gets what it missed, and nothing of what it has.

SUBTLE: the peer goes on meanwhile. By the time the difference arrives it may hold dots that its
digest did not name, and that are gone here as well. It can tell: what the sender has seen, the
digest had not, and the difference does not bring, the sender does not hold. Only so may the
sender's context be merged: it stands for a complete state.

>>> from crdb.dots import seq_of
>>> from crdb.replica import Replica
>>> from crdb.session import Session
>>> here, there = Replica(1, [2]), Replica(2, [1])
>>> def run(replica, line):
...     return replica.execute(0, Session(), line.encode().split(), lambda n: 0)
>>> _ = run(here, "SADD s a b c d"), there.receive(0, here.snapshot())
>>> _ = run(here, "SREM s b"), run(here, "SADD s e")
>>> sent = difference(here.keyspace, here.context, digest(there.keyspace, there.context))
>>> [(key, delta.adds) for key, (delta,) in sent.states.items()], [seq_of(dot) for dot in sent.gone]
([(b's', {b'e': 281474976710662})], [2])

Source: the missing-delta recovery of Almeida, Shoker, Baquero (2018); dots as the summary, as in
Enes et al., "Efficient synchronization of state-based CRDTs" (2019).
"""

from collections.abc import Iterator
from typing import NamedTuple

from crdb.crdts.base import Delta
from crdb.dots import CausalContext, Dot
from crdb.keyspace import Key, Keyspace
from crdb.messages import Difference


class Held(NamedTuple):
    """What a replica has seen, and which dots it holds."""

    seen: CausalContext
    live: tuple[Dot, ...]


NOTHING_HELD = Held(CausalContext(), ())


class Sent(NamedTuple):
    """What a replica that holds something lacks."""

    gone: tuple[Dot, ...]
    states: dict[Key, tuple[Delta, ...]]


class Gone:
    """The dots that the sender of a difference has seen and does not hold."""

    def __init__(self, message: Difference) -> None:
        self._named = frozenset(message.gone)
        self._known = message.known_seen()
        self._theirs = message.seen()

    def __contains__(self, dot: object) -> bool:
        return dot in self._named or (dot in self._theirs and dot not in self._known)


def digest(keyspace: Keyspace, seen: CausalContext) -> Held:
    return Held(seen.copy(), tuple(sorted(keyspace.dots())))


def difference(keyspace: Keyspace, seen: CausalContext, peer: Held) -> Sent:
    """What ``peer`` lacks of the complete state here, whose context is ``seen``."""
    live = set(keyspace.dots())
    gone = tuple(dot for dot in peer.live if dot in seen and dot not in live)
    return Sent(gone, dict(keyspace.beyond(peer.seen)))


def deltas(keyspace: Keyspace, message: Difference) -> Iterator[tuple[Key, Delta]]:
    """What joins a difference into the keyspace; each is to be merged before the next is taken."""
    gone, whole = Gone(message), message.states
    here = [key for key, _ in keyspace.entries()]
    for key in dict.fromkeys([*whole, *here]):
        for delta in keyspace.against(key, whole.get(key, ()), gone):
            yield key, delta
