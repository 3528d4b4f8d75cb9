"""Failover as clients know it: a health probe that tells who answers, and a name that is switched.

Users reach a region's payers through probes in every protocol; which of these a protocol uses
beside them stands in its file.

- `HealthProbe`: a place pings a region. So many failures in a row and the region counts as down for
  that place; one answer and it counts as up. A probe sees its own path only: the same region may
  look down from one place and up from another.
- `Alias`: a DNS name. Whoever resolves it keeps the old answer until the record's time to live is
  over, so a switch shows only then.

>>> from sim.engine import Engine
>>> engine = Engine()
>>> primary = Alias(engine, "West Europe", ttl_us=30_000_000)
>>> primary.switch("East US")
>>> before = primary.resolve()
>>> engine.run(until=30_000_001)
>>> before, primary.resolve()
('West Europe', 'East US')
"""

from collections.abc import Callable, Generator
from typing import Any

from sim.client import Client, Unknown
from sim.engine import Engine
from sim.region import Region


class Alias:
    """A name that stands for a region, and is switched by hand."""

    def __init__(
        self,
        engine: Engine,
        region: str,
        ttl_us: int,
        seen: Callable[[str], object] = lambda region: None,
    ) -> None:
        """`seen` is called with the region when clients see a switch."""
        self._engine = engine
        self._ttl_us = ttl_us
        self._region = region
        self._seen = seen

    def switch(self, region: str) -> None:
        """Let the name stand for another region; clients see it when the old answer has expired."""
        self._engine.call_in(self._ttl_us, self._expire, region)

    def resolve(self) -> str:
        """Return what the name stands for, as every client believes now."""
        return self._region

    def _expire(self, region: str) -> None:
        self._region = region
        self._seen(region)


class HealthProbe:
    """One place's view of whether a region answers."""

    def __init__(
        self, client: Client, region: Region, interval_us: int, failures: int, until_us: int
    ) -> None:
        """Ping `region` every `interval_us` from the client's place; stop at `until_us`."""
        self.healthy = True
        self._client = client
        self._region = region
        self._interval_us = interval_us
        self._failures = failures
        self._until_us = until_us
        client.engine.process(self._probe())

    @classmethod
    def of(
        cls, world: Any, place: str, region: Region, interval_us: int, failures: int
    ) -> "HealthProbe":
        """Probe `region` from `place` to the end of a world's work."""
        until_us = int(world.scenario.horizon)
        return cls(world.client(place), region, int(interval_us), failures, until_us)

    def _probe(self) -> Generator[Any, Any, None]:
        failed = 0
        while self._client.engine.now < self._until_us:
            try:
                yield from self._client.call(self._region, b"PING")
                failed = 0
            except Unknown:
                failed += 1
            self.healthy = failed < self._failures
            yield from self._client.pause(self._interval_us)
