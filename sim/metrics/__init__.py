"""The metrics, one file each: figures from histories, and from nothing but histories.

A metric that makes a table has its name as ``TABLE``, the meaning of its columns as ``LEGEND`` and
``rows(trials)``: one or more rows a trial, in the order of the trials, each a plain object with the
trial's variant and protocol in front; no rows where it does not apply.
"""

from collections.abc import Iterable, Sequence
from fractions import Fraction
from typing import Any

from crdb import registry
from sim.rng import fraction
from sim.trial import Trial

Row = dict[str, Any]


def percentile(values: Iterable[int], share: Fraction | float) -> int | None:
    """Return the nearest rank: the smallest value that at least that share of all do not exceed.

    Exact: it is one of the values, and 0.99 is ninety-nine hundredths. None if there is no value.

    >>> percentile([40, 10, 30, 20], 0.5), percentile(range(1, 101), 0.99), percentile([], 0.5)
    (20, 99, None)
    """
    ordered = sorted(values)
    if not ordered:
        return None
    rank = -(-len(ordered) * fraction(share) // 1)
    return ordered[max(int(rank), 1) - 1]


def ms(duration_us: int | None) -> float | None:
    """Return microseconds as milliseconds; None stays None."""
    return None if duration_us is None else duration_us / 1000


def heading(trial: Trial) -> Row:
    """Return the columns with which every row begins."""
    return {"variant": trial.variant, "protocol": trial.protocol}


def legends() -> dict[str, str]:
    """Return what the columns of each table mean, in one line."""
    modules = [each for each in registry.members("sim.metrics") if hasattr(each, "LEGEND")]
    return {module.TABLE: module.LEGEND for module in modules}


def tables(trials: Sequence[Trial]) -> dict[str, list[Row]]:
    """Return every table that applies to these trials, by name."""
    made = {
        module.TABLE: module.rows(trials)
        for module in registry.members("sim.metrics")
        if hasattr(module, "TABLE")
    }
    return {name: rows for name, rows in made.items() if rows}
