"""Causal consistency: no region shows a write before the writes that its author had seen.

Off by default, as in the product: streams of two authors are then not ordered among each other,
and a reply can be read where the question has not arrived. On, a region passes on what it received
to every peer that is not known to have it, on the same link as its own writes and before them; so
each write crosses up to N-2 links more. A message whose sender had seen more than has arrived is
refused; the sender is asked again, and as relays are kept nowhere it then sends the difference.

The order holds for all keys of the replica, where the product's holds for each key.

>>> met({1: 5, 2: 3, 3: 1}, have={1: 4, 2: 3, 3: 1}, own=1)
True
>>> met({1: 5, 2: 3, 3: 1}, have={1: 5, 3: 1}, own=1)
False

Source: Redis Active-Active, "Causal consistency"; Mahajan, Alvisi, Dahlin, "Consistency,
availability, and convergence" (2011).
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from crdb.messages import Write

RELAYS_MAX = 1_000
"""Messages kept for a peer that does not take them: beyond, it gets the difference."""


class Heard(NamedTuple):
    """Writes of one author, in whatever message they came."""

    author: int
    after: int
    last: int
    writes: tuple[Write, ...]
    seen: Mapping[int, int]
    """What the author had applied: actor -> sequence number."""


def met(seen: Mapping[int, int], have: Mapping[int, int], own: int) -> bool:
    """Whether all that an author had seen is here; ``own`` is its own stream, which comes now."""
    return all(have.get(actor, 0) >= seq for actor, seq in seen.items() if actor != own)


class Relays:
    """What one peer is to be told of others' writes, in the order in which they arrived here."""

    __slots__ = ("_heard", "overrun")

    def __init__(self) -> None:
        self._heard: list[Heard] = []
        self.overrun = False
        """Some were dropped: the peer may lack them for good."""

    def add(self, heard: Heard) -> None:
        if len(self._heard) >= RELAYS_MAX:
            self.drop()
            self.overrun = True
        elif not self.overrun:
            self._heard.append(heard)

    def take(self, seen: Mapping[int, int]) -> Iterator[Heard]:
        """Those that the peer, which says that it has ``seen`` so much, still lacks; once."""
        heard, self._heard = self._heard, []
        return (each for each in heard if seen.get(each.author, 0) < each.last)

    def drop(self) -> None:
        """The peer gets a complete state instead."""
        self._heard.clear()

    def __bool__(self) -> bool:
        return bool(self._heard)
