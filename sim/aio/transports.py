"""Transports: the connections of asyncio's protocols and streams, on simulated wires.

What arrives is given to the protocol by the loop, never by the engine: a program that is busy, or
sleeps with `time.sleep`, finds it afterwards, as in the buffer of a real socket.
"""

import asyncio
import errno
import os
from collections.abc import Callable
from typing import Any

from sim.aio.loop import Loop
from sim.aio.options import Options
from sim.ends import Address, End

HIGH_BYTES = 64 * 1024
"""asyncio's own: a writer with more on its way than this has to wait in `drain`."""


class Transport(asyncio.Transport):
    """One end of a connection, as a protocol sees it."""

    def __init__(self, loop: Loop, end: End, protocol: asyncio.BaseProtocol, peer: Address):
        names = {"peername": peer, "sockname": end.address}
        super().__init__({**names, "socket": Options(end)})
        self._loop = loop
        self._end = end
        self._protocol: Any = protocol
        self._closing = False
        self._full = False
        self._high, self._low = HIGH_BYTES, HIGH_BYTES // 4
        end.receive = self._received
        end.ended = self._ended
        end.lost = self._lost
        end.drained = self._drained
        loop.call_soon(protocol.connection_made, self)
        if end.gone:
            self._lost(ConnectionResetError(errno.ECONNRESET, os.strerror(errno.ECONNRESET)))
        else:
            end.resume()

    def __repr__(self) -> str:
        return f"<Transport {self._end!r}>"

    # ── what the protocol asks ──────────────────────────────────────────────────────────────

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if self._closing or not data:
            return
        self._end.send(bytes(data))
        if self._end.pending > self._high and not self._full:
            self._full = True
            self._protocol.pause_writing()

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self._end.finish()

    def close(self) -> None:
        if not self._closing:
            self._end.receive = None
            self._end.finish()
            self._close(None)

    def abort(self) -> None:
        self._end.abort()
        self._close(None)

    def is_closing(self) -> bool:
        return self._closing

    def pause_reading(self) -> None:
        self._end.pause()

    def resume_reading(self) -> None:
        self._end.resume()

    def is_reading(self) -> bool:
        return not (self._end.paused or self._closing)

    def get_write_buffer_size(self) -> int:
        return self._end.pending

    def get_write_buffer_limits(self) -> tuple[int, int]:
        return self._low, self._high

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        self._high = high if high is not None else HIGH_BYTES if low is None else 4 * low
        self._low = low if low is not None else self._high // 4

    def set_protocol(self, protocol: asyncio.BaseProtocol) -> None:
        self._protocol = protocol

    def get_protocol(self) -> asyncio.BaseProtocol:
        return self._protocol  # type: ignore[no-any-return]

    # ── what the wire brings ────────────────────────────────────────────────────────────────

    def _received(self, data: bytes) -> None:
        self._loop.call_soon(self._give, data)

    def _give(self, data: bytes) -> None:
        if not self._closing:
            self._protocol.data_received(data)

    def _ended(self) -> None:
        self._loop.call_soon(self._give_end)

    def _give_end(self) -> None:
        if not self._closing and not self._protocol.eof_received():
            self.close()

    def _drained(self) -> None:
        if self._full and self._end.pending <= self._low:
            self._full = False
            self._loop.call_soon(self._protocol.resume_writing)

    def _lost(self, error: OSError) -> None:
        self._close(error)

    def _close(self, error: OSError | None) -> None:
        if not self._closing:
            self._closing = True
            self._loop.call_soon(self._protocol.connection_lost, error)


class Server(asyncio.AbstractServer):
    """A user's program that listens inside the world."""

    def __init__(self, loop: Loop, close: Callable[[], None]) -> None:
        self._loop = loop
        self._close = close
        self._closed: asyncio.Future[None] = loop.create_future()

    @property
    def sockets(self) -> tuple[()]:
        """None: there are no sockets here."""
        return ()

    def get_loop(self) -> Loop:
        return self._loop

    def is_serving(self) -> bool:
        return not self._closed.done()

    async def start_serving(self) -> None:
        """It has been listening since it was made."""

    async def serve_forever(self) -> None:
        try:
            await asyncio.shield(self._closed)
        finally:
            self.close()

    def close(self) -> None:
        if not self._closed.done():
            self._close()
            self._closed.set_result(None)

    async def wait_closed(self) -> None:
        await asyncio.shield(self._closed)
