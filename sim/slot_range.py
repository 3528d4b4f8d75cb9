"""A slot range of a region: one replica, what goes out of it, and its copy on another node.

Writes leave in batches: one waits for the next batch, at most ``batch_interval_us``, and a batch
may wait longer in queues (``sync_delay``). On real wires the jitter is a few per cent, so this, and
not the wire, is where replication lag comes from.

All regions cut the slots into the same ranges, and a range speaks to the same range elsewhere only.
Which shard owns a range, and on which node, makes no difference to that: it moves as a whole.

Inside the region a copy may follow on another node. It hears the peers when the replica does, and
what is written here a moment later, ``copy_lag_us``: that moment is what a failover loses.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple, Protocol

from crdb.command import Reply
from crdb.messages import Deltas, Difference, Digest, Message
from crdb.persistence.format import size_bytes
from crdb.replica import Replica
from crdb.session import Request, Session, Waiter
from sim.clock import RegionClock
from sim.durability import Durability
from sim.engine import Call, Engine, Lane
from sim.history import History, Lag
from sim.latency import Latency
from sim.network import Network
from sim.rng import Dice


class Parcel(NamedTuple):
    """A replica's message on its way, with what only the simulator knows."""

    message: Message
    oldest_us: int | None
    """When the first write in it was made, in engine time."""


class Syncer(NamedTuple):
    """How a region's writes leave it."""

    batch_interval_us: int = 10_000
    delay: Latency | None = None
    """What a batch waits beyond the interval: queues, garbage collection, retries."""


class Site(Protocol):
    """What a range has to know of its region."""

    engine: Engine
    network: Network
    history: History
    clock: RegionClock
    syncer: Syncer
    peers: dict[int, str]
    name: str
    place: str
    up: bool

    def told(self, woken: Iterable[tuple[Session, Reply]]) -> None:
        """Late replies, and what subscribers hear."""


