"""Model clients: sessions with time-outs, retries with back-off, and a choice of region.

A client is a SimPy process that calls a region and waits for the reply or its time-out:

    reply = yield from client.call(region, b"INCR", b"visits")

A reply that does not come in time raises `Unknown`: the request or the reply was lost, or is still
on its way, so the command may have been carried out. Every call enters the history, and so does
every attempt of `Client.call_until_answered`.
"""

from collections.abc import Generator, Sequence
from typing import Any, Literal, NamedTuple

import msgspec

from crdb.command import TABLE, Reply
from crdb.errors import CommandError
from crdb.session import Session
from sim.engine import Call, Engine
from sim.history import FAIL, INFO, OK, History, Op, Outcome
from sim.network import Deliver, Network
from sim.region import Ask, Endpoint, Region
from sim.rng import Dice

Wait = Generator[Any, Any, Any]


class Unknown(Exception):
    """No reply in time: the command may have been carried out or not."""


class Backoff(msgspec.Struct, frozen=True):
    """How often to try, and waits between attempts: ``min(cap, random * base * 2^n)``.

    Without jitter the random share is 1; fixed waits are always ``base``. The first kind's waits
    are those of redis-py 8.1, base and cap included. It tries eleven times by default; four are
    enough here, since a simulated time-out is much longer than those waits.
    """

    attempts: int = 4
    """The first one included."""
    base_us: int = 10_000
    cap_us: int = 1_000_000
    kind: Literal["full-jitter", "exponential", "fixed"] = "full-jitter"

    @classmethod
    def of(cls, settings: Any) -> "Backoff":
        """Return what a scenario's client settings say."""
        return cls(
            settings.attempts,
            int(settings.backoff_base),
            int(settings.backoff_cap),
            settings.backoff,
        )

    def wait_us(self, attempt: int, dice: Dice) -> int:
        """How long to wait after failed attempt number ``attempt``, counted from 1."""
        if self.kind == "fixed":
            return self.base_us
        longest_us = min(self.cap_us, self.base_us << min(attempt, 40))
        return longest_us if self.kind == "exponential" else dice.below(longest_us + 1)


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


class Open(NamedTuple):
    """The call under way."""

    region: Endpoint
    request: tuple[bytes, ...]
    invoked_us: int
    signal: Signal


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
        self.heard: list[Reply] = []
        """What was published on the channels that it has subscribed to."""
        self._network = network
        self._sessions: dict[tuple[Endpoint, int], Session] = {}
        """By where it ends and the epoch there: after a crash the next call makes another."""
        self._ends: dict[Region, tuple[Endpoint, int]] = {}
        """Where the connections to a cluster's name end."""
        self._open: Open | None = None
        self._deadline_us = 0
        self._alarm: Call | None = None
        self._alarm_at_us = 0

    def call(self, region: Endpoint, *request: bytes) -> Generator[Any, Any, Reply]:
        """Send one request and wait. An error reply is returned; raises `Unknown` without reply."""
        engine = self.engine
        if isinstance(region, Region) and region.parted:
            region = self._end(region)
        line = region, region.epoch
        session = self._sessions.get(line)
        if session is None:
            session = self._sessions[line] = Session()
        signal = Signal(engine)
        self._open = call = Open(region, request, engine._now, signal)
        self._deadline_us = engine._now + self.timeout_us
        if self._alarm is None or self._deadline_us < self._alarm_at_us:
            self._set_alarm()
        hear = self.heard.append
        ask = Ask(session, region.epoch, request, self.place, self.process, signal.fire, hear)
        self._send(region, ask, region.ask)
        try:
            reply = yield signal
        finally:
            self._open = None
        if reply is _TIMEOUT:
            self._enter(call, engine._now, INFO, None)
            self._give_up(call, line)
            raise Unknown(f"no reply from {region.name} within {self.timeout_us} us")
        outcome = FAIL if isinstance(reply, CommandError) else OK
        self._enter(call, engine._now, outcome, reply)
        return reply  # type: ignore[no-any-return]

    def _end(self, region: Region) -> Endpoint:
        """The part of a cluster that the connection to its name leads to, while it is there."""
        end, epoch = self._ends.get(region, (None, 0))
        if end is None or end.epoch != epoch:
            end = region.gate()
            self._ends[region] = end, end.epoch
        return end

    def call_until_answered(
        self, regions: Sequence[Region], request: Sequence[bytes], backoff: Backoff, dice: Dice
    ) -> Generator[Any, Any, Reply]:
        """Call up to ``backoff.attempts`` times, each time the next of ``regions``, in a circle.

        SUBTLE: at least once. An attempt without reply may have been carried out, so this is for
        commands that do no harm when they are run again, perhaps after somebody else's. Raises
        `Unknown` when the last attempt has got no reply; what each came to is in the history.
        """
        attempt = 1
        while True:
            region = regions[(attempt - 1) % len(regions)]
            try:
                return (yield from self.call(region, *request))
            except Unknown:
                if attempt >= backoff.attempts:
                    raise
            yield from self.pause(backoff.wait_us(attempt, dice))
            attempt += 1

    def cut_short(self) -> None:
        """Enter the call under way into the history, if there is one, as one that stays open."""
        if self._open is not None:
            self._enter(self._open, None, INFO, None)

    def _give_up(self, call: Open, line: tuple[Endpoint, int]) -> None:
        """Close the connection, with what MULTI or WATCH had begun on it."""
        session = self._sessions.pop(line)
        self._ends = {each: end for each, end in self._ends.items() if end[0] is not line[0]}
        name = call.request[0].upper()
        command = TABLE.get(name)
        blocks = command is not None and "blocking" in command.flags
        lingers = session.watched or blocks or name == b"WATCH"
        # The close goes the way of the requests, behind them. Otherwise nobody would notice.
        if lingers and call.region.epoch == line[1]:
            self._send(call.region, session, call.region.close)

    def _send(self, region: Endpoint, message: Any, deliver: Deliver) -> None:
        self._network.send(
            self.place, region.place, "client", message, deliver, connection=self.process
        )

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
        if self._open is None:
            return
        if self._deadline_us > self.engine._now:
            self._set_alarm()
        else:
            self._open.signal.fire(_TIMEOUT)

    def _enter(self, call: Open, completed_us: int | None, outcome: Outcome, reply: Reply) -> None:
        name, *args = call.request
        self.history.op(
            Op(
                self.process,
                call.region.name,
                name.decode(),
                tuple(args),
                call.invoked_us,
                completed_us,
                outcome,
                _plain(reply),
            )
        )

    def pause(self, delay_us: int) -> Wait:
        """Let time pass."""
        yield self.engine.timeout(delay_us)


def _plain(reply: Reply) -> Reply:
    """The reply with text for errors, also for those inside of EXEC's."""
    if isinstance(reply, CommandError):
        return str(reply)
    return [_plain(each) for each in reply] if isinstance(reply, list) else reply
