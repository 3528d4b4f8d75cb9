"""One end of a byte stream: segments in order, sent again until they arrive, and how it ends.

The rules stand in `sim.wires`.
"""

import errno
import os
from collections import deque
from collections.abc import Callable
from typing import Any
from zlib import crc32

from sim.engine import Call, Engine

CHANNEL = "client"
"""What rules of the network know these packets by, like those of model clients."""

MARGIN_US = 200_000
"""Linux's least wait before it sends a segment again (`TCP_RTO_MIN`)."""

TIMEOUT_US = 60 * 1_000_000
"""How long a segment is sent again in vain: as long as the network holds one."""

SEGMENT = 16
"""The engine's digest knows what was sent by this code, the connection and a checksum."""

FIN = b""
"""The segment with which an end finishes."""

Address = tuple[str, int]
Segment = tuple[int, bytes]
Send = Callable[[str, str, str, Any, Callable[[Any], object], int], object]
"""`sim.network.Network.send`."""


def _nothing(*_: object) -> None:
    """For those who do not want to know."""


class End:
    """One end of a connection."""

    __slots__ = (
        "_alarm",
        "_closed",
        "_early",
        "_expected",
        "_finished",
        "_inbox",
        "_oldest",
        "_send",
        "_sent",
        "_since_us",
        "_unacked",
        "_wait_us",
        "address",
        "cut",
        "drained",
        "ended",
        "engine",
        "gone",
        "heard_us",
        "idle_us",
        "last_us",
        "lost",
        "number",
        "patience_us",
        "paused",
        "peer",
        "pending",
        "place",
        "receive",
    )

    def __init__(
        self,
        engine: Engine,
        send: Send,
        closed: "Callable[[End], object]",
        number: int,
        place: str,
        address: Address,
    ) -> None:
        """``closed`` is told when this end is no more, for whatever reason."""
        self.engine = engine
        self._send = send
        self._closed = closed
        self.number = number
        self.place = place
        self.address = address
        self.peer: End = self
        self.receive: Callable[[bytes], object] | None = _nothing
        """Called with each segment in order; None once nobody reads here."""
        self.ended: Callable[[], object] = _nothing
        """Called when the other end has finished."""
        self.lost: Callable[[OSError], object] = _nothing
        """Called when the connection breaks."""
        self.drained: Callable[[], object] = _nothing
        """Called when the other end has read something."""
        self.pending = 0
        """Bytes that the other end has not read."""
        self.paused = False
        self.gone = False
        self.cut = False
        self.idle_us: int | None = None
        self.last_us = 0
        self.heard_us = engine.now
        """When something last came from the other end, an acknowledgement included."""
        self.patience_us = MARGIN_US
        self._sent = self._expected = 0
        self._finished = False
        self._unacked: deque[Segment] = deque()
        self._early: dict[int, bytes] = {}
        self._inbox: deque[bytes] = deque()
        self._alarm: Call | None = None
        self._oldest = -1
        self._since_us = self._wait_us = 0

    def __repr__(self) -> str:
        return f"<end of #{self.number} at {self.place}>"

    # ── what the program at this end does ───────────────────────────────────────────────────

    def send(self, data: bytes) -> None:
        """Send one segment, if the connection is there."""
        if self.gone or self._finished:
            return
        segment = (self._sent, data)
        self._sent += 1
        self.pending += len(data)
        self._unacked.append(segment)
        self.engine.trace(SEGMENT, self.number, crc32(data))
        if self._alarm is None:
            self._watch()
        self._put(segment)

    def finish(self) -> None:
        """Say that no more will come; the other way stays open."""
        self.send(FIN)
        self._finished = True
        self._release()

    def abort(self) -> None:
        """Break the connection at once; the other end learns it when the packet arrives."""
        if not self.gone:
            self.go()
            self.reset_peer()

    def pause(self) -> None:
        """Read nothing for now; what arrives is kept, and the sender can tell by `pending`."""
        self.paused = True

    def resume(self) -> None:
        self.paused = False
        while self._inbox and not self.paused:
            self._read(self._inbox.popleft())

    # ── what the network brings ─────────────────────────────────────────────────────────────

    def probe(self) -> None:
        """Ask the other end whether it is there; `heard_us` will tell."""
        self._pass_balancer()
        if not self.cut:
            peer = self.peer
            self._send(self.place, peer.place, CHANNEL, None, peer._probed, self.number)

    def _probed(self, _: object) -> None:
        if self.gone:
            self.reset_peer()
        elif not self.cut:
            peer = self.peer
            self._send(self.place, peer.place, CHANNEL, None, peer._answered, self.number)

    def _answered(self, _: object) -> None:
        self.heard_us = self.engine.now

    def _put(self, segment: Segment) -> None:
        if self.idle_us is not None:
            self._pass_balancer()
        if not self.cut:
            peer = self.peer
            self._send(self.place, peer.place, CHANNEL, segment, peer._arrive, self.number)

    def _pass_balancer(self) -> None:
        """Let it see something, if there is one and it has not forgotten the connection."""
        now_us = self.engine._now
        if self.idle_us is not None:
            if now_us - self.last_us > self.idle_us:
                self.cut = self.peer.cut = True
            self.last_us = self.peer.last_us = now_us

    def _arrive(self, segment: Segment) -> None:
        number, data = segment
        if self.gone:
            self.reset_peer()
        elif number == self._expected:
            self._take(data)
            while self._early and self._expected in self._early:
                self._take(self._early.pop(self._expected))
        elif number > self._expected:
            self._early[number] = data

    def _take(self, data: bytes) -> None:
        self._expected += 1
        peer = self.peer
        self.heard_us = peer.heard_us = self.engine._now
        if peer._unacked:
            peer._unacked.popleft()
        if self.paused:
            self._inbox.append(data)
        else:
            self._read(data)
        if data == FIN:
            peer._release()

    def _read(self, data: bytes) -> None:
        peer = self.peer
        peer.pending -= len(data)
        if data == FIN:
            self._expected = -1  # Nothing comes after it.
            self.ended()
            self._release()
        elif self.receive is None:
            self.abort()
        else:
            self.receive(data)
            peer.drained()

    def was_reset(self, _: object = None) -> None:
        if not self.gone:
            self.break_off(ConnectionResetError, errno.ECONNRESET)

    # ── time-outs and the end ───────────────────────────────────────────────────────────────

    def _watch(self) -> None:
        """Wait for the oldest segment that has not arrived. One alarm serves one after another."""
        self._oldest = self._unacked[0][0]
        self._since_us = self.engine._now
        self._wait_us = self.patience_us
        self._alarm = self.engine.call_in(self._wait_us, self._ring)

    def _ring(self, _: object) -> None:
        self._alarm = None
        if self.gone or not self._unacked:
            return
        if self._unacked[0][0] != self._oldest:
            self._watch()
        elif self.engine._now - self._since_us >= TIMEOUT_US:
            self.break_off(TimeoutError, errno.ETIMEDOUT)
        else:
            for segment in self._unacked:
                self._put(segment)
            self._wait_us *= 2
            self._alarm = self.engine.call_in(self._wait_us, self._ring)

    def busy(self) -> bool:
        """Whether something that this end has sent has not arrived."""
        return bool(self._unacked)

    def break_off(self, kind: type[OSError], number: int) -> None:
        self.go()
        self.lost(kind(number, os.strerror(number)))

    def go(self) -> None:
        self.gone = True
        self._unacked.clear()
        self._inbox.clear()
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._closed(self)

    def _release(self) -> None:
        """Once both have finished there is nothing left to do."""
        if self._finished and self._expected < 0 and not self.gone and not self._unacked:
            self.go()

    def reset_peer(self) -> None:
        peer = self.peer
        if peer is not self and not (self.cut or peer.gone):
            self._send(self.place, peer.place, CHANNEL, None, peer.was_reset, self.number)