class SlotRange:
    """One slot range of one region."""

    def __init__(
        self, region: Site, index: int, slots: range, replica: Replica, dice: Dice
    ) -> None:
        self.region = region
        self.index = index
        """Its place among the ranges, the same in all regions."""
        self.slots = slots
        self.replica = replica
        self.up = True
        """A process holds it; a region that is up may have lost the node."""
        self.durability = Durability()
        self.copy: Replica | None = None
        self.copy_lag_us = 0
        self.backups: dict[int, Difference] = {}
        self.draw = dice.below
        delay = region.syncer.delay
        self._delay = delay.stream(dice).__next__ if delay else None
        self._lanes = {peer: Lane(region.engine) for peer in region.peers}
        self._deliver: Mapping[int, Callable[[Parcel], object]] = {}
        self._alarm: Call | None = None
        self._soon = False
        """A tick is due within a batch interval: nothing more to arrange."""
        self._marked = False
        """The first write since the last tick has its mark."""
        self._marks: list[tuple[int, int]] = []
        """(sequence number, engine time) of the first write of each batch not yet everywhere."""
        self._passing: Call | None = None

    def join(self, peers: "Mapping[int, SlotRange]") -> None:
        """Learn where the peers' messages are delivered."""
        self._deliver = {number: each.receive for number, each in peers.items()}

    # ── clients ─────────────────────────────────────────────────────────────────────────────

    def execute(self, session: Session, request: Request) -> Reply:
        """Run a request here and now. The reply of one that blocks is a `Waiter`."""
        replica = self.replica
        if refused := self.durability.refused(session, request):
            return refused
        before = replica.seq
        reply = replica.execute(self.region.clock.now(), session, request, self.draw)
        if replica.restless:
            self.wake()
            self.arrange()
        self.durability.wrote()
        if replica.seq != before:
            self._wrote(before)
        return reply

    def _wrote(self, before: int) -> None:
        if not self._marked:
            self._marked = True
            self._marks.append((before + 1, self.region.engine.now))
            if not self._soon:
                self.arrange()
        if self.copy is not None:
            self._pass_soon()

    def wake(self) -> None:
        """Answer the blocked clients whose keys have changed or whose time is up, and tell
        subscribers what was published."""
        woken = self.replica.wake(self.region.clock.now(), self.draw)
        if woken:
            self.region.told(woken)

    # ── peers ───────────────────────────────────────────────────────────────────────────────

    def receive(self, parcel: Parcel) -> None:
        """A peer's message arrives."""
        region = self.region
        if not (region.up and self.up):
            return
        message = parcel.message
        received = self.replica.receive(region.clock.now(), message)
        self.durability.received(message, received)
        if received.applied and parcel.oldest_us is not None:
            now_us = region.engine.now
            lag = Lag(
                now_us,
                region.peers[message.region],
                region.name,
                now_us - parcel.oldest_us,
                len(received.applied),
                received.applied[-1][0],
            )
            region.history.lags.append(lag)
        for peer, answer in received.answers:
            self._post(peer, answer)
        if self.copy is not None:
            self.copy.receive(region.clock.now(), message)
            self._check_copy()
        if self.replica.restless:
            self.wake()
        if not self._soon:
            self.arrange()

    def tick(self, _: object = None) -> None:
        """Send each peer what it lacks, and arrange the next time."""
        self._soon = self._marked = False
        self._alarm = None
        if not (self.region.up and self.up):
            return
        before = self.replica.seq
        if self.replica.restless:
            self.wake()
        letters = self.replica.tick(self.region.clock.now())
        self.durability.collect()
        if self.replica.seq != before:
            # What expired is removed by nobody's request, and leaves at once.
            self._marks.append((before + 1, self.region.engine.now))
        for peer, message in letters:
            self._post(peer, message)
        acked = min((link.acked for link in self.replica.links.values()), default=0)
        del self._marks[: max(0, bisect_right(self._marks, acked, key=lambda mark: mark[0]) - 1)]
        self.arrange()

    def greet(self) -> None:
        """Say hello to the peers, if nobody has ever written or spoken here."""
        if self._alarm is None:
            self.arrange()

    def arrange(self) -> None:
        """Set the alarm for the next tick: a batch interval away, or when the replica says."""
        region = self.region
        wake_us = self.replica.wake_at(region.clock.now())
        if wake_us is None:
            return
        interval_us = region.syncer.batch_interval_us
        wait_us = region.clock.to_engine_delay(wake_us)
        self._soon = wait_us <= interval_us
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = region.engine.call_in(max(wait_us, interval_us), self.tick)

    def clock_changed(self) -> None:
        """An alarm is set in engine time: what it waits for may now come sooner, or later."""
        if not self._soon:
            self.arrange()

    def _post(self, peer: int, message: Message) -> None:
        oldest_us = None
        if isinstance(message, Deltas) and message.writes and self._marks:
            index = bisect_right(self._marks, message.writes[0][0], key=lambda mark: mark[0])
            oldest_us = self._marks[max(0, index - 1)][1]
        elif isinstance(message, Digest | Difference):
            self._tell_resync(peer, message)
        parcel = Parcel(message, oldest_us)
        if self._delay is None:
            self._send((peer, parcel))
        else:
            at_us = self.region.engine.now + self._delay()
            self._lanes[peer].call_at(at_us, self._send, (peer, parcel))

    def _tell_resync(self, peer: int, message: Digest | Difference) -> None:
        """Enter into the history what a resync costs on the wire."""
        region = self.region
        region.history.happened(
            region.engine.now,
            "resync",
            region.name,
            type(message).__name__.lower(),
            to=region.peers[peer],
            bytes=size_bytes(message),
        )

    def _send(self, letter: tuple[int, Parcel]) -> None:
        peer, parcel = letter
        region = self.region
        region.network.send(
            region.place, region.peers[peer], "sync", parcel, self._deliver[peer], self.index
        )

    # ── the copy on another node ────────────────────────────────────────────────────────────

    def follow(self, actor: int, lag_us: int) -> None:
        """Keep a copy on another node. ``actor`` is a new one, for the day when it is promoted."""
        self.copy, self.copy_lag_us = self.replica.copy(actor), lag_us

    def unfollow(self) -> None:
        """The other node is gone, and the copy with it."""
        self.copy = self.replica.copied = None
        self._stop_passing()

    def catch_up(self) -> None:
        """Pass on at once what the copy lacks, as before a planned promotion."""
        self._stop_passing()
        self._pass_on()

    def promote(self) -> int:
        """Let the copy take over; how many writes that were acknowledged it does not have."""
        old, copy = self.replica, self.copy
        assert copy is not None
        unsent = old.backlog.slice(old.copied or 0, old.seq)
        copy.promote(old.stale)
        self.start_from(copy)
        return len(unsent[0]) if unsent else 0

    def start_from(self, replica: Replica) -> None:
        """Go on with another replica; who listened or waited at the old one does so at this."""
        old = self.replica
        self.begin(replica)
        replica.share(old)
        for watcher in old.sessions():
            watcher.dirty = True
        self.resume()
        for waiter in old.waiting.values():
            reply = self.execute(waiter.session, waiter.request)
            if isinstance(reply, Waiter):
                reply.deadline_us = waiter.deadline_us
            else:
                self.region.told([(waiter.session, reply)])

    def _pass_soon(self) -> None:
        if self._passing is None:
            self._passing = self.region.engine.call_in(self.copy_lag_us, self._pass_on)

    def _pass_on(self, _: object = None) -> None:
        self._passing = None
        if self.copy is None:
            return
        if not self.replica.pass_on(self.copy, self.region.clock.now()):
            self._copy_again()

    def _check_copy(self) -> None:
        """A copy that lacked the newest writes may have let a difference pass: it begins anew."""
        assert self.copy is not None
        has, mine = self.copy.context.vector, self.replica.context.vector
        own = self.replica.actor
        if any(has.get(actor, 0) < mine[actor] for actor in mine if actor != own):
            self._copy_again()

    def _copy_again(self) -> None:
        assert self.copy is not None
        self.copy = self.replica.copy(self.copy.actor)

    def _stop_passing(self) -> None:
        if self._passing is not None:
            self._passing.cancel()
            self._passing = None

    def stop(self) -> None:
        """Its node is lost: it hears and says nothing, and passes nothing on."""
        self.up = False
        self._stop_passing()
        self.crash()

    def resume(self) -> None:
        """It has a process again."""
        self.up = True
        if self.replica.copied not in (None, self.replica.seq):
            self._pass_soon()
        self.arrange()

    # ── faults ──────────────────────────────────────────────────────────────────────────────

    def crash(self) -> None:
        """What waits to be sent is lost; what was acknowledged stays."""
        for peer, lane in self._lanes.items():
            lane.cancel()
            self._lanes[peer] = Lane(self.region.engine)

    def back_up(self) -> None:
        """Take a backup, to be found in `backups` under the present engine time."""
        self.backups[self.region.engine.now] = self.replica.snapshot()

    def lose_memory(self, actor: int, backup: Difference | None) -> None:
        """Forget everything but a backup. ``actor`` is a new one, as in `Replica.restored`."""
        old = self.replica
        self.begin(Replica.restored(old.region, old.links, actor, backup, old.settings))

    def begin(self, replica: Replica) -> None:
        """Hold what this replica holds, and nothing of what was here; a copy has to begin anew."""
        self._stop_passing()
        self.copy = None
        self._marks.clear()
        self._marked = self._soon = False
        self.replica = replica
        self.durability.begin(replica)
