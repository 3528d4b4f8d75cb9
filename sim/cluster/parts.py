"""What a cluster is made of: nodes in pairs, and shards, each with a process on both of a pair.

    node 1, zone 1     shard 1 primary     shard 2 replica
    node 2, zone 2     shard 1 replica     shard 2 primary

The nodes of a pair stand in different zones, so that neither a node's loss nor a zone's takes a
shard away. Any process of a shard can become its primary.
"""

from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from typing import TYPE_CHECKING

from crdb.command import Reply
from crdb.session import Request, Session
from sim.cluster.service import Job, Thread
from sim.region import Ask
from sim.slot_range import SlotRange

if TYPE_CHECKING:
    from sim.cluster.clustered import Clustered

PORT = 8500
"""Shard 1 is reached at the next port of its node, and so on, as on Azure."""


class Node:
    """A machine of a region."""

    def __init__(self, number: int, zone: int, ip: str) -> None:
        self.number = number
        self.zone = zone
        self.ip = ip
        self.stops = 0
        """What keeps it down: a fault, a patch, or both."""
        self.silent = False
        """While it is down, nobody says so: as without power, and unlike a process that ended."""

    @property
    def up(self) -> bool:
        return not self.stops

    def __repr__(self) -> str:
        return f"<node {self.number} in zone {self.zone}{'' if self.up else ', down'}>"


class Endpoint:
    """Where clients' connections end: a process of a shard, or a node's proxy."""

    def __init__(self, region: "Clustered", node: Node, port: int) -> None:
        self.region = region
        self.node = node
        self.port = port
        self.name = region.name
        self.place = region.place
        self.number = region.number
        self.epoch = 0
        """Counts how often its connections broke."""

    @property
    def address(self) -> tuple[str, int]:
        return self.node.ip, self.port

    @property
    def up(self) -> bool:
        return self.node.up and self.region.up

    def ask(self, ask: Ask) -> None:
        """A request arrives; one that was sent before the connections broke is dropped."""
        if self.up and ask.epoch == self.epoch:
            self.perform(ask.session, ask.request, partial(self._served, ask))

    def perform(self, session: Session, request: Request, done: Callable[[Reply], object]) -> None:
        """Serve a request, and call ``done`` with the reply when it has been served."""
        self.region.policy.perform(self, session, request, done)

    def close(self, session: Session) -> None:
        """A client gives up a connection."""
        self.region.close(session)

    def broke(self) -> None:
        """All its connections break."""
        self.epoch += 1
        for session, line in list(self.region.lines.items()):
            if line.endpoint is self:
                self.region.close(session)
                line.broke(self.node.silent)
        self.region.forget(self)

    def _served(self, ask: Ask, reply: Reply) -> None:
        if self.up and ask.epoch == self.epoch:
            self.region.reply(ask, reply, self)


class Process(Endpoint):
    """A shard's process on one node: its primary, or the replica that follows."""

    def __init__(self, region: "Clustered", shard: "Shard", node: Node) -> None:
        super().__init__(region, node, PORT + shard.number)
        self.shard = shard
        name = f"{region.name} shard {shard.number} node {node.number}"
        self.id = blake2b(name.encode(), digest_size=20).hexdigest()
        self.thread = Thread(region.engine)

    def broke(self) -> None:
        waiting, serving = self.thread.stop()
        super().broke()
        self.region.policy.lost(self.shard, waiting, serving)

    def __repr__(self) -> str:
        return f"<process of shard {self.shard.number} on node {self.node.number}>"


class Shard:
    """Slot ranges, and the pair of processes that hold them."""

    def __init__(self, region: "Clustered", number: int, nodes: tuple[Node, Node]) -> None:
        self.number = number
        self.id = blake2b(f"{region.name} shard {number}".encode(), digest_size=20).hexdigest()
        self.processes = tuple(Process(region, self, node) for node in nodes)
        self.primary = self.processes[0]
        self.ranges: list[SlotRange] = []
        self._held: list[Job] = []

    def submit(self, job: Job) -> None:
        """Let the primary work for a proxy; without one, the proxy keeps the request till then."""
        if self.primary.up:
            self.primary.thread.submit(job)
        else:
            self._held.append(job)

    def resume(self) -> None:
        """There is a primary again."""
        held, self._held = self._held, []
        for job in held:
            self.submit(job)

    @property
    def replica(self) -> Process:
        """The process that is not the primary."""
        first, second = self.processes
        return second if self.primary is first else first

    def runs(self) -> tuple[tuple[int, int], ...]:
        """Its slots, as first and last of each run.

        Ranges that follow each other are one run.
        """
        found: list[tuple[int, int]] = []
        for each in sorted(self.ranges, key=lambda each: each.index):
            first, last = each.slots[0], each.slots[-1]
            if found and found[-1][1] + 1 == first:
                first = found.pop()[0]
            found.append((first, last))
        return tuple(found)

    def __repr__(self) -> str:
        return f"<shard {self.number}: {len(self.ranges)} ranges>"
