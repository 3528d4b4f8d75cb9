"""Region clocks: what time a region believes it is.

Engine time is true and seen by nobody inside the simulation. Each region reads its own wall clock,
which may be set wrong (offset), run fast or slow (drift), and be put right or wrong in one jump
(step), also backwards, as NTP does. Integer arithmetic only, so that no reading ever depends on a
float's rounding.

>>> from sim.engine import Engine
>>> engine = Engine()
>>> west, east = RegionClock(engine), RegionClock(engine, offset_us=-30_000, drift_ppm=200)
>>> east.now() - west.now()
-30000
>>> engine.run(until=60_000_000)
>>> east.now() - west.now()
-18000
"""

from sim.engine import Engine

EPOCH_US = 1_700_000_000 * 1_000_000
"""Wall time at engine time 0 (November 2023): absolute expiry times then look like real ones."""

_MILLION = 1_000_000


class RegionClock:
    """One region's wall clock, in microseconds since 1970."""

    __slots__ = ("_base_us", "_engine", "_epoch_us", "_since_us", "drift_ppm")

    def __init__(
        self, engine: Engine, offset_us: int = 0, drift_ppm: int = 0, epoch_us: int = EPOCH_US
    ) -> None:
        """Set the clock `offset_us` ahead of true time; it gains `drift_ppm` microseconds a second.

        Raises ValueError for a drift that would stop the clock or turn it back.
        """
        self._engine = engine
        self._epoch_us = epoch_us
        self._base_us = epoch_us + offset_us + engine.now
        self._since_us = engine.now
        self.drift_ppm = _drift(drift_ppm)

    def now(self) -> int:
        """Return what the clock reads, in microseconds since 1970."""
        elapsed_us = self._engine.now - self._since_us
        return self._base_us + elapsed_us + elapsed_us * self.drift_ppm // _MILLION

    def ahead_us(self) -> int:
        """Return by how many microseconds the clock is ahead of true time."""
        return self.now() - self._epoch_us - self._engine.now

    def step(self, by_us: int) -> None:
        """Move the clock by so much at once; negative turns it back."""
        self._base_us += by_us

    def drift(self, drift_ppm: int) -> None:
        """Run at another speed from now on; raises ValueError as the constructor does."""
        speed = _drift(drift_ppm)
        self._base_us = self.now()
        self._since_us = self._engine.now
        self.drift_ppm = speed

    def to_engine_delay(self, wall_us: int) -> int:
        """Return in how many microseconds of engine time the clock first reads `wall_us`.

        0 if it reads that or more already. A later step or drift makes the answer stale: whoever
        waits has to look at the clock again when the time has come.
        """
        if self.now() >= wall_us:
            return 0
        speed = _MILLION + self.drift_ppm
        elapsed_us = -((self._base_us - wall_us) * _MILLION // speed)  # rounded up
        return self._since_us + elapsed_us - self._engine.now


def _drift(drift_ppm: int) -> int:
    if drift_ppm <= -_MILLION:
        raise ValueError(f"drift of {drift_ppm} ppm: expected more than -1000000")
    return drift_ppm
