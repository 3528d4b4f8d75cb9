"""quorum-short-grant: a negative control; quorum-claim with grants that run out after four seconds.

Not for use: it shows why grants of `quorum-claim` are for good. A user whose payer died after the
capture comes back after six seconds, when no voter remembers that it has voted.
"""

from sim.protocols.quorum_claim import QuorumClaim


class QuorumShortGrant(QuorumClaim):
    name = "quorum-short-grant"
    grant_s = 4
