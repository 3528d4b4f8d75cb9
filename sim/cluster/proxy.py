"""The Enterprise policy: clients see one endpoint, and a proxy on each node finds the shards.

Some commands fan out over all shards (`sim.cluster.spanning`), and the reply is put together when
the last of them has served its part. Which do is documented. A proxy costs a hop. It keeps what is
for a shard that has no process just now; that is our choice.

Source: https://redis.io/docs/latest/operate/rs/databases/durability-ha/clustering/
"""

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

from crdb.command import Command, Reply
from crdb.errors import CommandError
from crdb.session import Request, Session
from sim.cluster import spanning
from sim.cluster.parts import Endpoint, Shard
from sim.cluster.policy import Done, known, refused, tasks_of
from sim.cluster.service import Job
from sim.slot_range import SlotRange

if TYPE_CHECKING:
    from sim.cluster.clustered import Clustered


class Enterprise:
    """Clients see a proxy."""

    name = "enterprise"

    def __init__(self, region: "Clustered") -> None:
        self._region = region

    def perform(self, endpoint: Endpoint, session: Session, request: Request, done: Done) -> None:
        asked = Asked(endpoint, endpoint.epoch, session, request, done)
        if self._region.proxy_us:
            self._region.engine.call_in(self._region.proxy_us, self._dispatch, asked)
        else:
            self._dispatch(asked)

    def arrived(self, place: SlotRange) -> None:
        """The proxies know."""

    def lost(self, shard: Shard, waiting: list[Job], serving: Job | None) -> None:
        """What waited is for the next primary. Who was being served cannot know what came of it:
        the proxy breaks his connection."""
        for job in waiting:
            shard.submit(job)
        part = getattr(serving, "__self__", None)
        if isinstance(part, Part):
            part.gathering.give_up()

    def _dispatch(self, asked: "Asked") -> None:
        region, (session, request, done) = self._region, asked[2:]
        found = known(request)
        if not asked.wanted():
            return
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
        else:
            Gathering(region, asked, found, tasks).start()


class Asked(NamedTuple):
    """A request at a proxy."""

    endpoint: Endpoint
    epoch: int
    """The endpoint's when it came."""
    session: Session
    request: Request
    done: Done

    def wanted(self) -> bool:
        """Whether somebody still waits for the reply."""
        there = self.endpoint.up and self.endpoint.epoch == self.epoch
        return there and not self.session.closing


class Gathering:
    """A request under way at one shard or at several; the last of them completes the reply."""

    def __init__(
        self, region: "Clustered", asked: Asked, found: Command, tasks: list[spanning.Task]
    ) -> None:
        self.region = region
        self.asked = asked
        self._found = found
        self._tasks = tasks
        self._replies: list[Reply] = [None] * len(tasks)
        self._left = len(tasks)

    def start(self) -> None:
        for number, task in enumerate(self._tasks):
            self.region.owner(task.place).submit(Part(self, number, task).work)

    def took(self, number: int, reply: Reply) -> None:
        """A shard has served its part."""
        self._replies[number] = reply
        self._left -= 1
        if not self._left:
            asked, replies = self.asked, self._replies
            asked.done(spanning.joined(self._found, asked.request, self._tasks, replies))

    def give_up(self) -> None:
        """A part is lost: there will be no reply."""
        line = self.region.lines.get(self.asked.session)
        self.region.close(self.asked.session)
        if line is not None:
            line.broke()


class Part(NamedTuple):
    """One shard's part of a request: a job for its primary."""

    gathering: Gathering
    number: int
    task: spanning.Task

    def work(self) -> tuple[int, Callable[[], object]]:
        gathering = self.gathering
        if not gathering.asked.wanted():
            return 0, lambda: None
        reply = self.task.place.execute(gathering.asked.session, self.task.request)
        took_us = gathering.region.service.us(self.task.request, reply)
        return took_us, partial(gathering.took, self.number, reply)
