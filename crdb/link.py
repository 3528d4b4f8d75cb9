"""A link: how far one peer is with this region's stream, and what it has been told.

Two cursors: ``sent`` is how far the stream has gone out, ``acked`` how far the peer says that it
has applied it. With one cursor only, every tick would send everything not yet acknowledged again.
"""

from dataclasses import dataclass

RESEND_DOUBLINGS_MAX = 5


@dataclass(slots=True)
class Link:
    """Sending state towards one peer. Times are on this region's own clock, in microseconds."""

    peer: int
    resend_after_us: int
    sent: int = 0
    acked: int = 0
    told: int = -1
    """Which version of this region's context the peer has been told; -1: tell it again."""
    asked: int = -1
    """The gap that was reported last, so that one gap is reported once."""
    heard_at_us: int = 0
    """When the peer was last heard."""
    probe_at_us: int = 0
    doublings: int = 0

    def acknowledge(self, seq: int, now_us: int) -> None:
        """The peer has applied this region's stream up to ``seq``."""
        self.heard_at_us = now_us
        if seq > self.acked:
            self.doublings = 0
            self.wait(now_us)
        self.acked = seq

    def wait(self, now_us: int) -> None:
        """Expect an acknowledgement from now on; each time in vain, twice as long."""
        self.probe_at_us = now_us + (self.resend_after_us << self.doublings)

    def overdue(self, now_us: int) -> bool:
        return self.acked < self.sent and now_us >= self.probe_at_us

    def rewind(self, seq: int) -> None:
        """The peer lacks what came after ``seq``: its word counts, not what it once acked."""
        self.sent = self.acked = seq
