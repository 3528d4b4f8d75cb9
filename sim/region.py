"""A region: a replica with a clock, a place on the network and a syncer.

The syncer sends in batches: a write waits for the next batch, at most ``batch_interval_us``, and
a batch may wait longer in queues (``sync_delay``). On real wires the jitter is a few per cent, so
this, and not the wire, is where replication lag comes from.

A region serves one request at a time, each for ``service_us``. While it is down it answers
nobody, and what was on its connections is lost; what it had acknowledged stays. Each crash begins a
new epoch: connections of an older one are broken, so their requests get no reply, and what MULTI or
WATCH had begun on them is gone.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, Protocol

import msgspec

from crdb.command import Reply
from crdb.messages import Deltas, Difference, Digest, Message
from crdb.persistence.format import size_bytes
from crdb.replica import Replica, Settings
from crdb.replies import Push, Pushes
from crdb.session import Request, Session, Waiter
from sim.clock import RegionClock
from sim.engine import Call, Engine, Lane
from sim.history import History, Lag
from sim.latency import Latency
from sim.network import Network
from sim.rng import Dice
from sim.words import plain

Answer = Callable[[Reply], object]


class Ask(msgspec.Struct, frozen=True):
    """A request on its way to a region. (A Struct, which is made at half a named tuple's price.)"""

    session: Session
    epoch: int
    """The region's when it was sent."""
    request: Request
    place: str
    """Where the client is."""
    connection: int
    answer: Answer
    push: Answer | None = None
    """Takes what is said without being asked: messages of a channel."""


class Line(Protocol):
    """A connection that carries bytes: it is told what is said on it, and takes it from there."""

    def say(self, reply: Reply) -> object:
        """Something late, or unasked."""

    def broke(self) -> object:
        """The region has crashed."""


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


class Region:
    """One region of one world."""

    def __init__(
        self,
        engine: Engine,
        network: Network,
        history: History,
        clock: RegionClock,
        dice: Dice,
        name: str,
        number: int,
        peers: Mapping[int, str],
        *,
        settings: Settings | None = None,
        syncer: Syncer | None = None,
        service_us: int = 0,
        place: str = "",
    ) -> None:
        """``number`` is the region's id: the smaller wins ties. ``peers`` names the others.

        ``place`` is where it stands on the network, if that is not its name.
        """
        self.engine = engine
        self.name = name
        self.place = place or name
        self.number = number
        self.clock = clock
        self.replica = Replica(number, peers, settings=settings)
        self.up = True
        self.epoch = 0  # Counts the times that it went down.
        self.syncer = syncer or Syncer()
        self.service_us = service_us
        self._network = network
        self._history = history
        self._draw = dice.below
        self._delay = self.syncer.delay.stream(dice).__next__ if self.syncer.delay else None
        self._peers = dict(peers)
        self._lanes = {peer: Lane(engine) for peer in peers}
        self._deliver: dict[int, Callable[[Parcel], object]] = {}
        self._alarm: Call | None = None
        self._soon = False
        """A tick is due within a batch interval: nothing more to arrange."""
        self._marked = False
        """The first write since the last tick has its mark."""
        self._marks: list[tuple[int, int]] = []
        """(sequence number, engine time) of the first write of each batch not yet everywhere."""
        self.backups: dict[int, Difference] = {}
        self._open: dict[Session, Ask] = {}  # Of blocked and of subscribed clients.
        self.late: dict[Session, list[Reply]] = {}  # To sessions without connection, as a lab's.
        self.lines: dict[Session, Line] = {}
        self._busy_until_us = self._crashes = 0  # Crashes that no restart has undone.

    def join(self, regions: Iterable["Region"]) -> None:
        """Learn where the peers' messages are delivered."""
        self._deliver = {each.number: each.receive for each in regions if each is not self}

    # ── clients ─────────────────────────────────────────────────────────────────────────────

    def ask(self, ask: Ask) -> None:
        """A request arrives; one that was sent before a crash is dropped."""
        if not self.up or ask.epoch != self.epoch:
            return
        if self.service_us:
            self.engine.call_at(self.served_us(1), self._serve, ask)
        else:
            self._serve(ask)

    def served_us(self, requests: int) -> int:
        """When so many requests that arrive now have been served, behind those before them."""
        start_us = max(self.engine.now, self._busy_until_us)
        self._busy_until_us = start_us + requests * self.service_us
        return self._busy_until_us

    def _serve(self, ask: Ask) -> None:
        if self.up and ask.epoch == self.epoch:
            reply = self.execute(ask.session, ask.request)
            if isinstance(reply, Waiter | Pushes):
                self._open[ask.session] = ask
                self._arrange()
            if not isinstance(reply, Waiter):
                self._answer(ask, reply)

    def _answer(self, ask: Ask, reply: Reply) -> None:
        self._network.send(
            self.place, ask.place, "client", reply, ask.answer, connection=ask.connection
        )

    def execute(self, session: Session, request: Request) -> Reply:
        """Run a request here and now. The reply of one that blocks is a `Waiter`."""
        replica = self.replica
        before = 0 if self._marked else replica.seq
        reply = replica.execute(self.clock.now(), session, request, self._draw)
        if replica.restless:
            self._wake()
            self._arrange()
        if not self._marked and replica.seq != before:
            self._marked = True
            self._marks.append((before + 1, self.engine.now))
            if not self._soon:
                self._arrange()
        return reply

    def close(self, session: Session) -> None:
        """A client gives up a connection: nothing that it began or waits for goes on."""
        self.replica.close(session)
        self._open.pop(session, None)
        self.late.pop(session, None)
        if session.queue is not None:
            self.replica.execute(self.clock.now(), session, (b"DISCARD",), self._draw)

    def _wake(self) -> None:
        """Answer the blocked clients whose keys have changed or whose time is up, and tell
        subscribers what was published."""
        for session, reply in self.replica.wake(self.clock.now(), self._draw):
            ask = self._open.get(session)
            if session in self.lines:
                self.lines[session].say(reply)
            elif ask is None:
                self.late.setdefault(session, []).append(reply)
            elif not isinstance(reply, Push):
                self._answer(ask, reply)
                if not session.subscriptions:
                    del self._open[session]
            elif ask.push is not None:
                self._network.send(
                    self.place, ask.place, "client", reply, ask.push, connection=ask.connection
                )

    # ── peers ───────────────────────────────────────────────────────────────────────────────

    def receive(self, parcel: Parcel) -> None:
        """A peer's message arrives."""
        if not self.up:
            return
        message = parcel.message
        received = self.replica.receive(self.clock.now(), message)
        if received.applied and parcel.oldest_us is not None:
            now_us = self.engine.now
            lag = Lag(
                now_us,
                self._peers[message.region],
                self.name,
                now_us - parcel.oldest_us,
                len(received.applied),
                received.applied[-1][0],
            )
            self._history.lags.append(lag)
        for peer, answer in received.answers:
            self._post(peer, answer)
        if self.replica.restless:
            self._wake()
        if not self._soon:
            self._arrange()

    def tick(self, _: object = None) -> None:
        """Send each peer what it lacks, and arrange the next time."""
        self._soon = self._marked = False
        self._alarm = None
        if not self.up:
            return
        before = self.replica.seq
        if self.replica.restless:
            self._wake()
        letters = self.replica.tick(self.clock.now())
        if self.replica.seq != before:
            # What expired is removed by nobody's request, and leaves at once.
            self._marks.append((before + 1, self.engine.now))
        for peer, message in letters:
            self._post(peer, message)
        acked = min((link.acked for link in self.replica.links.values()), default=0)
        del self._marks[: max(0, bisect_right(self._marks, acked, key=lambda mark: mark[0]) - 1)]
        self._arrange()

    def greet(self) -> None:
        """Say hello to the peers, if nobody has ever written or spoken here."""
        if self._alarm is None:
            self._arrange()

    def _arrange(self) -> None:
        """Set the alarm for the next tick: a batch interval away, or when the replica says."""
        wake_us = self.replica.wake_at(self.clock.now())
        if wake_us is None:
            return
        interval_us = self.syncer.batch_interval_us
        wait_us = self.clock.to_engine_delay(wake_us)
        self._soon = wait_us <= interval_us
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm = self.engine.call_in(max(wait_us, interval_us), self.tick)

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
            self._lanes[peer].call_at(self.engine.now + self._delay(), self._send, (peer, parcel))

    def _tell_resync(self, peer: int, message: Digest | Difference) -> None:
        """Enter into the history what a resync costs on the wire."""
        self._history.happened(
            self.engine.now,
            "resync",
            self.name,
            type(message).__name__.lower(),
            to=self._peers[peer],
            bytes=size_bytes(message),
        )

    def _send(self, letter: tuple[int, Parcel]) -> None:
        peer, parcel = letter
        self._network.send(self.place, self._peers[peer], "sync", parcel, self._deliver[peer])

    # ── faults ──────────────────────────────────────────────────────────────────────────────

    def crash(self) -> None:
        """Stop. Connections break; what was acknowledged stays, as with a log always synced.

        A region that is down already needs one restart more.
        """
        self._crashes += 1
        if not self.up:
            return
        self.up = False
        self.epoch += 1
        self._busy_until_us = 0
        for session in self.replica.sessions():
            self.close(session)
        for peer, lane in self._lanes.items():
            lane.cancel()
            self._lanes[peer] = Lane(self.engine)
        self._network.reset(self.place, channels={"sync"})
        for line in list(self.lines.values()):
            line.broke()

    def restart(self) -> None:
        """Undo one crash; come back once all are undone. Raises RuntimeError if none is left."""
        if not self._crashes:
            raise RuntimeError(f"{self.name} is up: there is no crash to undo")
        self._crashes -= 1
        self.up = not self._crashes
        if self.up:
            self._arrange()

    def back_up(self, _: object = None) -> None:
        """Take a backup, to be found in `backups` under the present engine time."""
        self.backups[self.engine.now] = self.replica.snapshot()

    def lose_memory(self, actor: int, backup: Difference | None) -> None:
        """Forget everything but a backup. ``actor`` is a new one, as in `Replica.restored`."""
        self._marks.clear()
        self._marked = self._soon = False
        settings = self.replica.settings
        self.replica = Replica.restored(self.number, self._peers, actor, backup, settings)

    def step_clock(self, by_us: int) -> None:
        """Move the clock by so many microseconds at once; negative turns it back."""
        self.clock.step(by_us)
        self._clock_changed()

    def drift_clock(self, by_ppm: int) -> None:
        """Let the clock gain so many microseconds a second more than so far.

        Raises ValueError for a drift that would stop the clock or turn it back.
        """
        self.clock.drift(self.clock.drift_ppm + by_ppm)
        self._clock_changed()

    def _clock_changed(self) -> None:
        self.tell_clock()
        # An alarm is set in engine time: what it waits for may now come sooner, or later.
        if self.up and not self._soon:
            self._arrange()

    def tell_clock(self) -> None:
        """Enter into the history how far the clock is ahead of true time, in microseconds."""
        self._history.happened(
            self.engine.now, "clock", self.name, "offset", offset_us=self.clock.ahead_us()
        )

    # ── for those who look ──────────────────────────────────────────────────────────────────

    def settled(self) -> bool:
        """Nothing is left to send or to learn, as far as this region knows."""
        return self.replica.settled()

    def reading(self) -> dict[str, Any]:
        """What every key holds: type, value and deadline."""
        held: dict[str, Any] = {}
        for key, entry in sorted(self.replica.keyspace.keys.items()):
            state = entry.value
            if state is None:
                continue
            held[plain(key)] = {
                "type": state.name,
                "value": plain(state.value()),
                "deadline_us": entry.deadline_us if entry.expiry else None,
            }
        return held
