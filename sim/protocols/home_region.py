"""home-region: the hash of the id names the one region that decides.

Promises: a payment is claimed by one payer at a time, in ordinary times and in a partition. Whoever
asks, from wherever, asks the same copy, so its local NX is enough.

What it costs: half of the claims cross the ocean, and while a payer cannot reach a payment's home,
nobody may decide: it is refused at once (``refuse``), or its payers keep on trying until the home
is back (``queue``). In the loss of West Europe that is the half whose home it is; in a partition it
is, on either side, the half whose home is on the other.

What breaks it: a claim that runs out while its payer is still at work, as with any lock; and a
failover that gives a payment a new home before the old one's claims have arrived there.
"""

from collections.abc import Sequence
from typing import Literal
from zlib import crc32

from sim.failover import HealthProbe
from sim.protocols.base import Claiming, Design, Payment, Refused, Settings
from sim.client import Client
from sim.region import Region
from sim.units import Duration


class HomeRegionSettings(Settings, frozen=True):
    unreachable: Literal["refuse", "queue"] = "refuse"
    """What becomes of a payment whose home does not answer."""
    probe_interval: Duration = Duration(5_000_000)
    probe_failures: int = 3


class HomeRegion(Design):
    name = "home-region"
    failover = "none; a probe of each home tells when to refuse at once"
    Settings = HomeRegionSettings
    settings: HomeRegionSettings
