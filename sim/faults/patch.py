"""Planned maintenance: every node is patched and restarted, one after the other."""

from typing import Any

from sim.faults import Operation


class Patch(Operation, frozen=True, tag="patch", kw_only=True):
    """Each node hands over its shards before it goes."""

    def work(self, operator: Any) -> Any:
        return operator.roll()
