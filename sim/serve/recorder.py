"""The recorder: keeps what came in over real sockets, and makes a scenario of it.

`crdb replay` runs that in virtual time: the same requests at the same microseconds, the same
faults. Passwords are not in it, nor what asks only about the server. A run that has outgrown its
recording cannot be saved: its end would be missing.
"""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from crdb.session import Request
from sim.faults import Fault
from sim.scenario import Scenario, Variant
from sim.serve.answers import ANSWERS
from sim.units import Duration
from sim.workloads.recorded import Recorded, Sent, escaped
from sim.world import World

if TYPE_CHECKING:
    from sim.serve.connection import Connection

BYTES_MAX = 64 * 1024 * 1024
"""Of words in a recording."""

REQUEST_BYTES = 64
"""What a request takes beside its words, roughly."""


class Outgrown(ValueError):
    """The run was too long to be kept."""


class Recorder:
    """What came in, in order."""

    def __init__(self, world: World, bytes_max: int = BYTES_MAX) -> None:
        self._world = world
        self._left = bytes_max
        self._heard: list[tuple[int, str, int, Sequence[Request]]] = []
        self.begun: dict[int, Fault] = {}
        """Faults by the nemesis's number."""

    @property
    def full(self) -> bool:
        """Whether nothing more is kept."""
        return self._left <= 0

    def heard(self, by: "Connection", requests: Sequence[Request], size: int = 0) -> None:
        """These were executed, at once. ``size`` is what they took on the wire."""
        if self._left > 0:
            now_us = self._world.engine.now
            self._heard.append((now_us, by.region, by.session.number, requests))
            self._left -= size + REQUEST_BYTES * (1 + len(requests))

    def left(self, by: "Connection") -> None:
        """The client went away."""
        self.heard(by, ())

    def scenario(self, name: str) -> Scenario:
        """All of it so far. Raises `Outgrown`."""
        if self.full:
            raise Outgrown("the run has outgrown its recording")
        world = self._world
        at_us = world.engine.now
        return msgspec.structs.replace(
            world.scenario,
            name=name,
            title=f"{world.scenario.title}, as it was served",
            workload=Recorded(requests=tuple(self._sent())),
            protocols=[],
            horizon=type(world.scenario.horizon)(at_us + 1),
            variants=(Variant("live", "What was done by hand.", list(self._faults(at_us))),),
            checkers=("convergence",),
        )

    def _sent(self) -> Iterator[Sent]:
        """Of a connection that has never asked a region for anything, nothing."""
        asked: set[int] = set()
        for at_us, region, number, requests in self._heard:
            plain = [request for each in requests if (request := _plain(each))]
            words = tuple(tuple(map(escaped, request)) for request in plain)
            if words:
                asked.add(number)
            if words or (number in asked and not requests):
                yield Sent(Duration(at_us), region, number, words)

    def _faults(self, now_us: int) -> Iterator[Fault]:
        """As they were: from when, and for how long."""
        times: dict[int, list[int]] = {}
        for each in self._world.history.of_kind("fault", "heal"):
            times.setdefault(each.detail["number"], []).append(each.at_us)
        planned = dict(enumerate(self._world.variant.faults, start=1))
        for number, (begin_us, *end) in sorted(times.items()):
            fault = planned.get(number) or self.begun[number]
            lasts_us = end[0] - begin_us if end else 0
            if begin_us < now_us and (lasts_us or not end):
                changed: dict[str, Any] = {"at": Duration(begin_us), "lasts": Duration(lasts_us)}
                yield msgspec.structs.replace(fault, **changed)


def _plain(request: Request) -> Request:
    """A request without what is secret; nothing for one that says nothing to a region."""
    name = request[0].lower().decode(errors="replace")
    if name == "hello":
        return request[:2]
    asks_host = any(each.partition("|")[0] == name for each in ANSWERS)
    return () if asks_host or name == "auth" else request
