"""Register: one value that is assigned; concurrent assignments are kept as siblings.

Each sibling carries its dot and an *order*, and reading folds them to the greatest order. What
the order means is the whole difference between registers: a stamp makes it last-writer-wins, a
deadline makes it longest-expiry-wins. A write supersedes every sibling that it saw, so causal
order decides first and the order only between concurrent writes.

SUBTLE: the loser stays until a write covers it. Dropped locally, it would be missing where a
later write beats the winner but not the loser, and two replicas would part.

>>> from crdb.crdts.base import NOTHING
>>> from crdb.dots import dot
>>> berlin, tokyo = Register(), Register()
>>> first = berlin.write("red", order=10, dot=dot(1, 1))
>>> second = tokyo.write("blue", order=20, dot=dot(2, 1))   # concurrent, by a later clock
>>> for city in (berlin, tokyo):
...     for delta in (first, second):
...         _ = city.merge(delta, NOTHING)
>>> berlin.value(), tokyo.value(), len(berlin.siblings())
('blue', 'blue', 2)
>>> slow = berlin.write("green", order=5, dot=dot(1, 2))    # saw both: its slow clock is no matter
>>> _ = berlin.merge(slow, NOTHING)
>>> berlin.value(), len(berlin.siblings())
('green', 1)

Source: Redis Active-Active, "Conflict resolution: strings"; siblings as in dotted version vector
sets (Preguiça et al. 2010).
"""

from collections.abc import Container, Iterator
from typing import Any, ClassVar

from crdb import stamps
from crdb.crdts.base import CRDT, Delta, Residue, Written
from crdb.crdts.causal import Dots, each, lacking, pack, removed
from crdb.dots import Dot

Sibling = tuple[int, Any]
"""(order, value)."""


class RegisterDelta(Delta, frozen=True, gc=False):
    """The shape of a register, and the dots that it covers. Usually one write that saw one."""

    dot: Dot = 0
    order: int = 0
    top: Any = None
    covers: Dots | None = None
    losers: dict[Dot, Sibling] | None = None

    def siblings(self) -> dict[Dot, Sibling]:
        if not self.dot:
            return {}
        return {self.dot: (self.order, self.top)} | (self.losers or {})

    @classmethod
    def of(cls, siblings: dict[Dot, Sibling], covers: Dots | None) -> "RegisterDelta":
        """The delta that adds these siblings; the one that shows comes first."""
        if not siblings:
            return cls(covers=covers)
        top = max(siblings, key=lambda dot: (siblings[dot][0], dot))
        losers = {dot: siblings[dot] for dot in siblings if dot != top}
        return cls(top, *siblings[top], covers, losers or None)

    def dots(self) -> Iterator[Dot]:
        yield from self.siblings()
        yield from each(self.covers)


class Register(CRDT[RegisterDelta]):
    """A value by assignment. Metadata: one dot and one order for each concurrent author."""

    __slots__ = ("dot", "losers", "order", "top")

    name: ClassVar[str] = "register"
    delta: ClassVar[type[RegisterDelta]] = RegisterDelta

    def __init__(self) -> None:
        self.dot: Dot = 0
        """Of the sibling that shows; 0 for none."""
        self.order = 0
        self.top: Any = None
        self.losers: dict[Dot, Sibling] | None = None
        """The other siblings, None for none: the usual register is four slots."""

    def write(self, value: Any, order: int, dot: Dot) -> RegisterDelta:
        return self.delta(dot, order, value, self.held())

    def write_now(self, value: Any, order: int, dot: Dot) -> RegisterDelta:
        """`write` and `merge` in one step."""
        covers: Dots | None = self.dot or None
        if self.losers is not None:
            covers, self.losers = self.held(), None
        self.dot, self.order, self.top = dot, order, value
        return self.delta(dot, order, value, covers)

    def held(self) -> Dots | None:
        """The dots here, as what a write covers."""
        if self.losers is None:
            return self.dot or None
        return pack((self.dot, *self.losers))

    def clear(self, dot: Dot) -> RegisterDelta:
        return self.delta(covers=self.held())

    @classmethod
    def join(cls, first: RegisterDelta, second: RegisterDelta) -> RegisterDelta:
        gone = (*each(first.covers), *each(second.covers))
        adds = first.siblings() | second.siblings()
        return cls.delta.of({dot: adds[dot] for dot in adds if dot not in gone}, pack(gone))

    def merge(self, delta: RegisterDelta, seen: Container[Dot]) -> Residue | None:
        usual = delta.losers is None and self.losers is None and (delta.covers or 0) == self.dot
        if usual and delta.dot and delta.dot not in seen:
            # It saw the one sibling that is here, or there was none.
            self.dot, self.order, self.top = delta.dot, delta.order, delta.top
            return None
        siblings = self.siblings()
        missed = lacking(delta.covers, self.held())
        adds = delta.siblings()
        siblings |= {dot: adds[dot] for dot in adds if dot not in seen}
        for dot in each(delta.covers):
            siblings.pop(dot, None)
        joined = self.delta.of(siblings, None)
        self.dot, self.order, self.top = joined.dot, joined.order, joined.top
        self.losers = joined.losers
        return Residue(missed) if missed or not siblings else None

    def siblings(self) -> dict[Dot, Sibling]:
        """All concurrent writes, the one that shows first."""
        if not self.dot:
            return {}
        return {self.dot: (self.order, self.top)} | (self.losers or {})

    def beyond(self, seen: Container[Dot]) -> RegisterDelta:
        siblings = self.siblings()
        return self.delta.of({dot: siblings[dot] for dot in siblings if dot not in seen}, None)

    def covered(self, whole: RegisterDelta, gone: Container[Dot]) -> RegisterDelta:
        adds = whole.siblings()
        return self.delta.of(adds, removed(self.held(), pack(adds), gone))

    def dots(self) -> Iterator[Dot]:
        yield from each(self.held())

    def alive(self) -> bool:
        return self.dot != 0

    def value(self) -> Any:
        return self.top

    def written(self) -> Iterator[Written]:
        for dot, (order, value) in self.siblings().items():
            yield Written(dot, value, order, dot == self.dot)

    def rules(self) -> Iterator[str]:
        orders = sorted((order for order, _ in self.siblings().values()), reverse=True)
        if len(orders) > 1:
            if stamps.clock_us(orders[0]) == stamps.clock_us(orders[1]):
                yield "concurrent writes of equal clocks: the smaller region shows (our choice)"
            else:
                yield "concurrent writes: the later clock shows (published)"

    def __repr__(self) -> str:
        return f"Register({self.siblings()!r})"
