"""The clustering policies: who answers a request, and what he says if it is not his.

Under *OSS* (`sim.cluster.oss`) a client sees every shard, under *Enterprise* (`sim.cluster.proxy`)
one endpoint. A policy is for a database's lifetime. Under both, keys of one command must share a
slot, but for those that the proxy lets fan out, and so must those of a transaction or a script.

Sources: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/ and
https://redis.io/docs/latest/operate/rs/databases/durability-ha/clustering/
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from crdb.command import Command, Reply, keys_of, lookup
from crdb.errors import CommandError
from crdb.session import Request, Session
from crdb.slots import slot
from sim.cluster import spanning
from sim.cluster.parts import Endpoint, Shard
from sim.cluster.service import Job
from sim.slot_range import SlotRange

if TYPE_CHECKING:
    from sim.cluster.clustered import Clustered

CROSSSLOT = "CROSSSLOT Keys in request don't hash to the same slot"
Done = Callable[[Reply], object]

LETS_GO = ("discard", "unwatch")
"""Commands after which nothing is watched, in whatever slots that was."""


class Policy(Protocol):
    """How requests find their shard."""

    name: str

    def perform(self, endpoint: Endpoint, session: Session, request: Request, done: Done) -> None:
        """Serve a request that came to an endpoint; ``done`` gets the reply."""

    def arrived(self, place: SlotRange) -> None:
        """Another process serves a range: those who wait at the former one may have to be told."""

    def lost(self, shard: Shard, waiting: list[Job], serving: Job | None) -> None:
        """A process is no more, with what it had to do."""


def named(session: Session, found: Command, request: Request) -> list[bytes]:
    """The keys that a request is about; of EXEC, those of all that was queued."""
    if found.name != "exec":
        return keys_of(found, request)
    return [key for queued in session.queue or () for key in keys_of(lookup(queued), queued)]


def known(request: Request) -> Command | None:
    """The command of a request; None for one that the replica will refuse."""
    try:
        return lookup(request)
    except CommandError:
        return None


def slot_of(keys: list[bytes]) -> int:
    """The one slot of these keys; raises `CommandError` for more."""
    slots = {slot(key) for key in keys}
    if len(slots) > 1:
        raise CommandError(CROSSSLOT)
    return slots.pop()


def refused(region: "Clustered", session: Session, found: Command, error: CommandError) -> Reply:
    """A refused command fails the transaction that it is queued for; EXEC ends it."""
    if found.name == "exec":
        region.end(session)
    elif session.queue is not None:
        session.failed = True
    return error


def settle(region: "Clustered", session: Session, found: Command, place: SlotRange) -> None:
    """Before a command ends the watching at one range: see to what is watched in others."""
    if found.name in LETS_GO:
        region.unwatch(session)
    elif found.name == "exec":
        region.unwatch_beyond(place, session)


def tasks_of(
    region: "Clustered", session: Session, found: Command, request: Request
) -> list[spanning.Task] | None:
    """What of the request is whose; None if it concerns no key. Raises `CommandError`."""
    keys = named(session, found, request)
    queueing = session.queue is not None and not found.immediate
    if not keys:
        settle(region, session, found, region.desk)
        return None if queueing else spanning.over_all(found, request, region.ranges)
    if found.name in spanning.FAN_OUT and not queueing:
        return spanning.by_key(request, region.range_of)
    place = region.ranges[region.cut.range_of(slot_of(keys))]
    settle(region, session, found, place)
    return [spanning.Task(place, request)]


def at_once(region: "Clustered", session: Session, request: Request) -> Reply:
    """Run a request here and now, as an operator may: no shard is asked, and none is busy."""
    found = known(request)
    if found is None:
        return region.desk.execute(session, request)
    try:
        tasks = tasks_of(region, session, found, request)
    except CommandError as error:
        return refused(region, session, found, error)
    if tasks is None:
        return region.desk.execute(session, request)
    return spanning.served(session, found, request, tasks)
