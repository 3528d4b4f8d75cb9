"""A sweep: many seeds of a scenario, under settings that vary, counted with confidence intervals.

Seeds × settings × variants × protocols, each one trial, and each trial one row. A trial depends on
nothing but its row's names, so the rows are the same whoever computed them and in which order:
here, in processes, or on a cluster. Workers return rows, never histories; a row's fingerprint says
that `crdb run` with the same settings and seed is the same trial.

SUBTLE: a seed brings the same luck to every setting and protocol, which makes them comparable; but
so their intervals err together, and five settings are not five experiments.

>>> from sim.scenario import load
>>> varied_of(["client.timeout=1s,2s", "workload.mix={'INCR k'=1, 'GET k'=1},{'INCR k'=1}"])
{'client.timeout': ['1s', '2s'], 'workload.mix': ["{'INCR k'=1, 'GET k'=1}", "{'INCR k'=1}"]}
>>> plan = tasks(load("payments"), range(3), {"client.timeout": ["1s", "2s"]})
>>> len(plan), plan[-1].seed, plan[-1].settings
(60, 2, {'client.timeout': '2s'})
"""

from collections.abc import Iterable, Mapping, Sequence
from itertools import product

import msgspec

from sim.metrics.availability import in_faults
from sim.proportion import Proportion, proportion
from sim.run import Progress, check_names, run, title
from sim.scenario import BadScenario, Scenario, changed
from sim.workers import Workers, gather

Settings = dict[str, str]
"""Key of a setting -> value, as they are typed."""
Varied = Mapping[str, Sequence[str]]
"""Key of a setting -> the values that it takes in turn."""


class Row(msgspec.Struct, frozen=True):
    """What one trial came to. All counts are of that trial alone."""

    settings: Settings
    """Only those that are varied."""
    seed: int
    variant: str
    protocol: str
    """Empty where the scenario compares none."""
    operations: int
    """Of any kind and anybody."""
    payments: int
    """Payments that users asked for; 0 where a scenario has none, as are all that follow."""
    duplicates: int
    """Those that were captured more than once."""
    refused: int
    """Those whose user was told no, or gave up, and was not charged."""
    asked_in_fault: int
    """Those that were asked for while a fault lasted …"""
    in_time_in_fault: int
    """… and of these, those that were answered within the objective of the scenario."""
    unexpected: list[str]
    """The checkers whose verdict the scenario does not expect."""
    fingerprint: str


class Summary(msgspec.Struct, frozen=True):
    """What all seeds of one setting, variant and protocol came to."""

    settings: Settings
    variant: str
    protocol: str
    seeds: int
    duplicates: Proportion
    """Of all payments."""
    refused: Proportion
    """Of all payments."""
    in_time_in_fault: Proportion
    """Of the payments that were asked for while a fault lasted."""
    unexpected: Proportion
    """Of the trials: those with a verdict that the scenario does not expect."""


class Sweep(msgspec.Struct, frozen=True):
    """A sweep that is over; also what `crdb sweep --json` prints."""

    scenario: str
    seeds: list[int]
    varied: dict[str, list[str]]
    summary: list[Summary]
    rows: list[Row]

    @property
    def holds(self) -> bool:
        return not any(row.unexpected for row in self.rows)


class Task(msgspec.Struct, frozen=True):
    """One trial to be run: the scenario has one variant left, and at most one protocol."""

    settings: Settings
    seed: int
    scenario: Scenario

    def __str__(self) -> str:
        told = [f"seed {self.seed}", *(f"{key}={value}" for key, value in self.settings.items())]
        return f"{self.title} ({', '.join(told)})"

    @property
    def title(self) -> str:
        return title(self.scenario.variants[0].name, "".join(self.scenario.protocols))


def sweep(
    scenario: Scenario,
    seeds: Sequence[int],
    varied: Varied,
    workers: Workers,
    progress: Progress | None = None,
) -> Sweep:
    """Run every trial.

    Raises `BadScenario` for a value that cannot be, before anything has run, and `NoWorkers` when
    there is nobody to run it.
    """
    plan = tasks(scenario, seeds, varied)

    def done(task: Task, count: int) -> None:
        if progress is not None:
            progress(task.title, count, len(plan))

    rows = gather(trial, plan, workers, done)
    told = {key: list(values) for key, values in varied.items()}
    return Sweep(scenario.name, list(seeds), told, summary(rows), rows)


