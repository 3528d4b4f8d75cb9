"""Latency: how long each kind of operation took, as the clients saw it.

A time-out counts with the time that the client waited: it is what the client saw. Operations that
were cut short at the end of the run are counted as unanswered only.
"""

from collections.abc import Sequence

from sim.history import INFO, History, Op
from sim.metrics import Row, heading, ms, percentile
from sim.trial import Trial

TABLE = "latency"
LEGEND = "as the clients saw it, time-outs included; unanswered: whether it happened is not known"


def by_operation(history: History) -> dict[str, list[Op]]:
    """Return the operations by name, the names in alphabetical order."""
    found: dict[str, list[Op]] = {}
    for op in history.ops:
        found.setdefault(op.name, []).append(op)
    return dict(sorted(found.items()))


def row(name: str, ops: Sequence[Op]) -> Row:
    times = [op.completed_us - op.invoked_us for op in ops if op.completed_us is not None]
    return {
        "operation": name,
        "count": len(ops),
        "unanswered": sum(op.outcome is INFO for op in ops),
        "latency_ms_p50": ms(percentile(times, 0.5)),
        "latency_ms_p90": ms(percentile(times, 0.9)),
        "latency_ms_p99": ms(percentile(times, 0.99)),
        "latency_ms_max": ms(max(times, default=None)),
    }


def rows(trials: Sequence[Trial]) -> list[Row]:
    return [
        heading(trial) | row(name, ops)
        for trial in trials
        for name, ops in by_operation(trial.history).items()
    ]
