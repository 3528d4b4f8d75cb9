"""What a replicated data type is, and the laws it keeps.

A *state* is changed in place by ``merge`` and never leaves its replica. A *delta* is a frozen
fragment of such a state, and all that travels. ``merge`` is the one verb for local write,
replication and full sync: a mutator only computes a delta, so that "write locally" and "receive
the write" are the same by construction.

Three mutators run so often that looking everything up twice, to compute and to merge, would double
the price of a command. They have a twin with the suffix ``_now`` that does both in one step. A
twin may only exist where the merge can leave no `Residue`; law "now" holds it to its original.

What was removed is not marked in the state: a dot that the context has seen and the state lacks
is gone. A delta therefore names the dots that it *covers* (saw, and did not keep).

The laws, over states a and b with their contexts (see `Causal`), a delta d and the state s it
was made from. `tests/` checks each under the name it has here, for every type:

commutative   a | b == b | a
associative   (a | b) | c == a | (b | c)
idempotent    a | a == a
bottom        a | bottom == a
inflation     the context of a | b holds that of a, and what a | b lacks of a, b had seen, or it
              has a record that names it, as a counter's reset does; where deletions win, b may
              also have had a deletion of what it had not seen
grouping      s + d1 + d2 == s + join(d1, d2)
delta         s + d == s | (bottom + d)      a delta is a state
once          s + d + d == s + d             a message delivered twice
now           s.f_now() leaves what s + s.f() gives, and returns the same delta

Laws are necessary, not sufficient: a set that never removes keeps them all. So each type also
has an executable spec and a size bound, in its file of `tests/cases/`.

Source: Almeida, Shoker, Baquero, "Delta state replicated data types" (2018).
"""

from abc import ABC, abstractmethod
from collections.abc import Container, Iterable, Iterator
from itertools import chain
from typing import Any, ClassVar, Generic, NamedTuple, Self, TypeVar

import msgspec

from crdb.dots import CausalContext, Dot

NOTHING: frozenset[Dot] = frozenset()
"""The ``seen`` of a write whose dots are certainly new: the local one."""


class Residue(NamedTuple):
    """What a merge leaves for the replica to do. None at all: the state is alive and done."""

    missed: tuple[Dot, ...] = ()
    """Covered dots that were not here. One not seen yet must stay dead when it arrives."""
    lingering: tuple[Dot, ...] = ()
    """Records that must be kept until every region has seen these dots (`CRDT.forget`)."""
    ending: tuple[tuple[int, bytes], ...] = ()
    """(milliseconds, name): a part of the value with a deadline of its own, to be seen to then."""


def together(residues: Iterable[Residue | None]) -> Residue | None:
    """All that is left to do of several merges."""
    found = [residue for residue in residues if residue is not None]
    return Residue(*(tuple(chain(*of)) for of in zip(*found, strict=True))) if found else None


class Written(NamedTuple):
    """One write that a state still holds, as people are told of it."""

    dot: Dot
    value: Any
    """What was written: a plain value, or a tuple of a name and its value."""
    order: int | None = None
    """The author's stamp, where a clock decides."""
    shows: bool = True
    """Whether a client sees it, and not another one instead."""

    def of(self, name: bytes) -> "Written":
        """The same as the value of a member or field of that name."""
        return self._replace(value=(name, self.value))


def of_part(name: bytes, rules: Iterable[str]) -> Iterator[str]:
    """The rules by which one member or field reads as it does."""
    return (f"{name.decode(errors='backslashreplace')}: {rule}" for rule in rules)


class Delta(msgspec.Struct, frozen=True, gc=False):
    """A frozen fragment of a state: what was added, and which dots that covers."""

    crdt: ClassVar[type["CRDT[Any]"]]
    """The type of a key that this delta merges into."""

    def dots(self) -> Iterator[Dot]:
        """Every dot this delta knows of, added or covered."""
        raise NotImplementedError


D = TypeVar("D", bound=Delta)


