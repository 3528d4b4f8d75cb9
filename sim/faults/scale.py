"""Scale out or in: pairs of nodes come or go, and slot ranges move one by one."""

from typing import Annotated, Any

import msgspec

from sim.faults import Operation


class Scale(Operation, frozen=True, tag="scale", kw_only=True):
    capacity: Annotated[int, msgspec.Meta(ge=2, multiple_of=2)]
    """Nodes when it is done: an even number."""

    def work(self, operator: Any) -> Any:
        return operator.scale_to(self.capacity)
