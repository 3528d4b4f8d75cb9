"""Engine: SimPy's event loop in whole microseconds, with direct calls and a trace digest.

Rules
- Time is an int, in microseconds from 0. Floats and negative delays are refused where they enter.
- Everything is on SimPy's own heap in SimPy's own order (time, priority, number), so processes,
  timeouts and direct calls mix, and equal times keep the order in which they were asked for.
- A message is one direct call, never a process: a SimPy store hop costs seven times as much.
- The digest takes ints that were given out in order, never `hash` or `id`: it is the same under
  every PYTHONHASHSEED.

>>> engine = Engine()
>>> heard = []
>>> _ = engine.call_in(250, heard.append, "call")
>>> def process():
...     yield engine.timeout(100)
...     heard.append(f"process at {engine.now}")
>>> _ = engine.process(process())
>>> engine.run()
>>> heard, engine.now
(['process at 100', 'call'], 250)
"""

import sys
from array import array
from collections import deque
from collections.abc import Callable, Sized
from hashlib import blake2b
from heapq import heappop, heappush, heapreplace
from itertools import repeat
from typing import Any

import msgspec
from simpy.core import EmptySchedule, Environment, StopSimulation
from simpy.events import NORMAL, URGENT, Event, EventPriority, Timeout

BLOCK = 1024
"""Events between two looks at the digest: long enough to be cheap, short enough for the cache."""


class NotMicroseconds(ValueError):
    """A time or delay that is negative, past, or no int."""


def _ignore(_: object) -> None:
    """Stand in for a cancelled callback."""


class Call(msgspec.Struct, eq=False):
    """One direct call on the heap. (A Struct, since its constructor runs in C.)

    SUBTLE: seen by the garbage collector, since it closes the circles that alarms make with those
    who set them. Otherwise no world that has run would ever be freed, and a sweep eats all memory.
    """

    callback: Callable[[Any], object]
    arg: Any

    def cancel(self) -> None:
        """Let the time pass without the call; harmless after it."""
        self.callback = _ignore
        self.arg = None


class Lane:
    """Direct calls that never overtake one another, as the packets of one connection.

    Only the first call is on the heap, which keeps the heap as small as the number of lanes; each
    call keeps the number it was given when it was put, so the order of all events is the same as if
    all were there.

    >>> engine = Engine()
    >>> lane = Lane(engine)
    >>> heard = []
    >>> lane.call_at(900, heard.append, "first")
    >>> lane.call_at(400, heard.append, "second, held up by the first")
    >>> engine.run()
    >>> heard
    ['first', 'second, held up by the first']
    """

    __slots__ = ("_busy", "_last_us", "_next_number", "_queue", "_waiting", "mark")

    def __init__(self, engine: "Engine", mark: int = 0) -> None:
        """Open a lane; calls are traced with `mark` (see `word`) when they happen, unless it is 0.

        No float is refused here, for speed: times must be engine time plus whole microseconds.
        """
        self.mark: int | None = mark
        self._queue: list[Any] = engine._queue
        self._next_number = engine._eid.__next__
        self._last_us = 0
        self._busy = False
        self._waiting: deque[tuple[Any, ...]] = deque()

    def call_at(self, at_us: int, callback: Callable[[Any], object], arg: Any) -> None:
        """Call `callback(arg)` at `at_us`, or with its predecessor if that is later."""
        if at_us < self._last_us:
            at_us = self._last_us
        else:
            self._last_us = at_us
        # One tuple is heap entry and packet: what SimPy orders by comes first, what we call last.
        entry = (at_us, NORMAL, self._next_number(), self, callback, arg)
        if self._busy:
            self._waiting.append(entry)
        else:
            self._busy = True
            heappush(self._queue, entry)

    def cancel(self) -> int:
        """Let the times pass without the calls, now and later; returns how many there were."""
        self.mark = None
        return self._busy + len(self._waiting)


def word(code: int, a: int = 0, b: int = 0) -> int:
    """Pack a code (8 bits) and two numbers (24 and 32 bits) into one word of the digest.

    Larger numbers count by their low bits. Contents enter as a checksum, such as `zlib.crc32`.

    >>> hex(word(1, 2, 3))
    '0x100000200000003'
    """
    return (code & 0xFF) << 56 | (a & 0xFF_FFFF) << 32 | b & 0xFFFF_FFFF


