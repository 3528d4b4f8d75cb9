"""The OSS policy: clients see every shard; whoever asks the wrong process is told the right one.

MOVED for good; ASK for this once, while the range is on its way. What concerns no key concerns the
slots of the process that is asked. Inside of MULTI a command like DBSIZE counts the range of the
transaction only.

Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from crdb.command import Command, Reply
from crdb.errors import CommandError
from crdb.session import Request, Session
from crdb.slots import slot
from sim.cluster import spanning
from sim.cluster.parts import Endpoint, Process, Shard
from sim.cluster.policy import Done, known, named, refused, settle, slot_of
from sim.cluster.service import Job
from sim.slot_range import SlotRange

if TYPE_CHECKING:
    from sim.cluster.clustered import Clustered

TRYAGAIN = "TRYAGAIN Multiple keys request during rehashing of slot"

IN_SLOT = ("cluster|countkeysinslot", "cluster|getkeysinslot")
"""Commands that are answered where the slot is; elsewhere, that nothing is there."""


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
        if found is None:
            return region.desk.execute(session, request)
        try:
            keys = named(session, found, request)
            if not keys:
                return self._keyless(process, session, found, request)
            place = region.ranges[region.cut.range_of(slot_of(keys))]
            if self._served_here(process, session, found, place, keys):
                settle(region, session, found, place)
                return place.execute(session, request)
            return region.read_copy(place, session, request)
        except CommandError as error:
            return refused(region, session, found, error)
        finally:
            if session.queue is None and found.name != "asking":
                session.asking = False

    def arrived(self, place: SlotRange) -> None:
        region, owner = self._region, self._region.owner(place)
        for session, waiter in list(place.replica.waiting.items()):
            if region.end_of(session) not in (owner.primary, None):
                number = slot(next(iter(waiter.watched)))
                place.replica.close(session)
                region.told([(session, redirection("MOVED", number, owner))])

    def lost(self, shard: Shard, waiting: list[Job], serving: Job | None) -> None:
        """So are its connections: whoever asked knows it."""

    def _keyless(
        self, process: Process, session: Session, found: Command, request: Request
    ) -> Reply:
        region, place = self._region, self._region.desk
        queueing = session.queue is not None and not found.immediate
        settle(region, session, found, place)
        if found.name in IN_SLOT and not queueing:
            place = region.range_of_slot(request[2])
            if region.owner(place) is not process.shard:
                return [] if found.name.endswith("getkeysinslot") else 0
        place.replica.cluster = region.view(process)
        tasks = None
        if not queueing:
            tasks = spanning.over_all(found, request, process.shard.ranges)
        if tasks is None:
            return place.execute(session, request)
        return spanning.served(session, found, request, tasks)

    def _served_here(
        self,
        process: Process,
        session: Session,
        found: Command,
        place: SlotRange,
        keys: list[bytes],
    ) -> bool:
        """True for the primary's part, False for what a replica may answer. Raises
        `CommandError` with the way to whoever has it."""
        number = slot(keys[0])
        owner, move = self._region.owner(place), self._region.moving(place)
        gone = [move.elsewhere(key) for key in keys] if move is not None else []
        if owner is process.shard:
            if process is not owner.primary:
                waits = "blocking" in found.flags
                if session.readonly and place.copy is not None and not (found.write or waits):
                    return False
                raise redirection("MOVED", number, owner)
            if move is not None and all(gone):
                raise redirection("ASK", number, move.target)
            if any(gone):
                raise CommandError(TRYAGAIN)
            return True
        if move is not None and process is move.target.primary and session.asking:
            if len(keys) > 1 and not all(gone):
                raise CommandError(TRYAGAIN)
            move.take(keys)
            return True
        raise redirection("MOVED", number, owner)


def redirection(kind: str, number: int, shard: Shard) -> CommandError:
    ip, port = shard.primary.address
    return CommandError(f"{kind} {number} {ip}:{port}")
