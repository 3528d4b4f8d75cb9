"""The clustering policies: who answers a request, and what he says if it is not his.

*OSS*: a client sees every shard. Keys of one command must share a slot, and whoever asks the wrong
process is told the right one: MOVED for good, ASK for this once while the range is on its way.

*Enterprise*: a client sees one endpoint. A proxy finds the shard, and lets some commands fan out
over all of them (`sim.cluster.spanning`); all others, and transactions and scripts, need one slot.

A policy is for a database's lifetime. Which commands fan out is documented; a reply of several
shards is put together when the last of them has served its part.

Sources: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/ and
https://redis.io/docs/latest/operate/rs/databases/durability-ha/clustering/
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Protocol

from crdb.command import Command, Reply, keys_of, lookup
from crdb.errors import CommandError
from crdb.session import Request, Session
from crdb.slots import slot
from sim.cluster import spanning
from sim.cluster.parts import Endpoint, Process, Shard
from sim.slot_range import SlotRange

if TYPE_CHECKING:
    from sim.cluster.clustered import Clustered

CROSSSLOT = "CROSSSLOT Keys in request don't hash to the same slot"
TRYAGAIN = "TRYAGAIN Multiple keys request during rehashing of slot"

Done = Callable[[Reply], object]

ENDS = {"exec", "discard", "unwatch"}
"""Commands that concern what the session has begun: their keys are those of it."""


class Policy(Protocol):
    """How requests find their shard."""

    name: str

    def perform(self, endpoint: Endpoint, session: Session, request: Request, done: Done) -> None:
        """Serve a request that came to an endpoint; ``done`` gets the reply."""

    def arrived(self, place: SlotRange) -> None:
        """A range has a new owner: those who wait at the former one may have to be told."""


def named(session: Session, found: Command | None, request: Request) -> list[bytes]:
    """The keys that a request is about; of one that ends a transaction, all of that."""
    if found is None:
        return []
    if found.name not in ENDS:
        return keys_of(found, request)
    keys = list(session.watched)
    if found.name == "exec":
        for queued in session.queue or ():
            keys += keys_of(lookup(queued), queued)
    return keys


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


def tasks_of(
    region: "Clustered", session: Session, found: Command, request: Request
) -> list[spanning.Task]:
    """What of the request is whose; nothing if it concerns no key. Raises `CommandError`."""
    keys = named(session, found, request)
    if not keys:
        return spanning.over_all(found, request, region.ranges)
    if found.name in spanning.FAN_OUT and session.queue is None:
        return spanning.by_key(request, region.range_of)
    return [spanning.Task(region.ranges[region.cut.range_of(slot_of(keys))], request)]


def at_once(region: "Clustered", session: Session, request: Request) -> Reply:
    """Run a request here and now, as an operator may: no shard is asked, and none is busy."""
    found = known(request)
    if found is None:
        return region.desk.execute(session, request)
    try:
        tasks = tasks_of(region, session, found, request)
    except CommandError as error:
        return refused(region, session, found, error)
    if not tasks:
        return region.desk.execute(session, request)
    replies = [task.place.execute(session, task.request) for task in tasks]
    return spanning.joined(found, request, tasks, replies)


class OSS:
    """Clients see every shard."""

    name = "oss"

    def __init__(self, region: "Clustered") -> None:
        self._region = region

    def perform(self, endpoint: Endpoint, session: Session, request: Request, done: Done) -> None:
        assert isinstance(endpoint, Process)

        def job() -> tuple[int, Callable[[], object]]:
            reply = self._serve(endpoint, session, request)
            return self._region.service.us(request, reply), partial(done, reply)

        endpoint.thread.submit(job)

    def _serve(self, process: Process, session: Session, request: Request) -> Reply:
        region, found = self._region, known(request)
        keys = named(session, found, request)
        try:
            if found is None or not keys:
                return self._keyless(process, session, found, request)
            number = slot_of(keys)
            place = region.ranges[region.cut.range_of(number)]
            if self._served_here(process, session, found, place, number, keys):
                return place.execute(session, request)
            return region.read_copy(place, session, request)
        except CommandError as error:
            assert found is not None
            return refused(region, session, found, error)
        finally:
            if session.queue is None and (found is None or found.name != "asking"):
                session.asking = False

    def arrived(self, place: SlotRange) -> None:
        region = self._region
        for session, waiter in list(place.replica.waiting.items()):
            number = slot(next(iter(waiter.watched)))
            place.replica.close(session)
            region.told([(session, redirection("MOVED", number, region.owner(place)))])

    def _keyless(
        self, process: Process, session: Session, found: Command | None, request: Request
    ) -> Reply:
        region, place = self._region, self._region.desk
        if found is None:
            return place.execute(session, request)
        if found.name in ("cluster|countkeysinslot", "cluster|getkeysinslot"):
            place = region.range_of_slot(request[2])
        place.replica.cluster = region.view(process)
        tasks = spanning.over_all(found, request, process.shard.ranges)
        if not tasks:
            return place.execute(session, request)
        replies = [task.place.execute(session, task.request) for task in tasks]
        return spanning.joined(found, request, tasks, replies)

    def _served_here(
        self,
        process: Process,
        session: Session,
        found: Command,
        place: SlotRange,
        number: int,
        keys: list[bytes],
    ) -> bool:
        """True for the primary's part, False for what a replica may answer. Raises
        `CommandError` with the way to whoever has it."""
        owner, move = self._region.owner(place), self._region.moving(place)
        if owner is process.shard:
            if process is not owner.primary:
                if session.readonly and not found.write and place.copy is not None:
                    return False
                raise redirection("MOVED", number, owner)
            if move is not None:
                gone = [move.elsewhere(key) for key in keys]
                if all(gone):
                    raise redirection("ASK", number, move.target)
                if any(gone):
                    raise CommandError(TRYAGAIN)
            return True
        if move is not None and process is move.target.primary and session.asking:
            move.take(keys)
            return True
        raise redirection("MOVED", number, owner)


def redirection(kind: str, number: int, shard: Shard) -> CommandError:
    ip, port = shard.primary.address
    return CommandError(f"{kind} {number} {ip}:{port}")


class Enterprise:
    """Clients see a proxy."""

    name = "enterprise"

    def __init__(self, region: "Clustered") -> None:
        self._region = region

    def perform(self, endpoint: Endpoint, session: Session, request: Request, done: Done) -> None:
        dispatch = partial(self._dispatch, session, request, done)
        if self._region.proxy_us:
            self._region.engine.call_in(self._region.proxy_us, dispatch)
        else:
            dispatch()

    def arrived(self, place: SlotRange) -> None:
        """The proxies know."""

    def _dispatch(self, session: Session, request: Request, done: Done, _: object = None) -> None:
        region, found = self._region, known(request)
        if found is None:
            done(region.desk.execute(session, request))
            return
        try:
            tasks = tasks_of(region, session, found, request)
        except CommandError as error:
            done(refused(region, session, found, error))
            return
        if not tasks or (session.queue is not None and not found.immediate):
            place = tasks[0].place if tasks else region.desk
            done(place.execute(session, request))  # The proxy's own affair, or QUEUED.
            return
        Gathering(region, session, found, request, tasks, done).start()


class Gathering:
    """A request under way at one shard or at several; the last of them completes the reply."""

    def __init__(
        self,
        region: "Clustered",
        session: Session,
        found: Command,
        request: Request,
        tasks: list[spanning.Task],
        done: Done,
    ) -> None:
        self._region = region
        self._session = session
        self._found = found
        self._request = request
        self._tasks = tasks
        self._done = done
        self._replies: list[Reply] = [None] * len(tasks)
        self._left = len(tasks)

    def start(self) -> None:
        for number, task in enumerate(self._tasks):
            self._region.owner(task.place).submit(partial(self._job, number, task))

    def _job(self, number: int, task: spanning.Task) -> tuple[int, Callable[[], object]]:
        reply = task.place.execute(self._session, task.request)
        return self._region.service.us(task.request, reply), partial(self._took, number, reply)

    def _took(self, number: int, reply: Reply) -> None:
        self._replies[number] = reply
        self._left -= 1
        if not self._left:
            self._done(spanning.joined(self._found, self._request, self._tasks, self._replies))
