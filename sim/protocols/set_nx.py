"""set-nx: active-active, and every region claims for itself.

``SET key token NX`` looks at the local copy only. As long as a claim made in one region has not
reached the other, both answer OK: for the replication lag in ordinary times, for as long as it
lasts in a partition. When they hear each other again the later clock wins, and the first claimant,
who was told OK and has captured, is overwritten. So this is not "first writer in either region
wins".
"""

from sim.protocols import Design
from sim.region import Region


class SetNx(Design):
    name = "set-nx"

    def region(self, payment: str, place: str) -> Region:
        region: Region = self.world.regions[place]
        return region
