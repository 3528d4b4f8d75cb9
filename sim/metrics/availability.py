"""Availability: the share of what users asked for that was done, and done in time.

Counted by the time at which it was asked, so that a request which an incident delays past its end
counts against the incident. What "in time" means the run says itself, in a happening of kind
``objective`` with ``within_us``.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sim.history import OK, History, Op
from sim.windows import Window, covered, windows


class Share(NamedTuple):
    """So many of so many, from a time on."""

    begin_us: int
    good: int
    asked: int

    @property
    def share(self) -> float | None:
        """None where nothing was asked."""
        return self.good / self.asked if self.asked else None


def objective_us(history: History, name: str) -> int | None:
    """Return the time within which an operation of this name is to be done; None for no limit."""
    for event in history.of_kind("objective"):
        if event.what == name:
            return int(event.detail["within_us"])
    return None


def good(op: Op, within_us: int | None) -> bool:
    """Return whether the operation was done, and in time."""
    if op.outcome is not OK or op.completed_us is None:
        return False
    return within_us is None or op.completed_us - op.invoked_us <= within_us


def over_time(history: History, name: str, bin_us: int) -> list[Share]:
    """Return the availability of one operation in bins of `bin_us`, from the first asked on."""
    within_us = objective_us(history, name)
    bins: dict[int, tuple[int, int]] = {}
    for op in history.ops:
        if op.name == name:
            index = op.invoked_us // bin_us
            met, all_of_them = bins.get(index, (0, 0))
            bins[index] = met + good(op, within_us), all_of_them + 1
    if not bins:
        return []
    span = range(min(bins), max(bins) + 1)
    return [Share(index * bin_us, *bins.get(index, (0, 0))) for index in span]


def asked(history: History, name: str, spans: Iterable[Window], place: str = "") -> list[Op]:
    """Return what was asked for while any of the windows lasted, at a place or anywhere."""
    held = list(spans)
    return [
        op
        for op in history.ops
        if op.name == name and place in ("", op.place) and covered(held, op.invoked_us)
    ]


def within(history: History, name: str, spans: Iterable[Window], place: str = "") -> Share:
    """Return the availability of what was `asked`."""
    held = list(spans)
    within_us = objective_us(history, name)
    ops = asked(history, name, held, place)
    begin_us = min((window.begin_us for window in held), default=0)
    return Share(begin_us, sum(good(op, within_us) for op in ops), len(ops))


def in_faults(history: History, name: str, place: str = "") -> Share:
    """Return the availability of what was asked during faults."""
    return within(history, name, windows(history), place)
