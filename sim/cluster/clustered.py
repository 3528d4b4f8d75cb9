"""A region as a cluster: shards that own slot ranges, on nodes in pairs, in zones.

Rules
- Capacity is the number of nodes, and even: a pair holds each of its shards twice, as primary and
  as replica, in different zones. The nodes of a pair share its shards' primaries.
- The copy on the other node trails by ``copy_lag_us``. When a node is lost, its shards' copies are
  promoted after ``failover_after_us``; what was acknowledged and not yet copied is lost in this
  region, unless another region has it and gives it back.
- A shard without a living process does not serve. If no copy was promoted meanwhile, what it had
  acknowledged is there when its node is back, as with a log that is always synced.
- A node that is back gets new copies, and its shards' primaries stay where they are.
"""

from collections.abc import Callable, Iterable
from functools import partial
from typing import Any, Literal, Protocol

from crdb.cluster import Member, ShardView, View
from crdb.command import Reply
from crdb.decimals import parse_int
from crdb.session import Request, Session
from crdb.slots import SLOTS
from sim.cluster.moves import Move
from sim.cluster.oss import OSS
from sim.cluster.parts import Endpoint, Node, Process, Shard
from sim.cluster.policy import Policy, at_once
from sim.cluster.proxy import Enterprise
from sim.cluster.service import ServiceTime
from sim.region import Region
from sim.slot_range import SlotRange

POLICIES: dict[str, Callable[["Clustered"], Policy]] = {"oss": OSS, "enterprise": Enterprise}


PROXY_PORT = 10_000


class Doors(Protocol):
    """Where the parts of a cluster are called by clients that carry bytes: `sim.doors.Door`."""

    def open(self, endpoint: Endpoint, address: tuple[str, int]) -> None: ...

    def close(self, address: tuple[str, int]) -> None: ...

    def silence(self, address: tuple[str, int], silent: bool) -> None: ...


class Proxy(Endpoint):
    """A node's proxy, under the Enterprise policy: one address for all shards."""


