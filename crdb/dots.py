"""Dots, version vectors and causal contexts: who wrote what, and who has seen it.

A *dot* names one event: the ``seq``-th write of one actor. It is a packed int, actor in the high
bits, so that a dot is one dictionary key and ``dot + 1`` is the same actor's next write.

A *causal context* is a set of dots, kept as a version vector (all writes of an actor up to a
number) plus a *cloud* of dots beyond it. The two halves mean different things here:

- the vector says: this actor's stream has been applied up to here, removals included. It moves
  only by applying that stream in order, or by merging somebody's complete state;
- the cloud holds dots known by hearsay: a peer removed a write before its author's own message
  brought it. Such a write must not come to life when it does arrive.

So a gap in the cloud never closes by itself, and a cursor read off the vector never skips a
removal that travelled with an already known dot.

>>> seen = CausalContext()
>>> seen.advance(actor=1, seq=2)
>>> seen.add(dot(1, 5))                # heard of, not yet received
>>> [n for n in range(1, 7) if dot(1, n) in seen]
[1, 2, 5]
>>> seen.advance(actor=1, seq=5)
>>> seen
CausalContext({1: 5})

Source: Almeida, Shoker, Baquero, "Delta state replicated data types" (2018), causal contexts.
"""

from collections.abc import Iterable
from typing import Self

Dot = int

SEQ_BITS = 48
SEQ_MASK = (1 << SEQ_BITS) - 1
ACTORS_MAX = 1 << 12


def dot(actor: int, seq: int) -> Dot:
    """The ``seq``-th write of ``actor``; both start at 1."""
    if not 0 < actor < ACTORS_MAX:
        raise ValueError(f"actor must be between 1 and {ACTORS_MAX - 1}, not {actor}")
    if not 0 < seq <= SEQ_MASK:
        raise ValueError(f"sequence number must be between 1 and 2^{SEQ_BITS} - 1, not {seq}")
    return actor << SEQ_BITS | seq


def actor_of(dot: Dot) -> int:
    return dot >> SEQ_BITS


def seq_of(dot: Dot) -> int:
    return dot & SEQ_MASK


def name(dot: Dot) -> str:
    """How people write a dot: ``1:5`` is the fifth write of actor 1."""
    return f"{dot >> SEQ_BITS}:{dot & SEQ_MASK}"


class VersionVector(dict[int, int]):
    """Actor -> the highest sequence number below which nothing is missing."""

    def covers(self, dot: Dot) -> bool:
        return self.get(dot >> SEQ_BITS, 0) >= dot & SEQ_MASK

    def dominates(self, other: "VersionVector") -> bool:
        return all(self.get(actor, 0) >= seq for actor, seq in other.items())

    def join(self, other: "VersionVector") -> None:
        for actor, seq in other.items():
            if seq > self.get(actor, 0):
                self[actor] = seq

    def copy(self) -> "VersionVector":
        return VersionVector(self)


class CausalContext:
    """A set of dots: a version vector and a cloud of dots beyond it."""

    __slots__ = ("cloud", "vector")

    def __init__(self, vector: VersionVector | None = None, cloud: Iterable[Dot] = ()) -> None:
        self.vector = VersionVector() if vector is None else vector.copy()
        self.cloud = {each for each in cloud if not self.vector.covers(each)}

    def __contains__(self, dot: object) -> bool:
        assert isinstance(dot, int)
        return self.vector.get(dot >> SEQ_BITS, 0) >= dot & SEQ_MASK or dot in self.cloud

    def add(self, dot: Dot) -> None:
        """Know a dot by hearsay. The vector stays: nothing else of that actor is implied."""
        if not self.vector.covers(dot):
            self.cloud.add(dot)

    def advance(self, actor: int, seq: int) -> None:
        """This actor's writes up to ``seq`` have been applied."""
        if seq > self.vector.get(actor, 0):
            self.vector[actor] = seq
            self._prune()

    def merge(self, other: "CausalContext") -> None:
        """Add all dots of ``other``. Only right together with the complete state it describes."""
        self.vector.join(other.vector)
        self.cloud |= other.cloud
        self._prune()

    def includes(self, other: "CausalContext") -> bool:
        """Whether every dot of ``other`` is in here."""
        return self.vector.dominates(other.vector) and all(dot in self for dot in other.cloud)

    def copy(self) -> Self:
        return type(self)(self.vector, self.cloud)

    def _prune(self) -> None:
        if self.cloud:
            self.cloud = {each for each in self.cloud if not self.vector.covers(each)}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, CausalContext):
            return NotImplemented
        return self.vector == other.vector and self.cloud == other.cloud

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        beyond = f" + {{{', '.join(name(each) for each in sorted(self.cloud))}}}"
        return f"CausalContext({dict(self.vector)}{beyond if self.cloud else ''})"
