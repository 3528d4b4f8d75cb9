"""A connection: one real client of one region.

What comes in one segment is executed without a pause, and answered in one segment, as Redis does
with a pipeline. There is a swift way for the usual, and a careful one for a client that blocks, is
paused, has not said who it is, wants no replies or is watched by MONITOR: then requests are kept,
and taken one by one.

Nobody can fill the memory. A client that does not read its replies is not read from either, and one
that does not read what it is told unasked is cut off. A frame that cannot be a request is answered
with why, and the connection closed.
"""

import asyncio
from collections import deque
from collections.abc import Sequence
from time import perf_counter
from typing import TYPE_CHECKING, cast

from crdb.command import Reply
from crdb.replies import Push
from crdb.resp import ProtocolError, Requests, packed
from crdb.session import Request, Session, Waiter
from sim.region import Endpoint

if TYPE_CHECKING:
    from sim.serve.front import Front

FLUSH_BYTES = 1024 * 1024
"""Replies that are put together before they are sent on: a segment may ask for much."""

KEPT_MAX = 1024
"""Requests kept behind one that waits, before the client is not read from."""


class Connection(asyncio.Protocol):
    """Bytes in, bytes out; and in between a region."""

    def __init__(self, front: "Front") -> None:
        self._front = front
        self.endpoint: Endpoint = front.region
        self._pace = front.pace
        self._execute = front.region.execute
        self.region = front.region.name
        self._requests = Requests(front.config.number("client-query-buffer-limit"))
        self._kept: deque[tuple[Request, bool]] = deque()
        """What waits, and whether it is recorded already: what comes behind a request that blocks
        is, as it waits in the same way when it is played again."""
        self.blocked = False
        self._full = False
        """The client does not read its replies."""
        self._swift = True
        self._size = 0
        """Bytes that have come and are not in the recording."""
        self.admitted = False
        self.silent = False
        """CLIENT REPLY OFF."""
        self.skip = 0
        """CLIENT REPLY SKIP: so many replies are left out, that one's own too."""
        self.session = Session(front)
        self.transport: asyncio.Transport
        self.since_us = self.seen_us = 0
        """In engine time: when it came, and when it was last heard."""
        self.last = b""
        """The command that it sent last."""
        self.expiry: asyncio.TimerHandle | None = None
        """When its token ends."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast(asyncio.Transport, transport)
        self.since_us = self.seen_us = self._pace.enter()
        # Nobody is there any more if the client hung up before it was taken.
        host, port = (transport.get_extra_info("peername") or ("", 0))[:2]
        self.session.address = f"{host}:{port}".encode()
        if not self._front.let_in(self):
            return
        self.admitted = self._front.access.open
        self.reconsider()

    def clock_us(self) -> int:
        """What its region's clock reads."""
        return self._front.region.clock.now()

    def reconsider(self) -> None:
        """Find out whether it goes the swift way."""
        self._swift = (
            self.admitted and not self.silent and not self.skip and self._front.undisturbed
        )
        self._requests.known = self.admitted

    # ── in ──────────────────────────────────────────────────────────────────────────────────

    def data_received(self, data: bytes) -> None:
        refused = None
        requests: Sequence[Request]
        try:
            requests = self._requests.feed(data)
        except ProtocolError as error:
            refused, requests = error.args
        self.seen_us = self._pace.enter()
        self._size += len(data)
        if requests:
            self._take(requests)
        self._pace.leave()
        if refused is not None:
            self._front.counts.error(refused)
            self.transport.write(b"-%b\r\n" % refused.encode())
            self.transport.close()

    def _take(self, requests: Sequence[Request]) -> None:
        self.last = requests[-1][0]
        done = 0
        if self._swift and not (self._kept or self.blocked or self._full):
            done = self._swiftly(requests)
        if done < len(requests):
            if self.blocked:
                self._record(requests[done:])
            self._kept += [(request, self.blocked) for request in requests[done:]]
            self.go_on()

    def _swiftly(self, requests: Sequence[Request]) -> int:
        """Execute until something is in the way; returns how many are done."""
        session, execute = self.session, self._execute
        frames: list[bytes] = []
        size = done = 0
        begin_s = perf_counter()
        for request in requests:
            done += 1
            reply = execute(session, request)
            if type(reply) is Waiter:
                self.blocked = True
                break
            if not self._swift:
                frames += self._frames(reply)
                break
            if type(reply) is bytes:  # As `packed`, without the call.
                frame = b"$%d\r\n%b\r\n" % (len(reply), reply)
            else:
                frame = packed(reply, session.protocol)
            frames.append(frame)
            size += len(frame)
            if size > FLUSH_BYTES or session.closing:
                break
        self._front.counts.add(requests, done, perf_counter() - begin_s, self)
        self._record(requests[:done])
        self._say(frames)
        return done

    def go_on(self) -> None:
        """Take what is kept, one by one, until something is in the way."""
        kept = self._kept
        while kept and not (self.blocked or self._full or self.transport.is_closing()):
            request, recorded = kept[0]
            if self._front.pauses(request):
                break
            kept.popleft()
            self._carefully(request, recorded)
        if len(kept) > KEPT_MAX or self._full:
            self.transport.pause_reading()
        elif not self.transport.is_closing():
            self.transport.resume_reading()

    def _carefully(self, request: Request, recorded: bool) -> None:
        """One that may be refused, shown, or not answered."""
        refused = None if self.admitted else self._front.access.refuses(request)
        if refused is not None:
            self._say([packed(refused, self.session.protocol)])
            return
        if not recorded:
            self._record([request])
        self._front.show(self, request)
        begin_s = perf_counter()
        reply = self._execute(self.session, request)
        self._front.counts.add([request], 1, perf_counter() - begin_s, self)
        if type(reply) is Waiter:
            self.blocked = True
        else:
            self._say(self._frames(reply))

    def _frames(self, reply: Reply) -> list[bytes]:
        """A reply as it is sent, if it is."""
        if self.skip:
            self.skip -= 1
            self.reconsider()
            return []
        return [] if self.silent else [packed(reply, self.session.protocol)]

    def _record(self, requests: Sequence[Request]) -> None:
        if self._front.recorder is not None:
            self._front.recorder.heard(self, requests, self._size)
            self._size = 0

    # ── out ─────────────────────────────────────────────────────────────────────────────────

    def _say(self, frames: list[bytes]) -> None:
        if frames:
            data = b"".join(frames)
            if b"-" in data:
                self._front.counts.errors(frames)
            self._front.counts.bytes_out += len(data)
            self.transport.write(data)
        if self.session.closing:
            self.transport.close()

    def say(self, reply: Reply) -> None:
        """Something late, or unasked."""
        late = not isinstance(reply, Push)
        if not (self.silent and late):
            self._say([packed(reply, self.session.protocol)])
        if self.transport.get_write_buffer_size() > self._front.config.unread_bytes_max:
            self._front.log(f"{self.session.address.decode()} does not read: cut off")
            self.transport.abort()
        elif self.blocked and late:
            self.unblock()

    def unblock(self) -> None:
        """It waits no more: on with what it sent meanwhile."""
        self.blocked = False
        self.go_on()

    def pause_writing(self) -> None:
        self._full = True

    def resume_writing(self) -> None:
        self._full = False
        self._pace.enter()
        self.go_on()
        self._pace.leave()

    # ── the end ─────────────────────────────────────────────────────────────────────────────

    def broke(self, silent: bool = False) -> None:
        """The region has crashed."""
        self.transport.abort()

    def connection_lost(self, error: Exception | None) -> None:
        self._pace.enter()
        if self.expiry is not None:
            self.expiry.cancel()
        self._front.gone(self)
        self._pace.leave()