def tasks(scenario: Scenario, seeds: Sequence[int], varied: Varied) -> list[Task]:
    """Return every trial in the order of the rows: settings, variants, protocols, seeds."""
    plan = []
    for values in product(*varied.values()):
        settings = dict(zip(varied, values, strict=True))
        chosen = _changed(scenario, settings)
        for variant in chosen.variants:
            for protocol in chosen.protocols or [""]:
                protocols = [protocol] if protocol else []
                one = msgspec.structs.replace(chosen, variants=(variant,), protocols=protocols)
                plan += [Task(settings, seed, one) for seed in seeds]
    return plan


def trial(task: Task) -> Row:
    """Run one trial: what a worker does."""
    result = run(task.scenario, task.seed)
    history = result.trials[0].history
    paid = result.tables.get("payments", [{}])[0]
    share = in_faults(history, "pay")
    return Row(
        settings=task.settings,
        seed=task.seed,
        variant=task.scenario.variants[0].name,
        protocol="".join(task.scenario.protocols),
        operations=len(history.ops),
        payments=paid.get("payments", 0),
        duplicates=paid.get("duplicates", 0),
        refused=paid.get("refused", 0),
        asked_in_fault=share.asked,
        in_time_in_fault=share.good,
        unexpected=[each.checker for each in result.verdicts if not each.expected],
        fingerprint=result.printed[0].fingerprint,
    )


def summary(rows: Sequence[Row]) -> list[Summary]:
    """Return a line for each setting, variant and protocol, in the order in which they come."""
    groups: dict[tuple[tuple[str, ...], str, str], list[Row]] = {}
    for row in rows:
        groups.setdefault((tuple(row.settings.values()), row.variant, row.protocol), []).append(row)
    made = []
    for mine in groups.values():
        payments = sum(row.payments for row in mine)
        asked = sum(row.asked_in_fault for row in mine)
        made.append(
            Summary(
                settings=mine[0].settings,
                variant=mine[0].variant,
                protocol=mine[0].protocol,
                seeds=len(mine),
                duplicates=proportion(sum(row.duplicates for row in mine), payments),
                refused=proportion(sum(row.refused for row in mine), payments),
                in_time_in_fault=proportion(sum(row.in_time_in_fault for row in mine), asked),
                unexpected=proportion(sum(bool(row.unexpected) for row in mine), len(mine)),
            )
        )
    return made


def varied_of(settings: Iterable[str]) -> dict[str, list[str]]:
    """Return the values of each key, from texts as ``a.b=1,2,3``. Raises `BadScenario`."""
    varied: dict[str, list[str]] = {}
    for setting in settings:
        key, equals, text = setting.partition("=")
        values = _split(text)
        if not key or not equals or not all(values) or len(set(values)) < len(values):
            raise BadScenario(f"--vary {setting}: expected key.of.setting=value,value, all unlike")
        if key in varied:
            raise BadScenario(f"--vary {setting}: {key} varies already; list all its values in one")
        varied[key] = values
    return varied


def _split(text: str) -> list[str]:
    """Return what stands between commas; those in brackets or quotes part nothing."""
    values, depth, quote = [""], 0, ""
    for letter in text:
        if letter == "," and not depth and not quote:
            values.append("")
            continue
        if letter in "\"'" and quote in ("", letter):
            quote = "" if quote else letter
        depth += (letter in "[{") - (letter in "]}") if not quote else 0
        values[-1] += letter
    return values


def _changed(scenario: Scenario, settings: Settings) -> Scenario:
    try:
        chosen = changed(scenario, [f"{key}={value}" for key, value in settings.items()])
    except BadScenario as error:
        raise BadScenario(str(error).replace("--set", "--vary", 1)) from None
    check_names(chosen, "--vary")
    return chosen
