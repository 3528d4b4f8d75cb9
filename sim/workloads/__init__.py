"""The workloads, one file each: a struct with its parameters that starts the clients of a world."""

from typing import Any, ClassVar

import msgspec


class Workload(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True
):
    """A stream of requests."""

    compares_designs: ClassVar[bool] = False
    """Whether it is run under one of `sim.protocols`, and cannot be run without."""

    def start(self, world: Any) -> None:
        """Start the clients; they stop asking for more at the scenario's horizon."""
        raise NotImplementedError

    def finish(self, world: Any) -> None:
        """Enter into the history what is still open; called once, before the regions are read."""

    def lacks(self, protocol: str) -> str:
        """Return what is missing for a run under this protocol; nothing by default."""
        return ""

    def places(self) -> list[str]:
        """Return the places beside the regions where something of the workload stands."""
        return []
