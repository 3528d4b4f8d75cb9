"""A region: a clock, a place on the network, its slot ranges, and the clients that call.

Without a cluster there is one range. A region serves one request at a time, each for
``service_us``. While it is down it answers nobody, and what was on its connections is lost; what
it had acknowledged stays. Each crash begins a new epoch: connections of an older one are broken, so
their requests get no reply, and what MULTI or WATCH had begun on them is gone.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from operator import itemgetter
from typing import Any, Protocol

import msgspec

from crdb.command import Reply
from crdb.keyspace import Entry
from crdb.replica import Replica, Settings
from crdb.replies import Push, Pushes
from crdb.session import Request, Session, Waiter
from crdb.slots import Cut, slot
from sim.clock import RegionClock
from sim.engine import Engine
from sim.history import History
from sim.network import Network
from sim.rng import Dice
from sim.slot_range import SlotRange
from sim.slot_range import Syncer as Syncer
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


class Endpoint(Protocol):
    """Where clients' connections end: a region, or a part of a region that is a cluster."""

    name: str
    """The region's."""
    place: str
    number: int
    epoch: int

    @property
    def up(self) -> bool: ...

    def ask(self, ask: Ask) -> None: ...

    def perform(
        self, session: Session, request: Request, done: Callable[[Reply], object]
    ) -> None: ...

    def close(self, session: Session) -> None: ...


class Line(Protocol):
    """A connection that carries bytes: it is told what is said on it, and takes it from there."""

    endpoint: Endpoint

    def say(self, reply: Reply) -> object:
        """Something late, or unasked."""

    def broke(self, silent: bool = False) -> object:
        """What it ends at has crashed. ``silent``: and cannot say so."""


