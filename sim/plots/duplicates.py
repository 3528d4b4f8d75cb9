"""Duplicates by protocol: how many payments were captured more than once, one panel a variant."""

from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from sim.checkers.duplicate_capture import captures, repeated
from sim.plots import Picture, by_variant, colour, save
from sim.trial import Trial


def draw(trials: Sequence[Trial], folder: Path) -> list[Picture]:
    """Draw one bar a protocol; one file for all variants."""
    shown = [trial for trial in trials if captures(trial.history)]
    if not shown:
        return []
    protocols = list(dict.fromkeys(trial.protocol for trial in shown))
    panels = by_variant(shown)
    figure = Figure(figsize=(5.2 * len(panels), 3.8), layout="constrained")
    row = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
    for axes, (variant, mine) in zip(row, panels.items(), strict=True):
        _panel(axes, variant, mine, protocols)
    row[0].set_ylabel("payments captured twice or more")
    path = folder / "duplicates.png"
    save(figure, path)
    told = [f"{variant}: {_counts(mine)}" for variant, mine in panels.items()]
    return [Picture(path, f"Payments captured more than once: {'; '.join(told)}.")]


def _panel(axes: Axes, variant: str, trials: Sequence[Trial], protocols: Sequence[str]) -> None:
    counts = [len(repeated(trial.history)) for trial in trials]
    bars = axes.bar(
        [trial.protocol for trial in trials],
        counts,
        color=[colour(protocols, trial.protocol) for trial in trials],
        width=0.65,
    )
    axes.bar_label(bars, fontsize=11, padding=2)
    guilty = [trial.protocol for trial, count in zip(trials, counts, strict=True) if count]
    message = f"{', '.join(guilty)} charged twice" if guilty else "nobody was charged twice"
    axes.set_title(f"{variant}: {message}", fontsize=11)
    # Side by side there is room for a word of each name, and not for all of it.
    names = [trial.protocol.replace("-", "-\n") for trial in trials]
    axes.set_xticks(range(len(names)), names, fontsize=9)
    axes.set_ylim(0, max(*counts, axes.get_ylim()[1], 1) * 1.12)
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    axes.spines[["top", "right"]].set_visible(False)


def _counts(trials: Sequence[Trial]) -> str:
    return ", ".join(f"{trial.protocol} {len(repeated(trial.history))}" for trial in trials)
