"""The command `crdb`: what it prints, its exit status, and bad input in exactly one line."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from sim.kept import history_path
from sim.run import only
from sim.scenario import load

VECTORS = Path(__file__).parents[1] / "conformance" / "active_active.json"


# ── what it prints ────────────────────────────────────────────────────────────────────────────


def test_without_a_command_it_explains_itself(crdb: Any) -> None:
    said = crdb()
    assert said.status == 0
    assert "crdb run payments" in said.out


def test_it_tells_its_version(crdb: Any) -> None:
    assert re.fullmatch(r"crdb-sim \d+\.\d+\.\d+\n", crdb("--version").out)


COMMANDS = ["list", "new", "run", "replay", "diff", "export", "sweep", "conformance"]


@pytest.mark.parametrize("command", COMMANDS)
def test_every_help_has_an_example(crdb: Any, command: str) -> None:
    said = crdb(command, "--help")
    assert said.status == 0
    assert f"crdb {command} " in said.out.partition("Example")[2]


def test_the_list_names_everything(crdb: Any) -> None:
    words = ["payments", "three-cities", "set-nx", "partition", "convergence", "counter", "incr"]
    said = crdb("list")
    assert said.status == 0
    assert all(word in said.out for word in words)


@pytest.mark.parametrize(
    ("section", "line"),
    [
        ("scenarios", "three-cities Counters, sets"),
        ("regions", "regions 50, Azure's; round trips: medians that Microsoft measured"),
        ("regions", "West Europe 12 ms to UK South"),
        ("protocols", "set-nx active-active"),
        ("workloads", "commands clients in every region"),
        ("faults", "outage a region's database stops"),
        ("checkers", "convergence after healing"),
        ("metrics", "lag "),
        ("plots", "duplicates"),
        ("types", "counter "),
        ("commands", "incr both count"),
        ("commands", "object encoding refused"),
        ("commands", "get reads this region's copy"),
    ],
)
def test_a_section_has_a_line_for_each_name(crdb: Any, section: str, line: str) -> None:
    said = crdb("list", section)
    assert said.out.startswith(section)
    assert line in re.sub(" +", " ", said.out)


def test_run_prints_one_json_object(crdb: Any, tiny_path: Path) -> None:
    said = crdb("run", tiny_path, "--seed", 7, "--json")
    assert (said.status, said.err) == (0, "1/2 calm\n2/2 partition\n")
    assert {"scenario": "tiny", "seed": 7, "holds": True}.items() <= said.json.items()
    assert len(said.json["fingerprint"]) == 32
    verdict = said.json["verdicts"][0]
    assert {"checker", "verdict", "evidence", "variant", "protocol"} <= verdict.keys()
    assert all(isinstance(rows, list) for rows in said.json["tables"].values())


def test_run_shows_tables_and_verdicts_and_how_to_run_again(crdb: Any, tiny_path: Path) -> None:
    said = crdb("run", tiny_path, "--seed", 7, "--out", "kept", "--quiet")
    assert (said.status, said.err) == (0, "")
    assert "Two cities count" in said.out
    assert "✓ valid" in said.out
    assert "until it showed in the target region" in said.out
    assert "ms" in said.out.partition("lag max")[2].splitlines()[2]
    assert "\neverything as the scenario expects\n" in said.out
    folder = said.out.split("again: crdb replay ")[1].strip()
    assert folder.startswith("kept/tiny/7-")
    again = crdb("replay", folder)
    assert again.status == 0
    assert again.out.split()[-1] in said.out
    history_path(Path(folder), "calm", "").unlink()
    assert "histories were not kept" in crdb("replay", folder).out


def test_status_1_says_what_is_not_as_expected(crdb: Any, tiny_path: Path) -> None:
    said = crdb("run", tiny_path, "--set", 'variants.0.expect={""=["no-lost-write"]}')
    assert said.status == 1
    assert "calm: no-lost-write is valid, NOT expected" in said.out
    wrong = "1 of 6 verdicts are not as the scenario expects: calm: no-lost-write is valid\n"
    assert wrong in said.out


def test_only_what_is_named_is_run(crdb: Any, tiny_path: Path) -> None:
    said = crdb("run", tiny_path, "--variant", "partition")
    assert (said.status, said.err) == (0, "1/1 partition\n")
    folder = said.out.split("again: crdb replay ")[1].strip()
    assert crdb("replay", folder).status == 0


def test_only_what_is_named_is_compared() -> None:
    payments = load("payments")
    chosen = only(payments, ["partition"], ["home-region", "set-nx"])
    assert [variant.name for variant in chosen.variants] == ["partition"]
    assert chosen.protocols == ["set-nx", "home-region"]
    assert only(payments) == payments


def test_a_setting_is_replaced(crdb: Any, tiny_path: Path) -> None:
    said = crdb("run", tiny_path, "--set", "workload.clients=1", "--set", "client.timeout=2s")
    folder = Path(said.out.split("again: crdb replay ")[1].strip())
    settings = json.loads((folder / "scenario.json").read_text())
    assert settings["workload"]["clients"] == 1
    assert settings["client"]["timeout"] == "2000000us"


def test_diff_shows_the_cause_and_both_records(crdb: Any, tiny_path: Path, tmp_path: Path) -> None:
    for seed in (7, 8):
        crdb("run", tiny_path, "--seed", seed, "--json")
    one, two = sorted((tmp_path / "runs" / "tiny").iterdir())
    said = crdb("diff", one, two)
    assert said.status == 1
    assert "seed: 7 | 8" in said.out
    assert "first difference" in said.out
    assert crdb("diff", one, one).status == 0


def test_diff_shows_the_first_causes_only(crdb: Any, tiny_path: Path, tmp_path: Path) -> None:
    crdb("run", tiny_path, "--json")
    crdb("run", tiny_path, "--json", "--variant", "partition")
    said = crdb("diff", *sorted((tmp_path / "runs" / "tiny").iterdir()))
    causes = said.out.partition("the first difference")[0].splitlines()[1:]
    assert len(causes) <= 7
    assert max(map(len, causes)) <= 125


def test_diff_names_settings_that_changed_nothing(
    crdb: Any, tiny_path: Path, tmp_path: Path
) -> None:
    crdb("run", tiny_path, "--json")
    crdb("run", tiny_path, "--json", "--set", "checkers=['convergence']")
    said = crdb("diff", *sorted((tmp_path / "runs" / "tiny").iterdir()))
    assert said.status == 0
    assert "settings.checkers" in said.out


# ── bad input ─────────────────────────────────────────────────────────────────────────────────

FAULT = 'variants.0.faults=[{kind="outage", region="%s", at="1s"}]'


@pytest.mark.parametrize(
    ("words", "parts"),
    [
        (["run"], ["scenario", "crdb run --help"]),
        (["runn"], ["runn", "crdb --help"]),
        (["list", "typs"], ["typs", "types"]),
        (["run", "paymants"], ["paymants", "did you mean 'payments'"]),
        (["run", "payments", "--sed", "4"], ["--sed", "crdb run --help"]),
        (["run", "payments", "--seed", "x"], ["--seed", "integer"]),
        (["run", "payments", "--seed", "-1"], ["--seed", "0"]),
        (["run", "TINY", "--set", "a"], ["--set a", "key.of.setting=value"]),
        (["run", "TINY", "--set", "clint.timeout=2s"], ["clint", "did you mean 'client'"]),
        (["run", "TINY", "--set", "client.timeot=2s"], ["timeot", "did you mean 'timeout'"]),
        (["run", "TINY", "--set", "client.timeout=2"], ["client.timeout", "250ms"]),
        (["run", "TINY", "--set", "horizon=-1s"], ["horizon", "more than 0s", "--set"]),
        (["run", "TINY", "--set", "regions=['West Europe', 'Est US']"], ["Est US", "East US"]),
        (["run", "TINY", "--set", FAULT % "Est US"], ["Est US", "East US"]),
        (["run", "TINY", "--set", "workload.mix={'INCX k'=1}"], ["unknown command 'INCX'"]),
        (["run", "TINY", "--set", "checkers=['convergense']"], ["convergense", "convergence"]),
        (["run", "TINY", "--variant", "storm"], ["--variant", "storm", "calm", "partition"]),
        (["run", "TINY", "--protocol", "set-nx"], ["--protocol", "set-nx", "compares none"]),
        (["run", "payments", "--protocol", "setnx"], ["--protocol", "did you mean 'set-nx'"]),
        (["run", "TINY", "--out", "/dev/null/x"], ["/dev/null/x", "cannot be made"]),
        (["run", "MISSPELT"], ["misspelt.toml", "horizn", "did you mean 'horizon'"]),
        (["run", "BROKEN"], ["broken.toml", "not TOML"]),
        (["replay", "nowhere"], ["nowhere", "crdb run"]),
        (["diff", "nowhere", "nowhere"], ["nowhere", "crdb run"]),
        (["new", "a/b"], ["a/b", "letters, digits"]),
        (["export", "nowhere"], ["nowhere", "crdb run"]),
        (["export", "nowhere", "--format", "jepson"], ["jepson", "did you mean 'jepsen'"]),
        (["sweep", "TINY"], ["--seeds", "crdb sweep --help"]),
        (["sweep", "TINY", "--seeds", "0"], ["--seeds '0'", "one seed or more"]),
        (["sweep", "TINY", "--seeds", "7-3"], ["--seeds '7-3'", "one seed or more"]),
        (["sweep", "TINY", "--seeds", "x"], ["--seeds 'x'", "FIRST-LAST"]),
        (["sweep", "TINY", "--seeds", "1", "--vary", "horizon"], ["--vary horizon", "key.of"]),
        (["sweep", "TINY", "--seeds", "1", "--vary", "horizn=1s"], ["--vary", "horizon"]),
        (["sweep", "TINY", "--seeds", "1", "--workers", "0"], ["--workers", "1"]),
        (
            ["sweep", "TINY", "--seeds", "1", "--workers", "1", "--scheduler", "x"],
            ["--workers", "--scheduler", "one of them"],
        ),
        (["conformance"], ["files", "crdb conformance --help"]),
        (["conformance", "nowhere"], ["nowhere", "no such file"]),
        (["conformance", "TINY"], ["tiny.toml", "not a vector file"]),
    ],
)
def test_bad_input_is_one_line_and_status_2(
    crdb: Any, tiny_path: Path, words: list[str], parts: list[str]
) -> None:
    broken, misspelt = tiny_path.with_name("broken.toml"), tiny_path.with_name("misspelt.toml")
    broken.write_text("title =")
    misspelt.write_text(tiny_path.read_text().replace("horizon", "horizn"))
    files = {"TINY": tiny_path, "BROKEN": broken, "MISSPELT": misspelt}
    said = crdb(*(files.get(word, word) for word in words))
    assert (said.status, said.out) == (2, "")
    assert said.err.count("\n") == 1
    assert all(part in said.err for part in parts), said.err


# ── conformance ───────────────────────────────────────────────────────────────────────────────


def vectors(path: Path, expect: str) -> Path:
    steps = [{"region": "A", "cmd": ["SET", "k", "v"], "expect": expect}]
    row = {"name": "stored", "type": "string", "regions": ["A"], "steps": steps}
    path.write_text(json.dumps([row]))
    return path


def test_conformance_ends_with_the_counts(crdb: Any) -> None:
    said = crdb("conformance", VECTORS)
    assert said.status == 0
    assert said.out.splitlines()[-1] == "32 passed, 0 failed"


def test_conformance_counts_all_files_and_shows_what_failed(crdb: Any, tmp_path: Path) -> None:
    right, wrong = vectors(tmp_path / "r.json", "OK"), vectors(tmp_path / "w.json", "KO")
    assert crdb("conformance", right).out == "1 passed, 0 failed\n"
    said = crdb("conformance", right, wrong)
    assert said.status == 1
    assert said.out.splitlines() == [
        'failed stored: step 1, A: SET k v: expected "KO", got "OK"',
        "1 passed, 1 failed",
    ]
