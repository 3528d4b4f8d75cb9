"""Amnesia: a region fails over to an in-region replica that trails, or comes back empty."""

from sim.faults import MemoryFault
from sim.units import Period


class Amnesia(MemoryFault, frozen=True, tag="amnesia", kw_only=True):
    loses: Period | None = None
    """The writes acknowledged for so long before it went down are gone; absent: all are."""

    def behind_us(self) -> int | None:
        return self.loses
