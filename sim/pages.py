"""Pages: what `docs/payments.md` states in figures, written by running and never by hand.

    python -m sim.pages docs            the tables and the picture of one seed: two minutes
    python -m sim.pages docs --rates    the rates over many seeds too: ten minutes on two cores

The page keeps its text; between two marks of one name a block is replaced:

>>> page = "before\\n<!-- table -->\\nold\\n<!-- /table -->\\nafter\\n"
>>> print(put(page, "table", "new"))
before
<!-- table -->
new
<!-- /table -->
after
<BLANKLINE>
"""

import sys
from collections.abc import Iterable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import NamedTuple

from sim.checkers.duplicate_capture import repeated
from sim.claims import REGIONS, SEED, payments, trial
from sim.metrics.availability import asked
from sim.metrics.payments import row
from sim.plots import one_duplicate
from sim.run import play
from sim.scenario import Scenario, changed, load
from sim.windows import windows

DRAWN = ("partition", "set-nx")
"""The variant and the protocol whose duplicate is drawn."""

SEEDS = {
    ("incident", "set-nx"): 64,
    ("partition", "set-nx"): 64,
    ("partition", "downstream-unique"): 64,
}
"""How many seeds are counted, from 0 on …"""
SEEDS_ELSE = 16
"""… and where nothing else is said."""

Course = tuple[str, str]
"""A variant and a protocol."""


class Rate(NamedTuple):
    """What several seeds of one variant and protocol came to, with the shipped settings."""

    runs: int
    twice: int
    """Payments that were captured more than once."""
    meanwhile: int
    """Payments asked for while the fault lasted."""

    @property
    def share(self) -> float:
        return self.twice / self.meanwhile


def put(page: str, name: str, text: str) -> str:
    """Replace a block; raises ValueError if the page has no such marks."""
    begin, end = f"<!-- {name} -->\n", f"<!-- /{name} -->"
    before, found, rest = page.partition(begin)
    _, ended, after = rest.partition(end)
    if not found or not ended:
        raise ValueError(f"the page has no marks for {name!r}")
    return f"{before}{begin}{text.strip()}\n{end}{after}"


def block(page: str, name: str) -> str:
    """Return what stands between the marks of this name."""
    return page.partition(f"<!-- {name} -->\n")[2].partition(f"\n<!-- /{name} -->")[0]


def courses() -> list[Course]:
    scenario = load("payments")
    return [
        (variant.name, protocol) for variant in scenario.variants for protocol in scenario.protocols
    ]


# ── one seed ────────────────────────────────────────────────────────────────────────────────────


def table() -> str:
    """Return what one seed came to, in all variants and protocols, and which payment is drawn."""
    lines = [
        f"Seed {SEED}:",
        "",
        "| variant | protocol | captured twice | refused | answered within 10 s in the fault |",
        "|---|---|---|---|---|",
    ]
    for variant, protocol in courses():
        found = payments(variant, protocol).row
        lines.append(
            f"| {variant} | {protocol} | {found['duplicates']} | {found['refused']:,} "
            f"| {100 * found['availability_incident']:.1f} % |"
        )
    drawn = payments(*DRAWN).drawn
    lines += [
        "",
        f"[one-duplicate.png](one-duplicate.png) draws payment {drawn} of this seed step by",
        f"step: captured twice under {DRAWN[1]} in the {DRAWN[0]}.",
    ]
    return "\n".join(lines)


# ── the other scenarios ─────────────────────────────────────────────────────────────────────────


def quorum() -> str:
    """Return what protocols in three regions came to."""
    return "\n".join([*HEADING, *outcomes(load("quorum"))])


def controls() -> str:
    """Return what became of quorum-claim without each of its premises."""
    return "\n".join([*HEADING, *outcomes(load("quorum-controls"))])


def outlasts_ttl() -> str:
    """Return what keys that run out came to, and two protocols beside the scenario's."""
    scenario = load("outlasts-ttl")
    third = [f'regions=["{REGIONS[0]}", "{REGIONS[1]}", "UK South"]', 'protocols=["quorum-claim"]']
    forgets = ['protocols=["downstream-unique"]', "workload.provider_remembers=24h"]
    lines = [
        *outcomes(scenario),
        *outcomes(changed(scenario, forgets), ", and the provider forgets after 24 h"),
        *outcomes(changed(scenario, third), ", with UK South"),
    ]
    places = [variant.name for variant in scenario.variants]
    return "\n".join([*HEADING, *sorted(lines, key=lambda line: places.index(line.split()[1]))])


HEADING = (
    f"Seed {SEED}:",
    "",
    "| variant | protocol | captured twice | refused, or gave up "
    "| answered within 10 s in the fault | median, ms |",
    "|---|---|---|---|---|---|",
)


def outcomes(scenario: Scenario, but: str = "") -> list[str]:
    """Return a line for each variant and protocol; `but` says what is special."""
    lines = []
    for each in play(scenario, SEED):
        found = row(each.trial.history)
        lines.append(
            f"| {each.trial.variant} | {each.trial.protocol}{but} | {found['duplicates']} "
            f"| {found['refused']} | {100 * found['availability_incident']:.1f} % "
            f"| {found['latency_ms_p50']:.0f} |"
        )
    return lines


OF_ONE_SEED = {
    "table": table,
    "quorum": quorum,
    "quorum-controls": controls,
    "outlasts-ttl": outlasts_ttl,
}
"""The blocks of the page that take one seed, by their marks."""

# ── many seeds ──────────────────────────────────────────────────────────────────────────────────


def count(course: Course, seed: int) -> tuple[int, int]:
    """Return how many payments of one trial were captured twice, and asked for meanwhile."""
    history = trial(*course, seed=seed).history
    return len(repeated(history)), len(asked(history, "pay", windows(history)))


def rate(course: Course, seeds: Sequence[int], pool: Executor | None = None) -> Rate:
    """Count over seeds of the shipped scenario, in parallel if there is a pool."""
    run = pool.map if pool is not None else map
    counts: Iterable[tuple[int, int]] = run(count, repeat(course), seeds)
    twice, meanwhile = zip(*counts, strict=True)
    return Rate(len(seeds), sum(twice), sum(meanwhile))


def rates(pool: Executor) -> str:
    """Return the rates of all variants and protocols."""
    lines = [
        "| variant | protocol | seeds | captured twice | a run | of those asked for meanwhile |",
        "|---|---|---|---|---|---|",
    ]
    lines += [rate_line(course, pool) for course in courses()]
    return "\n".join(lines)


def rate_line(course: Course, pool: Executor) -> str:
    """Return the rates of one variant and protocol."""
    seeds = range(SEEDS.get(course, SEEDS_ELSE))
    found = rate(course, seeds, pool)
    return (
        f"| {course[0]} | {course[1]} | 0–{seeds[-1]} | {found.twice:,} "
        f"| {found.twice / found.runs:.1f} | {100 * found.share:.2f} % |"
    )


def main(folder: Path, with_rates: bool) -> None:
    """Write the blocks of the page, and the picture."""
    blocks = {name: write() for name, write in OF_ONE_SEED.items()}
    if with_rates:
        with ProcessPoolExecutor() as pool:
            blocks["rates"] = rates(pool)
    path = folder / "payments.md"
    page = path.read_text(encoding="utf-8")
    for name, text in blocks.items():
        page = put(page, name, text)
    path.write_text(page, encoding="utf-8")
    one_duplicate.draw([trial(*DRAWN)], folder)


if __name__ == "__main__":
    main(Path(sys.argv[1]), "--rates" in sys.argv[2:])
