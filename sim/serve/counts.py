"""Counts: what a region's clients have asked for, how long that took, and what went wrong.

Of a pipeline's segment each request is given the average: to read the clock for every single one
would cost more than it tells. So SLOWLOG shows a pipeline whose requests were slow on average.
"""

from collections import Counter, deque
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from crdb.session import Request

if TYPE_CHECKING:
    from sim.serve.connection import Connection

BUCKETS = 40
"""Powers of two of a microsecond."""

WORDS_SHOWN, BYTES_SHOWN = 32, 128
"""Of a slow request, as Redis."""


class Cost:
    """What one command has cost."""

    __slots__ = ("buckets", "calls", "us")

    def __init__(self) -> None:
        self.calls = 0
        self.us = 0.0
        self.buckets = [0] * BUCKETS

    def add(self, calls: int, us: float) -> None:
        """So many calls of so many microseconds each."""
        self.calls += calls
        self.us += calls * us
        self.buckets[min(int(us).bit_length(), BUCKETS - 1)] += calls

    def join(self, other: "Cost") -> None:
        """Add what another has counted."""
        self.calls += other.calls
        self.us += other.us
        self.buckets = [a + b for a, b in zip(self.buckets, other.buckets, strict=True)]


class Slow(NamedTuple):
    """A request that took long."""

    number: int
    at_us: int
    """On the region's clock."""
    took_us: int
    request: list[bytes]
    address: bytes
    name: bytes


class Counts:
    """Of one region, since it began or was told to forget."""

    def __init__(self) -> None:
        self.connections = self.rejected = self.bytes_out = 0
        self.costs: dict[bytes, Cost] = {}
        """By the word as clients write it: in upper or in lower case."""
        self.replies_of_errors: Counter[str] = Counter()
        self.slow: deque[Slow] = deque(maxlen=128)
        self.slow_us = 10_000.0
        """What takes longer is slow; infinite for none."""
        self._slow_number = 0
        self._asked = 0, 0

    def reset(self) -> None:
        """Forget all but what was slow."""
        self.connections = self.rejected = self.bytes_out = 0
        self.costs.clear()
        self.replies_of_errors.clear()

    @property
    def calls(self) -> int:
        return sum(cost.calls for cost in self.costs.values())

    def by_command(self) -> dict[bytes, Cost]:
        """The costs of each command, however its name was written, in order of the names."""
        found: dict[bytes, Cost] = {}
        for name, cost in sorted(self.costs.items(), key=lambda each: each[0].lower()):
            found.setdefault(name.lower(), Cost()).join(cost)
        return found

    def per_second(self, now_us: int) -> int:
        """Calls a second since this was asked last."""
        (then_us, before), self._asked = self._asked, (now_us, self.calls)
        return max(0, (self._asked[1] - before) * 1_000_000 // max(1, now_us - then_us))

    def add(self, requests: Sequence[Request], done: int, took_s: float, by: "Connection") -> None:
        """The first so many of these took so long together."""
        each_us = took_s * 1e6 / done
        if done == 1:
            self._cost(requests[0][0]).add(1, each_us)
        else:
            names = Counter([request[0] for request in requests[:done]])
            for name, calls in names.items():
                self._cost(name).add(calls, each_us)
        if each_us > self.slow_us:
            for request in requests[:done]:
                self._note(request, int(each_us), by)

    def keep(self, most: int) -> None:
        """Keep so many slow requests, the latest."""
        self.slow = deque(self.slow, maxlen=most)

    def _cost(self, name: bytes) -> Cost:
        cost = self.costs.get(name)
        if cost is None:
            if len(self.costs) > 4096:  # Names that are no command's can be made up for ever.
                name = b"?"
            cost = self.costs.setdefault(name[:64], Cost())
        return cost

    def _note(self, request: Request, took_us: int, by: "Connection") -> None:
        shown = [_short(word) for word in request[: WORDS_SHOWN - 1]]
        if len(request) >= WORDS_SHOWN:
            shown.append(b"... (%d more arguments)" % (len(request) - WORDS_SHOWN + 1))
        session = by.session
        self.slow.appendleft(
            Slow(self._slow_number, by.clock_us(), took_us, shown, session.address, session.name)
        )
        self._slow_number += 1

    def errors(self, frames: Iterable[bytes]) -> None:
        """Count the errors among these."""
        for frame in frames:
            if frame.startswith(b"-"):
                self.error(frame[1:65].decode(errors="replace"))

    def error(self, text: str) -> None:
        """Count an error by the first word of its text."""
        self.replies_of_errors[text.partition(" ")[0]] += 1


def _short(word: bytes) -> bytes:
    if len(word) <= BYTES_SHOWN:
        return word
    return b"%b... (%d more bytes)" % (word[:BYTES_SHOWN], len(word) - BYTES_SHOWN)
