"""Space-time diagrams: one lane a place, time downwards, messages as arrows.

Rows are in the order of time but not to scale: a reply after a quarter of a millisecond and a wait
of ten minutes both have to be seen. The time stands beside each row.

>>> lanes = ["Berlin", "Tokyo"]
>>> sent = Arrow("Berlin", 1_000, "Tokyo", 120_000, "visits +1")
>>> lost = Arrow("Tokyo", 2_000, "Berlin", None, "visits +10")
>>> figure = diagram(lanes, [Point("Berlin", 130_000, "reads 1")], [sent, lost], "Berlin waits")
>>> sorted(rows_of([], [sent, lost]).values())
[0, 1, 2]
"""

from collections.abc import Iterable, Sequence
from itertools import groupby
from textwrap import fill, wrap
from typing import Any, NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from sim.plots import COLOURS
from sim.units import clock

WIDTH_PER_LANE = 1.9
HEIGHT_PER_ROW = 0.36
WIDTH_PER_LETTER = 0.085
"""Of a point's label; sizes are in inches."""
TITLE_WIDTH_PER_LETTER = 0.11
LABEL_LETTERS = 24
"""A longer label of a point takes two lines."""


class Point(NamedTuple):
    """Something that happens at one place."""

    lane: str
    at_us: int
    label: str
    colour: str = "blue"
    """A key of `sim.plots.COLOURS`."""


class Arrow(NamedTuple):
    """A message, or one that never arrives."""

    source: str
    sent_us: int
    target: str
    arrived_us: int | None
    """None: lost on the way."""
    label: str = ""
    colour: str = "grey"
    dashed: bool = False
    """For what takes so long that other messages cross it."""


class Span(NamedTuple):
    """A time to be shaded, with what was wrong then.

    Of the rows at its ends, the last is inside and the first is not: who acts and then lets a fault
    begin, or end, in the same microsecond has acted before.
    """

    begin_us: int
    end_us: int
    label: str


def diagram(
    lanes: Sequence[str],
    points: Sequence[Point],
    arrows: Sequence[Arrow],
    title: str,
    spans: Iterable[Span] = (),
) -> Figure:
    """Draw lanes from left to right; raises KeyError for a lane that is not among them."""
    rows = rows_of(points, arrows)
    height = max(rows.values(), default=0) + 1
    labels = [_folded(point.label) for point in points]
    letters = max((len(line) for label in labels for line in label.split("\n")), default=0)
    lane_width = max(WIDTH_PER_LANE, WIDTH_PER_LETTER * letters + 0.2)
    # The last lane has half a lane's room on its right, or a whole one for labels.
    right = 1.0 if any(point.lane == lanes[-1] for point in points) else 0.55
    width = lane_width * (len(lanes) - 0.45 + right - 0.1) + 1.2
    figure = Figure(figsize=(width, HEIGHT_PER_ROW * height + 1.4), layout="constrained")
    axes = figure.subplots()
    columns = {lane: column for column, lane in enumerate(lanes)}
    _frame(axes, lanes, rows, right)
    _shade(axes, spans, rows)
    for arrow in arrows:
        _arrow(axes, arrow, columns, rows)
    for point, label in zip(points, labels, strict=True):
        _point(axes, point._replace(label=label), columns, rows)
    axes.set_title(fill(title, int(width / TITLE_WIDTH_PER_LETTER)), fontsize=12, pad=28)
    return figure


def rows_of(points: Iterable[Point], arrows: Iterable[Arrow]) -> dict[int, int]:
    """Return the row of each time that occurs."""
    times = {point.at_us for point in points}
    for arrow in arrows:
        times |= {arrow.sent_us} | ({arrow.arrived_us} if arrow.arrived_us is not None else set())
    return {at_us: row for row, at_us in enumerate(sorted(times))}


