"""Load over time: how long requests took, above, and how many had no success, below.

One column a variant. Times are on a logarithmic scale, each second's requests by when they were
due. What an operator or a fault did to the cluster is marked: shaded while it lasts, a line for a
failover, a tick for each slot range that has moved.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator

from sim.history import OK, History, Op
from sim.metrics import percentile
from sim.metrics.load import requests
from sim.plots import COLOURS, Picture, save
from sim.trial import Trial
from sim.units import MS, SECOND
from sim.windows import Window, windows

BIN_US = SECOND
NODES = ("node-outage", "zone-outage", "outage", "power-loss", "idle-cut", "refuse", "hang")


class Second(NamedTuple):
    """The requests that were due in one second."""

    begin_us: int
    p50_us: int
    p99_us: int
    errors: int


def by_second(ops: Sequence[Op]) -> list[Second]:
    """Return the seconds in which anything was asked that has ended."""
    bins: dict[int, list[Op]] = {}
    for op in ops:
        bins.setdefault(op.invoked_us // BIN_US, []).append(op)
    found = []
    for index, asked in sorted(bins.items()):
        times = [op.completed_us - op.invoked_us for op in asked if op.completed_us is not None]
        p50_us, p99_us = percentile(times, 0.5), percentile(times, 0.99)
        if p50_us is not None and p99_us is not None:
            errors = sum(op.outcome is not OK for op in asked)
            found.append(Second(index * BIN_US, p50_us, p99_us, errors))
    return found


def operations(history: History) -> list[Window]:
    """Return what operators did, and the faults of nodes and regions, with their times."""
    begun: dict[tuple[str, str], int] = {}
    found = [each for each in windows(history) if each.what in NODES]
    for each in history.of_kind("operation"):
        what, _, word = each.what.rpartition(" ")
        if word == "begins":
            begun[each.place, what] = each.at_us
        elif (each.place, what) in begun:
            found.append(Window(begun.pop((each.place, what)), each.at_us, what, each.place))
    return sorted(found)


def draw(trials: Sequence[Trial], folder: Path) -> list[Picture]:
    """Draw all variants into one file."""
    shown = {
        trial.variant: (trial.history, by_second(ops))
        for trial in trials
        if (ops := requests(trial.history))
    }
    if not shown:
        return []
    figure = Figure(figsize=(max(6.4, 4.6 * len(shown)), 5.2), layout="constrained")
    rows = figure.subplots(
        2, len(shown), squeeze=False, sharex=True, sharey="row", height_ratios=(3, 1)
    )
    for column, (variant, (history, seconds)) in enumerate(shown.items()):
        _times(rows[0][column], seconds)
        _errors(rows[1][column], seconds)
        for axes in rows[:, column]:
            _mark(axes, history, named=axes is rows[0][column])
        rows[0][column].set_title(f"{variant}: {_message(seconds)}", fontsize=11, pad=18)
        rows[1][column].set_xlabel("seconds")
    most = max(each.errors for _, seconds in shown.values() for each in seconds)
    rows[1][0].set_ylim(0, max(1, 1.05 * most))
    rows[0][0].set_ylabel("milliseconds")
    rows[1][0].set_ylabel("errors a second")
    handles, labels = rows[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    path = folder / "load.png"
    save(figure, path)
    told = "; ".join(f"{variant}: {_message(seconds)}" for variant, (_, seconds) in shown.items())
    return [Picture(path, f"Requests as the application saw them, by second. {told}.")]


def _times(axes: Axes, seconds: Sequence[Second]) -> None:
    at = [(each.begin_us + BIN_US / 2) / SECOND for each in seconds]
    p99 = [each.p99_us / MS for each in seconds]
    axes.plot(at, p99, color=COLOURS["red"], linewidth=2, label="99 of 100 within")
    p50 = [each.p50_us / MS for each in seconds]
    axes.plot(at, p50, color=COLOURS["blue"], linewidth=2, label="half within")
    axes.set_yscale("log")
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.yaxis.set_minor_formatter("")
    _plain(axes)


def _errors(axes: Axes, seconds: Sequence[Second]) -> None:
    at = [(each.begin_us + BIN_US / 2) / SECOND for each in seconds]
    axes.bar(at, [each.errors for each in seconds], width=0.9, color=COLOURS["orange"])
    _plain(axes)


def _mark(axes: Axes, history: History, named: bool) -> None:
    for span in operations(history):
        begin, end = span.begin_us / SECOND, span.end_us / SECOND
        axes.axvspan(begin, end, color=COLOURS["grey"], alpha=0.15, lw=0)
        if named:
            axes.annotate(
                span.what,
                ((begin + end) / 2, 1),
                (0, 4),
                xycoords=axes.get_xaxis_transform(),
                textcoords="offset points",
                ha="center",
                fontsize=9,
                color="#444444",
            )
    for event in history.of_kind("failover", "move"):
        move = event.kind == "move"
        axes.axvline(
            event.at_us / SECOND,
            ymax=0.04 if move else 1,
            color=COLOURS["green" if move else "pink"],
            linewidth=1.2,
            linestyle="-" if move else ":",
        )


def _plain(axes: Axes) -> None:
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _message(seconds: Sequence[Second]) -> str:
    """The worst second and the last one, in figures."""
    errors = sum(each.errors for each in seconds)
    worst = max(seconds, key=lambda each: each.p99_us)
    told = f"p99 up to {worst.p99_us / MS:.0f} ms"
    return f"{errors:,} errors, {told}" if errors else f"no errors, {told}"
