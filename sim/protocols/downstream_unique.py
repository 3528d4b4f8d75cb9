"""downstream-unique: set-nx, and the provider deduplicates on the payment's id.

The claims race as in set-nx, but the decision is made once, where the money moves. The cache saves
work; it no longer has to be right.
"""

from sim.protocols.set_nx import SetNx


class DownstreamUnique(SetNx):
    name = "downstream-unique"
    unique = True
