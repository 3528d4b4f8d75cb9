"""Schedules: all that one run of a program under test depends on, as plain values.

Regions, seed, faults, pauses and the delay of replication: the same schedule gives the same run,
byte for byte, here and in a file. Hypothesis draws them (`sim.testing.strategies`); one can also be
written by hand, for `hypothesis.example`.

>>> from sim.faults.outage import Outage
>>> from sim.units import Duration, us
>>> down = Outage(region="East US", at=Duration(us("1s")), lasts=Duration(us("10s")))
>>> schedule = Schedule(regions=("West Europe", "East US"), faults=(down,))
>>> read(written(schedule)) == schedule
True
>>> list(schedule.world().regions)
['West Europe', 'East US']
"""

from typing import Any

import msgspec

from sim.faults import Fault
from sim.scenario import AnyFault, Scenario, Variant, check
from sim.settings import ClusterSettings, SyncSettings
from sim.units import DAY, Duration, Period, decode, encode
from sim.workloads import Workload
from sim.world import World


class Schedule(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One course of events."""

    regions: tuple[str, ...]
    """Azure's names."""
    seed: int = 0
    """Of the latencies and of all dice that the program throws."""
    faults: tuple[AnyFault, ...] = ()
    pauses: tuple[Duration, ...] = ()
    """How long the program's pauses last, in order; those after the last take no time."""
    sync_delay: str = ""
    """What replication waits beyond its batches, as a scenario's ``sync.delay``."""
    cluster: ClusterSettings = ClusterSettings()
    """What the regions are made of."""

    def world(self) -> World:
        """Make the world. Raises `sim.scenario.BadScenario`, `sim.topology.UnknownRegion` or
        `NoRoundTrip` for one that there cannot be."""
        variant = Variant("schedule", faults=list[Fault](self.faults))
        scenario = Scenario(
            "a program under test",
            list(self.regions),
            Workload(),
            horizon=Period(DAY),  # Nobody works until then: faults have to begin before.
            sync=SyncSettings(delay=self.sync_delay),
            cluster=self.cluster,
            variants=(variant,),
        )
        check(scenario)
        return World(scenario, variant, seed=self.seed)


def written(schedule: Schedule) -> dict[str, Any]:
    """The schedule as a table of plain values, with units, as a scenario file has them."""
    text = msgspec.json.encode(schedule, enc_hook=encode)
    return msgspec.json.decode(text, type=dict[str, Any])


def read(table: dict[str, Any]) -> Schedule:
    """What `written` has made. Raises ValueError for anything else."""
    return msgspec.convert(table, Schedule, dec_hook=decode)
