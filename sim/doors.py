"""Doors: where the regions' clients call, under a name and an address of its own for each region.

    West Europe    westeurope.redis.example    10.1.0.4    ports 6379 and 10000

The names end in ``.example``, which nobody owns: a client that gets out of the simulation by
mistake finds nothing. Port 6379 is redis-py's usual one, 10000 that of Azure Managed Redis. TLS is
taken as given. Clients of the same place have an address of their own (10.1.1.1), where programs of
a user may listen too.

Behind the door a region executes what comes in one segment without a pause, and answers it in one
segment, as Redis does. A client that blocks keeps what it sends behind that for later. A region
that is down refuses calls; when it crashes, all its connections are reset.
"""

from collections import deque
from collections.abc import Callable, Iterable
from functools import partial

from crdb.command import Reply
from crdb.resp import ProtocolError, Requests, packed
from crdb.session import Request, Session, Waiter
from sim.ends import Address, End
from sim.region import Endpoint, Region
from sim.wires import Listener, Mood, Wires

PORTS = (6379, 10_000)

DOMAIN = "redis.example"


def host_of(region: str) -> str:
    """The name under which clients find a region.

    >>> host_of("West Europe")
    'westeurope.redis.example'
    """
    return f"{region.replace(' ', '').lower()}.{DOMAIN}"


class Names:
    """The names of a world: name -> address, address -> place."""

    def __init__(self, places: Iterable[str]) -> None:
        self._numbers = {place: number for number, place in enumerate(places, start=1)}
        self.addresses: dict[str, str] = {}
        self.places = {self.at(place): place for place in self._numbers}
        self.private: dict[str, frozenset[str]] = {}
        """Address -> the places that find it; one that is not here is found by all."""

    def at(self, place: str) -> str:
        """The address of a client or a user's program at a place; raises KeyError."""
        return f"10.{self._numbers[place]}.1.1"

    def add(self, name: str, place: str) -> str:
        """Give a name at a place an address of its own; returns it."""
        if name not in self.addresses:
            host = 4 + sum(where == place for where in self.places.values()) - 1
            address = f"10.{self._numbers[place]}.0.{host}"
            self.addresses[name] = address
            self.places[address] = place
        return self.addresses[name]


class Door:
    """Where the clients of one region call."""

    def __init__(self, region: Region, wires: Wires, names: Names) -> None:
        self.host = host_of(region.name)
        self.region = region
        self._wires = wires
        self._accepted = 0
        self._parts: dict[Address, Listener] = {}
        address = names.add(self.host, region.place)
        self.listeners = [
            wires.listen(
                region.place, (address, port), partial(self._accept, lambda: self.region.gate())
            )
            for port in PORTS
        ]

    def set(self, mood: Mood, idle_us: int | None = None) -> None:
        """Refuse calls, or leave them unanswered, or take them again; and cut connections that
        are made from now on when nothing was said for so long."""
        for listener in self.listeners:
            listener.mood = mood
            listener.idle_us = idle_us

    def open(self, endpoint: Endpoint, address: Address) -> None:
        """Let clients call a part of the region at an address of its own too."""
        accept = partial(self._accept, lambda: endpoint)
        self._parts[address] = self._wires.listen(self.region.place, address, accept)

    def close(self, address: Address) -> None:
        """Nobody is there any more."""
        self._wires.unlisten(address)
        del self._parts[address]

    def silence(self, address: Address, silent: bool) -> None:
        """Leave calls to a part unanswered, as a machine without power does."""
        self._parts[address].mood = Mood.SILENT if silent else Mood.ACCEPT

    def _accept(self, gate: Callable[[], Endpoint], end: End) -> bool:
        endpoint = gate()
        if not endpoint.up:
            return False
        self._accepted += 1
        Visit(self.region, endpoint, end, self._accepted)
        return True


class Visit:
    """One client's connection, as the region sees it."""

    def __init__(self, region: Region, endpoint: Endpoint, end: End, number: int) -> None:
        self.endpoint = endpoint
        self._region = region
        self._end = end
        self._requests = Requests()
        self._kept: deque[Request] = deque()
        """Behind one that is being served, or blocks."""
        self._replies: list[bytes] = []
        """To what came in one segment."""
        self._waits = self._blocked = self._going = False
        self._session = session = Session()
        session.number = number
        session.address = "{}:{}".format(*end.peer.address).encode()
        region.lines[session] = self
        end.receive = self._receive
        end.ended = self._leave
        end.lost = self._forget

    def say(self, reply: Reply) -> None:
        """Something late, or unasked."""
        self._end.send(packed(reply, self._session.protocol))
        if self._blocked and not self._region.waits(self._session):
            self._waits = self._blocked = False
            self._go_on()

    def broke(self, silent: bool = False) -> None:
        """The other side has crashed; without power, the client is not even told."""
        self._forget()
        if silent:
            self._end.cut = self._end.peer.cut = True
        self._end.abort()

    def _receive(self, data: bytes) -> None:
        refused = None
        try:
            requests = self._requests.feed(data)
        except ProtocolError as error:
            refused, requests = error.args
        self._kept += requests
        self._go_on()
        if refused is not None:
            self._end.send(b"-%b\r\n" % refused.encode())
            self._leave()

    def _go_on(self) -> None:
        """Have served what has come, one after the other, and answer it in one segment."""
        session, perform = self._session, self.endpoint.perform
        self._going = True
        while self._kept and not (self._waits or session.closing or self._end.gone):
            self._waits = True
            perform(session, self._kept.popleft(), self._served)
        self._going = False
        if self._blocked or not self._waits:
            replies, self._replies = b"".join(self._replies), []
            self._region.when_safe(partial(self._give, replies))

    def _give(self, replies: bytes) -> None:
        if self._end.gone:
            return
        if replies:
            self._end.send(replies)
        if self._session.closing:
            self._leave()

    def _served(self, reply: Reply) -> None:
        """A request has been served, at once or after a while."""
        if isinstance(reply, Waiter):
            self._blocked = True
        else:
            self._waits = False
            self._replies.append(packed(reply, self._session.protocol))
        if not self._going:
            self._go_on()

    def _leave(self) -> None:
        self._forget()
        self._end.receive = None
        self._end.finish()

    def _forget(self, _: object = None) -> None:
        self._region.lines.pop(self._session, None)
        self._region.close(self._session)
