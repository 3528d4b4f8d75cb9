"""Restore: a region is lost, and comes back from a backup that it had taken before."""

from sim.faults import MemoryFault
from sim.units import Period


class Restore(MemoryFault, frozen=True, tag="restore", kw_only=True):
    """Two with the same moment of backup come back from the same one."""

    backup: Period
    """How old the backup is when the region is lost."""

    def behind_us(self) -> int:
        return self.backup
