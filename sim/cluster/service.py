"""How long a shard is busy with a command, and the one thread that works off what arrives.

What a command costs is a base, plus its bytes in and out, plus the elements of its reply: enough
for a hot shard, a large value and a KEYS to show. Requests wait in line; one that waits behind a
slow one is slow too, which no average of the server's own time shows.
"""

from collections import deque
from collections.abc import Callable
from typing import Any

import msgspec

from crdb.command import Reply
from crdb.session import Request
from sim.engine import Call, Engine


class ServiceTime(msgspec.Struct, frozen=True):
    """What a command costs a shard, in nanoseconds: most parts are less than a microsecond."""

    command_ns: int = 0
    byte_ns: int = 0
    element_ns: int = 0

    def us(self, request: Request, reply: Reply) -> int:
        """Microseconds, rounded up.

        >>> ServiceTime(command_ns=10_000, byte_ns=1).us([b"GET", b"k"], b"x" * 3_000)
        14
        """
        if not (self.byte_ns or self.element_ns):
            return -(-self.command_ns // 1000)
        size, elements = measured(reply)
        size += sum(map(len, request))
        total_ns = self.command_ns + self.byte_ns * size + self.element_ns * elements
        return -(-total_ns // 1000)


def measured(reply: Any) -> tuple[int, int]:
    """Bytes of a reply, and the elements of its arrays."""
    if isinstance(reply, bytes):
        return len(reply), 0
    if isinstance(reply, dict):
        reply = [each for pair in reply.items() for each in pair]
    if not isinstance(reply, list):
        return 0, 0
    parts = [measured(each) for each in reply]
    return sum(size for size, _ in parts), len(parts) + sum(count for _, count in parts)


Job = Callable[[], tuple[int, Callable[[], object]]]
"""Does the work; returns how many microseconds that took, and what to do after them."""


class Thread:
    """Serves one job at a time, in the order of their arrival."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._jobs: deque[Job] = deque()
        self._serving: Job | None = None
        self._under_way: Call | None = None
        self.busy_us = 0
        """How long it has been busy altogether: what a server's load is made of."""
        self.speed = 100
        """Per cent of what `ServiceTime` says: a bigger machine has more."""

    def submit(self, job: Job) -> None:
        self._jobs.append(job)
        if self._under_way is None:
            self._work()

    def stop(self) -> tuple[list[Job], Job | None]:
        """A crash: returns what waits, and what is being served, whose end nobody will see."""
        waiting, self._jobs = list(self._jobs), deque()
        serving, self._serving = self._serving, None
        if self._under_way is not None:
            self._under_way.cancel()
            self._under_way = None
        return waiting, serving

    def __len__(self) -> int:
        """How many jobs wait or are being served."""
        return len(self._jobs) + (self._under_way is not None)

    def _work(self) -> None:
        while self._jobs and self._under_way is None:
            job = self._jobs.popleft()
            cost_us, done = job()
            cost_us = -(-cost_us * 100 // self.speed)
            if cost_us:
                self.busy_us += cost_us
                self._serving = job
                self._under_way = self._engine.call_in(cost_us, self._finish, done)
            else:
                done()

    def _finish(self, done: Callable[[], object]) -> None:
        self._under_way = self._serving = None
        done()
        self._work()
