"""The space-time diagram of a run: one lane a region, as a figure and as text.

What a client asks the region where it is, is a point; what it asks another one is an arrow there
and one back; dashed arrows are replication. The history does not tell when a region answered: that
is drawn where a write that replicates was made meanwhile, and else half-way.
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from matplotlib.figure import Figure

from sim.history import INFO, OK, History, Lag, Op
from sim.plots.spacetime import Arrow, Point, Span, diagram
from sim.plots.spacetime_text import columns
from sim.testing.play import Played
from sim.testing.said import asked, outcome
from sim.testing.story import headline
from sim.windows import windows

OPS_MAX = 40
"""Of more operations, as of a program that tries again for ever, the last are drawn."""


CLOCKS = ("clock-step", "drift")
"""Faults that show where the clocks are told."""


class Drawn(NamedTuple):
    """What there is to draw."""

    lanes: Sequence[str]
    points: Sequence[Point]
    arrows: Sequence[Arrow]
    spans: Sequence[Span]


def figure(played: Played) -> Figure:
    """Draw a run."""
    drawn = of(played)
    title = headline(played).splitlines()[0]
    return diagram(drawn.lanes, drawn.points, drawn.arrows, title, drawn.spans)


def text(played: Played) -> str:
    """The same in letters."""
    return columns(*of(played))


def of(played: Played) -> Drawn:
    """What there is to draw of a run."""
    history = played.history
    ops = sorted(history.ops, key=lambda op: op.invoked_us)[-OPS_MAX:]
    since_us = ops[0].invoked_us if len(history.ops) > OPS_MAX else 0
    made_at = {each.detail["process"]: each.place for each in history.of_kind("client")}
    points = [*_clocks(history), *_in_one_region(played), *_end(played)]
    arrows: list[Arrow] = []
    for op in ops:
        here = made_at[op.process]
        if here == op.place:
            points.append(_point(op, history.lags))
        else:
            arrows += _exchange(op, here, history.lags)
    arrows += _replication(history)
    return Drawn(
        played.schedule.regions,
        [point for point in points if point.at_us >= since_us],
        [arrow for arrow in arrows if arrow.sent_us >= since_us],
        [
            Span(each.begin_us, each.end_us, f"{each.what}: {each.place}")
            for each in windows(history)
            if each.what not in CLOCKS
        ],
    )


def _point(op: Op, lags: Sequence[Lag]) -> Point:
    tint = "blue" if op.outcome is OK else "orange"
    return Point(op.place, _answered_us(op, lags), f"{asked(op)} → {outcome(op)}", tint)


def _exchange(op: Op, here: str, lags: Sequence[Lag]) -> Iterator[Arrow]:
    if op.outcome is INFO or op.completed_us is None:
        yield Arrow(here, op.invoked_us, op.place, None, asked(op), "orange")
        return
    answered_us = _answered_us(op, lags)
    yield Arrow(here, op.invoked_us, op.place, answered_us, asked(op), "blue")
    yield Arrow(op.place, answered_us, here, op.completed_us, outcome(op), "green")


def _answered_us(op: Op, lags: Sequence[Lag]) -> int:
    if op.completed_us is None:
        return op.invoked_us
    made = (lag.at_us - lag.lag_us for lag in lags if lag.source == op.place)
    meanwhile = (at_us for at_us in made if op.invoked_us <= at_us <= op.completed_us)
    return next(meanwhile, (op.invoked_us + op.completed_us) // 2)


def _replication(history: History) -> Iterator[Arrow]:
    for lag in history.lags:
        yield Arrow(lag.source, lag.at_us - lag.lag_us, lag.target, lag.at_us, dashed=True)


def _clocks(history: History) -> Iterator[Point]:
    for each in history.of_kind("clock"):
        yield Point(
            each.place, each.at_us, f"clock {each.detail['offset_us'] / 1e6:+.3f} s", "orange"
        )


def _in_one_region(played: Played) -> Iterator[Point]:
    """Where a fault begins and ends: too short for a shade, it may still explain everything."""
    healed_us = played.history.of_kind("phase")[1].at_us
    for each in windows(played.history):
        if each.place in played.schedule.regions and each.what not in CLOCKS:
            yield Point(each.place, each.begin_us, f"{each.what} begins", "red")
            if each.end_us < healed_us:
                yield Point(each.place, each.end_us, f"{each.what} is over", "red")


def _end(played: Played) -> Iterator[Point]:
    """What each region held of a single key; of more there is no room to tell."""
    keys = {key for reading in played.history.readings.values() for key in reading}
    read = [each for each in played.history.of_kind("phase") if each.what == "converged"]
    if len(keys) == 1 and read:
        for region, reading in played.history.readings.items():
            held = [f"{key}: {entry['value']}" for key, entry in reading.items()]
            yield Point(region, read[0].at_us, f"holds {held[0]}" if held else "holds nothing")
