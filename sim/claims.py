"""Claims: what an article on building with active-active Redis says, run instead of believed.

Each claim is a function: its docstring is the claim in our words, it runs something, and returns
what was measured with a verdict. `page` renders all of them; ``docs/claims.md`` is its output:

    python -m sim.claims > docs/claims.md

>>> both_increments_count()
Measured(text='INCR in two regions, then GET: 2 and 2', verdict='holds')
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from sim.lab import Lab
from sim.metrics import Row, percentile
from sim.metrics.availability import asked, in_faults
from sim.metrics.payments import row
from sim.plots.one_duplicate import simplest
from sim.scenario import changed, load
from sim.trial import Trial
from sim.units import human
from sim.windows import windows
from sim.world import World

REGIONS = ("West Europe", "East US")
SEED = 0


class Measured(NamedTuple):
    """What a claim comes to when it is run."""

    text: str
    verdict: str
    """``holds``, ``does not hold``, or ``holds, but …``."""


Check = Callable[[], Measured]


class Claim(NamedTuple):
    scenario: str
    """What was run: ``lab``, or a scenario and its variant."""
    check: Check


CLAIMS: list[Claim] = []


def claim(scenario: str) -> Callable[[Callable[[], Measured]], Callable[[], Measured]]:
    """Enter a function into the page."""

    def enter(check: Check) -> Check:
        CLAIMS.append(Claim(scenario, check))
        return check

    return enter


class Result(NamedTuple):
    """What is kept of one trial of the payments scenario."""

    row: Row
    drawn: str
    """The payment that a figure of one duplicate draws; empty if there is none."""


def trial(variant: str, protocol: str, *settings: str, seed: int = SEED) -> Trial:
    """Run the payments scenario in one variant under one protocol; `settings` are as for --set."""
    scenario = changed(load("payments"), settings)
    (chosen,) = [each for each in scenario.variants if each.name == variant]
    return Trial(variant, protocol, World(scenario, chosen, protocol, seed).run())


@cache
def payments(variant: str, protocol: str) -> Result:
    """Return what came out of a trial of the shipped scenario."""
    found = trial(variant, protocol)
    drawn = simplest([found])
    return Result(row(found.history), drawn[1].payment if drawn else "")


@claim("lab")
def concurrent_writes_converge() -> Measured:
    """Concurrent writes in two regions converge to one value everywhere."""
    lab = Lab(*REGIONS)
    lab.cut()
    for name in REGIONS:
        lab[name](f"SET s {name.replace(' ', '-')}")
        lab[name]("INCR c")
        lab[name](f"SADD m {name.replace(' ', '-')}")
    lab.heal()
    lab.converge()
    agree = all(lab.read(key).agree() for key in "scm")
    text = "a string, a counter and a set written on both sides of a cut read the same after it"
    return Measured(text, "holds" if agree else "does not hold")


@claim("payments, incident")
def survivors_keep_serving() -> Measured:
    """There is no primary: when a region is lost, the others serve on, and nobody has to switch."""
    mine, passive = (payments("incident", name).row for name in ("set-nx", "passive-replica"))
    text = (
        f"payments answered in time during the outage: set-nx {_percent(_available(mine))}, "
        f"passive-replica {_percent(_available(passive))}"
    )
    holds = "holds, but what was not replicated is missing meanwhile"
    return Measured(text, holds if _available(mine) > _available(passive) else "does not hold")


@claim("lab")
def both_increments_count() -> Measured:
    """A counter incremented in two regions reads as the sum."""
    lab = Lab(*REGIONS)
    for name in REGIONS:
        lab[name]("INCR global:signups")
    found = lab.converge().read("global:signups")
    text = f"INCR in two regions, then GET: {' and '.join(found.values())}"
    return Measured(text, "holds" if set(found.values()) == {"2"} else "does not hold")


@claim("lab")
def first_writer_wins() -> Measured:
    """SET NX gives the first writer in either region, and nil to everybody after."""
    lab = Lab(*REGIONS)
    replies = [lab[name](f"SET k {name.split()[0]} NX EX 86400") for name in REGIONS]
    found = lab.converge().read("k")
    text = f"one millisecond apart: {' and '.join(replies)}; then both read {found[REGIONS[0]]}"
    both = "does not hold: both are first, and the later clock stays"
    return Measured(text, both if replies == ["OK", "OK"] else "holds")


@claim("lab")
def one_grant_for_all_regions() -> Measured:
    """Once one region has granted a claim, every other region refuses it."""
    lab = Lab(*REGIONS)
    lab.cut()
    lab[REGIONS[0]]("SET k first NX EX 86400")
    lab.wait(600_000_000)
    late = lab[REGIONS[1]]("SET k second NX EX 86400")
    text = f"ten minutes later, behind a cut, the other region answers {late}"
    refused = "does not hold before the write has arrived"
    return Measured(text, refused if late == "OK" else "holds")


@claim("lab")
def sets_prevent_duplicates() -> Measured:
    """Recording a request id in a replicated set keeps two regions from doing the work twice."""
    lab = Lab(*REGIONS)
    replies = [str(lab[name]("SADD seen 7f3c")) for name in REGIONS]
    size = lab.converge()[REGIONS[0]]("SCARD seen")
    text = f"SADD answers {' and '.join(replies)}: new in both; merged, the set has {size} member"
    twice = "does not hold: the sets merge, after both have done the work"
    return Measured(text, twice if replies == ["1", "1"] else "holds")


@claim("payments, partition")
def duplicates_are_designed_out() -> Measured:
    """With claims in an active-active database, no payment is captured twice."""
    mine, unique = (payments("partition", name).row for name in ("set-nx", "downstream-unique"))
    text = (
        f"of {mine['payments']} payments set-nx captured {mine['duplicates']} twice; "
        f"with a provider that deduplicates: {unique['duplicates']}"
    )
    return Measured(text, "does not hold" if mine["duplicates"] else "not seen to fail")


@claim("payments, incident, fallback = block")
def passive_replica_blocks() -> Measured:
    """A passive replica leaves the other region without service until people switch over."""
    blocking = "workload.designs.passive-replica.fallback=block"
    history = trial("incident", "passive-replica", blocking).history
    share = in_faults(history, "pay", REGIONS[1]).share or 0
    ops = asked(history, "pay", windows(history), REGIONS[1])
    times = [op.completed_us - op.invoked_us for op in ops if op.completed_us is not None]
    text = (
        f"of the payments of {REGIONS[1]} during the outage, answered in time: {_percent(share)}; "
        f"median {human(percentile(times, 0.5) or 0)}"
    )
    return Measured(text, "holds" if share < 0.1 else "does not hold")


def _available(found: Row) -> float:
    return float(found["availability_incident"] or 0)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def page() -> str:
    """All claims as a page of Markdown."""
    lines = [
        "# Claims",
        "",
        "What a published article on building with active-active Redis claims, in our words, and",
        f"what came out when it was run here (seed {SEED}).",
        "Written by `python -m sim.claims`; do not edit.",
        "",
        "| claim | scenario | measured | verdict |",
        "|---|---|---|---|",
    ]
    for each in CLAIMS:
        found = each.check()
        about = (each.check.__doc__ or "").strip().rstrip(".")
        lines.append(f"| {about} | {each.scenario} | {found.text} | {found.verdict} |")
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    print(page(), end="")  # noqa: T201 - the page is this program's output
