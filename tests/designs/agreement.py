"""How often each design fails, with model clients and with real ones: see `docs/designs.md`.

    python -m tests.designs.agreement docs/designs.md     writes it: eight minutes on one core

One minute of payments, a fault that lasts for as long and begins 10 s after them, and more lost
answers than usual, so that something is to be counted. No packets are lost between payers and
stores: that is where the two kinds of clients differ, since TCP sends a lost packet again.
"""

import sys
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path
from typing import NamedTuple

from sim.checkers.duplicate_claim import granted_twice
from sim.history import History
from sim.metrics.availability import in_faults
from sim.metrics.payments import row
from sim.pages import put
from sim.proportion import Proportion, proportion
from sim.scenario import Scenario, changed, load
from sim.world import World

SEEDS = 64

KINDS = ("model", "redis")

COURSES = [
    ("passive-replica", 0),
    ("passive-replica", 1),
    ("set-nx", 0),
    ("set-nx", 1),
    ("claim-set", 0),
    ("claim-set", 1),
    ("home-region", 0),
    ("home-region", 1),
    ("downstream-unique", 1),
    ("quorum-claim", 0),
    ("quorum-claim", 1),
]
"""Designs, each with the number of a variant: the loss of West Europe, and a partition."""

SHORT = [
    "horizon=5m",
    "workload.lasts=1m",
    "workload.patience=3m",
    "workload.every=500ms",
    "workload.answer_loss=0.1",
    "workload.client_loss=0",
    *(
        f"variants.{number}.faults.0.{key}=1{unit}"
        for number in (0, 1)
        for key, unit in (("at", "0s"), ("lasts", "m"))
    ),
]
PROMOTED = 'workload.designs.passive-replica={failover_after = "50s", name_ttl = "5s"}'


class Counts(NamedTuple):
    """What some runs came to."""

    payments: int
    asked: int
    """Of them, those asked for in the fault."""
    captured_twice: int
    granted_twice: int
    refused: int
    """Told no, or gave up, and not charged."""
    late: int
    """Of those asked for in the fault: not answered within the objective of 10 s."""

    def rates(self) -> dict[str, Proportion]:
        """Return the proportions that are compared."""
        return {
            "captured twice": proportion(self.captured_twice, self.payments),
            "granted twice": proportion(self.granted_twice, self.payments),
            "refused": proportion(self.refused, self.payments),
            "late": proportion(self.late, self.asked),
        }


def scenario(design: str, clients: str, settings: Iterable[str] = ()) -> Scenario:
    name = "quorum" if design == "quorum-claim" else "payments"
    more = [] if name == "quorum" else [PROMOTED]
    return changed(load(name), [*SHORT, *more, f'workload.clients="{clients}"', *settings])


def world(
    design: str, variant: int, clients: str, seed: int, settings: Iterable[str] = ()
) -> World:
    """A world that has run."""
    course = scenario(design, clients, settings)
    made = World(course, course.variants[variant], design, seed)
    made.run()
    return made


def counts(history: History) -> Counts:
    figures, share = row(history), in_faults(history, "pay")
    return Counts(
        figures["payments"],
        share.asked,
        figures["duplicates"],
        len({claim.what for _, claim in granted_twice(history)}),
        figures["refused"],
        share.asked - share.good,
    )


def total(design: str, variant: int, clients: str, seeds: Iterable[int]) -> Counts:
    """Return what the runs of some seeds came to together."""
    each = [counts(world(design, variant, clients, seed).history) for seed in seeds]
    return Counts(*map(sum, zip(*each, strict=True)))


def agree(one: Proportion, other: Proportion) -> bool:
    """Whether each rate lies within the other's 95 % interval."""
    if None in (one.rate, one.low, one.high, other.rate, other.low, other.high):
        return False
    return bool(other.low <= one.rate <= other.high and one.low <= other.rate <= one.high)  # type: ignore[operator]


def line(course: tuple[str, int], seeds: int) -> str:
    """One row of the table: model | real, for each rate."""
    design, variant = course
    found = [total(design, variant, clients, range(seeds)) for clients in KINDS]
    pairs = zip(*(each.rates().values() for each in found), strict=True)
    cells = [f"{_told(model)} | {_told(real)}" for model, real in pairs]
    fault = "partition" if variant else "outage"
    return f"| {design} | {fault} | {found[0].payments:,} | {' | '.join(cells)} |"


def _told(share: Proportion) -> str:
    return f"{share.rate:.2%} ({share.low:.2%}–{share.high:.2%})" if share.count else "0"


def table(lines: Iterable[str]) -> str:
    names = Counts(1, 1, 0, 0, 0, 0).rates()
    heads = [f"{name}, {kind}" for name in names for kind in ("model", "real")]
    head = f"| design | fault | payments | {' | '.join(heads)} |"
    return "\n".join([head, "|---" * (len(heads) + 3) + "|", *lines])


def main(page: Path) -> None:
    with ProcessPoolExecutor() as workers:
        lines = list(workers.map(partial(line, seeds=SEEDS), COURSES))
    page.write_text(put(page.read_text(encoding="utf-8"), "agreement", table(lines)), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
