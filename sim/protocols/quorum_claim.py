"""quorum-claim: three regions vote on each payment, and the payer with two votes captures.

Every region is a voter with a key of its own for each payment, ``claim:{W17}:East US``, and that
key is written in that region only, whoever asks from wherever:

    SET claim:{W17}:East US "West Europe#4 in-flight" NX    OK: East US votes for West Europe#4
    GET claim:{W17}:East US                                 nil before: this is whom it voted for

A vote is that OK, or one's own token found on a retry. Two votes win; somebody else with two has
won; three votes for three payers are a *split*, which counts as refused.

Promises: no payment is captured twice, whatever the network does, and when any one region is lost
the other two are a majority and go on.

Why two majorities cannot both win. Suppose two tokens have won the same payment. Each has votes of
two out of three voters, so at least one voter has voted for both. It did so by its own NX, or by
finding the token that an NX of its own had written. NX in one copy of one key is a single decision:
the second token's NX was carried out after the first's, found the key, and answered nil, unless
the key had gone meanwhile. Nothing takes it away: the grant has no deadline, is not evicted, is
never deleted, and is there after a crash. Nothing changes it from elsewhere: as only this voter
writes the key, replication brings it nothing that it does not know. And the one thing that
overwrites it, the done-mark, says that the payment is over. So the voter voted for one token.

What breaks it is each of these premises gone, and each has its negative control: one key for all
voters (`quorum-shared-key`), a grant that runs out (`quorum-short-grant`), a voter that comes back
from an old backup or with a replica that trailed (the variants
``backup-alone`` and ``promotion`` of the scenario ``quorum-controls``). A voter that comes back and
reaches another region first gets its own votes back from there, and then stands by them.

What it costs: every claim asks one or two regions elsewhere, and a claim is for good. When a payer
dies between its claim and its capture, nobody may capture in its place: its user is never served.
Votes given to a payer that did not get two are lost too; after a split the same token may ask
again, and no other. And for every payment three keys stay, for as long as anybody may come back.

Replication is of use for one thing only: a done-mark shows in all regions. It never grants.
"""

from collections import Counter
from collections.abc import Generator, Sequence
from typing import Annotated, Any, ClassVar
from zlib import crc32

import msgspec

from crdb.errors import CommandError
from sim.client import Client, Unknown
from sim.failover import HealthProbe
from sim.protocols.base import (
    Claiming,
    Design,
    Looking,
    NotNow,
    Payment,
    Refused,
    Settings,
    Standing,
    Steps,
    Terms,
    ask,
)
from sim.region import Region
from sim.units import Period

MAJORITY = 2


class QuorumClaimSettings(Settings, frozen=True):
    probe_interval: Period = Period(5_000_000)
    """How often each region pings the other voters, to ask nobody when two are out of reach …"""
    probe_failures: Annotated[int, msgspec.Meta(ge=1)] = 3
    """… which is after so many failures."""


class QuorumClaim(Design):
    name = "quorum-claim"
    regions_needed = 3
    claims_last = True
    settings_type = QuorumClaimSettings
    grant_s: ClassVar[int | None] = None
    """How long a grant lasts; None for good."""

    def __init__(self, world: Any, terms: Terms, settings: QuorumClaimSettings) -> None:
        super().__init__(world, terms, settings)
        self._voters: list[Region] = list(world.regions.values())
        self._probes = {
            (place, voter.name): HealthProbe.of(
                world, place, voter, settings.probe_interval, settings.probe_failures
            )
            for place in world.regions
            for voter in self._voters
            if voter.name != place
        }

    def key(self, payment: Payment, voter: Region) -> bytes:
        """Return the key under which this voter keeps its vote."""
        return f"claim:{{{payment.id}}}:{voter.name}".encode()

    def stores(self, payment: Payment, place: str) -> Sequence[Region]:
        # A vote that cannot become a majority would be lost for whoever comes next.
        if len(self._within_reach(payment, place)) < MAJORITY:
            raise Refused(f"no two voters answer {place}")
        return [self.world.regions[place]]

    def claim(self, client: Client, store: Region, payment: Payment, token: str) -> Claiming:
        if (yield from self.look(client, store, payment, token)) is Standing.DONE:
            return Standing.DONE
        votes: Counter[str] = Counter()
        for voter in self._within_reach(payment, store.name):
            try:
                found = yield from self._vote(client, voter, payment, token)
            except (Unknown, NotNow):
                continue
            owner, _, state = found.rpartition(" ")
            if state == "done":
                return Standing.DONE
            votes[owner] += 1
            if votes[owner] == MAJORITY:
                return Standing.MINE if owner == token else Standing.TAKEN
        if votes.total() > MAJORITY:
            raise Refused("three voters voted for three payers")
        if any(owner != token for owner in votes):
            return Standing.TAKEN  # perhaps by a majority with the voter that did not answer
        raise NotNow("too few voters answered")

    def look(self, client: Client, store: Region, payment: Payment, token: str) -> Looking:
        """Look for a done-mark of any voter in the copy next door."""
        keys = [self.key(payment, voter) for voter in self._voters]
        reply = yield from ask(client, store, b"MGET", *keys)
        assert isinstance(reply, list)
        return Standing.DONE if any(each and each.endswith(b" done") for each in reply) else None

    def finish(self, client: Client, store: Region, payment: Payment, token: str) -> Steps:
        """Mark it done under the key of the payer's own region, whomever that had voted for."""
        value = f"{token} done".encode()
        yield from ask(client, store, b"SET", self.key(payment, store), value)

    def unreachable(self, payment: Payment, place: str) -> Refused | None:
        return Refused(f"no majority of voters answered {place}")

    def _within_reach(self, payment: Payment, place: str) -> list[Region]:
        """Return whom to ask, in the payment's order, whoever asks.

        SUBTLE: two payers who began with the voter next door would each have that one's vote, and
        with the third voter down neither would ever get a second. So they meet at the first.
        """
        turn = crc32(payment.id.encode()) % len(self._voters)
        return [
            voter
            for voter in (*self._voters[turn:], *self._voters[:turn])
            if self.healthy(place, voter.name)
        ]

    def _vote(
        self, client: Client, voter: Region, payment: Payment, token: str
    ) -> Generator[Any, Any, str]:
        """Ask one voter; return what stands under its key then. Raises as `claim` does."""
        key, value = self.key(payment, voter), f"{token} in-flight"
        lasts = () if self.grant_s is None else (b"EX", b"%d" % self.grant_s)
        reply = yield from client.call(voter, b"SET", key, value.encode(), b"NX", *lasts)
        if reply is None:
            reply = yield from client.call(voter, b"GET", key)
        elif not isinstance(reply, CommandError):
            return value
        if not isinstance(reply, bytes):
            raise NotNow(str(reply))
        return reply.decode()
