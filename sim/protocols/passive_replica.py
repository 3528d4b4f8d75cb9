"""passive-replica: one primary, an asynchronous replica, failover by hand.

All claims are made in the first region; the second holds a read-only copy that trails behind. When
the primary is gone, nothing can be claimed until people have switched over (``failover``, eleven
minutes by default). The copy then starts without what had not reached it: those claims are lost,
and what the old primary still had is thrown away when it comes back.

The copy is kept by the ordinary replication between the two regions, used one way only: with a
single writer that is plain asynchronous replication.
"""

from typing import Any

from sim.protocols import Design
from sim.region import Region
from sim.rules import DROP, Partition, Where

WATCH_US = 1_000_000


class PassiveReplica(Design):
    name = "passive-replica"

    def __init__(self, world: Any) -> None:
        super().__init__(world)
        self._primary, self._replica = self.regions[:2]
        self._down_since_us: int | None = None
        self._failover_us = int(world.scenario.workload.failover)
        world.engine.call_in(WATCH_US, self._watch)

    def region(self, payment: str, place: str) -> Region:
        return self._primary

    def _watch(self, _: object) -> None:
        """People notice an outage, and switch over after the time that takes them."""
        now_us = self.world.engine.now
        if self._primary.up:
            self._down_since_us = None
        elif self._down_since_us is None:
            self._down_since_us = now_us
        elif now_us - self._down_since_us >= self._failover_us - 2 * WATCH_US:
            self._promote()
            return
        if now_us < int(self.world.scenario.horizon):
            self.world.engine.call_in(WATCH_US, self._watch)

    def _promote(self) -> None:
        old, new = self._primary, self._replica
        where = Where.between(old.name, new.name, channels=["sync"])
        self.world.network.add(Partition(where, DROP))
        self._primary = new
        self.world.history.happened(self.world.engine.now, "failover", new.name, "promoted")
