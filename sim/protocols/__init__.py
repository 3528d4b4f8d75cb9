"""The idempotency designs under test, one file each.

A design decides where a payment's claim is kept and how it is taken. Everything else, retries, the
provider, dying clients, is the same for all: `sim.workloads.payments`.
"""

from abc import ABC, abstractmethod
from functools import cache
from typing import Any, ClassVar

from crdb import registry
from sim.region import Region


class Design(ABC):
    """One idempotency design. A key is claimed with ``SET key token NX GET EX seconds``."""

    name: ClassVar[str]
    unique: ClassVar[bool] = False
    """Whether it asks the provider to deduplicate on the payment's id."""

    def __init__(self, world: Any) -> None:
        self.world = world
        self.regions: list[Region] = list(world.regions.values())

    @abstractmethod
    def region(self, payment: str, place: str) -> Region:
        """The region that is asked about this payment from this place."""


@cache
def designs() -> dict[str, type[Design]]:
    """Every design by name."""
    found = {}
    for module in registry.members("sim.protocols"):
        for each in vars(module).values():
            if isinstance(each, type) and issubclass(each, Design) and hasattr(each, "name"):
                found[each.name] = each
    return found
