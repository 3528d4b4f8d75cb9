"""Duplicates by design, one panel a variant."""

from pathlib import Path
from typing import Any

from matplotlib.figure import Figure


def draw(rows: list[dict[str, Any]], path: Path) -> Path:
    """Bars of duplicates; ``rows`` as in the payments table. Writes a PNG."""
    variants = list(dict.fromkeys(row["variant"] for row in rows))
    figure = Figure(figsize=(5 * len(variants), 3.6), layout="constrained")
    axes = figure.subplots(1, len(variants), squeeze=False, sharey=True)[0]
    for axis, variant in zip(axes, variants, strict=True):
        mine = [row for row in rows if row["variant"] == variant]
        bars = axis.bar(
            [row["design"].replace("-", "\n") for row in mine],
            [row["duplicates"] for row in mine],
            color="#0072b2",
        )
        axis.bar_label(bars)
        axis.set_title(variant)
        axis.set_ylabel("payments captured more than once")
    figure.suptitle("Which design captures a payment twice")
    figure.savefig(path, dpi=120, metadata={"Software": None})
    return path
