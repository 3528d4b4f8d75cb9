"""Kept runs: what a run leaves on disk, and how it is read again.

    runs/<scenario>/<seed>-<digest of settings>/
        scenario.json               the settings in effect, every default spelt out
        fingerprint.json            seed, fingerprint of the run and of each trial
        versions.json               of Python and of what it was computed with
        verdicts.json tables.json   as in `crdb run --json`
        histories/<variant>/<protocol or "history">.jsonl
        figures/*.png figures/README.md

Everything but versions and figures is the same, byte for byte, whenever the same is run again.
"""

import os
import platform
import shutil
from hashlib import blake2b
from importlib import metadata
from pathlib import Path
from typing import Any

import msgspec

from sim.plots import Picture, draw_all
from sim.run import Run, title
from sim.scenario import BadScenario, Scenario, build, table_of
from sim.words import refusal

LIBRARIES = ("crdb-sim", "matplotlib", "msgspec", "networkx", "numpy", "simpy")


class BadRun(ValueError):
    """The folder holds no run that can be read; one line says why."""


class TrialPrint(msgspec.Struct, frozen=True):
    """A trial's fingerprint."""

    variant: str
    protocol: str
    fingerprint: str

    @property
    def title(self) -> str:
        return title(self.variant, self.protocol)


class Fingerprints(msgspec.Struct, frozen=True):
    """What says in short that two runs were the same."""

    seed: int
    fingerprint: str
    trials: list[TrialPrint]


class Kept(msgspec.Struct, frozen=True):
    """A run on disk, without its histories."""

    folder: Path
    settings: dict[str, Any]
    prints: Fingerprints
    versions: dict[str, str]

    def scenario(self) -> Scenario:
        """The scenario that was run. Raises `BadRun` if this version does not know it any more."""
        try:
            return build(self.settings, str(self.folder / "scenario.json"))
        except BadScenario as error:
            raise BadRun(str(error)) from None

    def records(self, trial: TrialPrint) -> list[dict[str, Any]] | None:
        """The records of a trial's history; None if it was not kept. Raises `BadRun`."""
        path = history_path(self.folder, trial.variant, trial.protocol)
        if not path.exists():
            return None
        try:
            return msgspec.json.Decoder(dict[str, Any]).decode_lines(path.read_bytes())
        except (OSError, msgspec.MsgspecError) as error:
            raise BadRun(f"{path}: no history: {_reason(error)}") from None

    def whole(self) -> bool:
        """Whether the history of every trial was kept."""
        return all(
            history_path(self.folder, each.variant, each.protocol).exists()
            for each in self.prints.trials
        )


def folder_of(scenario: Scenario, seed: int, out: Path) -> Path:
    """Where a run is kept below ``out``."""
    settings = msgspec.json.encode(table_of(scenario), order="deterministic")
    digest = blake2b(settings, digest_size=4).hexdigest()
    return out / (scenario.name or "scenario") / f"{seed}-{digest}"


def history_path(folder: Path, variant: str, protocol: str) -> Path:
    return folder / "histories" / variant / f"{protocol or 'history'}.jsonl"


def prepare(folder: Path) -> None:
    """Make the folder. Raises `BadRun` where nothing can be written: before a run, not after it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise BadRun(f"{folder}: cannot be made: {reason}; choose another --out") from None
    if not os.access(folder, os.W_OK):
        raise BadRun(f"{folder}: cannot be written to; choose another --out")


def keep(run: Run, folder: Path, figures: bool = True) -> list[Picture]:
    """Write everything in place of an earlier run, draw the figures if wanted, and return them."""
    prepare(folder)
    for name in ("figures", "histories"):
        shutil.rmtree(folder / name, ignore_errors=True)
        (folder / name).mkdir()
    for trial in run.trials:
        path = history_path(folder, trial.variant, trial.protocol)
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(trial.history.jsonl())
    prints = [
        TrialPrint(each.trial.variant, each.trial.protocol, each.fingerprint)
        for each in run.printed
    ]
    _write(folder / "scenario.json", table_of(run.scenario))
    _write(folder / "fingerprint.json", Fingerprints(run.seed, run.fingerprint, prints))
    _write(folder / "versions.json", versions())
    _write(folder / "verdicts.json", run.verdicts)
    _write(folder / "tables.json", run.tables)
    pictures = draw_all(run.trials, folder / "figures") if figures else []
    captions = [f"![]({each.path.name})\n\n{each.caption}\n" for each in pictures]
    (folder / "figures" / "README.md").write_text("\n".join(captions), encoding="utf-8")
    return pictures


def read(folder: Path) -> Kept:
    """Read what `keep` wrote. Raises `BadRun`."""
    try:
        return Kept(
            folder,
            msgspec.json.decode((folder / "scenario.json").read_bytes(), type=dict[str, Any]),
            msgspec.json.decode((folder / "fingerprint.json").read_bytes(), type=Fingerprints),
            msgspec.json.decode((folder / "versions.json").read_bytes(), type=dict[str, str]),
        )
    except (OSError, msgspec.MsgspecError) as error:
        hint = "expected a folder that `crdb run` wrote, runs/SCENARIO/SEED-DIGEST"
        raise BadRun(f"{folder}: {_reason(error)}; {hint}") from None


def versions() -> dict[str, str]:
    """What may make the same seed come out otherwise elsewhere."""
    found = {"python": platform.python_version()}
    for name in LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    return found


def _write(path: Path, value: Any) -> None:
    path.write_bytes(msgspec.json.format(msgspec.json.encode(value), indent=2) + b"\n")


def _reason(error: Exception) -> str:
    """An error in few words, without the path that is told already."""
    if isinstance(error, OSError):
        name = Path(error.filename).name if error.filename else ""
        return f"{name}: {(error.strerror or str(error)).lower()}"
    return refusal(str(error))
