"""Zone outage: all machines of a cluster in one availability zone are lost at once."""

from typing import Any

from sim.faults import NodesFault


class ZoneOutage(NodesFault, frozen=True, tag="zone-outage", kw_only=True):
    zone: int
    """Counted from 1."""

    def nodes(self, region: Any) -> list[int]:
        found = [number for number, node in region.nodes.items() if node.zone == self.zone]
        if not found:
            zones = sorted({node.zone for node in region.nodes.values()})
            raise ValueError(f"zone {self.zone}: expected one of {zones}")
        return found
