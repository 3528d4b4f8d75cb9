"""Node outage: one machine of a cluster is lost; its shards fail over to the other of its pair."""

from typing import Any

from sim.faults import NodesFault


class NodeOutage(NodesFault, frozen=True, tag="node-outage", kw_only=True):
    node: int
    """By its number, counted from 1."""

    def nodes(self, region: Any) -> list[int]:
        if self.node not in region.nodes:
            raise ValueError(f"node {self.node}: expected one of {sorted(region.nodes)}")
        return [self.node]
