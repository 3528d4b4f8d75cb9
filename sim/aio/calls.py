"""The loop of a world: names that resolve inside it, connections to its regions, and own servers.

A client is at a place, which is where its connections start; `at` sets it for a block of code and
for the tasks that it starts. A name that is not of the world is refused as by `getaddrinfo`, and so
is that of a private region from outside of its network. TLS is taken as given: whoever asks for it
is connected as without.
"""

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from itertools import count
from typing import Any

from sim.aio.conversations import Conversation, Recorded
from sim.aio.loop import Loop
from sim.aio.transports import Server, Transport
from sim.doors import Names
from sim.ends import Address, End
from sim.history import History
from sim.wires import Wires

HERE = frozenset({"", "localhost", "127.0.0.1", "0.0.0.0", "::1", "::"})

_place: ContextVar[str] = ContextVar("place")


@contextmanager
def at(place: str) -> Iterator[None]:
    """Be at another place of the world for a while."""
    token = _place.set(place)
    try:
        yield
    finally:
        _place.reset(token)


class WorldLoop(Loop):
    """An event loop with a network."""

    def __init__(
        self, wires: Wires, names: Names, place: str, history: History | None = None
    ) -> None:
        """What clients ask the regions is entered into ``history``, if there is one."""
        super().__init__(wires.engine)
        self._wires = wires
        self._names = names
        self._place = place
        self.closers.append(partial(wires.hang_up, wires.calls))
        self._history = history
        self._processes = count(1)
        self._own: set[Address] = set()
        """Where programs of this loop listen."""

    def place(self) -> str:
        """Where the running code is."""
        return _place.get(self._place)

    # ── names ───────────────────────────────────────────────────────────────────────────────

    def resolve(self, host: str | bytes | None) -> str:
        """The address of a name; raises `socket.gaierror` as the real resolver does."""
        name = host.decode() if isinstance(host, bytes) else host or ""
        if name in HERE:
            return self._names.at(self.place())
        address = self._names.addresses.get(name.lower().rstrip("."), name)
        if address not in self._names.places:
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        near = self._names.private.get(address)
        if near is not None and self.place() not in near:
            if name == address:
                raise OSError(errno.ENETUNREACH, os.strerror(errno.ENETUNREACH))
            told = (
                f"Name or service not known in {self.place()}: private to {', '.join(sorted(near))}"
            )
            raise socket.gaierror(socket.EAI_NONAME, told)
        return address

    async def getaddrinfo(self, host: Any, port: Any, **options: Any) -> Any:
        kind = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "")
        return [(*kind, (self.resolve(host), int(port or 0)))]

    async def getnameinfo(self, sockaddr: Any, flags: int = 0) -> tuple[str, str]:
        names = {address: name for name, address in self._names.addresses.items()}
        return names.get(sockaddr[0], sockaddr[0]), str(sockaddr[1])

    # ── connections ─────────────────────────────────────────────────────────────────────────

    async def create_connection(  # type: ignore[override]
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | None = None,
        port: int | None = None,
        *,
        sock: object = None,
        **options: Any,
    ) -> tuple[Transport, asyncio.BaseProtocol]:
        if sock is not None or host is None or port is None:
            raise ValueError("in virtual time: a host and a port are needed, and no socket")
        end = await self.dial(host, int(port))
        protocol = protocol_factory()
        return self._transport(end, protocol, end.peer.address), protocol

    async def dial(self, host: str, port: int) -> End:
        """Connect from here; nobody reads at this end before it is resumed. Raises OSError."""
        place = self.place()
        address = self.resolve(host), port
        answered: asyncio.Future[End] = self.create_future()

        def opened(end: End) -> None:
            end.pause()
            answered.set_result(end)

        knock = self._wires.connect(
            place,
            address,
            opened,
            answered.set_exception,
            self._names.at(place),
            self._names.places[address[0]],
        )
        try:
            return await answered
        except asyncio.CancelledError:
            knock.give_up()
            raise

    def _transport(self, end: End, protocol: asyncio.BaseProtocol, address: Address) -> Transport:
        if self._history is None or address in self._own:
            return Transport(self, end, protocol, address)
        process, region = next(self._processes), self._names.places[address[0]]
        self._history.happened(self.engine.now, "client", end.place, region, process=process)
        conversation = Conversation(self._history, process, region)
        return Recorded(self, end, protocol, address, conversation)

    async def create_server(  # type: ignore[override]
        self,
        protocol_factory: Callable[[], asyncio.BaseProtocol],
        host: str | None = None,
        port: int | None = None,
        **options: Any,
    ) -> Server:
        """Listen at this place; a name that nobody has is from now on this place's."""
        if not port:
            raise ValueError("in virtual time: a server needs a port")
        place = self.place()
        name = host or ""
        if name not in HERE and name not in self._names.places:
            self._names.add(name.lower(), place)
        address = self.resolve(name), port

        def accept(end: End) -> bool:
            end.pause()
            self.call_soon(self._take, end, protocol_factory)
            return True

        self._wires.listen(place, address, accept)
        self._own.add(address)
        server = Server(self, lambda: self._wires.unlisten(address))
        self.closers.append(server.close)
        return server

    def _take(self, end: End, protocol_factory: Callable[[], asyncio.BaseProtocol]) -> None:
        Transport(self, end, protocol_factory(), end.peer.address)