class CRDT(ABC, Generic[D]):
    """One replicated value. Its constructor without arguments gives bottom, the empty state."""

    __slots__ = ()

    name: ClassVar[str]
    """Of a type that a key can have: what the TYPE command answers."""
    rank: ClassVar[int]
    """Of such a type: a key that holds several after concurrent writes shows the smallest."""
    deletes_win: ClassVar[bool] = False
    """Whether a deletion takes away what it had not seen, too."""

    @abstractmethod
    def merge(self, delta: D, seen: Container[Dot]) -> Residue | None:
        """Join ``delta`` into this state. ``seen``: dots whose additions come too late.

        None means that nothing is left to do and the state is alive.
        """

    @classmethod
    @abstractmethod
    def join(cls, first: D, second: D) -> D:
        """One delta with the effect of both."""

    @abstractmethod
    def clear(self, dot: Dot) -> D:
        """The observed removal of everything here.

        ``dot`` is the first of `clear_dots` fresh ones, used if needed.
        """

    def clear_dots(self) -> int:
        """How many dots `clear` may use: at least one, as every write has a number."""
        return 1

    @abstractmethod
    def beyond(self, seen: Container[Dot]) -> D:
        """The part of the state whose dots are not in ``seen``, as a delta that covers nothing."""

    def complete(self) -> D:
        """The whole state as a delta that covers nothing."""
        return self.beyond(NOTHING)

    @abstractmethod
    def covered(self, whole: D, gone: Container[Dot]) -> D:
        """``whole``, what another replica holds, with the dots here that it removed.

        Those are the dots that are in ``gone`` and not in ``whole``. For a complete state ``gone``
        is its context: what it has seen and lacks. What is the same here may be left out.
        """

    @abstractmethod
    def dots(self) -> Iterator[Dot]:
        """The live dots of this state."""

    @abstractmethod
    def alive(self) -> bool:
        """Whether the key exists, as a client sees it."""

    @abstractmethod
    def value(self) -> Any:
        """The plain value: what the siblings and parts fold to."""

    def told(self) -> Any:
        """The value as people are shown it, who do not read bytes."""
        return self.value()

    def written(self) -> Iterator[Written]:
        """The writes that are here, concurrent ones side by side."""
        return (Written(dot, f"({self.name})") for dot in sorted(self.dots()))

    def rules(self) -> Iterator[str]:
        """By which rules the value is what it is, each with who says so."""
        return iter(())

    def empty(self) -> bool:
        """Whether nothing at all is left, not even a record."""
        return not self.alive()

    def forget(self, dot: Dot) -> None:
        """Every region has seen ``dot`` and all it was concurrent with.

        Drop its record, and the earlier ones of its actor.
        """


T = TypeVar("T", bound=CRDT[Any])


class Causal(Generic[T]):
    """A state with its context: the mathematical object that the laws speak of.

    A replica keeps one context for all its keys; this pair is for full sync and for the laws.
    """

    __slots__ = ("seen", "state")

    def __init__(self, state: T, seen: CausalContext | None = None) -> None:
        self.state = state
        self.seen = CausalContext() if seen is None else seen

    @classmethod
    def of(cls, kind: type[T], delta: Delta) -> "Causal[T]":
        """A delta is a state: bottom with the delta in it, and the dots that it knows."""
        return Causal(kind()).plus(delta)

    def plus(self, delta: Delta) -> Self:
        """This state with ``delta`` merged, in place."""
        self.state.merge(delta, self.seen)
        for each in delta.dots():
            self.seen.add(each)
        return self

    def copy(self) -> Self:
        state = type(self.state)()
        state.merge(self.state.complete(), NOTHING)
        return type(self)(state, self.seen.copy())

    def __or__(self, other: Self) -> Self:
        """The join: everything that either has and the other has not removed."""
        both = self.copy()
        whole = both.state.covered(other.state.complete(), other.seen)
        both.state.merge(whole, both.seen)
        both.seen.merge(other.seen)
        return both

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Causal):
            return NotImplemented
        return bool(self.seen == other.seen and self.state.complete() == other.state.complete())

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"{self.state!r} having seen {self.seen!r}"
