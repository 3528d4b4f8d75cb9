"""Network: packets between places, in order, with latency, under rules.

Rules
- A packet is one scheduled event, whose callback is the receiver.
- Packets of a connection arrive in the order in which they were sent, as with TCP, unless a rule
  says otherwise. A connection is one direction: source, target, channel and a number.
- Rules see a packet when it is sent; what is on the wire already arrives.
- A held connection keeps what is sent, up to a window and until a time-out. Then it closes: what it
  held is lost, and all that is sent until the rule goes. A full window closes it too, as Redis's
  output buffer limit does; skipping packets of an open stream is a fault that TCP does not have.
- Delivered, dropped, held, released, lost: all enter the engine's digest.

>>> from sim.engine import Engine
>>> from sim.rng import Streams
>>> from sim.rules import Partition, Where
>>> engine = Engine()
>>> network = Network(engine, Topology.azure(["West Europe", "East US"]), Streams(7)["network"])
>>> heal = network.add(Partition(Where.between("West Europe", "East US")))
>>> heard = []
>>> network.send("West Europe", "East US", "sync", "INCR", lambda m: heard.append((m, engine.now)))
>>> engine.run(until=1_000_000)
>>> heard
[]
>>> heal()
>>> engine.run(until=2_000_000)
>>> heard
[('INCR', 1042336)]
"""

from collections import deque
from collections.abc import Callable, Collection
from enum import IntEnum
from functools import partial
from typing import Any

from sim.engine import Call, Engine, Lane, word
from sim.latency import Jitter, Latency
from sim.rng import Dice
from sim.rules import HOLD, PASS, TWICE, Blind, Delay, Rule, Ruling
from sim.topology import Topology

Deliver = Callable[[Any], object]

WINDOW_MESSAGES = 10_000
"""Packets that a held connection keeps at most."""

TIMEOUT_US = 60 * 1_000_000
"""How long a held connection stays open: Redis's `repl-timeout`."""


class Fate(IntEnum):
    """What can befall a packet; the values are codes in the engine's digest (1 to 15 are ours)."""

    DELIVERED = 1
    DROPPED = 2
    HELD = 3
    RELEASED = 4
    LOST = 5
    COPIED = 6


class Connection:
    """One direction of a stream between two places, as the network sees it."""

    __slots__ = (
        "closed",
        "held",
        "held_by",
        "lane",
        "latency",
        "mark",
        "number",
        "plain",
        "put",
        "route",
        "rules",
        "timer",
    )

    def __init__(self, number: int, route: tuple[str, str, str], latency: Callable[[], int]):
        self.number = number
        self.route = route
        self.latency = latency
        self.mark = word(Fate.DELIVERED, number)
        self.rules: list[tuple[Rule, Callable[[], Ruling]]] = []
        self.plain = True
        self.held: deque[tuple[Any, Deliver]] = deque()
        self.held_by: Rule | None = None
        self.closed = False
        self.timer: Call | None = None
        self.lane: Lane
        self.put: Callable[[int, Deliver, Any], None]

    def __repr__(self) -> str:
        source, target, channel = self.route
        return f"<{channel} {source} > {target} #{self.number}>"

    def open_lane(self, engine: Engine) -> None:
        """Start a stream with nothing on its way."""
        self.lane = Lane(engine, self.mark)
        self.put = self.lane.call_at


