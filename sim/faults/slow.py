"""Slow: packets between two regions take longer."""

from typing import Any

from sim.faults import PairFault, Undo
from sim.rng import Dice
from sim.rules import Slow, Where
from sim.units import Duration

FACTOR_MAX = 1_000_000


class SlowFault(PairFault, frozen=True, tag="slow", kw_only=True):
    """A packet takes ``factor`` times its latency plus ``extra``."""

    extra: Duration = Duration(0)
    factor: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.factor <= FACTOR_MAX:
            raise ValueError(f"factor {self.factor}: expected 0 to {FACTOR_MAX}")

    def start(self, world: Any, dice: Dice) -> Undo:
        where = Where.between(*self.regions, channels=self.channels)
        undo: Undo = world.network.add(Slow(int(self.extra), self.factor, where))
        return undo
