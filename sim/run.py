"""A run: every variant of a scenario under every protocol, judged and measured.

One world after the other, all from the same seed, so that the protocols live through the same
arrivals and the same faults. What is expected of the verdicts stands in the scenario: *valid*,
unless a variant says that a checker comes out *invalid* for a protocol, always or for some seeds.
*Unknown* never holds.

>>> from sim.scenario import load
>>> from sim.units import Duration
>>> import msgspec
>>> short = msgspec.structs.replace(load("three-cities"), horizon=Duration(2_000_000))
>>> calm = msgspec.structs.replace(short, variants=short.variants[:1], checkers=("convergence",))
>>> result = run(calm, seed=7)
>>> result.holds, [(each.variant, each.verdict) for each in result.verdicts]
(True, [('calm', 'valid')])
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from hashlib import blake2b
from typing import Any, NamedTuple

import msgspec

from sim.checkers import checkers, judge
from sim.metrics import Row, tables
from sim.protocols.base import designs
from sim.scenario import NAME, BadScenario, Scenario, Variant
from sim.trial import Trial
from sim.words import did_you_mean
from sim.world import World

Progress = Callable[[str, int, int], object]
"""Told before each trial: its title, how many are done, how many there are."""


class Judged(msgspec.Struct, frozen=True):
    """One checker's verdict on one trial, and whether the scenario expects it."""

    checker: str
    verdict: str
    evidence: list[str]
    variant: str
    protocol: str
    expected: bool
    risk: bool = False
    """The scenario says that it may come out invalid: some seeds do."""

    @property
    def standing(self) -> str:
        """In a word or two, what the scenario says of this."""
        if not self.expected:
            return "NOT expected"
        return "may happen" if self.risk and self.verdict == "invalid" else "as expected"


class Report(msgspec.Struct, frozen=True):
    """What `crdb run --json` prints."""

    scenario: str
    seed: int
    fingerprint: str
    holds: bool
    """Whether every verdict is as the scenario expects."""
    verdicts: list[Judged]
    tables: dict[str, list[Row]]


class Printed(NamedTuple):
    """A trial with its fingerprint."""

    trial: Trial
    fingerprint: str

    @property
    def title(self) -> str:
        return title(self.trial.variant, self.trial.protocol)


class Run(msgspec.Struct, frozen=True):
    """All that came out of a run."""

    scenario: Scenario
    seed: int
    printed: list[Printed]
    verdicts: list[Judged]
    tables: dict[str, list[Row]]

    @property
    def trials(self) -> list[Trial]:
        return [each.trial for each in self.printed]

    @property
    def holds(self) -> bool:
        return all(each.expected for each in self.verdicts)

    @property
    def fingerprint(self) -> str:
        return whole((each.title, each.fingerprint) for each in self.printed)

    def report(self) -> Report:
        return Report(
            self.scenario.name,
            self.seed,
            self.fingerprint,
            self.holds,
            self.verdicts,
            self.tables,
        )


def run(scenario: Scenario, seed: int, progress: Progress | None = None) -> Run:
    """Run, judge and measure everything. Raises `BadScenario` for names that nobody has."""
    printed = list(play(scenario, seed, progress))
    variants = {variant.name: variant for variant in scenario.variants}
    verdicts = [
        _judged(name, each.trial, variants[each.trial.variant])
        for each in printed
        for name in scenario.checkers
    ]
    return Run(scenario, seed, printed, verdicts, tables([each.trial for each in printed]))


def only(
    scenario: Scenario, variants: Sequence[str] = (), protocols: Sequence[str] = ()
) -> Scenario:
    """The scenario with these variants and protocols only; none of a kind means all of it.

    Raises `BadScenario` for those that it has not.
    """
    have = [variant.name for variant in scenario.variants]
    _known("--variant", variants, have)
    if protocols and not scenario.protocols:
        raise BadScenario(f"--protocol {protocols[0]}: {scenario.name} compares none")
    _known("--protocol", protocols, scenario.protocols)
    return msgspec.structs.replace(
        scenario,
        variants=tuple(each for each in scenario.variants if each.name in (variants or have)),
        protocols=[each for each in scenario.protocols if each in (protocols or [each])],
    )


