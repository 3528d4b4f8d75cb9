"""home-region: the hash of the id names the one region that decides.

Promises: a payment is claimed by one payer at a time, in ordinary times and in a partition. Whoever
asks, from wherever, asks the same copy, so its local NX is enough.

What it costs: half of the claims cross the ocean, and while a payer cannot reach a payment's home,
nobody may decide: it is refused (``refuse``), or its payers keep on trying until the home is back
(``queue``). In the loss of West Europe that is the half whose home it is; in a partition it is, on
either side, the half whose home is on the other.

What breaks it: a claim that runs out while its payer is still at work, as with any lock; and a
failover that gives a payment a new home before the old one's claims have arrived there.
"""

from collections.abc import Sequence
from typing import Annotated, Any, Literal
from zlib import crc32

import msgspec

from sim.failover import HealthProbe
from sim.protocols.base import Design, Payment, Refused, Settings, Terms
from sim.region import Region
from sim.units import Period


class HomeRegionSettings(Settings, frozen=True):
    unreachable: Literal["refuse", "queue"] = "refuse"
    """What becomes of a payment whose home does not answer."""
    probe_interval: Period = Period(5_000_000)
    probe_failures: Annotated[int, msgspec.Meta(ge=1)] = 3


class HomeRegion(Design):
    name = "home-region"
    settings_type = HomeRegionSettings

    def __init__(self, world: Any, terms: Terms, settings: HomeRegionSettings) -> None:
        super().__init__(world, terms, settings)
        self._homes: list[Region] = list(world.regions.values())
        self._refuses = settings.unreachable == "refuse"
        self._probes = {
            (place, home.name): HealthProbe.of(
                world, place, home, settings.probe_interval, settings.probe_failures
            )
            for place in world.regions
            for home in self._homes
            if self._refuses and home.name != place
        }

    def home(self, payment: Payment) -> Region:
        return self._homes[crc32(payment.id.encode()) % len(self._homes)]

    def stores(self, payment: Payment, place: str) -> Sequence[Region]:
        home = self.home(payment)
        if not self.healthy(place, home.name):
            raise Refused(f"{home.name} decides, and does not answer {place}")
        return [home]

    def unreachable(self, payment: Payment, place: str) -> Refused | None:
        home = self.home(payment)
        return Refused(f"{home.name} did not answer {place}") if self._refuses else None
