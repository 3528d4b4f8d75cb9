"""Wires: byte streams between places, as TCP gives them to programs.

Rules
- A connection has two ends. What is sent in one go is one segment: one packet of the network, and
  one event. Partitions, delays and losses are the network's.
- Segments are numbered: what comes twice counts once, and what overtakes waits. One that does not
  arrive is sent again, after a round trip and `MARGIN_US`, then after twice as long, and so on.
  After `TIMEOUT_US` the connection is lost. Acknowledgements take no time, cannot be lost and cost
  no event, since all they do here is to stop that.
- A connection begins with a round trip. Nobody listens: it is refused. A listener may also be told
  to refuse, or to stay silent, and then the first packet is sent again until `TIMEOUT_US`.
- An end finishes (the other reads to the end), aborts (the other is reset), or is cut: then both
  believe that the connection is there, and nothing that they send arrives. So does a balancer that
  has not seen a segment for its idle time.

>>> from sim.engine import Engine
>>> from sim.network import Network
>>> from sim.rng import Streams
>>> from sim.topology import Topology
>>> engine = Engine()
>>> network = Network(engine, Topology.even(["a", "b"], rtt_us=2000), Streams(1)["network"])
>>> wires, heard = Wires(engine, network), []
>>> def accept(end):
...     end.receive = heard.append
...     return True
>>> _ = wires.listen("b", ("10.2.0.4", 6379), accept)
>>> _ = wires.connect("a", ("10.2.0.4", 6379), lambda end: end.send(b"PING"), heard.append)
>>> engine.run()
>>> heard
[b'PING']
"""

import errno
import os
from collections.abc import Callable, Collection
from enum import Enum
from itertools import count
from typing import Any

from sim.ends import CHANNEL, MARGIN_US, TIMEOUT_US, Address, End
from sim.engine import Call, Engine
from sim.network import Network

NUMBERS_FROM = 1 << 20
"""Numbers below are the model clients'."""

PORTS = range(32_768, 61_000)
"""Linux's, for the calling end."""

KNOCK_US = 1_000_000
"""The first wait for an answer to the first packet: RFC 6298."""


class Mood(Enum):
    """What a listener does with those who call."""

    ACCEPT = "accept"
    REFUSE = "refuse"
    SILENT = "silent"


class Listener:
    """Somebody who takes calls at an address."""

    __slots__ = ("_moods", "_numbers", "accept", "address", "idle_us", "place")

    def __init__(self, place: str, address: Address, accept: Callable[[End], bool]) -> None:
        self.place = place
        self.address = address
        self.accept = accept
        self.idle_us: int | None = None
        """After so long without a segment a connection is cut; for connections made from now on."""
        self._moods = {0: Mood.ACCEPT}
        self._numbers = count(1)

    @property
    def mood(self) -> Mood:
        """The one that came last, of those that stand."""
        return next(reversed(self._moods.values()))

    @mood.setter
    def mood(self, mood: Mood) -> None:
        self._moods[0] = mood

    def begin(self, mood: Mood) -> Callable[[], object]:
        """Let a mood stand above the others for a time; returns what ends it."""
        number = next(self._numbers)
        self._moods[number] = mood
        return lambda: self._moods.pop(number)