def play(scenario: Scenario, seed: int, progress: Progress | None = None) -> Iterator[Printed]:
    """Yield every trial as soon as it is over. Raises `BadScenario` as `run` does."""
    check_names(scenario, scenario.name or "scenario")
    courses = [
        (variant, protocol)
        for variant in scenario.variants
        for protocol in scenario.protocols or [""]
    ]
    for done, (variant, protocol) in enumerate(courses):
        if progress is not None:
            progress(title(variant.name, protocol), done, len(courses))
        world = World(scenario, variant, protocol, seed)
        history = world.run()
        yield Printed(Trial(variant.name, protocol, history), world.fingerprint())


def title(variant: str, protocol: str) -> str:
    """How a trial is called.

    >>> title("partition", "set-nx"), title("calm", "")
    ('partition, set-nx', 'calm')
    """
    return f"{variant}, {protocol}" if protocol else variant


def whole(prints: Iterable[tuple[str, str]]) -> str:
    """The fingerprint of a run, from its trials' titles and fingerprints."""
    lines = "".join(f"{name} {fingerprint}\n" for name, fingerprint in prints)
    return blake2b(lines.encode(), digest_size=16).hexdigest()


def _judged(checker: str, trial: Trial, variant: Variant) -> Judged:
    found = judge(checker, trial.history)
    wanted = {"valid"}
    risk = checker in variant.risk.get(trial.protocol, [])
    if risk:
        wanted = {"valid", "invalid"}
    elif checker in variant.expect.get(trial.protocol, []):
        wanted = {"invalid"}
    return Judged(
        found.checker,
        found.verdict,
        found.evidence,
        trial.variant,
        trial.protocol,
        found.verdict in wanted,
        risk,
    )


def check_names(scenario: Scenario, where: str = "scenario") -> None:
    """Refuse names of checkers, protocols and variants that cannot be meant.

    ``where`` says where they stand. Raises `BadScenario`.
    """
    _known(f"{where}: checkers", scenario.checkers, checkers())
    _known(f"{where}: protocols", scenario.protocols, designs())
    _check_protocols(f"{where}: protocols", scenario)
    names = [variant.name for variant in scenario.variants]
    for number, variant in enumerate(scenario.variants):
        here = f"{where}: variants[{number}]"
        if not NAME.fullmatch(variant.name) or names.index(variant.name) != number:
            raise BadScenario(f"{here}.name {variant.name!r}: expected a word that no other has")
        for key, told in (("expect", variant.expect), ("risk", variant.risk)):
            # Known, not chosen: `--set protocols=[…]` may leave out what a variant speaks of.
            _known(f"{here}.{key}", told, ["", *designs()])
            for protocol, names_told in told.items():
                _known(f"{here}.{key}.{protocol}", names_told, checkers())


def _check_protocols(where: str, scenario: Scenario) -> None:
    chosen, known = scenario.protocols, designs()
    kind = scenario.workload.__struct_config__.tag
    if scenario.workload.compares_designs and not chosen:
        raise BadScenario(f"{where}: the workload {kind!r} expected one or more of {list(known)}")
    if chosen and not scenario.workload.compares_designs:
        raise BadScenario(f"{where} {chosen}: expected none for the workload {kind!r}")
    if len(set(chosen)) < len(chosen):
        raise BadScenario(f"{where} {chosen}: expected each only once")
    for name in chosen:
        needed, given = known[name].regions_needed, len(scenario.regions)
        if needed not in (None, given):
            raise BadScenario(f"{where}: {name!r} expected {needed} regions, not {given}")
        if lacking := scenario.workload.lacks(name):
            raise BadScenario(f"{where}: {name!r} {lacking}")


def _known(where: str, names: Iterable[str], known: Iterable[Any]) -> None:
    choices = sorted(known)
    for name in names:
        if name not in choices:
            hint = did_you_mean(name, choices) or f"expected one of {choices}"
            raise BadScenario(f"{where}: unknown {name!r}; {hint}")
