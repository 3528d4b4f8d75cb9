"""Latency: how long one thing takes, as distributions over whole microseconds.

Rules
- `draw` takes its dice from the caller; a latency has no state, and equal ones draw alike.
- Draws go through integer quantile tables (`sim/quantiles.py`), never through floats.
- On the wire between regions jitter is small: Azure's p95 is 1.03 times its p50, so `Jitter` is
  normal with 3 % of the base. Long tails come from batching, queues and failures, and are modelled
  where they arise (`pbs`).

>>> from sim.rng import Streams
>>> dice = Streams(7)["wire"]
>>> Constant(41_500).draw(dice)
41500
>>> [Jitter(41_500).draw(dice) for _ in range(3)]
[42246, 42507, 39511]
"""

import json
from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal, localcontext
from fractions import Fraction
from functools import cached_property, lru_cache, partial
from importlib.resources import files
from itertools import repeat

from sim.quantiles import EXACT, QuantileTable, exponential_grid, normal_grid, table
from sim.rng import Dice, in_blocks, odds


class Latency(ABC):
    """A distribution of durations."""

    @abstractmethod
    def draw(self, dice: Dice) -> int:
        """Return one duration in microseconds, 0 or more."""

    @abstractmethod
    def block(self, dice: Dice, count: int) -> list[int]:
        """Return `count` durations: those that as many calls of `draw` would give."""

    def stream(self, dice: Dice) -> Iterator[int]:
        """Return endless durations, drawn in blocks from dice that nobody else should throw."""
        return in_blocks(partial(self.block, dice))


@dataclass(frozen=True)
class Constant(Latency):
    """Always the same; throws no dice."""

    us: int

    def draw(self, dice: Dice) -> int:
        return self.us

    def block(self, dice: Dice, count: int) -> list[int]:
        return [self.us] * count

    def stream(self, dice: Dice) -> Iterator[int]:
        return repeat(self.us)


class Tabled(Latency):
    """A distribution drawn through a quantile table, which is made at the first draw."""

    @abstractmethod
    def tabulate(self) -> QuantileTable:
        """Make the table."""

    @cached_property
    def table(self) -> QuantileTable:
        """Return the table; equal latencies share one."""
        return _tabulated(self)

    def draw(self, dice: Dice) -> int:
        return self.table.at(dice.raw())

    def block(self, dice: Dice, count: int) -> list[int]:
        return self.table.block(dice.raws(count))


@lru_cache(maxsize=4096)
def _tabulated(latency: Tabled) -> QuantileTable:
    return latency.tabulate()


@dataclass(frozen=True)
class Jitter(Tabled):
    """Normal around `base_us` with standard deviation `sigma` of it, never below half of it."""

    base_us: int
    sigma: Decimal = Decimal("0.03")

    def tabulate(self) -> QuantileTable:
        half = Decimal("0.5")
        return table(normal_grid(), lambda z: self.base_us * max(half, 1 + self.sigma * z))


@dataclass(frozen=True)
class Lognormal(Tabled):
    """Median `median_us`; the logarithm has standard deviation `sigma`."""

    median_us: int
    sigma: Decimal

    def tabulate(self) -> QuantileTable:
        return table(normal_grid(), lambda z: self.median_us * (self.sigma * z).exp())


@dataclass(frozen=True)
class Exponential(Tabled):
    """Mean `mean_us`, as the time between independent arrivals."""

    mean_us: int | Decimal

    def tabulate(self) -> QuantileTable:
        return table(exponential_grid(), lambda e: self.mean_us * e)


@dataclass(frozen=True)
class Pareto(Tabled):
    """At least `scale_us`; longer than t with probability (scale_us / t) ** shape."""

    scale_us: int | Decimal
    shape: Decimal

    def tabulate(self) -> QuantileTable:
        return table(exponential_grid(), lambda e: self.scale_us * (e / self.shape).exp())


@dataclass(frozen=True)
class Mixture(Latency):
    """`usual` with probability `share`, else `other`; `extra_us` is added to both."""

    share: Fraction
    usual: Tabled
    other: Tabled
    extra_us: int = 0
    _odds: int = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_odds", odds(self.share))

    def draw(self, dice: Dice) -> int:
        part = self.usual if dice.raw() < self._odds else self.other
        return part.table.at(dice.raw()) + self.extra_us

    def block(self, dice: Dice, count: int) -> list[int]:
        raws = dice.raws(2 * count)
        usual = self.usual.table.block(raws[1::2].copy())
        other = self.other.table.block(raws[1::2].copy())
        return [
            (a if coin < self._odds else b) + self.extra_us
            for coin, a, b in zip(raws[::2].tolist(), usual, other, strict=True)
        ]


def pbs(store: str, leg: str = "W") -> Mixture:
    """Return the one-way message delay measured in a production data store.

    `store` is LNKD-SSD, LNKD-DISK, YMMR or WAN; `leg` is W (a write to a replica) or ARS (the
    acknowledgement, the read and its response). Bailis et al., VLDB 2012, table 3. Raises
    ValueError for another store, and KeyError for another leg.

    >>> pbs("YMMR").usual
    Pareto(scale_us=Decimal('3000.0'), shape=Decimal('3.35'))
    """
    source = files("sim") / "data" / "parameters.json"
    stores = json.loads(source.read_text(encoding="utf-8"), parse_float=Decimal)["pbs_wars_ms"]
    names = [name for name, each in stores.items() if isinstance(each, dict)]
    if store not in names:
        raise ValueError(f"no store {store!r}; there are {', '.join(names)}")
    entry = stores[store]
    fit = stores[entry.get("base", store)][leg]
    with localcontext(EXACT):
        return Mixture(
            Fraction(fit["p_pareto"]),
            Pareto(1000 * fit["xm"], Decimal(fit["alpha"])),
            Exponential(1000 / fit["lambda"]),
            extra_us=1000 * entry.get("extra_one_way_ms", 0),
        )
