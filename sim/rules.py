"""Rules: what the network does to packets, one small class each.

Rules
- A rule looks at one packet when it is sent, and answers with a ruling. The first that drops or
  holds decides alone; delays add up, wherever they stand, and so do copies.
- `concerns` is asked once per connection, `on_packet` once per packet that it concerns.
- A rule with chance throws its own dice, so that adding it shifts no other draw.

>>> cut = Partition(Where.between("West Europe", "East US", channels=["sync"]))
>>> cut.concerns("East US", "West Europe", "sync"), cut.concerns("East US", "West Europe", "client")
(True, False)
>>> cut.on_packet(0, "East US", "West Europe", "sync")
<Verdict.HOLD: 'hold'>
"""

from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import Enum
from fractions import Fraction
from itertools import repeat

from sim.rng import Dice, fraction, in_blocks, odds


class Verdict(Enum):
    """A ruling that needs no figures."""

    PASS = "pass"
    """No objection."""
    DROP = "drop"
    """Gone without a trace, for both ends."""
    HOLD = "hold"
    """Kept with all that follow on its connection, as TCP does, until the rule is removed."""
    TWICE = "twice"
    """Delivered, and a copy of it too, after a latency of its own."""


PASS, DROP, HOLD, TWICE = Verdict


@dataclass(frozen=True, slots=True)
class Delay:
    """A ruling: the packet takes its latency times `times` / `per`, plus `extra_us`.

    Unless `in_order`, the packets behind it may overtake it. Delays add up:

    >>> Delay(50, times=2) + Delay(7, in_order=False)
    Delay(extra_us=57, times=2, per=1, in_order=False)
    """

    extra_us: int = 0
    times: int = 1
    per: int = 1
    in_order: bool = True

    def __add__(self, other: "Delay") -> "Delay":
        return Delay(
            self.extra_us + other.extra_us,
            self.times * other.times,
            self.per * other.per,
            self.in_order and other.in_order,
        )


Ruling = Verdict | Delay


@dataclass(frozen=True, slots=True)
class Where:
    """Which connections a rule concerns; None stands for any.

    With places on one side only, the other side is all places but those.
    """

    near: frozenset[str] | None = None
    far: frozenset[str] | None = None
    channels: frozenset[str] | None = None
    one_way: bool = False

    @classmethod
    def between(
        cls,
        near: str | Iterable[str],
        far: str | Iterable[str] | None = None,
        *,
        channels: Iterable[str] | None = None,
        one_way: bool = False,
    ) -> "Where":
        """Return what goes between two places or groups; `one_way` means from `near` only.

        Without `far`, that is between `near` and all the rest.

        >>> away = Where.between("Japan East")
        >>> away.covers("Japan East", "East US", "sync"), away.covers("East US", "Brazil South", "")
        (True, False)
        """
        return cls(
            _group(near),
            None if far is None else _group(far),
            None if channels is None else _group(channels),
            one_way,
        )

    def covers(self, source: str, target: str, channel: str) -> bool:
        """Return whether packets on this channel from `source` to `target` are meant."""
        if self.channels is not None and channel not in self.channels:
            return False
        forth = self._joins(source, target)
        return forth or (not self.one_way and self._joins(target, source))

    def _joins(self, source: str, target: str) -> bool:
        if self.near is None:
            return self.far is None or (target in self.far and source not in self.far)
        if self.far is None:
            return source in self.near and target not in self.near
        return source in self.near and target in self.far


EVERYWHERE = Where()


class Rule(ABC):
    """What happens to packets while this rule stands."""

    where: Where = EVERYWHERE

    def concerns(self, source: str, target: str, channel: str) -> bool:
        """Return whether this rule wants to see such packets at all; must never change."""
        return self.where.covers(source, target, channel)

    @abstractmethod
    def on_packet(self, now_us: int, source: str, target: str, channel: str) -> Ruling:
        """Return what happens to a packet that is sent now."""


class Blind(Rule):
    """A rule that looks at nothing: it rules by constant or by dice.

    The network calls `next_ruling` directly, which costs a fifth of `on_packet`.
    """

    def __init__(self, where: Where, rulings: Iterator[Ruling]) -> None:
        """Rule on the packets that `where` covers by these rulings, one after the other."""
        self.where = where
        self.next_ruling = rulings.__next__

    def on_packet(self, now_us: int, source: str, target: str, channel: str) -> Ruling:
        return self.next_ruling()


class Partition(Blind):
    """Nothing gets through: held as by TCP, or with `DROP` gone, which is the harsher fault."""

    def __init__(self, where: Where, verdict: Verdict = HOLD) -> None:
        """Cut the connections that `where` covers; raises ValueError unless HOLD or DROP."""
        if verdict not in (HOLD, DROP):
            raise ValueError(f"a partition holds or drops, it cannot {verdict.value}")
        super().__init__(where, repeat(verdict))


class _Sometimes(Blind):
    """One ruling with a fixed probability, else PASS."""

    def __init__(
        self, probability: Fraction | float | str, ruling: Ruling, dice: Dice, where: Where
    ) -> None:
        threshold = odds(probability)

        def block(count: int) -> list[Ruling]:
            raws = dice.raws(count).tolist()
            return [ruling if raw < threshold else PASS for raw in raws]

        super().__init__(where, in_blocks(block))


class Loss(_Sometimes):
    """A share of the packets never arrives."""

    def __init__(
        self, probability: Fraction | float | str, dice: Dice, where: Where = EVERYWHERE
    ) -> None:
        """Raises ValueError unless the probability is between 0 and 1."""
        super().__init__(probability, DROP, dice, where)


class Duplicate(_Sometimes):
    """A share of the packets arrives twice."""

    def __init__(
        self, probability: Fraction | float | str, dice: Dice, where: Where = EVERYWHERE
    ) -> None:
        """Raises ValueError unless the probability is between 0 and 1."""
        super().__init__(probability, TWICE, dice, where)


class Reorder(_Sometimes):
    """A share of the packets is late by `extra_us`, and overtaken meanwhile."""

    def __init__(
        self,
        probability: Fraction | float | str,
        extra_us: int,
        dice: Dice,
        where: Where = EVERYWHERE,
    ) -> None:
        """Raises ValueError unless the probability is between 0 and 1 and the delay positive."""
        if extra_us <= 0:
            raise ValueError(f"reordering by {extra_us} us: expected 1 or more")
        super().__init__(probability, Delay(extra_us, in_order=False), dice, where)


class Slow(Blind):
    """All packets take `factor` times their latency plus `extra_us`, and stay in order."""

    def __init__(
        self,
        extra_us: int = 0,
        factor: Fraction | float | str = 1,
        where: Where = EVERYWHERE,
    ) -> None:
        """Raises ValueError for a negative delay or factor."""
        exact = fraction(factor)
        if extra_us < 0 or exact < 0:
            raise ValueError(f"slower by {factor} times plus {extra_us} us: expected 0 or more")
        super().__init__(where, repeat(Delay(extra_us, exact.numerator, exact.denominator)))


def _group(names: str | Iterable[str]) -> frozenset[str]:
    return frozenset([names] if isinstance(names, str) else names)
