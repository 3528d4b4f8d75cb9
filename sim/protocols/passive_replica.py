"""passive-replica: one primary, a read-only replica that trails behind, failover by hand.

All claims are made in the first region, West Europe. East US holds a copy that is fed
asynchronously and answers writes with `READONLY`. When the primary is lost, people promote the copy
and switch the name that clients resolve, which takes them about eleven minutes. Until then payers
either *block*, trying on, or *fall back to a database*: correct in itself, but slow, and with few
connections.

Promises: one copy decides, so in ordinary times no payment is claimed twice.

What breaks it, always with a user who comes back and is granted a fresh claim on a payment that was
captured before:

- In an outage the copy starts without what had not reached it, and the old primary is emptied when
  it comes back: the last claims and done-marks are lost although they were acknowledged.
- What was claimed in the database meanwhile is unknown to the copy that takes over.
- The database turns so many away that a user may come back for the first time when the claim of a
  payer that died has run out, and is granted a fresh one as if nothing had been captured.
- A payer that is merely cut off from the primary falls back as well, while the primary serves on:
  two deciders, neither of which knows what the other granted.

The copy is kept by the ordinary replication between two regions, used one way: only one of them is
ever written to. The database is a single store of its own, in the second region, which looks into
the copy beside it before it decides, and is not written back into Redis.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec

from crdb.command import TABLE, Reply
from crdb.errors import CommandError
from crdb.replica import Replica
from crdb.session import Request, Session
from sim.client import Client
from sim.doors import DOMAIN
from sim.engine import Call
from sim.failover import Alias, HealthProbe
from sim.protocols.base import Claiming, Design, Payment, Settings, Standing, Terms
from sim.region import Ask, Region, Syncer
from sim.units import Duration, Period

PRIMARY = "primary"
"""The name that is switched."""
READONLY = "READONLY You can't write against a read only replica."
BUSY = "ERR max number of clients reached"


class PassiveReplicaSettings(Settings, frozen=True):
    fallback: Literal["block", "database"] = "database"
    """What payers do while the primary does not answer."""
    failover_after: Duration = Duration(650_000_000)
    """How long after the loss of the primary the copy is promoted. A primary that comes back before
    stays what it was; after, it starts as a copy."""
    name_ttl: Duration = Duration(30_000_000)
    """How long clients go on using the old answer after the switch of the name."""
    behind: Period = Period(1_000_000)
    """How often the copy is fed."""
    database_takes: Duration = Duration(150_000)
    """How long the database is busy with one request."""
    database_connections: Annotated[int, msgspec.Meta(ge=1)] = 3
    """Requests that the database takes on at once; it turns away claims beyond."""
    probe_interval: Period = Period(5_000_000)
    probe_failures: Annotated[int, msgspec.Meta(ge=1)] = 3


class Copy(Region):
    """A region that takes writes only while it is the primary."""

    writable = False
    lost: Callable[[], object] = staticmethod(lambda: None)
    """Called when it stops."""
    found: Callable[[], object] = staticmethod(lambda: None)
    """Called when it is back."""

    def execute(self, session: Session, request: Request) -> Reply:
        command = TABLE.get(request[0])
        if command is not None and command.write and not self.writable:
            return CommandError(READONLY)
        return super().execute(session, request)

    def crash(self) -> None:
        was_up = self.up
        super().crash()
        if was_up:
            self.lost()

    def restart(self) -> None:
        super().restart()
        if self.up:
            self.found()

    def reseed(self, source: "Copy", actor: int) -> None:
        """Forget everything and start as a copy of `source`: a full synchronisation.

        ``actor`` is a new one, as it must be whenever a replica's past is thrown away.
        """
        copy = Replica(self.number, self.peers, actor, self.replica.settings)
        copy.receive(self.clock.now(), source.replica.snapshot())
        self.desk.start_from(copy)


class Database(Region):
    """The slow way out: one store, one request at a time, few connections.

    It has a name of its own, so that nobody looks for its writes in Redis.
    A claim needs a free connection, and keeps it: the done-mark that follows is never turned away.
    """

    connections_max = 1

    def ask(self, ask: Ask) -> None:
        waiting_us = self._busy_until_us - self.engine.now
        if b"NX" in ask.request and waiting_us > (self.connections_max - 1) * self.service_us:
            self.network.send(
                self.place,
                ask.place,
                "client",
                CommandError(BUSY),
                ask.answer,
                connection=ask.connection,
            )
        else:
            super().ask(ask)


class PassiveReplica(Design):
    name = "passive-replica"
    regions_needed = 2
    settings_type = PassiveReplicaSettings

    def __init__(self, world: Any, terms: Terms, settings: PassiveReplicaSettings) -> None:
        super().__init__(world, terms, settings)
        first, second = list(world.regions)[:2]
        feed = Syncer(int(settings.behind), world.regions[first].syncer.delay)
        for name in (first, second):
            world.regions[name] = _copy(world, name, feed)
        self.primary: Copy = world.regions[first]
        self.copy: Copy = world.regions[second]
        for each in (self.primary, self.copy):
            world.doors[each.name].region = each
        self.primary.join([self.copy])
        self.copy.join([self.primary])
        self.primary.writable = True
        self.primary.lost, self.primary.found = self._alarm, self._all_clear
        self.database = _database(world, second, settings)
        self._promotion: Call | None = None
        self._promoted = False
        self._alias = Alias(world.engine, first, int(settings.name_ttl), self._name)
        self._name(first)
        self._probes = {
            (place, PRIMARY): HealthProbe.of(
                world, place, self.primary, settings.probe_interval, settings.probe_failures
            )
            for place in world.regions
        }

    def stores(self, payment: Payment, place: str) -> Sequence[Region]:
        named: Region = self.world.regions[self._alias.resolve()]
        if named is self.copy:
            return [named]
        if self.settings.fallback == "database" and not self.healthy(place, PRIMARY):
            return [self.database]
        return [named, self.copy]

    def claim(self, client: Client, store: Region, payment: Payment, token: str) -> Claiming:
        if store is self.database:
            seen = yield from self.look(client, self.copy, payment, token)
            if seen is not None and seen is not Standing.MINE:
                return seen
        return (yield from super().claim(client, store, payment, token))

    def healthy(self, place: str, name: str) -> bool:
        return self._alias.resolve() == self.copy.name or super().healthy(place, name)

    def _name(self, region: str) -> None:
        """Let the name of the primary lead clients of the network to a region."""
        addresses = self.world.names.addresses
        addresses[f"{PRIMARY}.{DOMAIN}"] = addresses[self.world.doors[region].host]

    # ── the people on call ──────────────────────────────────────────────────────────────────

    def _alarm(self) -> None:
        if not self._promoted:
            wait_us = int(self.settings.failover_after)
            self._promotion = self.world.engine.call_in(wait_us, self._promote)

    def _all_clear(self) -> None:
        if self._promotion is not None:
            self._promotion.cancel()

    def _promote(self, _: object) -> None:
        self._promoted, self._promotion = True, None
        self.primary.writable, self.copy.writable = False, True
        self.primary.reseed(self.copy, self.world.new_actor())
        self._alias.switch(self.copy.name)
        self.world.history.happened(
            self.world.engine.now, "failover", self.copy.name, "promoted, by hand"
        )


def _copy(world: Any, name: str, feed: Syncer) -> Copy:
    """Build the region `name` anew as one that may be read-only."""
    plain: Region = world.regions[name]
    return Copy(
        world.engine,
        world.network,
        world.history,
        plain.clock,
        world.streams[f"copy {name}"],
        name,
        plain.number,
        _peers(world, name),
        settings=plain.replica.settings,
        syncer=feed,
        service_us=plain.service_us,
    )


def _peers(world: Any, name: str) -> Mapping[int, str]:
    return {each.number: each.name for each in world.regions.values() if each.name != name}


def _database(world: Any, place: str, settings: PassiveReplicaSettings) -> Database:
    database = Database(
        world.engine,
        world.network,
        world.history,
        world.regions[place].clock,
        world.streams["database"],
        f"database in {place}",
        len(world.regions) + 1,
        {},
        service_us=int(settings.database_takes),
        place=place,
    )
    database.connections_max = settings.database_connections
    return database
