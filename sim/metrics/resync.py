"""Resync: what it cost to bring regions up to date that no stream could serve any more."""

from collections.abc import Sequence

from sim.metrics import Row, heading
from sim.trial import Trial

TABLE = "resync"
LEGEND = "bytes on the wire; a digest says what its sender holds, a difference brings what it lacks"


def rows(trials: Sequence[Trial]) -> list[Row]:
    """One row for each direction in which a trial sent digests or differences."""
    made: list[Row] = []
    for trial in trials:
        sums: dict[tuple[str, str], dict[str, int]] = {}
        for each in trial.history.of_kind("resync"):
            row = sums.setdefault(
                (each.place, each.detail["to"]),
                {"digests": 0, "digest_bytes": 0, "differences": 0, "difference_bytes": 0},
            )
            row[f"{each.what}s"] += 1
            row[f"{each.what}_bytes"] += each.detail["bytes"]
        for (source, target), row in sorted(sums.items()):
            made.append(heading(trial) | {"source": source, "target": target} | row)
    return made
