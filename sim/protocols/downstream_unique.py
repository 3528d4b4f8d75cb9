"""downstream-unique: set-nx, and the provider captures an id only once.

Promises: no payment is captured twice, whatever the network does. Claims race as in `set-nx`, but
the decision is made once, where the money moves, by the one party that cannot be partitioned from
itself. The claim in Redis saves the provider work; it no longer has to be right.

What breaks it: a provider that forgets. It has to keep ids for longer than anybody may come back
with one (the setting ``provider_remembers``; here it keeps them for good), and every payer has to
send the same id for the same payment. And claims are still granted twice in a partition: whatever
else hangs on them (an e-mail, a shipment) happens twice.
"""

from sim.protocols.set_nx import SetNx


class DownstreamUnique(SetNx):
    name = "downstream-unique"
    provider_dedupes = True
