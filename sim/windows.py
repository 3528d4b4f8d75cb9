"""Windows: the times during which a fault was at work, as the history tells them.

>>> from sim.history import History
>>> history = History()
>>> history.happened(5_000_000, "fault", "West Europe", "outage", number=1)
>>> history.happened(9_000_000, "heal", "West Europe", "outage", number=1)
>>> [(each.begin_us, each.end_us) for each in windows(history)], last_us(history)
([(5000000, 9000000)], 9000000)
"""

from collections.abc import Iterable
from typing import NamedTuple

from sim.history import History


class Window(NamedTuple):
    """From `begin_us` on, and before `end_us`."""

    begin_us: int
    end_us: int
    what: str = ""
    place: str = ""

    def covers(self, at_us: int) -> bool:
        return self.begin_us <= at_us < self.end_us

    def meets(self, begin_us: int, end_us: int) -> bool:
        """Return whether any of it lies between these times, both included."""
        return begin_us < self.end_us and self.begin_us <= end_us


def windows(history: History) -> list[Window]:
    """Return the faults in order of beginning; one that nobody healed lasts to the end.

    A fault ends with the heal of its number; without one, with that of its kind and place.
    """
    open_since: dict[tuple[str, str, int | None], int] = {}
    closed = []
    for event in history.of_kind("fault", "heal"):
        what, place, _ = fault = (event.what, event.place, event.detail.get("number"))
        if event.kind == "fault":
            open_since.setdefault(fault, event.at_us)
        elif fault in open_since:
            closed.append(Window(open_since.pop(fault), event.at_us, what, place))
    end_us = last_us(history)
    closed += [
        Window(begin_us, end_us, what, place) for (what, place, _), begin_us in open_since.items()
    ]
    return sorted(closed)


def covered(spans: Iterable[Window], at_us: int) -> bool:
    """Return whether any of the windows covers this time."""
    return any(span.covers(at_us) for span in spans)


def last_us(history: History) -> int:
    """Return the time of the last thing that the history knows, 0 if it is empty."""
    ends = [event.at_us for event in history.happenings]
    ends += [op.invoked_us if op.completed_us is None else op.completed_us for op in history.ops]
    return max(ends, default=0)
