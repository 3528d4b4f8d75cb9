"""claim-set: payers join a replicated set, wait for W, and the smallest member captures.

    SMEMBERS claims:W17                          empty: nobody is ahead
    MULTI, SADD claims:W17 "East US#7", EXPIRE claims:W17 60, EXEC
    … W …
    SMEMBERS claims:W17                          "East US#7" "West Europe#4": the first captures

Promises: a set forgets no concurrent add, so payers that see the same members agree on the winner
without asking each other, and the claim stays local. Who finds somebody at his arrival comes too
late and does not join: the smallest of those may have captured already.

What breaks it: a W that is too short. A payer that is about to join still sees an empty set while
another's name is on its way, and then its own name has to travel back before the other has waited
for W. So W must be longer than *two* replication lags. No W is longer than a partition.

What it costs: every payment waits for W, though hardly any has a rival. And W has to stay below the
time that a payer has for a request.

The set lives as long as a claim that is not done, so that the name of a payer that died strands
nobody; a payment that is done is marked by a SET, as in every design.
"""

from collections.abc import Generator
from typing import Any

from sim.client import Client
from sim.protocols.base import Claiming, NotNow, Payment, Settings, Standing, ask
from sim.protocols.set_nx import SetNx
from sim.region import Region
from sim.units import Duration


class ClaimSetSettings(Settings, frozen=True):
    wait: Duration = Duration(1_000_000)
    """W: how long a payer waits for rivals to show."""


class ClaimSet(SetNx):
    name = "claim-set"
    settings_type = ClaimSetSettings

    def claim(self, client: Client, store: Region, payment: Payment, token: str) -> Claiming:
        if (yield from self.look(client, store, payment, token)) is Standing.DONE:
            return Standing.DONE
        members = yield from self._members(client, store, payment)
        if members and token not in members:
            return Standing.TAKEN
        if not members:
            yield from self._join(client, store, payment, token)
        yield from client.pause(int(self.settings.wait))
        members = yield from self._members(client, store, payment)
        if token not in members:
            raise NotNow("the set has run out meanwhile")
        return Standing.MINE if min(members) == token else Standing.TAKEN

    def _members(
        self, client: Client, store: Region, payment: Payment
    ) -> Generator[Any, Any, set[str]]:
        reply = yield from ask(client, store, b"SMEMBERS", _key(payment))
        assert isinstance(reply, list)
        return {member.decode() for member in reply}

    def _join(
        self, client: Client, store: Region, payment: Payment, token: str
    ) -> Generator[Any, Any, None]:
        """Add the token to the set. SUBTLE: in one transaction with the deadline, or a payer that
        dies in between would strand its payment for good."""
        for request in (
            (b"MULTI",),
            (b"SADD", _key(payment), token.encode()),
            (b"EXPIRE", _key(payment), b"%d" % self.terms.in_flight_s),
            (b"EXEC",),
        ):
            yield from ask(client, store, *request)


def _key(payment: Payment) -> bytes:
    return f"claims:{payment.id}".encode()
