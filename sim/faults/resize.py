"""Scale up: every node is replaced by a bigger one, in turn, as with another SKU."""

from typing import Annotated, Any

import msgspec

from sim.faults import Operation


class Resize(Operation, frozen=True, tag="resize", kw_only=True):
    speed: Annotated[int, msgspec.Meta(ge=1)] = 200
    """How fast the nodes are then, in per cent of those that the scenario began with."""

    def work(self, operator: Any) -> Any:
        return operator.roll(self.speed)
