"""Against a setting: a rate with its 95 % interval at each value that a sweep tried, one line a
protocol, one panel a variant; what was worked out beforehand is dashed.

Not drawn for a run, which has no such values: `sim.swept` draws it for a sweep.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sim.plots import COLOURS, Picture, colour, save
from sim.proportion import Proportion
from sim.units import NotADuration, us

MARKERS = "osD^vP"
LOG_FROM = 12
"""Values whose largest is so many times the smallest are spaced by their logarithms."""


class Point(NamedTuple):
    """What one value of the setting came to."""

    value: str
    rate: Proportion


class Curve(NamedTuple):
    """One line: a protocol, perhaps under a second setting that varies too."""

    label: str
    points: Sequence[Point]
    worked_out: Sequence[float] = ()
    """What the rate should be at each point, if somebody worked it out."""


Panels = Mapping[str, Sequence[Curve]]
"""Variant -> its lines."""


def draw_against(setting: str, what: str, panels: Panels, path: Path) -> Picture:
    """Draw `what` against the setting into the file."""
    figure = Figure(figsize=(6.4 * len(panels), 4.4), layout="constrained")
    row = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    labels = list(dict.fromkeys(curve.label for curves in panels.values() for curve in curves))
    for axes, (variant, curves) in zip(row, panels.items(), strict=True):
        for curve in curves:
            _line(axes, curve, labels)
        _scale(axes, curves[0].points)
        axes.set_title(variant, fontsize=11)
        axes.set_xlabel(setting)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(PercentFormatter(1.0))
        axes.grid(axis="y", alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
    row[0].set_ylabel(f"{what}, with 95 % interval")
    handles, names = row[0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3, frameon=False)
    save(figure, path)
    return Picture(path, _caption(setting, what, panels))


def _line(axes: Axes, curve: Curve, labels: Sequence[str]) -> None:
    places = _places(curve.points)
    shown = [(x, each.rate) for x, each in zip(places, curve.points, strict=True) if each.rate.of]
    rates = [float(rate.rate or 0) for _, rate in shown]
    below = [rate - float(each.low or 0) for rate, (_, each) in zip(rates, shown, strict=True)]
    above = [float(each.high or 0) - rate for rate, (_, each) in zip(rates, shown, strict=True)]
    axes.errorbar(
        [x for x, _ in shown],
        rates,
        yerr=[below, above],
        color=colour(labels, curve.label),
        marker=MARKERS[labels.index(curve.label) % len(MARKERS)],
        capsize=3,
        label=curve.label,
    )
    if curve.worked_out:
        name = f"{curve.label}, worked out"
        axes.plot(places, curve.worked_out, color=COLOURS["grey"], linestyle="--", label=name)


def _scale(axes: Axes, points: Sequence[Point]) -> None:
    """Put a tick at every value, and let a wide range be spaced by its logarithms."""
    places = _places(points)
    if min(places) > 0 and max(places) >= LOG_FROM * min(places):
        axes.set_xscale("log")
    axes.set_xticks(places, [each.value for each in points])
    axes.set_xticks([], minor=True)


def _places(points: Sequence[Point]) -> list[float]:
    """Where the values stand: durations and numbers by size, others side by side."""
    sizes = [_size(each.value) for each in points]
    known = [size for size in sizes if size is not None]
    return known if len(known) == len(sizes) else [float(place) for place in range(len(sizes))]


def _size(value: str) -> float | None:
    try:
        return float(us(value))
    except NotADuration:
        pass
    try:
        return float(value)
    except ValueError:
        return None


def _caption(setting: str, what: str, panels: Panels) -> str:
    told = []
    for variant, curves in panels.items():
        for curve in curves:
            rates = [
                f"{each.value} {each.rate.rate:.2%}"
                for each in curve.points
                if each.rate.rate is not None
            ]
            told.append(f"{variant}, {curve.label}: {', '.join(rates)}")
    return f"{what} against {setting}; {'; '.join(told)}."
