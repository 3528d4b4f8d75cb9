"""The nemesis: plays a variant's faults at their times, and writes down what it did."""

from collections.abc import Iterable
from typing import Any

from sim.faults import Fault


class Nemesis:
    """Starts and stops the faults of one world."""

    def __init__(self, world: Any, faults: Iterable[Fault]) -> None:
        self._world = world
        self._active: list[Fault] = []
        self._calls = [world.engine.call_at(int(fault.at), self._start, fault) for fault in faults]

    def _start(self, fault: Fault) -> None:
        fault.start(self._world)
        self._active.append(fault)
        self._note("fault", fault)
        if fault.lasts:
            self._world.engine.call_in(int(fault.lasts), self._stop, fault)

    def _stop(self, fault: Fault) -> None:
        if fault in self._active:
            self._active.remove(fault)
            fault.stop(self._world)
            self._note("heal", fault)

    def heal(self) -> None:
        """Stop whatever is still going on, and begin nothing more."""
        for call in self._calls:
            call.cancel()
        for fault in list(self._active):
            self._stop(fault)

    def _note(self, kind: str, fault: Fault) -> None:
        what = str(type(fault).__struct_config__.tag)
        self._world.history.happened(self._world.engine.now, kind, fault.place(), what)