class Wires:
    """All connections of a world, and all who listen."""

    def __init__(self, engine: Engine, network: Network) -> None:
        self.engine = engine
        self.send = network.send
        self.listeners: dict[Address, Listener] = {}
        self.open: dict[int, End] = {}
        """Number -> the end that called; in order of the calls."""
        self._network = network
        self._called = 0
        self._balancers: dict[int, tuple[Collection[Address], int]] = {}
        self._numbers = count()

    def listen(self, place: str, address: Address, accept: Callable[[End], bool]) -> Listener:
        """Let `accept` have the ends of those who call, or refuse by returning False.

        Raises OSError if the address is taken.
        """
        if address in self.listeners:
            raise OSError(errno.EADDRINUSE, os.strerror(errno.EADDRINUSE))
        listener = self.listeners[address] = Listener(place, address, accept)
        return listener

    def unlisten(self, address: Address) -> None:
        """Take no more calls there; connections stay."""
        self.listeners.pop(address, None)

    def connect(
        self,
        place: str,
        address: Address,
        opened: Callable[[End], object],
        failed: Callable[[OSError], object],
        host: str = "127.0.0.1",
        target: str = "",
    ) -> "Knock":
        """Call from a place; `target` is where the address is, if nobody listens there."""
        listener = self.listeners.get(address)
        port = PORTS[self._called % len(PORTS)]
        self._called += 1
        end = self.end(NUMBERS_FROM + self._called, place, (host, port))
        self.open[end.number] = end
        return Knock(self, end, address, listener.place if listener else target, opened, failed)

    def end(self, number: int, place: str, address: Address) -> End:
        """One end of the connection of that number."""
        return End(self.engine, self.send, self._closed, number, place, address)

    def _closed(self, end: End) -> None:
        """One end has gone; once both have, nothing is left of the connection."""
        peer = end.peer
        if peer is end or peer.gone:
            self.open.pop(end.number, None)
            self._network.forget(end.place, peer.place, CHANNEL, end.number)
            self._network.forget(peer.place, end.place, CHANNEL, end.number)

    @property
    def calls(self) -> int:
        """How many there have been."""
        return self._called

    def hang_up(self, since: int) -> None:
        """Close at the calling end what was opened after so many calls, as the system does for a
        program that has ended."""
        for end in list(self.open.values()):
            if end.number > NUMBERS_FROM + since:
                end.receive = None
                end.finish()

    def cut(self, chosen: Callable[[End], bool] = lambda end: True) -> int:
        """Cut the connections whose calling end is chosen, silently; returns how many."""
        ends = [end for end in self.open.values() if chosen(end)]
        for end in ends:
            end.cut = end.peer.cut = True
        return len(ends)

    def reset(self, chosen: Callable[[End], bool] = lambda end: True) -> int:
        """Let something in between reset the chosen connections for both; returns how many."""
        ends = [end for end in self.open.values() if end.peer is not end and chosen(end)]
        for end in ends:
            end.peer.was_reset()
            end.was_reset()
        return len(ends)

    def balance(self, addresses: Collection[Address], idle_us: int) -> Callable[[], None]:
        """Put a balancer before these addresses, which cuts a connection, silently, when nothing
        was said on it for so long. Of two the more impatient counts. Returns what removes it."""
        number = next(self._numbers)
        self._balancers[number] = addresses, idle_us
        self._rebalance(addresses)

        def remove() -> None:
            del self._balancers[number]
            self._rebalance(addresses)

        return remove

    def _rebalance(self, addresses: Collection[Address]) -> None:
        for end in self.open.values():
            peer = end.peer
            if peer is not end and peer.address in addresses:
                end.idle_us = peer.idle_us = self.idle_us(peer.address)
                end.last_us = peer.last_us = self.engine.now

    def idle_us(self, address: Address) -> int | None:
        """How long a connection to this address may be silent."""
        listener = self.listeners.get(address)
        found = [] if listener is None or listener.idle_us is None else [listener.idle_us]
        found += [each for addresses, each in self._balancers.values() if address in addresses]
        return min(found, default=None)


class Knock:
    """A call that has not been answered yet."""

    def __init__(
        self,
        wires: Wires,
        end: End,
        address: Address,
        target: str,
        opened: Callable[[End], object],
        failed: Callable[[OSError], object],
    ) -> None:
        self._wires = wires
        self._end = end
        self._address = address
        self._target = target
        self._opened = opened
        self._failed = failed
        self._begin_us = wires.engine.now
        self._wait_us = KNOCK_US
        self._alarm: Call | None = None
        self._knock(None)

    def give_up(self) -> None:
        """The caller has gone; whoever answers is reset."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._end.abort()

    def _knock(self, _: object) -> None:
        engine, end = self._wires.engine, self._end
        if engine.now - self._begin_us >= TIMEOUT_US:
            self._fail(TimeoutError, errno.ETIMEDOUT)
            return
        self._alarm = engine.call_in(self._wait_us, self._knock)
        self._wait_us *= 2
        self._wires.send(end.place, self._target, CHANNEL, None, self._knocked, end.number)

    def _knocked(self, _: object) -> None:
        end = self._end
        listener = self._wires.listeners.get(self._address)
        if listener is None or listener.mood is Mood.REFUSE:
            self._answer(self._refused)
        elif listener.mood is Mood.ACCEPT:
            if end.peer is end:
                there = self._wires.end(end.number, listener.place, self._address)
                end.peer, there.peer = there, end
                end.idle_us = there.idle_us = self._wires.idle_us(self._address)
                end.last_us = there.last_us = self._wires.engine.now
                if not listener.accept(there):
                    end.peer = end
                    self._answer(self._refused)
                    return
            self._answer(self._answered)

    def _answer(self, answer: Callable[[Any], object]) -> None:
        end = self._end
        self._wires.send(self._target, end.place, CHANNEL, None, answer, end.number)

    def _answered(self, _: object) -> None:
        end = self._end
        if end.gone:
            end.reset_peer()
        elif self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
            trip_us = self._wires.engine.now - self._begin_us
            end.patience_us = end.peer.patience_us = min(trip_us, KNOCK_US) + MARGIN_US
            self._opened(end)

    def _refused(self, _: object) -> None:
        if self._alarm is not None:
            self._fail(ConnectionRefusedError, errno.ECONNREFUSED)

    def _fail(self, kind: type[OSError], number: int) -> None:
        self.give_up()
        self._failed(kind(number, os.strerror(number)))
