"""The plots, one file each: figures from trials, drawn without a screen, the same every time.

A plot has ``draw(trials, folder) -> list[Picture]``: it writes PNG files into the folder and says
in a caption, with the numbers, what each of them shows; no pictures where it does not apply.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from matplotlib.figure import Figure

from crdb import registry
from sim.trial import Trial

COLOURS = {
    "orange": "#e69f00",
    "sky": "#56b4e9",
    "green": "#009e73",
    "blue": "#0072b2",
    "red": "#d55e00",
    "pink": "#cc79a7",
    "grey": "#666666",
}
"""Distinguishable by colour-blind eyes: Okabe and Ito, 2008."""

PROTOCOL_COLOURS = ("sky", "red", "orange", "green", "pink", "blue")


class Picture(NamedTuple):
    """A figure on disk, and what it shows."""

    path: Path
    caption: str


def by_variant(trials: Sequence[Trial]) -> dict[str, list[Trial]]:
    """Return the trials of each variant, in their order: one panel each."""
    panels: dict[str, list[Trial]] = {}
    for trial in trials:
        panels.setdefault(trial.variant, []).append(trial)
    return panels


def colour(protocols: Sequence[str], protocol: str) -> str:
    """Return the colour that a protocol has in all figures of one run."""
    return COLOURS[PROTOCOL_COLOURS[protocols.index(protocol) % len(PROTOCOL_COLOURS)]]


def save(figure: Figure, path: Path, title: str = "") -> None:
    """Write a PNG that knows its title, but not the library, whose version would change it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=120, metadata={"Software": None, "Title": title or path.stem})


def draw_all(trials: Sequence[Trial], folder: Path) -> list[Picture]:
    """Draw every figure that applies to these trials."""
    return [
        picture
        for module in registry.members("sim.plots")
        if hasattr(module, "draw")
        for picture in module.draw(trials, folder)
    ]
