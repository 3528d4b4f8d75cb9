"""A run: every variant of a scenario under every protocol, judged, measured, drawn and kept.

It leaves a folder with the effective scenario, the histories, verdicts, tables, figures and the
fingerprint, from which `replay` runs it again and `diff` finds where two runs part.
"""

from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from typing import Any

import msgspec

from sim import metrics
from sim.checkers import Verdict, checkers
from sim.history import History
from sim.plots import payments as payments_plot
from sim.scenario import BadScenario, Scenario, build, table_of
from sim.trial import Trial
from sim.world import World

Progress = Callable[[str], object]


class Judged(msgspec.Struct, frozen=True):
    """One checker's verdict on one history, and whether the scenario expects it."""

    checker: str
    verdict: str
    evidence: list[str]
    variant: str
    protocol: str
    expected: bool


class Result(msgspec.Struct, frozen=True):
    """What ``crdb run --json`` prints."""

    scenario: str
    seed: int
    fingerprint: str
    verdicts: list[Judged]
    tables: dict[str, list[dict[str, Any]]]

    @property
    def holds(self) -> bool:
        """Whether everything came out as the scenario expects."""
        return all(each.expected for each in self.verdicts)


def courses(scenario: Scenario, seed: int) -> Iterator[tuple[str, str, World]]:
    """The world of every variant and protocol."""
    for variant in scenario.variants:
        for protocol in scenario.protocols or [""]:
            yield variant.name, protocol, World(scenario, variant, protocol, seed)


def run(
    scenario: Scenario, seed: int, folder: Path | None = None, progress: Progress = len
) -> Result:
    """Run everything; with a ``folder``, keep it there."""
    verdicts: list[Judged] = []
    trials: list[Trial] = []
    digest = blake2b(digest_size=16)
    for variant, protocol, world in courses(scenario, seed):
        progress(f"{variant}, {protocol or scenario.workload.__struct_config__.tag}")
        history = world.run()
        digest.update(world.fingerprint().encode())
        allowed = world.variant.expect.get(protocol, [])
        for name in scenario.checkers:
            verdicts.append(_judged(_verdict(name, history), variant, protocol, allowed))
        trials.append(Trial(variant, protocol, history))
        if folder is not None:
            _keep(folder, f"{variant}-{protocol}".strip("-"), history)
    tables = metrics.tables(trials)
    result = Result(scenario.name, seed, digest.hexdigest(), verdicts, tables)
    if folder is not None:
        _file(folder, scenario, result)
    return result


def _verdict(name: str, history: History) -> Verdict:
    """What that checker says; one that crashes says unknown, never valid."""
    try:
        return checkers()[name](history)
    except Exception as error:
        return Verdict(name, "unknown", [f"the checker failed: {error!r}"])


def _judged(found: Verdict, variant: str, protocol: str, allowed: list[str]) -> Judged:
    want = "invalid" if found.checker in allowed else "valid"
    return Judged(
        found.checker, found.verdict, found.evidence, variant, protocol, found.verdict == want
    )


def folder_of(scenario: Scenario, seed: int, out: Path) -> Path:
    """Where a run is kept: the seed, and a digest of the settings."""
    settings = msgspec.json.encode(table_of(scenario), order="deterministic")
    digest = blake2b(settings, digest_size=4).hexdigest()
    return out / (scenario.name or "scenario") / f"{seed}-{digest}"


def _keep(folder: Path, name: str, history: History) -> None:
    path = folder / "histories" / f"{name}.jsonl"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(history.jsonl())


def _file(folder: Path, scenario: Scenario, result: Result) -> None:
    (folder / "figures").mkdir(parents=True, exist_ok=True)
    kept = {"scenario": table_of(scenario), "seed": result.seed}
    (folder / "scenario.json").write_bytes(msgspec.json.format(msgspec.json.encode(kept)))
    (folder / "result.json").write_bytes(msgspec.json.format(msgspec.json.encode(result)))
    if "payments" in result.tables:
        payments_plot.draw(result.tables["payments"], folder / "figures" / "duplicates.png")


def replay(folder: Path, progress: Progress = len) -> tuple[Result, Result]:
    """What was kept, and what comes out now. Raises `BadScenario` for a broken folder."""
    try:
        kept = msgspec.json.decode((folder / "scenario.json").read_bytes())
        before = msgspec.json.decode((folder / "result.json").read_bytes(), type=Result)
        scenario, seed = build(kept["scenario"], str(folder)), int(kept["seed"])
    except (OSError, msgspec.MsgspecError, KeyError, TypeError) as error:
        raise BadScenario(f"{folder}: no folder of a run: {error}") from None
    return before, run(scenario, seed, progress=progress)


def diff(one: Path, two: Path) -> str | None:
    """The first record in which two runs differ; None if they do not. Raises `BadScenario`."""
    names = sorted({path.name for each in (one, two) for path in (each / "histories").glob("*")})
    if not names:
        raise BadScenario(f"{one}, {two}: no histories to compare")
    for name in names:
        texts = []
        for folder in (one, two):
            path = folder / "histories" / name
            texts.append(path.read_bytes().splitlines() if path.is_file() else [])
        for number, (left, right) in enumerate(zip(*texts, strict=False), start=1):
            if left != right:
                return f"{name}, record {number}:\n  {left.decode()}\n  {right.decode()}"
        if len(texts[0]) != len(texts[1]):
            return f"{name}: {len(texts[0])} records and {len(texts[1])}"
    return None
