"""Pace: the engine keeps step with the wall clock.

Whatever comes in from outside, as a segment on a socket, comes in at a microsecond of its own,
before anything that the engine has for that microsecond. So a run that was recorded happens in the
same order when it is played again in virtual time. With a speed of 10 a second of the engine takes
a tenth of one.

Nothing here is late by more than the process is busy: what is due is caught up with before anybody
from outside gets in.
"""

from asyncio import AbstractEventLoop, TimerHandle
from collections.abc import Callable
from time import perf_counter

from sim.engine import Engine

SECOND_US = 1_000_000


class Pace:
    """Lets an engine run beside real time. It stands still until `start`."""

    def __init__(self, engine: Engine, loop: AbstractEventLoop, speed: float = 1.0) -> None:
        """``speed``: simulated seconds in a real one. Raises ValueError unless above 0."""
        if not speed > 0:
            raise ValueError(f"speed {speed}: expected more than 0")
        self.speed = speed
        self._engine = engine
        self._loop = loop
        self._factor = speed * SECOND_US
        self._begin_s = 0.0
        self._timer: TimerHandle | None = None
        self._due_us = 0
        """What the timer is set for."""

    def start(self) -> None:
        """From now on time passes."""
        self._begin_s = perf_counter() - self._engine.now / self._factor
        self._catch_up()

    def stop(self) -> None:
        """Time stands still again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def enter(self) -> int:
        """Somebody comes in from outside: returns the engine's time for that, which it now has."""
        engine = self._engine
        at_us = int((perf_counter() - self._begin_s) * self._factor)
        if at_us <= engine.now:
            at_us = engine.now + 1
        engine.run_before(at_us)
        return at_us

    def seconds(self) -> float:
        """Engine time, for what is measured in seconds."""
        return self._engine.now / SECOND_US

    def call_at(self, at_s: float, call: Callable[..., object], *args: object) -> TimerHandle:
        """Let somebody come in from outside at that engine time."""

        def come() -> None:
            self.enter()
            call(*args)
            self.leave()

        in_s = self._begin_s + at_s / self.speed - perf_counter()
        return self._loop.call_later(max(0.0, in_s), come)

    def leave(self) -> None:
        """Whoever came in is done: see to it that what that led to is not overslept."""
        due_us = self._engine.next_us()
        if due_us is not None and (self._timer is None or due_us < self._due_us):
            self._set(due_us)

    def _set(self, due_us: int) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._due_us = due_us
        in_s = self._begin_s + due_us / self._factor - perf_counter()
        self._timer = self._loop.call_later(max(0.0, in_s), self._catch_up)

    def _catch_up(self) -> None:
        self._timer = None
        self.enter()
        self.leave()
