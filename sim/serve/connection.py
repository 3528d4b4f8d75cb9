"""A connection: one real client of one region.

What comes in one segment is executed without a pause, and answered in one segment, as Redis does
with a pipeline. A client that blocks keeps what it sends behind that for later.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from typing import TYPE_CHECKING

from crdb.command import Reply
from crdb.replies import Push
from crdb.resp import ProtocolError, Requests, packed
from crdb.session import Request, Session, Waiter
from sim.region import Region

if TYPE_CHECKING:
    from sim.serve.server import Server


class Connection(asyncio.Protocol):
    """Bytes in, bytes out; and in between a region."""

    def __init__(self, server: "Server", region: Region) -> None:
        self._server = server
        self._region = region
        self._pace = server.pace
        self._requests = Requests()
        self._kept: deque[Request] = deque()
        """What came behind a request that blocks."""
        self._blocked = False
        self._session = Session()
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        if not self._region.up:
            transport.abort()
            return
        session = self._session
        session.number = self._server.next_number()
        host, port = transport.get_extra_info("peername")[:2]
        session.address = f"{host}:{port}".encode()
        self._region.lines[session] = self

    def data_received(self, data: bytes) -> None:
        refused = None
        try:
            requests = self._requests.feed(data)
        except ProtocolError as error:
            refused, requests = error.args
        self._pace.enter()
        if self._blocked or self._kept:
            self._kept += requests
        else:
            self._execute(requests)
        self._pace.leave()
        if refused is not None:
            self._transport.write(b"-%b\r\n" % refused.encode())
            self._transport.close()

    def _execute(self, requests: Sequence[Request]) -> None:
        session, execute = self._session, self._region.execute
        frames = []
        for at, request in enumerate(requests):
            reply = execute(session, request)
            if isinstance(reply, Waiter):
                self._blocked = True
                self._kept += requests[at + 1 :]
                break
            frames.append(packed(reply, session.protocol))
            if session.closing:
                break
        if frames:
            self._transport.write(b"".join(frames))
        if session.closing:
            self._transport.close()

    def say(self, reply: Reply) -> None:
        """Something late, or unasked."""
        self._transport.write(packed(reply, self._session.protocol))
        if self._blocked and not isinstance(reply, Push):
            self._blocked = False
            requests = list(self._kept)
            self._kept.clear()
            self._execute(requests)

    def broke(self) -> None:
        """The region has crashed."""
        self._transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._pace.enter()
        if self._region.lines.pop(self._session, None) is not None:
            self._region.close(self._session)
        self._pace.leave()
