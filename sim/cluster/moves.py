"""A slot range on its way from one shard to another, key by key.

Until it has arrived the source owns it, and knows all of it: the target passes on each write before
it answers, so that a move can be given up at any moment and nothing is lost. That is our choice.
What has moved already, and what is not there at all, is for the target: the source says ASK.

Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/, on redirection
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING

from sim.slot_range import SlotRange

if TYPE_CHECKING:
    from sim.cluster.parts import Shard


class Move:
    """One range under way."""

    def __init__(self, place: SlotRange, source: "Shard", target: "Shard") -> None:
        self.place = place
        self.source = source
        self.target = target
        self._left = sorted(place.replica.keyspace.keys, reverse=True)
        self._moved: set[bytes] = set()

    def step(self, keys: int) -> int:
        """Move so many keys more; returns how many were left of so many."""
        chosen = self._left[-keys:]
        del self._left[-keys:]
        self._moved.update(chosen)
        return len(chosen)

    def take(self, keys: Iterable[bytes]) -> None:
        """The target serves these, whatever was there before."""
        self._moved.update(keys)

    def elsewhere(self, key: bytes) -> bool:
        """Whether the target has it, or will make it."""
        return key in self._moved or key not in self.place.replica.keyspace.keys
