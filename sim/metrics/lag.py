"""Replication lag: how long the oldest write of each message took to become visible elsewhere."""

from collections.abc import Sequence

from sim.history import Lag
from sim.metrics import Row, heading, ms, percentile
from sim.trial import Trial

TABLE = "lag"
LEGEND = "from the making of a message's oldest write until it showed in the target region"


def rows(trials: Sequence[Trial]) -> list[Row]:
    """One row for each direction between two regions."""
    made = []
    for trial in trials:
        directions: dict[tuple[str, str], list[Lag]] = {}
        for lag in trial.history.lags:
            directions.setdefault((lag.source, lag.target), []).append(lag)
        for (source, target), lags in sorted(directions.items()):
            times = [lag.lag_us for lag in lags]
            made.append(
                heading(trial)
                | {
                    "source": source,
                    "target": target,
                    "messages": len(lags),
                    "writes": sum(lag.writes for lag in lags),
                    "lag_ms_p50": ms(percentile(times, 0.5)),
                    "lag_ms_p99": ms(percentile(times, 0.99)),
                    "lag_ms_max": ms(max(times)),
                }
            )
    return made
