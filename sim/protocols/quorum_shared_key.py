"""quorum-shared-key: a negative control; quorum-claim with one key for all voters.

Not for use: it shows why `quorum-claim` gives every voter a key of its own. With one key,
replication writes into a voter's decision. The later clock's token overwrites the vote for another
payer that has won already, and a single vote that has travelled looks like a majority.
"""

from sim.protocols.base import Payment
from sim.protocols.quorum_claim import QuorumClaim
from sim.region import Region


class QuorumSharedKey(QuorumClaim):
    name = "quorum-shared-key"

    def key(self, payment: Payment, voter: Region) -> bytes:
        return f"claim:{{{payment.id}}}".encode()
