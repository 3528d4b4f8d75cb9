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
from collections.abc import Iterable

from crdb.command import Reply
from crdb.resp import ProtocolError, Requests, packed
from crdb.session import Request, Session, Waiter
from sim.ends import End
from sim.region import Region
from sim.wires import Mood, Wires

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
        self._region = region
        self._accepted = 0
        address = names.add(self.host, region.place)
        self.listeners = [
            wires.listen(region.place, (address, port), self._accept) for port in PORTS
        ]

    def set(self, mood: Mood, idle_us: int | None = None) -> None:
        """Refuse calls, or leave them unanswered, or take them again; and cut connections that
        are made from now on when nothing was said for so long."""
        for listener in self.listeners:
            listener.mood = mood
            listener.idle_us = idle_us

    def _accept(self, end: End) -> bool:
        if not self._region.up:
            return False
        self._accepted += 1
        Visit(self._region, end, self._accepted)
        return True


class Visit:
    """One client's connection, as the region sees it."""

    def __init__(self, region: Region, end: End, number: int) -> None:
        self._region = region
        self._end = end
        self._requests = Requests()
        self._kept: deque[Request] = deque()
        """Behind one that blocks."""
        self._blocked = False
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
        if self._blocked and self._session not in self._region.replica.waiting:
            self._blocked = False
            self._go_on()

    def broke(self) -> None:
        """The region has crashed."""
        self._forget()
        self._end.abort()

    def _receive(self, data: bytes) -> None:
        refused = None
        try:
            requests = self._requests.feed(data)
        except ProtocolError as error:
            refused, requests = error.args
        self._kept += requests
        region = self._region
        if region.service_us and requests:
            region.engine.call_at(region.served_us(len(requests)), self._go_on)
        else:
            self._go_on()
        if refused is not None:
            self._end.send(b"-%b\r\n" % refused.encode())
            self._leave()

    def _go_on(self, _: object = None) -> None:
        """Execute what has come, and answer it in one segment."""
        if self._blocked or self._end.gone:
            return
        session, execute = self._session, self._region.execute
        replies = []
        while self._kept:
            reply = execute(session, self._kept.popleft())
            if isinstance(reply, Waiter):
                self._blocked = True
                break
            replies.append(packed(reply, session.protocol))
            if session.closing:
                break
        if replies:
            self._end.send(b"".join(replies))
        if session.closing:
            self._leave()

    def _leave(self) -> None:
        self._forget()
        self._end.receive = None
        self._end.finish()

    def _forget(self, _: object = None) -> None:
        self._region.lines.pop(self._session, None)
        self._region.close(self._session)
