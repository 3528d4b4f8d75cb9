"""The commands `crdb sweep`, `crdb export` and `crdb new`: what they print and write."""

import json
from pathlib import Path
from typing import Any

import pytest

from sim import cli
from sim.workers import NoWorkers

SWEEP = ("--seeds", "2-3", "--vary", "workload.clients=1,2", "--workers", 1)


def test_sweep_shows_a_line_for_each_setting_and_variant(crdb: Any, tiny_path: Path) -> None:
    said = crdb("sweep", tiny_path, *SWEEP, "--out", "kept")
    assert (said.status, said.err) == (0, "")
    assert "tiny  (8 trials, seeds 2–3, 95 % intervals)" in said.out
    lines = [line.split() for line in said.out.splitlines() if "65.76" in line]
    assert [line[:3] for line in lines] == [
        ["calm", "1", "2"],
        ["partition", "1", "2"],
        ["calm", "2", "2"],
        ["partition", "2", "2"],
    ]
    # Nothing is said of payments where there are none.
    assert "captured" not in said.out
    folder = Path(said.out.split("kept in ")[1].strip())
    assert (folder / "rows.csv").read_text().count("\n") == 9


def test_sweep_prints_one_json_object(crdb: Any, tiny_path: Path) -> None:
    said = crdb("sweep", tiny_path, *SWEEP, "--json")
    assert (said.status, said.err) == (0, "")
    assert said.json["seeds"] == [2, 3]
    assert said.json["varied"] == {"workload.clients": ["1", "2"]}
    assert len(said.json["rows"]) == 8
    assert len(said.json["summary"]) == 4


def test_a_sweep_with_a_verdict_that_is_not_expected_has_status_1(
    crdb: Any, tiny_path: Path
) -> None:
    wrong = 'variants.0.expect={""=["no-lost-write"]}'
    said = crdb("sweep", tiny_path, "--seeds", 1, "--set", wrong, "--workers", 1)
    assert (said.status, said.err) == (1, "")
    assert "1 of 2 trials have verdicts that are not as expected" in said.out


def test_a_scheduler_that_nobody_can_reach_is_told_in_one_line(
    crdb: Any, tiny_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def nobody(address: str) -> None:
        raise NoWorkers(f"--scheduler {address}: nobody")

    monkeypatch.setattr(cli, "cluster", nobody)
    said = crdb("sweep", tiny_path, "--seeds", 1, "--scheduler", "tcp://here:1")
    assert (said.status, said.out) == (2, "")
    assert said.err == "crdb: --scheduler tcp://here:1: nobody\n"


@pytest.mark.parametrize(
    ("form", "ending", "start"),
    [
        ("jsonl", "jsonl", '{"process":'),
        ("jepsen", "edn", "{:process "),
        ("porcupine", "txt", ""),
    ],
)
def test_export_writes_a_file_for_each_trial(
    crdb: Any, tiny_path: Path, form: str, ending: str, start: str
) -> None:
    crdb("run", tiny_path, "--json")
    (folder,) = Path("runs/tiny").iterdir()
    said = crdb("export", folder, "--format", form)
    assert (said.status, said.err) == (0, "")
    for variant in ("calm", "partition"):
        path = folder / "export" / variant / f"history.{ending}"
        lines = path.read_text().splitlines()
        assert all(line.startswith(start) for line in lines)
        assert f"{path}: {len(lines):,} events" in said.out
    assert ("operations left out" in said.out) == (form == "porcupine")
    assert crdb("replay", folder).status == 0


def test_new_writes_a_scenario_that_runs_and_replaces_nothing(crdb: Any) -> None:
    said = crdb("new", "my.first")
    assert (said.status, said.err) == (0, "")
    assert said.out == "written: my.first.toml; run it with: crdb run my.first.toml\n"
    assert crdb("run", "my.first.toml", "--json").json["holds"]
    Path("my.first.toml").write_text("mine")
    again = crdb("new", "my.first")
    assert (again.status, again.out) == (2, "")
    assert "my.first.toml: file exists; choose another NAME" in again.err
    assert Path("my.first.toml").read_text() == "mine"


def test_the_json_of_a_sweep_is_what_is_kept(crdb: Any, tiny_path: Path) -> None:
    said = crdb("sweep", tiny_path, "--seeds", 1, "--workers", 1, "--json")
    (folder,) = Path("runs/tiny").iterdir()
    assert json.loads((folder / "sweep.json").read_text()) == said.json
