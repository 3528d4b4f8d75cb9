"""The payments scenario, as its user runs it."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

SHORT = ["--set", "horizon=6m"]


def crdb(*words: str, hashseed: str = "0", cwd: Path | None = None) -> Any:
    return subprocess.run(
        [sys.executable, "-c", "from sim.cli import main; main()", *words],
        capture_output=True,
        text=True,
        check=False,
        cwd=cwd,
        env=os.environ | {"PYTHONHASHSEED": hashseed, "PYTHONPATH": os.getcwd()},
    )


def test_one_seed_gives_one_fingerprint(tmp_path: Path) -> None:
    words = ("run", "payments", *SHORT, "--json", "--out", str(tmp_path))
    one, two = (json.loads(crdb(*words, hashseed=seed).stdout) for seed in ("1", "2"))
    assert one == two
    assert {row["design"] for row in one["tables"]["payments"]} == {
        "passive-replica",
        "set-nx",
        "home-region",
        "downstream-unique",
    }


def test_without_faults_nothing_is_duplicated_refused_or_lost(tmp_path: Path) -> None:
    words = ["--set", "variants=[]", "--set", "workload.dies=0.0", "--out", str(tmp_path)]
    quiet = tmp_path / "quiet.toml"
    quiet.write_text(
        'title = "quiet"\nregions = ["West Europe", "East US"]\nhorizon = "5m"\n'
        'protocols = ["passive-replica", "set-nx", "home-region", "downstream-unique"]\n'
        'checkers = ["duplicate-capture", "convergence"]\n'
        '[workload]\nkind = "payments"\ndies = 0.0\nreroute = 0.0\n'
    )
    done = crdb("run", str(quiet), "--json", *words[4:])
    assert done.returncode == 0, done.stderr
    for row in json.loads(done.stdout)["tables"]["payments"]:
        assert (row["duplicates"], row["refused"], row["never_captured"]) == (0, 0, 0)


@pytest.mark.parametrize(
    ("words", "names"),
    [
        (["run", "paymants"], "payments"),
        (["run", "payments", "--set", "workload.evry=1s"], "evry"),
        (["run", "payments", "--set", 'regions=["West Europe", "Est US"]'], "East US"),
        (["conformance", "pyproject.toml"], "pyproject.toml"),
    ],
)
def test_bad_input_is_one_line_and_status_2(words: list[str], names: str) -> None:
    done = crdb(*words)
    assert done.returncode == 2
    assert names in done.stderr
    assert done.stderr.count("\n") == 1
