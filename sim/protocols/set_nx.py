"""set-nx: active-active, and each region claims in its own copy with ``SET key value NX EX``.

Promises: the claim is local, so it takes a millisecond, and the loss of a region stops nobody: its
users go to the other region's payers, and a payer without reply may go to the other's store.

What breaks it: NX looks at the local copy only. Until a claim made in West Europe has reached
East US, East US knows nothing of it and answers OK as well: in ordinary times for the length of the
replication lag, in a partition for as long as it lasts. A user whose answer got lost in West Europe
is sent to East US, is granted a fresh claim there, and pays twice. When the regions hear each other
again, the later clock wins and the first claim is overwritten, though its payer was told OK and has
captured. Nobody is told. So this is *not* "the first writer in either region wins".
"""

from collections.abc import Sequence

from sim.protocols.base import Design, Payment
from sim.region import Region


class SetNx(Design):
    name = "set-nx"

    def stores(self, payment: Payment, place: str) -> Sequence[Region]:
        local = self.world.regions[place]
        return [local, *(each for each in self.world.regions.values() if each is not local)]
