"""Availability over time: one panel a variant, one line a protocol, the faults shaded."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from sim.metrics.availability import in_faults, objective_us, over_time
from sim.plots import COLOURS, Picture, by_variant, colour, save
from sim.trial import Trial
from sim.units import MINUTE, SECOND, human
from sim.windows import windows

ASKED = "pay"
BIN_US = 30 * SECOND
DASHES = ("-", "-", "-", (0, (2, 2)), (0, (6, 2)), "-.")


def draw(trials: Sequence[Trial], folder: Path) -> list[Picture]:
    """Draw what users got of what they asked for; one file for all variants."""
    shown = [trial for trial in trials if over_time(trial.history, ASKED, BIN_US)]
    if not shown:
        return []
    protocols = list(dict.fromkeys(trial.protocol for trial in shown))
    panels = by_variant(shown)
    figure = Figure(figsize=(6.4 * len(panels), 4.2), layout="constrained")
    row = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (variant, mine) in zip(row, panels.items(), strict=True):
        _panel(axes, variant, mine, protocols)
    within_us = objective_us(shown[0].history, ASKED)
    limit = f" within {human(within_us)}" if within_us is not None else ""
    row[0].set_ylabel(f"payments answered{limit}")
    handles, labels = row[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=len(labels), frameon=False)
    path = folder / "availability.png"
    save(figure, path)
    return [Picture(path, _caption(panels, limit))]


def _panel(axes: Axes, variant: str, trials: Sequence[Trial], protocols: Sequence[str]) -> None:
    for window in windows(trials[0].history):
        axes.axvspan(
            window.begin_us / MINUTE,
            window.end_us / MINUTE,
            color=COLOURS["grey"],
            alpha=0.15,
            lw=0,
        )
        middle = (window.begin_us + window.end_us) / 2 / MINUTE
        text = f"{window.what}: {window.place}"
        axes.text(middle, 1.04, text, ha="center", va="center", fontsize=9, color="#444444")
    for trial in trials:
        bins = [each for each in over_time(trial.history, ASKED, BIN_US) if each.asked]
        index = protocols.index(trial.protocol)
        axes.plot(
            [(each.begin_us + BIN_US / 2) / MINUTE for each in bins],
            [each.good / each.asked for each in bins],
            color=colour(protocols, trial.protocol),
            linestyle=DASHES[index % len(DASHES)],
            linewidth=2.2,
            label=trial.protocol,
        )
    axes.set_title(f"{variant}: {_message(trials)}", fontsize=11)
    axes.set_xlabel("minutes")
    axes.set_ylim(-0.02, 1.09)
    axes.yaxis.set_major_formatter(PercentFormatter(1.0))
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
    axes.grid(axis="y", alpha=0.3)
    axes.spines[["top", "right"]].set_visible(False)


def _message(trials: Sequence[Trial]) -> str:
    shares = _shares(trials)
    if not shares:
        return "no fault"
    worst = min(shares, key=lambda protocol: shares[protocol])
    best = max(shares, key=lambda protocol: shares[protocol])
    return f"{worst} serves {shares[worst]:.1%}, {best} {shares[best]:.1%}"


def _caption(panels: dict[str, list[Trial]], limit: str) -> str:
    parts = []
    for variant, trials in panels.items():
        figures = [f"{protocol} {share:.1%}" for protocol, share in _shares(trials).items()]
        if figures:
            parts.append(f"{variant}: {', '.join(figures)}")
    return f"Of the payments asked for during the fault, answered{limit}: {'; '.join(parts)}."


def _shares(trials: Sequence[Trial]) -> dict[str, float]:
    found = {trial.protocol: in_faults(trial.history, ASKED).share for trial in trials}
    return {protocol: share for protocol, share in found.items() if share is not None}