class Engine(Environment):
    """A SimPy environment in whole microseconds; see the top of this file."""

    _now: int

    def __init__(self) -> None:
        """Start at time 0 with nothing to do."""
        super().__init__(0)
        self._log: list[int] = []
        self._digest = blake2b(digest_size=16)

    @property
    def now(self) -> int:
        """Return the time in microseconds."""
        return self._now

    def call_in(self, delay_us: int, callback: Callable[[Any], object], arg: Any = None) -> Call:
        """Call `callback(arg)` after `delay_us` microseconds; the result can cancel it.

        Raises NotMicroseconds for a negative delay and for anything but an int.

        >>> Engine().call_in(0.5, print)
        Traceback (most recent call last):
        sim.engine.NotMicroseconds: delay 0.5: expected whole microseconds, 0 or more
        """
        if type(delay_us) is not int or delay_us < 0:
            raise _refused("delay", delay_us, 0)
        call = Call(callback, arg)
        queue: list[Any] = self._queue
        heappush(queue, (self._now + delay_us, NORMAL, next(self._eid), call))
        return call

    def call_at(self, at_us: int, callback: Callable[[Any], object], arg: Any = None) -> Call:
        """Call `callback(arg)` at engine time `at_us`; raises NotMicroseconds if that is past."""
        if type(at_us) is not int or at_us < self._now:
            raise _refused("time", at_us, self._now)
        return self.call_in(at_us - self._now, callback, arg)

    def timeout(self, delay: int = 0, value: Any = None) -> Timeout:  # type: ignore[override]
        """Return SimPy's timeout event; raises NotMicroseconds as `call_in` does."""
        if type(delay) is not int or delay < 0:
            raise _refused("delay", delay, 0)
        return Timeout(self, delay, value)

    def schedule(
        self,
        event: Event,
        priority: EventPriority = NORMAL,
        delay: int = 0,  # type: ignore[override]
    ) -> None:
        """Put a SimPy event on the heap; raises NotMicroseconds as `call_in` does."""
        if type(delay) is not int or delay < 0:
            raise _refused("delay", delay, 0)
        heappush(self._queue, (self._now + delay, priority, next(self._eid), event))

    def trace(self, code: int, a: int = 0, b: int = 0) -> None:
        """Add what happens now to the digest: 8 bytes of time, 8 bytes of `word(code, a, b)`."""
        self._log.append(self._now)
        self._log.append((code & 0xFF) << 56 | (a & 0xFF_FFFF) << 32 | b & 0xFFFF_FFFF)

    def fingerprint(self) -> str:
        """Return the digest of everything traced so far, as 32 hexadecimal digits."""
        self._feed()
        return self._digest.hexdigest()

    def _feed(self) -> None:
        words = array("Q", self._log)
        if sys.byteorder == "big":
            words.byteswap()
        self._digest.update(words)
        self._log.clear()

    def step(self) -> None:
        """Let the next event happen; raises simpy's EmptySchedule if there is none."""
        if not self._queue:
            raise EmptySchedule
        self._advance(1)

    def run(self, until: int | Event | None = None) -> Any:  # type: ignore[override]
        """Run until nothing is left, until a time in microseconds, or until an event has happened.

        Returns the event's value. Raises NotMicroseconds unless the time is an int after `now`, and
        RuntimeError if nothing is left before the event has happened.
        """
        if until is not None:
            if not isinstance(until, Event):
                until = self._alarm(until)
            elif until.callbacks is None:
                return until.value
            until.callbacks.append(StopSimulation.callback)
        try:
            while self._queue:
                self._advance(BLOCK)
        except StopSimulation as stop:
            return stop.args[0]
        if until is not None:
            raise RuntimeError(f"nothing left to do, and {until} has not happened")
        return None

    def run_until_filled(self, box: Sized, end_us: int) -> bool:
        """Let events happen until one has put something into `box`.

        False if none are left before, or it is past `end_us`. For a loop of somebody else's that
        runs what it finds there, such as asyncio's.
        """
        queue: list[Any] = self._queue
        while queue and not box and queue[0][0] <= end_us:
            self._advance(BLOCK, box)
        return bool(box)

    def run_before(self, at_us: int) -> None:
        """Let all happen that is due before `at_us`, and then be at that time: what comes in from
        outside then is the first thing to happen in its microsecond.

        For whoever lets the engine keep step with a clock. Raises NotMicroseconds as `run` does.
        """
        if type(at_us) is not int or at_us <= self._now:
            raise _refused("time", at_us, self._now + 1)
        queue: list[Any] = self._queue
        while queue and queue[0][0] < at_us:
            self._advance(1)
        self._now = at_us

    def next_us(self) -> int | None:
        """When something is next due; None for never."""
        queue: list[Any] = self._queue
        return queue[0][0] if queue else None

    def _alarm(self, at_us: int) -> Event:
        """Return an event that happens at `at_us`, before all others of that time."""
        if type(at_us) is not int or at_us <= self._now:
            raise _refused("until", at_us, self._now + 1)
        alarm = Event(self)
        alarm._ok = True
        alarm._value = None
        self.schedule(alarm, URGENT, at_us - self._now)
        return alarm

    def _advance(self, count: int, box: Sized = ()) -> None:
        """Let up to `count` events happen, fewer if something comes into `box`."""
        queue: list[Any] = self._queue
        append = self._log.append
        for _ in repeat(None, count):
            if box or not queue:
                break
            entry = queue[0]
            event = entry[3]
            if type(event) is Lane:
                if event._waiting:
                    heapreplace(queue, event._waiting.popleft())
                else:
                    heappop(queue)
                    event._busy = False
                now, _, _, _, callback, arg = entry
                self._now = now
                mark = event.mark
                if mark:
                    append(now)
                    append(mark)
                elif mark is None:
                    continue
                callback(arg)
            elif type(event) is Call:
                heappop(queue)
                self._now = entry[0]
                event.callback(event.arg)
            else:
                super().step()
        if len(self._log) >= BLOCK:
            self._feed()


def _refused(what: str, value: object, least: int) -> NotMicroseconds:
    return NotMicroseconds(f"{what} {value!r}: expected whole microseconds, {least} or more")
