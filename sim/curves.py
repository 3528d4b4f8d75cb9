"""Curves: the sweeps of `docs/payments.md`, over replication lag, users' time-out and a wait.

    python -m sim.curves docs           the table and the figures: five minutes on two idle cores

Nothing fails in these runs: lag alone is enough for duplicates, if a batch of writes waits for
longer than a user does. The five points of the first sweep are those at which the rate that
`sim.closed_form` works out is held against the simulated one.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import msgspec

from sim.closed_form import DESIGN
from sim.pages import put
from sim.scenario import Scenario, changed, load
from sim.sweep import Row, Summary, Sweep, summary, sweep
from sim.swept import draw, worked_out
from sim.workers import Workers, processes

CALM = ['variants=[{name="calm"}]', "checkers=['duplicate-capture']"]
"""Of everything else the runs would only be slower."""
OTHERS = ["downstream-unique", "home-region", "passive-replica"]
OTHERS_SEEDS = 1
"""None of them captures twice here, whatever the seed: that is for the tests to show."""


class Plan(NamedTuple):
    """A sweep of one setting, each value with seeds of its own.

    SUBTLE: a seed brings the same deaths and lost answers to every value. With the same seeds all
    points would be high or low together: five intervals, but one experiment.
    """

    key: str
    values: list[str]
    seeds: int
    """Of the protocol, for each value."""
    settings: tuple[str, ...] = ()
    protocol: str = DESIGN

    def seeds_of(self, value: str) -> range:
        first = self.seeds * self.values.index(value)
        return range(first, first + self.seeds)


LAG = Plan("sync.batch_interval", ["14s", "20s", "30s", "45s", "80s"], 26)
TIME_OUT = Plan(
    "workload.user_timeout",
    ["5s", "8s", "12s", "18s", "24s"],
    10,
    ("sync.batch_interval=30s",),
)
WAIT = Plan(
    "workload.designs.claim-set.wait",
    ["0s", "200ms", "500ms", "1s", "2s"],
    2,
    ("workload.hedged=0.2",),
    "claim-set",
)


def scenario(plan: Plan, protocols: Sequence[str]) -> Scenario:
    chosen = changed(load("payments"), [*CALM, *plan.settings])
    return msgspec.structs.replace(chosen, protocols=list(protocols))


def rows(plan: Plan, protocols: Sequence[str], most: int, workers: Workers) -> list[Row]:
    """Run some protocols at all values of the plan, each with no more seeds than `most`."""
    chosen = scenario(plan, protocols)
    return [
        row
        for value in plan.values
        for row in sweep(chosen, plan.seeds_of(value)[:most], {plan.key: [value]}, workers).rows
    ]


def table(lines: Sequence[Summary]) -> str:
    """Return what set-nx came to at each point of `LAG`, and what was worked out."""
    told = [
        "| longest wait for a batch | seeds | payments | captured twice | rate | 95 % interval "
        "| half of it, of the rate | worked out |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for line, rate in zip(lines, worked_out(lines, scenario(LAG, [DESIGN])), strict=True):
        value, found = line.settings[LAG.key], line.duplicates
        seeds = LAG.seeds_of(value)
        assert found.rate is not None
        assert found.low is not None
        assert found.high is not None
        told.append(
            f"| {value} | {seeds[0]}–{seeds[-1]} | {found.of:,} "
            f"| {found.count:,} | {100 * found.rate:.3f} % "
            f"| {100 * found.low:.3f}–{100 * found.high:.3f} % "
            f"| {100 * found.half_width / found.rate:.1f} % | {100 * rate:.3f} % |"
        )
    return "\n".join(told)


def write(folder: Path, workers: Workers) -> None:
    """Write the block of the page, and the figures."""
    path = folder / "payments.md"
    for plan in (LAG, TIME_OUT, WAIT):
        mine = rows(plan, [plan.protocol], plan.seeds, workers)
        if plan is LAG:
            page = path.read_text(encoding="utf-8")
            path.write_text(put(page, "closed form", table(summary(mine))), encoding="utf-8")
        if plan.protocol == DESIGN:
            mine += rows(plan, OTHERS, OTHERS_SEEDS, workers)
        seeds = sorted({row.seed for row in mine})
        found = Sweep("payments", seeds, {plan.key: plan.values}, summary(mine), mine)
        draw(found, scenario(plan, [plan.protocol]), folder)


if __name__ == "__main__":
    write(Path(sys.argv[1]), processes())