class Clustered(Region):
    """A region whose ranges are spread over shards."""

    parted = True

    def __init__(
        self,
        *args: Any,
        policy: Literal["oss", "enterprise"],
        capacity: int,
        zones: int = 3,
        new_actor: Callable[[int], int],
        ip_of: Callable[[int], str],
        failover_after_us: int = 2_000_000,
        copy_lag_us: int = 1_000,
        proxy_us: int = 0,
        service: ServiceTime | None = None,
        **options: Any,
    ) -> None:
        """``ip_of`` gives the address of a node by its number, counted from 1."""
        super().__init__(*args, **options)
        self.service = service or ServiceTime()
        self.proxy_us = proxy_us
        self.zones = zones
        self.failover_after_us = failover_after_us
        self.copy_lag_us = copy_lag_us
        self.policy = POLICIES[policy](self)
        self.new_actor = new_actor
        self.nodes: dict[int, Node] = {}
        self.shards: dict[int, Shard] = {}
        self.proxies: dict[int, Proxy] = {}
        self._doors: Doors | None = None
        self._ip_of = ip_of
        self._owners: dict[int, Shard] = {}
        self._moves: dict[int, Move] = {}
        self._next = self._nodes_made = 0
        self._views: dict[str, View] = {}
        self.changes = 1
        self.operations = 0
        """Of an operator, under way or to be done."""
        for _ in range(capacity // 2):
            self.add_pair()
        shards = list(self.shards.values())
        for each in self.ranges:
            self.give(each, shards[each.index * len(shards) // len(self.ranges)])

    # ── parts ───────────────────────────────────────────────────────────────────────────────

    def add_pair(self) -> None:
        """Two more nodes, and two shards that have no ranges yet."""
        count = len(self.nodes)
        numbers = self._nodes_made + 1, self._nodes_made + 2
        self._nodes_made += 2
        pair = [
            Node(number, (count + index) % self.zones + 1 if self.zones else 0, self._ip_of(number))
            for index, number in enumerate(numbers)
        ]
        self.nodes |= {node.number: node for node in pair}
        added = (
            Shard(self, numbers[0], (pair[0], pair[1])),
            Shard(self, numbers[1], (pair[1], pair[0])),
        )
        self.shards |= {shard.number: shard for shard in added}
        for node in pair:
            self.proxies[node.number] = Proxy(self, node, PROXY_PORT)
        self._announce(process for shard in added for process in shard.processes)
        self.changed()

    def remove_pair(self, number: int) -> None:
        """Take away the node of that number and the next, whose shards have no ranges any more.

        Their numbers are never used again.
        """
        for each in (number, number + 1):
            proxy, shard = self.proxies.pop(each), self.shards.pop(each)
            del self.nodes[each]
            proxy.broke()
            for process in shard.processes:
                process.broke()
                if self._doors is not None and isinstance(self.policy, OSS):
                    self._doors.close(process.address)
        self.changed()

    def behind(self, doors: "Doors") -> None:
        """Clients that carry bytes call here from now on: under OSS, each process by itself."""
        self._doors = doors
        self._announce(self.processes())

    def _announce(self, processes: Iterable[Process]) -> None:
        if self._doors is not None and isinstance(self.policy, OSS):
            for process in processes:
                self._doors.open(process, process.address)

    def give(self, place: SlotRange, shard: Shard) -> None:
        """Let a shard own a range."""
        former = self._owners.get(place.index)
        if former is not None:
            former.ranges.remove(place)
        self._owners[place.index] = shard
        shard.ranges.append(place)
        if not shard.replica.node.up:
            place.unfollow()
        self._follow(shard)
        self.changed()

    def _follow(self, shard: Shard) -> None:
        """Let the replica have a copy of each range that it has none of, if both nodes are up."""
        if shard.primary.node.up and shard.replica.node.up:
            for place in shard.ranges:
                if place.copy is None:
                    place.follow(self.new_actor(place.index), self.copy_lag_us)

    def owner(self, place: SlotRange) -> Shard:
        return self._owners[place.index]

    def moving(self, place: SlotRange) -> Move | None:
        """The move that a range is on, if it is on one."""
        return self._moves.get(place.index)

    def changed(self) -> None:
        """Who serves what is different now: clients that ask will see it."""
        self.changes += 1
        self._views.clear()

    # ── clients ─────────────────────────────────────────────────────────────────────────────

    def gate(self) -> Endpoint:
        """Where a connection to the region's name ends: at a living node, each in its turn."""
        ends = self.endpoints()
        living = [each for each in ends if each.up] or ends
        self._next += 1
        return living[self._next % len(living)]

    def at(self, ip: str, port: int) -> Process | None:
        """The process at an address; None if nobody is there any more."""
        found = (each for each in self.processes() if each.address == (ip, port))
        return next(found, None)

    def endpoints(self) -> list[Endpoint]:
        """Where connections to the region's name may end."""
        if isinstance(self.policy, Enterprise):
            return list(self.proxies.values())
        return [each.primary for each in self.shards.values()]

    def execute(self, session: Session, request: Request) -> Reply:
        """Run a request here and now, as an operator may: no proxy and no redirection."""
        return at_once(self, session, request)

    def when_safe(self, go_on: Callable[[], object]) -> None:
        for each in self.ranges:
            go_on = partial(each.durability.when_safe, go_on)
        go_on()

    def forget(self, endpoint: Endpoint) -> None:
        """The connections to that endpoint are broken."""
        for session in [each for each, (_, end) in self._open.items() if end is endpoint]:
            self.close(session)

    def end_of(self, session: Session) -> object:
        """Where the connection of a session ends, if it is blocked; None for one without any."""
        if session in self.lines:
            return self.lines[session].endpoint
        return self._open[session][1] if session in self._open else None

    def unwatch_beyond(self, place: SlotRange, session: Session) -> None:
        """Watch only what is in this range; but what has changed elsewhere has changed."""
        if any(self.range_of(key) is not place for key in session.watched):
            changed = session.dirty
            self.unwatch(session)
            session.dirty = changed

    def end(self, session: Session) -> None:
        """The session is as if it had never seen MULTI or WATCH."""
        self.unwatch(session)
        session.queue, session.failed = None, False

    def read_copy(self, place: SlotRange, session: Session, request: Request) -> Reply:
        """What a shard's replica answers, late as it may be."""
        assert place.copy is not None
        return place.copy.execute(self.clock.now(), session, request, place.draw)

    def range_of_slot(self, word: bytes) -> SlotRange:
        """The range of a slot that a client names; the first for one that there is not."""
        number = parse_int(word)
        return (
            self.ranges[self.cut.range_of(number)] if number and 0 < number < SLOTS else self.desk
        )

    def view(self, process: Process) -> View:
        """What the process shows of the cluster."""
        if process.id not in self._views:
            shards = tuple(
                ShardView(each.id, each.runs(), _member(each.primary), (_member(each.replica),))
                for each in self.shards.values()
            )
            self._views[process.id] = View(process.id, shards, self.changes)
        return self._views[process.id]

    # ── faults ──────────────────────────────────────────────────────────────────────────────

    def crash(self) -> None:
        was_up = self.up
        super().crash()
        if was_up:
            for endpoint in self._all():
                endpoint.broke()

    def restart(self) -> None:
        super().restart()
        if self.up:
            for shard in self.shards.values():
                self._follow(shard)
                shard.resume()

    def stop_node(self, number: int, silent: bool = False) -> None:
        """A node is lost. ``silent``: nobody on it can say that connections are closed."""
        node = self.nodes[number]
        node.stops += 1
        if node.stops > 1:
            return
        self._silence(node, silent)
        self.tell("node", f"{number} down")
        for endpoint in self._all():
            if endpoint.node is node:
                endpoint.broke()
        for shard in self.shards.values():
            if shard.replica.node is node:
                for place in shard.ranges:
                    place.unfollow()
            elif shard.primary.node is node:
                for place in shard.ranges:
                    place.stop()
                loss = shard, shard.primary, shard.primary.epoch
                self.engine.call_in(self.failover_after_us, self._fail_over, loss)
        self.changed()

    def start_node(self, number: int) -> None:
        """Undo one stop. A node that is back is given copies; one that was removed never is."""
        node = self.nodes.get(number)
        if node is None:
            return
        node.stops -= 1
        if node.stops:
            return
        self._silence(node, False)
        self.tell("node", f"{number} up")
        for shard in self.shards.values():
            if shard.primary.node is node:
                for place in shard.ranges:
                    place.resume()
                shard.resume()
            if node in (shard.primary.node, shard.replica.node):
                self._follow(shard)
        self.changed()

    def _silence(self, node: Node, silent: bool) -> None:
        node.silent = silent
        if self._doors is not None and isinstance(self.policy, OSS):
            for process in self.processes():
                if process.node is node:
                    self._doors.silence(process.address, silent)

    def _fail_over(self, loss: tuple[Shard, Process, int]) -> None:
        """The process is down, and since that loss: another one has a time of its own."""
        shard, process, epoch = loss
        same = shard.primary is process and process.epoch == epoch and not process.node.up
        if same and shard.replica.node.up and self._copied(shard):
            self.switch_over(shard)

    def ready(self, shard: Shard) -> bool:
        """Whether its primary can be handed over."""
        return shard.primary.up and shard.replica.up and self._copied(shard)

    def _copied(self, shard: Shard) -> bool:
        return all(place.copy is not None for place in shard.ranges)

    def switch_over(self, shard: Shard, planned: bool = False) -> None:
        """Let the replica take over. Planned: it is given first what it lacks."""
        lost = 0
        for place in shard.ranges:
            if planned:
                place.catch_up()
            lost += place.promote()
        shard.primary = shard.replica
        self._follow(shard)
        self.tell(
            "failover",
            f"shard {shard.number} at node {shard.primary.node.number}",
            lost=lost,
            planned=planned,
        )
        self.changed()
        shard.resume()
        for place in shard.ranges:
            self.policy.arrived(place)

    def begin_move(self, move: Move) -> None:
        self._moves[move.place.index] = move

    def end_move(self, move: Move, arrived: bool) -> None:
        del self._moves[move.place.index]
        if arrived:
            self.give(move.place, move.target)
            self.policy.arrived(move.place)

    def processes(self) -> list[Process]:
        return [each for shard in self.shards.values() for each in shard.processes]

    def settled(self) -> bool:
        return not self.operations and super().settled()

    def _all(self) -> list[Endpoint]:
        return [*self.proxies.values(), *self.processes()]

    def tell(self, kind: str, what: str, **detail: Any) -> None:
        """Enter into the history what happened to the cluster."""
        self.history.happened(self.engine.now, kind, self.name, what, **detail)


def _member(process: Process) -> Member:
    zone = f"zone-{process.node.zone}" if process.node.zone else ""
    return Member(process.id, process.node.ip, process.port, up=process.up, zone=zone)
