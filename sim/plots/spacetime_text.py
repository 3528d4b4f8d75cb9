"""Space-time diagrams in letters: the lanes, points and arrows of `sim.plots.spacetime`.

Time goes downwards, a row or more for each time at which something happens. ``●`` is a point,
``╰▶`` a message that leaves and ``╭▶`` one that arrives, each with the other lane's name, and with
``┄`` if it is dashed; ``✗`` is one that never arrives. Rows inside of a span have ``▒`` in front.

>>> sent = Arrow("Berlin", 1_000, "Tokyo", 120_000)
>>> cut = Span(500, 60_000, "slow: Berlin | Tokyo")
>>> print(columns(["Berlin", "Tokyo"], [Point("Berlin", 0, "INCR visits → 1")], [sent], [cut]))
            Berlin             Tokyo
  0:00.000  ● INCR visits → 1  │
            slow: Berlin | Tokyo
▒ 0:00.001  ╰▶ to Tokyo        │
  0:00.120  │                  ╭▶ from Berlin
"""

from collections.abc import Iterable, Iterator, Sequence

from sim.plots.spacetime import Arrow, Point, Span
from sim.units import clock

GAP = 2
"""Blanks between columns."""

Event = tuple[int, str, str]
"""When, in which lane, and what."""


def columns(
    lanes: Sequence[str],
    points: Iterable[Point],
    arrows: Iterable[Arrow],
    spans: Sequence[Span] = (),
) -> str:
    """Write lanes from left to right; raises KeyError for a lane that is not among them."""
    events = sorted([*_points(points), *_messages(arrows)], key=lambda event: event[0])
    widths = {lane: len(lane) for lane in lanes}
    for _, lane, told in events:
        widths[lane] = max(widths[lane], len(told))
    indent = " " * (len(clock(events[-1][0] if events else 0)) + 2)
    lines = [f"{indent}  {_row(widths, {lane: lane for lane in lanes})}"]
    said: set[Span] = set()
    for at_us, lane, told in events:
        inside = [span for span in spans if span.begin_us < at_us <= span.end_us]
        lines += [f"{indent}  {span.label}" for span in inside if span not in said]
        said |= set(inside)
        cells = dict.fromkeys(lanes, "│") | {lane: told}
        mark = "▒" if inside else " "
        lines.append(f"{mark}{clock(at_us):>{len(indent) - 1}}  {_row(widths, cells)}")
    return "\n".join(lines)


def _points(points: Iterable[Point]) -> Iterator[Event]:
    for point in points:
        yield point.at_us, point.lane, f"● {point.label}"


def _messages(arrows: Iterable[Arrow]) -> Iterator[Event]:
    for arrow in arrows:
        label = f": {arrow.label}" if arrow.label else ""
        line = "┄" if arrow.dashed else ""
        tip = "✗" if arrow.arrived_us is None else "▶"
        yield arrow.sent_us, arrow.source, f"╰{line}{tip} to {arrow.target}{label}"
        if arrow.arrived_us is not None:
            yield arrow.arrived_us, arrow.target, f"╭{line}▶ from {arrow.source}{label}"


def _row(widths: dict[str, int], cells: dict[str, str]) -> str:
    padded = [cells[lane].ljust(width + GAP) for lane, width in widths.items()]
    return "".join(padded).rstrip()