class Region:
    """One region of one world."""

    parted = False
    """Whether clients' connections end at parts of it."""

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
        ranges: int = 1,
    ) -> None:
        """``number`` is the region's id: the smaller wins ties. ``peers`` names the others.

        ``place`` is where it stands on the network, if that is not its name. All regions are cut
        into as many ``ranges``.
        """
        self.engine = engine
        self.name = name
        self.place = place or name
        self.number = number
        self.clock = clock
        self.up = True
        self.epoch = 0  # Counts the times that it went down.
        self.syncer = syncer or Syncer()
        self.service_us = service_us
        self.network = network
        self.history = history
        self.peers = dict(peers)
        self.cut = Cut(ranges)
        self.ranges = tuple(
            self._range(index, settings, dice) for index in range(len(self.cut.ranges))
        )
        self._share()
        self._open: dict[Session, tuple[Ask, Endpoint]] = {}
        """Of blocked and of subscribed clients, and where they came to."""
        self.late: dict[Session, list[Reply]] = {}  # To sessions without connection, as a lab's.
        self.lines: dict[Session, Line] = {}
        self._busy_until_us = self._crashes = 0  # Crashes that no restart has undone.

    def _range(self, index: int, settings: Settings | None, dice: Dice) -> SlotRange:
        slots = self.cut.ranges[index]
        if settings is not None and settings.slots is not None:
            settings = msgspec.structs.replace(settings, slots=(slots[0], slots[-1]))
        replica = Replica(self.number, self.peers, settings=settings)
        return SlotRange(
            self, index, slots, replica, dice.fork(f"range {index}") if index else dice
        )

    def _share(self) -> None:
        """Channels and scripts are the region's, not a range's."""
        for each in self.ranges[1:]:
            each.replica.share(self.desk.replica)

    @property
    def desk(self) -> SlotRange:
        """The range that answers what concerns no key; the only one of a region without cluster."""
        return self.ranges[0]

    @property
    def replica(self) -> Replica:
        """The replica of the first range."""
        return self.ranges[0].replica

    def range_of(self, key: bytes) -> SlotRange:
        """The range that has a key's slot."""
        return self.ranges[self.cut.range_of(slot(key))]

    def join(self, regions: "Iterable[Region]") -> None:
        """Learn where the peers' messages are delivered."""
        others = [each for each in regions if each is not self]
        for index, mine in enumerate(self.ranges):
            mine.join({each.number: each.ranges[index] for each in others})

    # ── clients ─────────────────────────────────────────────────────────────────────────────

    def ask(self, ask: Ask) -> None:
        """A request arrives; one that was sent before a crash is dropped."""
        if not self.up or ask.epoch != self.epoch:
            return
        if self.service_us:
            self.engine.call_at(self.served_us(1), self._serve, ask)
        else:
            self._serve(ask)

    def gate(self) -> "Endpoint":
        """Where a connection to the region's name ends: here."""
        return self

    def perform(self, session: Session, request: Request, done: Callable[[Reply], object]) -> None:
        """Serve a request, and call ``done`` with the reply when it has been served."""
        if self.service_us:
            self.engine.call_at(self.served_us(1), lambda _: done(self.execute(session, request)))
        else:
            done(self.execute(session, request))

    def waits(self, session: Session) -> bool:
        """Whether it is blocked in a command."""
        return any(session in each.replica.waiting for each in self.ranges)

    def served_us(self, requests: int) -> int:
        """When so many requests that arrive now have been served, behind those before them."""
        start_us = max(self.engine.now, self._busy_until_us)
        self._busy_until_us = start_us + requests * self.service_us
        return self._busy_until_us

    def _serve(self, ask: Ask) -> None:
        if self.up and ask.epoch == self.epoch:
            self.reply(ask, self.execute(ask.session, ask.request))

    def reply(self, ask: Ask, reply: Reply, end: "Endpoint | None" = None) -> None:
        """Answer a request that came to an end of this region, now or when there is a reply."""
        if isinstance(reply, Waiter | Pushes):
            self._open[ask.session] = ask, end or self
        if not isinstance(reply, Waiter):
            self._answer(ask, reply, end or self)

    def _answer(self, ask: Ask, reply: Reply, end: "Endpoint") -> None:
        self.when_safe(partial(self._send_reply, ask, reply, end))

    def _send_reply(self, ask: Ask, reply: Reply, end: "Endpoint") -> None:
        if ask.epoch == end.epoch:
            self.network.send(
                self.place, ask.place, "client", reply, ask.answer, connection=ask.connection
            )

    def execute(self, session: Session, request: Request) -> Reply:
        """Run a request here and now. The reply of one that blocks is a `Waiter`."""
        return self.ranges[0].execute(session, request)

    def when_safe(self, go_on: Callable[[], object]) -> None:
        """Go on, perhaps not before what has been done so far is on the disk."""
        self.ranges[0].durability.when_safe(go_on)

    def close(self, session: Session) -> None:
        """A client gives up a connection: nothing that it began or waits for goes on."""
        self.reset(session)
        session.closing = True

    def reset(self, session: Session) -> None:
        """A session is as if it were new: it watches, waits for and listens to nothing."""
        self.unwatch(session)
        for each in self.ranges:
            if each is self.desk or session in each.replica.waiting:
                each.replica.close(session)
        self._open.pop(session, None)
        self.late.pop(session, None)
        session.queue, session.failed = None, False

    def unwatch(self, session: Session) -> None:
        """Whatever it watches, in any range."""
        watched = dict(session.watched)
        for index in sorted({self.range_of(key).index for key in watched}):
            session.watched = dict(watched)
            self.ranges[index].replica.keyspace.unwatch(session)

    def sessions(self) -> list[Session]:
        """Those that watch, wait or listen."""
        found = [each for held in self.ranges for each in held.replica.sessions()]
        return list(dict.fromkeys(found))

    def told(self, woken: Iterable[tuple[Session, Reply]]) -> None:
        """Late replies, and what subscribers hear, go to those who wait for them."""
        for session, reply in woken:
            ask, end = self._open.get(session, (None, self))
            if session in self.lines:
                self.when_safe(partial(self.lines[session].say, reply))
            elif ask is None:
                self.late.setdefault(session, []).append(reply)
            elif not isinstance(reply, Push):
                self._answer(ask, reply, end)
                if not session.subscriptions:
                    del self._open[session]
            elif ask.push is not None:
                self.network.send(
                    self.place, ask.place, "client", reply, ask.push, connection=ask.connection
                )

    def greet(self) -> None:
        """Say hello to the peers, if nobody has ever written or spoken here."""
        for each in self.ranges:
            each.greet()

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
        for session in self.sessions():
            self.close(session)
        for each in self.ranges:
            each.crash()
        self.network.reset(self.place, channels={"sync"})
        for line in list(self.lines.values()):
            line.broke()

    def restart(self) -> None:
        """Undo one crash; come back once all are undone. Raises RuntimeError if none is left."""
        if not self._crashes:
            raise RuntimeError(f"{self.name} is up: there is no crash to undo")
        self._crashes -= 1
        self.up = not self._crashes
        if self.up:
            for each in self.ranges:
                each.arrange()

    def back_up(self, _: object = None) -> None:
        """Take a backup, to be known by the present engine time."""
        for each in self.ranges:
            each.back_up()

    def lose_memory(self, new_actor: Callable[[int], int], backup_us: int | None) -> None:
        """Forget everything but the backup of that time, if there is one.

        What is written from now on is written under actors that are new (`Replica.restored`).
        """
        for each in self.ranges:
            backup = None if backup_us is None else each.backups.get(backup_us)
            each.lose_memory(new_actor(each.index), backup)
        self._share()

    def lose_power(self) -> None:
        """Crash, and keep what is on the disk."""
        self.crash()
        for each in self.ranges:
            each.durability.power_loss()

    def recover(self, new_actor: Callable[[int], int]) -> int | None:
        """Go on with what is on the disk; how many microseconds it takes to read that.

        None if a file is refused and nobody has the data: it is for a person to decide.
        """
        loading_us = 0
        for each in self.ranges:
            loading_us += each.durability.loading_us()
            replica = each.durability.recover(each.replica, new_actor(each.index))
            if replica is None:
                return None
            each.begin(replica)
        self._share()
        return loading_us

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
        if self.up:
            for each in self.ranges:
                each.clock_changed()

    def tell_clock(self) -> None:
        """Enter into the history how far the clock is ahead of true time, in microseconds."""
        self.history.happened(
            self.engine.now, "clock", self.name, "offset", offset_us=self.clock.ahead_us()
        )

    # ── for those who look ──────────────────────────────────────────────────────────────────

    def settled(self) -> bool:
        """Nothing is left to send or to learn, as far as this region knows."""
        return all(each.replica.settled() for each in self.ranges)

    def entries(self) -> Iterator[tuple[bytes, Entry]]:
        """What is held under each key of all ranges, expired or not."""
        for each in self.ranges:
            yield from each.replica.keyspace.keys.items()

    def reading(self) -> dict[str, Any]:
        """What every key holds: type, value and deadline."""
        held: dict[str, Any] = {}
        for key, entry in sorted(self.entries(), key=itemgetter(0)):
            state = entry.value
            if state is None:
                continue
            held[plain(key)] = {
                "type": state.name,
                "value": plain(state.value()),
                "deadline_us": entry.deadline_us if entry.expiry else None,
            }
        return held