class Network:
    """All connections of a world."""

    def __init__(
        self,
        engine: Engine,
        topology: Topology,
        dice: Dice,
        *,
        latency: Callable[[int], Latency] = Jitter,
        window_messages: int = WINDOW_MESSAGES,
        timeout_us: int = TIMEOUT_US,
    ) -> None:
        """Join the places of `topology`.

        `latency` makes a distribution from the median one way in microseconds: `Jitter`,
        `Constant`, or a function. Every route draws from its own stream, forked from `dice`.
        """
        self._engine = engine
        self._topology = topology
        self._dice = dice
        self._make_latency = latency
        self._window_messages = window_messages
        self._timeout_us = timeout_us
        self._rules: list[Rule] = []
        self._routes: dict[tuple[str, str, str], Callable[[], int]] = {}
        self._connections: dict[tuple[str, str, str, int], Connection] = {}
        self._opened = 0

    def send(
        self,
        source: str,
        target: str,
        channel: str,
        message: Any,
        deliver: Deliver,
        connection: int = 0,
    ) -> None:
        """Call `deliver(message)` when the packet has arrived, if it does.

        Packets of other `connection` numbers (one per client, say) are not kept in order with
        these. The sender learns nothing, as on a real wire. Raises UnknownRegion for a place that
        is not in the topology.
        """
        try:
            line = self._connections[source, target, channel, connection]
        except KeyError:
            line = self._open(source, target, channel, connection)
        if line.plain:
            line.put(self._engine._now + line.latency(), deliver, message)
        else:
            self._judge(line, message, deliver)

    def add(self, rule: Rule) -> Callable[[], None]:
        """Let `rule` stand, behind those that stand already; returns what removes it.

        Removing it opens what it closed and releases what it holds, in order, under the rules that
        are left. Removing it again does nothing.
        """
        self._rules.append(rule)
        for line in self._connections.values():
            self._subject(line)
        return lambda: self._remove(rule)

    def reset(self, place: str, channels: Collection[str] | None = None) -> None:
        """Break the connections from and to `place`, on some channels or all, as a crash does.

        What they hold or have on the wire is lost, save packets that a rule let be overtaken. A
        place is more than one process: to crash a region and spare the clients that live beside it,
        name the channels that are the region's alone.
        """
        for line in self._connections.values():
            source, target, channel = line.route
            if place in (source, target) and (channels is None or channel in channels):
                for _ in range(line.lane.cancel() + self._forget(line)):
                    self._note(Fate.LOST, line)
                line.open_lane(self._engine)

    def forget(self, source: str, target: str, channel: str, connection: int) -> None:
        """Both ends have closed this connection, and its number will not be used again.

        What is on the wire still arrives, unless a rule holds it.
        """
        line = self._connections.pop((source, target, channel, connection), None)
        if line is not None:
            for _ in range(self._forget(line)):
                self._note(Fate.LOST, line)

    def _open(self, source: str, target: str, channel: str, connection: int) -> Connection:
        route = (source, target, channel)
        if route not in self._routes:
            latency = self._make_latency(self._topology.one_way_us(source, target))
            dice = self._dice.fork(f"{source} > {target} > {channel}")
            self._routes[route] = latency.stream(dice).__next__
        self._opened += 1
        line = Connection(self._opened, route, self._routes[route])
        line.open_lane(self._engine)
        self._subject(line)
        self._connections[source, target, channel, connection] = line
        return line

    def _subject(self, line: Connection) -> None:
        """Put a connection under the rules that concern it."""
        line.rules = [
            (rule, self._bound(rule, line.route))
            for rule in self._rules
            if rule.concerns(*line.route)
        ]
        line.plain = not line.rules

    def _bound(self, rule: Rule, route: tuple[str, str, str]) -> Callable[[], Ruling]:
        return rule.next_ruling if isinstance(rule, Blind) else partial(self._ask, rule, route)

    def _ask(self, rule: Rule, route: tuple[str, str, str]) -> Ruling:
        return rule.on_packet(self._engine.now, *route)

    def _judge(self, line: Connection, message: Any, deliver: Deliver) -> None:
        """Do with a packet what the rules say: a drop or a hold counts, wherever it stands."""
        if line.held_by is not None:
            self._hold(line, message, deliver)
            return
        delay, copies = None, 0
        for rule, ask in line.rules:
            ruling = ask()
            if ruling is PASS:
                continue
            if isinstance(ruling, Delay):
                delay = ruling if delay is None else delay + ruling
            elif ruling is TWICE:
                copies += 1
            elif ruling is HOLD:
                line.held_by = rule
                self._hold(line, message, deliver)
                return
            else:
                self._note(Fate.DROPPED, line)
                return
        while True:
            latency_us = line.latency()
            if delay is not None:
                latency_us = latency_us * delay.times // delay.per + delay.extra_us
            if delay is None or delay.in_order:
                line.put(self._engine._now + latency_us, deliver, message)
            else:
                self._engine.call_in(latency_us, self._arrive, (line, message, deliver))
            if not copies:
                return
            copies -= 1
            self._note(Fate.COPIED, line)

    def _arrive(self, packet: tuple[Connection, Any, Deliver]) -> None:
        """Deliver a packet that is not in its connection's lane."""
        line, message, deliver = packet
        self._engine.trace(Fate.DELIVERED, line.number)
        deliver(message)

    def _hold(self, line: Connection, message: Any, deliver: Deliver) -> None:
        if not line.closed and len(line.held) >= self._window_messages:
            self._close(line)
        if line.closed:
            self._note(Fate.LOST, line)
            return
        if line.timer is None:
            line.timer = self._engine.call_in(self._timeout_us, self._close, line)
        line.held.append((message, deliver))
        self._note(Fate.HELD, line)

    def _close(self, line: Connection) -> None:
        line.closed = True
        for _ in range(self._forget(line)):
            self._note(Fate.LOST, line)

    def _forget(self, line: Connection) -> int:
        """Drop what a connection holds, and its timer; returns how many packets that were."""
        count = len(line.held)
        line.held.clear()
        if line.timer is not None:
            line.timer.cancel()
            line.timer = None
        return count

    def _remove(self, rule: Rule) -> None:
        if rule not in self._rules:
            return
        self._rules.remove(rule)
        for line in self._connections.values():
            self._subject(line)
        for line in list(self._connections.values()):
            if line.held_by is rule:
                self._release(line)

    def _release(self, line: Connection) -> None:
        """Send again what a connection holds; another rule may hold it on, on the same timer."""
        line.held_by = None
        packets, line.held = line.held, deque()
        for message, deliver in packets:
            self._note(Fate.RELEASED, line)
            self._judge(line, message, deliver)
        if line.held_by is None:
            self._forget(line)
        line.closed = False

    def _note(self, fate: Fate, line: Connection) -> None:
        self._engine.trace(fate, line.number)
