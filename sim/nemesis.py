"""The nemesis: plays a variant's faults at their times, and writes down what it did.

Every fault that begins has a number of its own. Its happenings carry it, so that of two equal
faults each end finds its beginning, and its dice are named after it.
"""

from collections.abc import Collection, Iterable
from functools import partial
from itertools import count
from typing import Any

from sim.faults import Fault, Undo


class Nemesis:
    """Begins and ends the faults of one world."""

    def __init__(self, world: Any, faults: Iterable[Fault] = ()) -> None:
        """Plan `faults`, numbered from 1 in this order."""
        faults = tuple(faults)
        self._world = world
        self._active: dict[int, tuple[Fault, Undo]] = {}
        self._numbers = count(1)
        self._calls = [
            world.engine.call_at(int(fault.at), partial(self._begin, next(self._numbers)), fault)
            for fault in faults
        ]
        for fault in faults:
            fault.prepare(world)

    def begin(self, fault: Fault) -> int:
        """Begin a fault that was not planned, for as long as it says; returns its number."""
        number = next(self._numbers)
        self._begin(number, fault)
        return number

    def heal(self) -> None:
        """End whatever is still going on, and begin nothing more that was planned."""
        for call in self._calls:
            call.cancel()
        for number in list(self._active):
            self._end(number)

    def heal_at(self, regions: Collection[str], kind: str = "") -> int:
        """End what is going on between just these regions, or in the only one; of this kind, if one
        is named. Returns how much that was."""
        found = [
            number
            for number, (fault, _) in self._active.items()
            if set(fault.regions_named()) == set(regions) and kind in ("", _kind(fault))
        ]
        for number in found:
            self._end(number)
        return len(found)

    def _begin(self, number: int, fault: Fault) -> None:
        dice = self._world.streams[f"fault {number}"]
        self._active[number] = fault, fault.start(self._world, dice)
        self._note("fault", number, fault)
        if fault.lasts:
            self._world.engine.call_in(int(fault.lasts), self._end, number)

    def _end(self, number: int) -> None:
        if number in self._active:
            fault, undo = self._active.pop(number)
            undo()
            self._note("heal", number, fault)

    def _note(self, kind: str, number: int, fault: Fault) -> None:
        now_us = self._world.engine.now
        self._world.history.happened(now_us, kind, fault.place(), _kind(fault), number=number)


def _kind(fault: Fault) -> str:
    return str(type(fault).__struct_config__.tag)
