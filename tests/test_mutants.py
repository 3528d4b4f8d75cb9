"""The tests bite: every mutant of the ledger is killed by the test that it names."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants import Mutant, ledger

ROOT = Path(__file__).parent.parent
FAILED = 1
"""pytest's exit status when tests ran and some failed."""


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The program and its tests, where they can be broken."""
    place = tmp_path_factory.mktemp("mutants")
    for top in ("crdb", "sim", "tests"):
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / top, place / top, ignore=ignored)
    return place


def outcome(place: Path, test: str) -> tuple[int, str]:
    """Run one test in a process of its own, without bytecode that would hide a quick change."""
    options = ["-q", "-x", "-c", "/dev/null", f"--rootdir={place}"]
    for plugin in ("cacheprovider", "xdist", "nbmake"):
        options += ["-p", f"no:{plugin}"]
    run = subprocess.run(
        [sys.executable, "-B", "-m", "pytest", *options, f"tests/{test}"],
        cwd=place,
        env={**os.environ, "HYPOTHESIS_PROFILE": "mutants"},
        capture_output=True,
        text=True,
        timeout=120,
    )
    return run.returncode, run.stdout[-2_000:] + run.stderr[-2_000:]


def test_every_bug_that_has_a_test_has_a_mutant() -> None:
    page = (ROOT / "docs" / "bugs.md").read_text(encoding="utf-8")
    tested = {int(number) for number in re.findall(r"^\| (\d+) \|.*`test_\w+` \|$", page, re.M)}
    assert tested == {mutant.bug for mutant in ledger() if mutant.bug}


@pytest.mark.slow
@pytest.mark.parametrize("mutant", ledger(), ids=lambda mutant: mutant.idea)
def test_mutant_is_killed(mutant: Mutant, copy: Path) -> None:
    file = copy / mutant.top / mutant.file
    sound = file.read_text(encoding="utf-8")
    assert sound.count(mutant.old) == 1, "the ledger is behind the program"
    file.write_text(sound.replace(mutant.old, mutant.new), encoding="utf-8")
    try:
        status, said = outcome(copy, mutant.killer)
    finally:
        file.write_text(sound, encoding="utf-8")
    assert status == FAILED, said
