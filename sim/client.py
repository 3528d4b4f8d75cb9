"""Model clients: sessions with time-outs, retries with back-off, and a choice of region.

A client is a SimPy process that calls a region and waits for the reply or its time-out:

    reply = yield from client.call(region, b"INCR", b"visits")

A reply that does not come in time raises `Unknown`: the request or the reply was lost, or is still
on its way, so the command may have been carried out. Every call enters the history.
"""

from collections.abc import Generator
from typing import Any

import msgspec

from crdb.command import Reply
from crdb.errors import CommandError
from crdb.session import Session
from sim.engine import Call, Engine
from sim.history import FAIL, INFO, OK, History, Op
from sim.network import Network
from sim.region import Ask, Region
from sim.rng import Dice

Wait = Generator[Any, Any, Any]


class Unknown(Exception):
    """No reply in time: the command may have been carried out or not."""


class Backoff(msgspec.Struct, frozen=True):
    """Waits between attempts: the base doubles each time up to the cap, jittered by chance.

    The default figures are redis-py 8.1's: ``min(cap, random * base * 2^n)``.
    """

    attempts: int = 4
    base_us: int = 10_000
    cap_us: int = 1_000_000
    jitter: bool = True

    def wait_us(self, attempt: int, dice: Dice) -> int:
        """How long to wait after failed attempt number ``attempt``, counted from 1."""
        limit_us = min(self.cap_us, self.base_us << min(attempt, 40))
        return dice.below(limit_us + 1) if self.jitter else limit_us


class Signal:
    """What a process waits for: a value that arrives by a direct call, or a time-out.

    It looks like a SimPy event to the process that yields it. SUBTLE: it calls the process at once
    instead of going over the heap again, which is why a reply costs one event and not two.
    """

    __slots__ = ("_ok", "_value", "callbacks", "defused", "env")

    def __init__(self, engine: Engine) -> None:
        self.env = engine
        self.callbacks: list[Any] | None = []
        self._ok = True
        self._value: Any = None
        self.defused = False

    def fire(self, value: Any) -> None:
        """Resume whoever waits with this value; later calls do nothing."""
        callbacks, self.callbacks = self.callbacks, None
        if callbacks is not None:
            self._value = value
            for callback in callbacks:
                callback(self)


_TIMEOUT = object()


class Client:
    """One session of a client at a place. It has one call under way at a time."""

    def __init__(
        self,
        engine: Engine,
        network: Network,
        history: History,
        place: str,
        process: int,
        timeout_us: int = 1_000_000,
    ) -> None:
        self.engine = engine
        self.place = place
        self.process = process
        self.timeout_us = timeout_us
        self.history = history
        self._network = network
        self._sessions: dict[int, Session] = {}
        self._waiting: Signal | None = None
        self._deadline_us = 0
        self._alarm: Call | None = None
        self._alarm_at_us = 0

    def call(self, region: Region, *request: bytes) -> Generator[Any, Any, Reply]:
        """Send one request and wait. An error reply is returned; raises `Unknown` without reply."""
        engine = self.engine
        session = self._sessions.get(region.number)
        if session is None:
            session = self._sessions[region.number] = Session()
        self._waiting = signal = Signal(engine)
        began_us = engine._now
        self._deadline_us = began_us + self.timeout_us
        if self._alarm is None or self._deadline_us < self._alarm_at_us:
            self._set_alarm()
        ask = Ask(session, request, self.place, self.process, signal.fire)
        self._network.send(
            self.place, region.place, "client", ask, region.ask, connection=self.process
        )
        try:
            reply = yield signal
        finally:
            self._waiting = None
        if reply is _TIMEOUT:
            self._enter(region, request, began_us, INFO, None)
            # The session's connection is given up; what MULTI or WATCH had begun goes with it.
            del self._sessions[region.number]
            raise Unknown(f"no reply from {region.name} within {self.timeout_us} us")
        outcome = FAIL if isinstance(reply, CommandError) else OK
        self._enter(region, request, began_us, outcome, reply)
        return reply  # type: ignore[no-any-return]

    def _set_alarm(self) -> None:
        """Ring when the call under way times out.

        One alarm serves call after call: one that was answered in time leaves it to find the next,
        so that the heap is not full of cancelled alarms.
        """
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_at_us = self._deadline_us
        self._alarm = self.engine.call_at(self._deadline_us, self._ring)

    def _ring(self, _: object) -> None:
        self._alarm = None
        if self._waiting is None:
            return
        if self._deadline_us > self.engine._now:
            self._set_alarm()
        else:
            self._waiting.fire(_TIMEOUT)

    def _enter(
        self, region: Region, request: tuple[bytes, ...], began_us: int, outcome: Any, reply: Reply
    ) -> None:
        value = str(reply) if isinstance(reply, CommandError) else reply
        self.history.op(
            Op(
                self.process,
                region.name,
                request[0].decode(),
                request[1:],
                began_us,
                self.engine._now,
                outcome,
                value,
            )
        )

    def pause(self, delay_us: int) -> Wait:
        """Let time pass."""
        yield self.engine.timeout(delay_us)
