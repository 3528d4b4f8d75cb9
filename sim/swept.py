"""Swept: what a sweep leaves on disk.

    runs/<scenario>/sweep-<digest of settings, what varied and seeds>/
        scenario.json               the settings that did not vary, every default spelt out
        sweep.json                  as in `crdb sweep --json`: what varied, seeds, summary and rows
        rows.csv                    one line a trial: `sim.sweep.Row`
        summary.csv                 one line a setting, variant and protocol: `sim.sweep.Summary`
        versions.json               of Python and of what it was computed with
        figures/*.png               duplicates against what varied, with figures/README.md

In CSV a proportion takes five columns: what is counted under its own name, then ``_of``,
``_rate``, ``_low`` and ``_high``; settings take a column each. Everything but versions and figures
is the same, byte for byte, whoever computed it.
"""

import csv
import io
import re
import shutil
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from sim.closed_form import DESIGN, NotCovered, duplicate_rate
from sim.kept import prepare, versions
from sim.plots import Picture
from sim.plots.against import Curve, Point, draw_against
from sim.scenario import Scenario, changed, table_of
from sim.sweep import Row, Summary, Sweep, Varied

WHAT = "payments captured twice"


def folder_of(scenario: Scenario, seeds: Sequence[int], varied: Varied, out: Path) -> Path:
    """Where a sweep is kept below ``out``."""
    asked = [table_of(scenario), list(seeds), {key: list(each) for key, each in varied.items()}]
    # Not sorted: what varies first is the outer loop of the rows.
    digest = blake2b(msgspec.json.encode(asked), digest_size=4).hexdigest()
    return out / (scenario.name or "scenario") / f"sweep-{digest}"


def keep(found: Sweep, scenario: Scenario, folder: Path) -> list[Picture]:
    """Write everything in place of an earlier sweep, draw the figures, and return them.

    Raises `BadRun` where nothing can be written.
    """
    prepare(folder)
    shutil.rmtree(folder / "figures", ignore_errors=True)
    _write(folder / "scenario.json", table_of(scenario))
    _write(folder / "sweep.json", found)
    _write(folder / "versions.json", versions())
    (folder / "rows.csv").write_text(sheet(found.rows), encoding="utf-8")
    (folder / "summary.csv").write_text(sheet(found.summary), encoding="utf-8")
    pictures = draw(found, scenario, folder / "figures")
    if pictures:
        captions = [f"![]({each.path.name})\n\n{each.caption}\n" for each in pictures]
        (folder / "figures" / "README.md").write_text("\n".join(captions), encoding="utf-8")
    return pictures


def sheet(lines: Sequence[Row] | Sequence[Summary]) -> str:
    """Return the lines as CSV, with a head.

    >>> row = Row({"client.timeout": "1s"}, 7, "calm", "", 9, 0, 0, 0, 0, 0, ["a", "b"], "f00")
    >>> print(sheet([row]).replace("\\r", ""))
    client.timeout,seed,variant,protocol,operations,payments,duplicates,refused,asked_in_fault,\
in_time_in_fault,unexpected,fingerprint
    1s,7,calm,,9,0,0,0,0,0,a b,f00
    <BLANKLINE>
    """
    out = io.StringIO()
    cells = [flat(msgspec.to_builtins(line)) for line in lines]
    writer = csv.DictWriter(out, list(cells[0]) if cells else [])
    writer.writeheader()
    writer.writerows(cells)
    return out.getvalue()


def flat(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line without tables in it.

    >>> flat({"settings": {"a.b": "1"}, "duplicates": {"count": 2, "of": 4, "rate": 0.5}})
    {'a.b': '1', 'duplicates': 2, 'duplicates_of': 4, 'duplicates_rate': 0.5}
    """
    cells: dict[str, Any] = {}
    for name, value in line.items():
        if name == "settings":
            cells |= value
        elif isinstance(value, dict):
            cells[name] = value["count"]
            cells |= {f"{name}_{key}": each for key, each in value.items() if key != "count"}
        else:
            cells[name] = " ".join(value) if isinstance(value, list) else value
    return cells


# ── figures ─────────────────────────────────────────────────────────────────────────────────────


def draw(found: Sweep, scenario: Scenario, folder: Path) -> list[Picture]:
    """Draw duplicates against each setting that has several values; nothing without payments."""
    if not any(line.duplicates.of for line in found.summary):
        return []
    return [
        draw_against(key, WHAT, _panels(found, scenario, key), folder / f"{_word(key)}.png")
        for key, values in found.varied.items()
        if len(values) > 1
    ]


def _panels(found: Sweep, scenario: Scenario, key: str) -> dict[str, list[Curve]]:
    """Return the lines of each variant: one a protocol, and one more for each other setting."""
    panels: dict[str, dict[str, list[Summary]]] = {}
    for line in found.summary:
        others = [f"{name}={value}" for name, value in line.settings.items() if name != key]
        label = ", ".join([line.protocol or "all", *others])
        panels.setdefault(line.variant, {}).setdefault(label, []).append(line)
    return {
        variant: [_curve(label, lines, scenario, key) for label, lines in curves.items()]
        for variant, curves in panels.items()
    }


def _curve(label: str, lines: Sequence[Summary], scenario: Scenario, key: str) -> Curve:
    points = [Point(line.settings[key], line.duplicates) for line in lines]
    return Curve(label, points, worked_out(lines, scenario))


def worked_out(lines: Sequence[Summary], scenario: Scenario) -> list[float]:
    """Return the rate of duplicates that follows from the inputs, for each line of one protocol.

    Nothing where the closed form does not speak of the protocol, or of a line.
    """
    if any(line.protocol != DESIGN for line in lines):
        return []
    rates = []
    for line in lines:
        chosen = changed(scenario, [f"{key}={value}" for key, value in line.settings.items()])
        (variant,) = (each for each in chosen.variants if each.name == line.variant)
        try:
            rates.append(duplicate_rate(chosen, variant))
        except NotCovered:
            return []
    return rates


def _word(key: str) -> str:
    """Return a file's name for a key.

    >>> _word('clocks."East US".offset')
    'clocks-East-US-offset'
    """
    return re.sub(r"\W+", "-", key).strip("-")


def _write(path: Path, value: Any) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")
