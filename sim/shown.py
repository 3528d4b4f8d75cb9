"""Shown: how a run, a divergence and lists look on a terminal. Colour and boxes are rich's."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from textwrap import shorten
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

from sim.conflicts import Met, Story
from sim.divergence import Divergence
from sim.export import Exported
from sim.listing import NOTES, Named
from sim.metrics import legends
from sim.plots import Picture
from sim.proportion import Proportion
from sim.run import Judged, Run, title
from sim.sweep import Summary, Sweep
from sim.units import human

EVIDENCE_LINES = 2
"""Shown here; all of them are in verdicts.json."""
TABLE_ROWS_MAX = 24
"""Longer tables are only named; all of them are in tables.json."""

CAUSES_SHOWN = 6
CAUSE_CHARACTERS = 120

_MARKS = {"valid": "✓", "invalid": "✗", "unknown": "?"}


def show_run(console: Console, run: Run, pictures: Sequence[Picture], folder: Path) -> None:
    """Print tables, verdicts, what the figures show, and how to run it again."""
    scenario = run.scenario
    _line(console, f"[bold]{escape(scenario.title)}[/bold]  ({scenario.name}, seed {run.seed})")
    if scenario.about:
        _line(console, escape(" ".join(scenario.about.split())))
    # What the workload is about comes first.
    about = scenario.workload.__struct_config__.tag
    for name, rows in sorted(run.tables.items(), key=lambda table: table[0] != about):
        if len(rows) <= TABLE_ROWS_MAX:
            _whole(console, _rows(name.replace("_", " "), rows))
            _line(console, escape(legends().get(name, "")) + "\n", style="dim")
        else:
            _line(console, f"[bold]{escape(name)}[/bold]: {len(rows)} rows, see tables.json\n")
    _whole(console, _verdicts(run))
    for judged in run.verdicts:
        if judged.verdict != "valid" or not judged.expected:
            _show_evidence(console, judged)
    for picture in pictures:
        figure = picture.path.relative_to(folder)
        _line(console, f"\n[bold]{escape(str(figure))}[/bold]: {escape(picture.caption)}")
    console.print()
    _line(console, _outcome(run))
    _line(console, f"fingerprint {run.fingerprint}, kept in {escape(str(folder))}")
    _line(console, f"again: crdb replay {escape(str(folder))}")


def show_sweep(console: Console, found: Sweep, pictures: Sequence[Picture], folder: Path) -> None:
    """Print the summary of a sweep, and what the figures show."""
    seeds = f"{found.seeds[0]}–{found.seeds[-1]}" if len(found.seeds) > 1 else str(found.seeds[0])
    name = found.scenario or "scenario"
    trials = f"{len(found.rows):,} trials"
    _line(console, f"[bold]{escape(name)}[/bold]  ({trials}, seeds {seeds}, 95 % intervals)")
    _whole(console, _rows("summary", [_summary(line) for line in found.summary]))
    for picture in pictures:
        figure = picture.path.relative_to(folder)
        _line(console, f"[bold]{escape(str(figure))}[/bold]: {escape(picture.caption)}\n")
    wrong = sum(bool(row.unexpected) for row in found.rows)
    if wrong:
        told = f"{wrong} of {trials} have verdicts that are not as expected"
        _line(console, f"[bold red]{told}")
    _line(console, f"kept in {escape(str(folder))}")


def _summary(line: Summary) -> dict[str, Any]:
    """Return a line of the table; what a scenario has none of says nothing, and takes no room."""
    return {
        "variant": line.variant,
        "protocol": line.protocol,
        **line.settings,
        "seeds": line.seeds,
        "payments": line.duplicates.of or None,
        "captured twice": line.duplicates.count if line.duplicates.of else None,
        "share": _shares(line.duplicates),
        "refused": _shares(line.refused),
        "in time, in faults": _shares(line.in_time_in_fault),
        "not as expected": _shares(line.unexpected),
    }


def _shares(found: Proportion) -> str | None:
    """Return a rate with its interval.

    >>> from sim.proportion import proportion
    >>> _shares(proportion(15, 2_500)), _shares(proportion(0, 0))
    ('0.60 % (0.36–0.99)', None)
    """
    if found.rate is None or found.low is None or found.high is None:
        return None
    return f"{100 * found.rate:.2f} % ({100 * found.low:.2f}–{100 * found.high:.2f})"


def show_exports(console: Console, written: Sequence[Exported]) -> None:
    """Print what was exported, and what could not be."""
    for each in written:
        left = f", {each.left_out:,} operations left out" if each.left_out else ""
        _line(console, f"{escape(str(each.path))}: {each.events:,} events{left}")


def show_divergence(console: Console, found: Divergence, left: str, right: str) -> None:
    """Print where two runs part, one above the other."""
    _line(console, f"[bold]{escape(found.trial)}[/bold] comes out otherwise, because of")
    for cause in found.causes[:CAUSES_SHOWN]:
        _line(console, f"  {escape(shorten(cause, CAUSE_CHARACTERS, placeholder=' …'))}")
    if len(found.causes) > CAUSES_SHOWN:
        more = len(found.causes) - CAUSES_SHOWN
        _line(console, f"  … {more} more, as scenario.json of both tells", style="dim")
    if found.before:
        _line(console, "the last that both have")
        for line in found.before:
            _line(console, f"  {escape(line)}", style="dim")
    _line(console, "the first difference")
    width = max(len(left), len(right))
    _line(console, f"  [red]{escape(left.ljust(width))}  {escape(found.left)}")
    _line(console, f"  [green]{escape(right.ljust(width))}  {escape(found.right)}")


def show_names(console: Console, section: str, names: Named, *, lines: bool) -> None:
    """Print one section of the list, with a line for each name or all in one paragraph."""
    note = NOTES.get(section, "")
    _line(console, f"[bold]{section}[/bold]" + (f"  {len(names)}, {escape(note)}" if note else ""))
    if not lines:
        _line(console, "  " + escape(", ".join(name for name, _ in names)))
        return
    width = max(len(name) for name, _ in names)
    for name, about in names:
        _line(console, f"  {escape(name.ljust(width))}  [dim]{escape(about)}[/dim]")


def show_conflicts(console: Console, story: Story, rows: Sequence[Met]) -> None:
    """Print what both regions read after each pair of a type's operations."""
    begin = ", ".join(story.begin) or "nothing"
    _line(console, f"[bold]{story.title}[/bold]  {escape(story.rule)}")
    _line(console, escape(f"Both begin with {begin}; both read {story.read}."))
    columns = ("one region", "the other", "both read", "who says so")
    table = _table("", dict(zip(columns, zip(*rows, strict=True), strict=True)), lines=())
    _whole(console, table)


