"""Synchronous redis-py in virtual time: a connection class whose socket waits on the engine.

    client = redis.Redis(host=...)
    client.connection_pool.connection_class = Connection

or ``redis.ConnectionPool(connection_class=Connection, host=...)``. The library is as it was
installed. Only what it takes from the system is ours: the socket, which looks like one of
`socket.socket` with a time-out, and the question of whether it can be read, for which redis-py asks
``poll``, and ``poll`` knows only the system's own. `Lab.redis` makes such a client, and
`Lab.run_sync` runs the function that uses it.
"""

import asyncio
import errno
import os
import socket
from collections import deque
from typing import Any

from redis import connection, exceptions

from sim.aio.calls import WorldLoop
from sim.aio.options import Options
from sim.aio.programs import wait
from sim.aio.transports import HIGH_BYTES
from sim.ends import End


class Socket(Options):
    """One end of a connection, as a blocking program sees it."""

    def __init__(self, loop: WorldLoop, end: End, timeout: float | None) -> None:
        """``timeout`` in seconds: None waits for ever, 0 not at all."""
        super().__init__(end)
        self._loop = loop
        self._timeout = timeout
        self._arrived: deque[bytes] = deque()
        self._ended = end.gone
        self._broken: OSError | None = None
        self._waiting: asyncio.Future[None] | None = None
        end.receive = self._received
        end.ended = self._finished
        end.lost = self._lost
        end.drained = self._wake
        end.resume()

    def __repr__(self) -> str:
        return f"<Socket {self._end!r}>"

    # ── what the program asks ───────────────────────────────────────────────────────────────

    def settimeout(self, timeout: float | None) -> None:
        self._timeout = timeout

    def gettimeout(self) -> float | None:
        return self._timeout

    def sendall(self, data: bytes | bytearray | memoryview) -> None:
        """Send, and wait while more is on its way than a real socket's buffer would hold."""
        self._check()
        if self._end.gone:
            raise BrokenPipeError(errno.EPIPE, os.strerror(errno.EPIPE))
        self._end.send(bytes(data))
        while self._end.pending > HIGH_BYTES and not self._end.gone:
            self._wait(self._timeout)
            self._check()

    def recv_into(self, buffer: bytearray) -> int:
        data = self.recv(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def recv(self, size: int) -> bytes:
        """Up to so many bytes; none at the end. Raises TimeoutError, and OSError if it broke."""
        if not self.readable(self._timeout):
            if self._timeout == 0:
                raise BlockingIOError(errno.EWOULDBLOCK, os.strerror(errno.EWOULDBLOCK))
            raise TimeoutError("timed out")
        if not self._arrived:
            self._check()
            return b""
        data = self._arrived.popleft()
        if len(data) > size:
            self._arrived.appendleft(data[size:])
        return data[:size]

    def readable(self, timeout: float | None) -> bool:
        """Whether, after so many seconds at most, there is something to read, or the end."""
        until = None if timeout is None else self._loop.time() + timeout
        while not (self._arrived or self._ended or self._broken):
            left = None if until is None else until - self._loop.time()
            if left is not None and left <= 0:
                return False
            try:
                self._wait(left)
            except TimeoutError:
                return False
        return True

    def at_end(self) -> bool:
        """Whether nothing is left to read, and nothing will come."""
        return not self._arrived and (self._ended or self._broken is not None)

    def shutdown(self, how: int) -> None:
        self._end.finish()

    def close(self) -> None:
        self._end.receive = None
        self._end.finish()
        self._ended = True
        self._wake()

    # ── what the wire brings ────────────────────────────────────────────────────────────────

    def _received(self, data: bytes) -> None:
        self._arrived.append(data)
        self._wake()

    def _finished(self) -> None:
        self._ended = True
        self._wake()

    def _lost(self, error: OSError) -> None:
        self._broken = error
        self._wake()

    def _wake(self) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(None)

    def _wait(self, timeout: float | None) -> None:
        """Until something has happened on the wire; raises TimeoutError."""
        waiting = self._waiting = self._loop.create_future()
        alarm = None if timeout is None else self._loop.call_later(timeout, _expire, waiting)
        try:
            wait(waiting)
        finally:
            self._waiting = None
            if alarm is not None:
                alarm.cancel()

    def _check(self) -> None:
        """Raise why it broke: once, as the system does; then it has merely ended."""
        error, self._broken = self._broken, None
        if error is not None:
            self._ended = True
            raise error


def _expire(waiting: "asyncio.Future[None]") -> None:
    if not waiting.done():
        waiting.set_exception(TimeoutError("timed out"))


class Connection(connection.Connection):
    """redis-py's own, on such a socket."""

    _sock: Any  # A `Socket`, or None.

    def __init__(self, **options: Any) -> None:
        """TLS is taken as given, so what is asked about certificates is not looked at."""
        plain = {name: each for name, each in options.items() if not name.startswith("ssl_")}
        super().__init__(**plain)  # type: ignore[no-untyped-call]

    def _connect(self) -> Any:
        loop = asyncio._get_running_loop()
        if not isinstance(loop, WorldLoop):
            raise RuntimeError(
                f"{self.host} is in a simulated world: use this client in a function that "
                "lab.run_sync(function) runs"
            )
        end = wait(_dialled(loop, self.host, int(self.port), self.socket_connect_timeout))
        sock = Socket(loop, end, self.socket_timeout)
        if self.socket_keepalive:
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for option, value in self.socket_keepalive_options.items():
                sock.setsockopt(socket.IPPROTO_TCP, option, value)
        return sock

    def can_read(self, timeout: float | None = 0) -> bool:
        """Whether there is something to read, without asking the system."""
        if self._sock is None:
            self.connect()  # type: ignore[no-untyped-call]
        reader = getattr(self._parser, "_reader", None)  # hiredis', which may hold some already.
        if reader is not None and reader.has_data():
            return True
        sock: Socket = self._sock
        readable = sock.readable(timeout)
        if sock.at_end():
            raise exceptions.ConnectionError("Connection closed by server.")
        return readable

    def __del__(self) -> None:
        """Left open, until the program has ended: when the garbage collector comes is no part of
        a run that one seed gives twice."""


async def _dialled(loop: WorldLoop, host: str, port: int, timeout: float | None) -> End:
    async with asyncio.timeout(timeout):
        return await loop.dial(host, port)