def _folded(label: str) -> str:
    """Two lines at most; of a longer label its beginning and its end, which is a reply.

    >>> _folded("SET payment:idem:17 europe NX EX 86400 → OK")
    'SET payment:idem:17\\neurope NX EX 86400 → OK'
    """
    lines = wrap(label, LABEL_LETTERS, break_on_hyphens=False)
    if len(lines) > 2:
        lines = [label[:LABEL_LETTERS], f"… {label[2 - LABEL_LETTERS :].lstrip()}"]
    return "\n".join(lines)


def _frame(axes: Axes, lanes: Sequence[str], rows: dict[int, int], right: float) -> None:
    axes.set_xlim(-0.55, len(lanes) - 1 + right)
    axes.set_ylim(max(rows.values(), default=0) + 0.6, -0.6)
    for column in range(len(lanes)):
        axes.axvline(column, color="#999999", linewidth=1.4, zorder=1)
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(lanes)), [lane.replace(" ", "\n", 1) for lane in lanes], fontsize=10)
    axes.set_yticks(list(rows.values()), [clock(at_us) for at_us in rows], fontsize=8)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)


def _shade(axes: Axes, spans: Iterable[Span], rows: dict[int, int]) -> None:
    """Shade each row once, however many spans it is in."""
    held = list(spans)
    left, _ = axes.get_xlim()
    for label, stretch in groupby(rows, key=lambda at_us: _wrong_at(held, at_us)):
        if not label:
            continue
        inside = [rows[at_us] for at_us in stretch]
        top, bottom = inside[0] - 0.5, inside[-1] + 0.5
        axes.axhspan(top, bottom, color=COLOURS["grey"], alpha=0.12, lw=0, zorder=0)
        axes.text(
            left + 0.02, bottom - 0.08, label, ha="left", va="bottom", fontsize=8, color="#444444"
        )


def _wrong_at(spans: Iterable[Span], at_us: int) -> str:
    found = [span.label for span in spans if span.begin_us < at_us <= span.end_us]
    return "\n".join(dict.fromkeys(found))


def _arrow(axes: Axes, arrow: Arrow, columns: dict[str, int], rows: dict[int, int]) -> None:
    start = (columns[arrow.source], rows[arrow.sent_us])
    aim = columns[arrow.target]
    if arrow.arrived_us is not None:
        end: tuple[float, float] = (aim, rows[arrow.arrived_us])
    else:
        end = (start[0] + 0.62 * (aim - start[0]), start[1] + 0.35)
    tint = COLOURS[arrow.colour]
    style: dict[str, Any] = {
        "arrowstyle": "-|>",
        "color": tint,
        "lw": 1.5,
        "shrinkA": 0,
        "shrinkB": 0,
    }
    if arrow.dashed:
        style |= {"linestyle": (0, (5, 4)), "lw": 1.2}
    axes.annotate("", end, start, arrowprops=style, zorder=2)
    if arrow.arrived_us is None:
        axes.plot(*end, marker="x", color=tint, markersize=9, markeredgewidth=2.2, zorder=4)
    share = 0.88 if arrow.dashed else 0.5
    middle = (
        start[0] + share * (end[0] - start[0]),
        start[1] + share * (end[1] - start[1]) - 0.12,
    )
    axes.text(
        *middle,
        arrow.label,
        ha="center",
        va="bottom",
        fontsize=8.5,
        color=tint,
        zorder=5,
        bbox=_BACKGROUND,
    )


def _point(axes: Axes, point: Point, columns: dict[str, int], rows: dict[int, int]) -> None:
    column, row = columns[point.lane], rows[point.at_us]
    tint = COLOURS[point.colour]
    axes.plot(column, row, marker="o", color=tint, markersize=8, zorder=4)
    axes.text(
        column + 0.07,
        row,
        point.label,
        ha="left",
        va="center",
        fontsize=8.5,
        color=tint,
        fontweight="bold",
        zorder=6,
        bbox=_BACKGROUND,
    )


_BACKGROUND = {"facecolor": "white", "alpha": 0.75, "edgecolor": "none", "pad": 0.6}