def _line(console: Console, line: str, style: str = "") -> None:
    """Print one line, and let the terminal fold it: cut at words, a path could not be copied."""
    console.print(line, style=style, soft_wrap=True)


def _whole(console: Console, table: Table) -> None:
    """Print a table with nothing cut off: in a narrow terminal it is wider than that."""
    boundless = console.options.update(max_width=10_000)
    least = Measurement.get(console, boundless, table).minimum
    console.print(table, width=max(console.width, least), crop=False)


def _table(caption: str, columns: Mapping[str, Sequence[Any]], *, lines: Iterable[int]) -> Table:
    """A table of columns, with a line below the rows of these numbers."""
    table = Table(title=caption, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for name, values in columns.items():
        words = any(isinstance(value, str) and not isinstance(value, Figure) for value in values)
        # Only a heading may be folded, and only between words.
        parts = [*map(_cell, values), *name.split()]
        width = max(Text.from_markup(part).cell_len for part in parts)
        table.add_column(name, justify="left" if words else "right", min_width=width)
    ends = frozenset(lines)
    for number, row in enumerate(zip(*columns.values(), strict=True)):
        table.add_row(*map(_cell, row), end_section=number in ends)
    return table


def _rows(caption: str, rows: Sequence[dict[str, Any]]) -> Table:
    """A table of rows, one group a value of the first column."""
    # A column in which nothing is said, such as the protocol where there are none, takes no room.
    names = [name for name in rows[0] if any(row[name] not in ("", None) for row in rows)]
    groups = [row[names[0]] for row in rows]
    ends = [number for number, pair in enumerate(pairwise(groups)) if pair[0] != pair[1]]
    columns = {
        name.replace("_ms", "").replace("_", " "): [_readable(name, row[name]) for row in rows]
        for name in names
    }
    return _table(caption, columns, lines=ends)


def _verdicts(run: Run) -> Table:
    """Trials down, checkers across."""
    columns: dict[str, list[Any]] = {"trial": [each.title for each in run.printed]}
    for each in run.verdicts:
        columns.setdefault(each.checker, []).append(Marked(_mark(each)))
    return _table("verdicts", columns, lines=())


class Marked(str):
    """A cell that has rich's markup."""


class Figure(str):
    """A number with its unit."""


def _readable(name: str, value: Any) -> Any:
    """A value of a column; the files keep milliseconds and shares as they are."""
    if value is None:
        return None
    if "_ms" in name:
        return Figure(human(round(1000 * value)))
    return Figure(f"{100 * value:.1f} %") if name.startswith("availability") else value


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Marked):
        return value
    return escape(f"{value:,}" if isinstance(value, int | float) else str(value))


def _mark(judged: Judged) -> str:
    mark = f"{_MARKS[judged.verdict]} {judged.verdict}"
    if not judged.expected:
        return f"[bold red]{mark}, {judged.standing}[/bold red]"
    return f"[green]{mark}[/green]" if judged.verdict == "valid" else f"{mark}, {judged.standing}"


def _show_evidence(console: Console, judged: Judged) -> None:
    mark = judged.standing if judged.expected else f"[bold red]{judged.standing}[/bold red]"
    _line(console, f"{escape(_verdict(judged))}, {mark}")
    _indent(console, judged.evidence[:EVIDENCE_LINES])
    more = len(judged.evidence) - EVIDENCE_LINES
    if more > 0:
        _indent(console, [f"… {more} more lines in verdicts.json"])


def _verdict(judged: Judged) -> str:
    return f"{title(judged.variant, judged.protocol)}: {judged.checker} is {judged.verdict}"


def _outcome(run: Run) -> str:
    """The last word: whether everything is as the scenario expects, or else what is not."""
    wrong = [_verdict(each) for each in run.verdicts if not each.expected]
    if not wrong:
        return "[green]everything as the scenario expects[/green]"
    told = f"{len(wrong)} of {len(run.verdicts)} verdicts are not as the scenario expects: "
    return f"[bold red]{escape(told + '; '.join(wrong))}[/bold red]"


def _indent(console: Console, lines: Iterable[str]) -> None:
    for line in lines:
        _line(console, f"  {escape(line)}", style="dim")
