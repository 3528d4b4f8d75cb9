"""Runs: the same seed gives the same bytes, and where it does not, replay and diff say where."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest

from sim import run as running
from sim.checkers import Verdict
from sim.divergence import diff, replay
from sim.kept import BadRun, folder_of, history_path, keep, read
from sim.run import Run, check_names, run
from sim.scenario import BadScenario, Scenario, Variant, changed

ROOT = Path(__file__).parents[2]


def elsewhere(path: Path, out: Path, hashseed: int) -> dict[str, Any]:
    """What another process prints."""
    done = subprocess.run(
        [sys.executable, "-m", "sim", "run", path, "--seed", "7", "--json", "--out", out],
        env=os.environ | {"PYTHONHASHSEED": str(hashseed)},
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    report: dict[str, Any] = json.loads(done.stdout)
    return report


@pytest.fixture
def first(tiny: Scenario, tmp_path: Path) -> Path:
    """The folder of a kept run of seed 7."""
    return kept(run(tiny, 7), tmp_path)


def kept(result: Run, out: Path) -> Path:
    folder = folder_of(result.scenario, result.seed, out / "runs")
    keep(result, folder)
    return folder


def tampered(folder: Path, old: bytes, new: bytes, variant: str = "calm") -> None:
    """Change the first place in a history, and its fingerprint."""
    path = history_path(folder, variant, "")
    text = path.read_bytes()
    assert old in text
    path.write_bytes(text.replace(old, new, 1))
    prints = msgspec.json.decode((folder / "fingerprint.json").read_bytes())
    prints["fingerprint"] = "0" * 32
    for each in prints["trials"]:
        if each["variant"] == variant:
            each["fingerprint"] = "0" * 32
    (folder / "fingerprint.json").write_bytes(msgspec.json.encode(prints))


# ── determinism ───────────────────────────────────────────────────────────────────────────────


def test_the_same_seed_gives_the_same_run_here_and_in_other_processes(
    tiny: Scenario, tiny_path: Path, tmp_path: Path
) -> None:
    here = json.loads(msgspec.json.encode(run(tiny, 7).report()))
    again = json.loads(msgspec.json.encode(run(tiny, 7).report()))
    there = [elsewhere(tiny_path, tmp_path / str(hashseed), hashseed) for hashseed in (1, 2)]
    assert again == here
    assert there == [here, here]


def test_what_is_kept_is_the_same_byte_for_byte(tiny: Scenario, tmp_path: Path) -> None:
    one, two = (kept(run(tiny, 7), tmp_path / out) for out in ("one", "two"))
    names = [path.relative_to(one) for path in sorted(one.rglob("*")) if path.is_file()]
    assert Path("histories/partition/history.jsonl") in names
    assert all((one / name).read_bytes() == (two / name).read_bytes() for name in names)


def test_another_seed_and_another_setting_give_another_run(tiny: Scenario) -> None:
    others = run(tiny, 8), run(changed(tiny, ["network.jitter=0.02"]), 7)
    assert len({run(tiny, 7).fingerprint, *(other.fingerprint for other in others)}) == 3


def test_a_trial_is_the_same_whichever_others_run_beside_it(tiny: Scenario) -> None:
    alone = msgspec.structs.replace(tiny, variants=tiny.variants[1:])
    assert run(alone, 7).printed[0].fingerprint == run(tiny, 7).printed[1].fingerprint


def test_each_settings_and_seed_has_its_folder(tiny: Scenario, tmp_path: Path) -> None:
    other = changed(tiny, ["client.timeout=2s"])
    folders = {folder_of(tiny, 1, tmp_path), folder_of(tiny, 2, tmp_path)}
    assert len({*folders, folder_of(other, 1, tmp_path)}) == 3
    assert folder_of(tiny, 1, tmp_path).parent == tmp_path / "tiny"


# ── verdicts ──────────────────────────────────────────────────────────────────────────────────


def test_what_the_scenario_expects_holds(tiny: Scenario) -> None:
    result = run(tiny, 7)
    assert result.holds
    assert [(each.variant, each.checker, each.verdict) for each in result.verdicts] == [
        (variant, checker, "valid")
        for variant in ("calm", "partition")
        for checker in ("convergence", "no-lost-write", "not-vacuous")
    ]


def test_an_invalid_verdict_that_was_expected_and_does_not_come_fails(tiny: Scenario) -> None:
    gloomy = changed(tiny, ['variants.1.expect={""=["convergence"]}'])
    wrong = [each for each in run(gloomy, 7).verdicts if not each.expected]
    assert [(each.variant, each.checker) for each in wrong] == [("partition", "convergence")]


@pytest.mark.parametrize(("verdict", "holds"), [("invalid", True), ("unknown", False)])
def test_an_expected_verdict_holds_and_an_unknown_never(
    tiny: Scenario, monkeypatch: pytest.MonkeyPatch, verdict: Any, holds: bool
) -> None:
    monkeypatch.setattr(running, "judge", lambda name, history: Verdict(name, verdict, []))
    calm = msgspec.structs.replace(
        tiny, checkers=("convergence",), variants=(Variant("calm", expect={"": ["convergence"]}),)
    )
    assert run(calm, 7).holds is holds


@pytest.mark.parametrize(
    ("verdict", "standing"),
    [("valid", "as expected"), ("invalid", "may happen"), ("unknown", "NOT expected")],
)
def test_a_stated_risk_holds_either_way(
    tiny: Scenario, monkeypatch: pytest.MonkeyPatch, verdict: Any, standing: str
) -> None:
    monkeypatch.setattr(running, "judge", lambda name, history: Verdict(name, verdict, []))
    risky = msgspec.structs.replace(
        tiny, checkers=("convergence",), variants=(Variant("calm", risk={"": ["convergence"]}),)
    )
    result = run(risky, 7)
    assert [each.standing for each in result.verdicts] == [standing]
    assert result.holds is (standing != "NOT expected")


@pytest.mark.parametrize(
    ("setting", "line"),
    [
        ("checkers=['convergense']", "unknown 'convergense'; did you mean 'convergence'?"),
        ("protocols=['nx']", "protocols: unknown 'nx'"),
        ("variants.0.name='a/b'", "variants[0].name 'a/b': expected a word that no other has"),
        ("variants.1.name='calm'", "variants[1].name 'calm': expected a word that no other has"),
        ("variants.0.expect={x=[]}", "variants[0].expect: unknown 'x'; expected one of [''"),
        ("variants.0.risk={x=[]}", "variants[0].risk: unknown 'x'; expected one of [''"),
        ("variants.0.expect={''=['x']}", "unknown 'x'; expected one of ['convergence', "),
    ],
)
def test_names_that_nobody_has_are_refused(tiny: Scenario, setting: str, line: str) -> None:
    with pytest.raises(BadScenario) as caught:
        check_names(changed(tiny, [setting]))
    assert line in str(caught.value)


# ── replay and diff ───────────────────────────────────────────────────────────────────────────


def test_replay_finds_the_same_fingerprint(first: Path) -> None:
    assert replay(read(first)) is None


def test_replay_misses_a_trial_that_was_kept_and_does_not_come(first: Path) -> None:
    prints = msgspec.json.decode((first / "fingerprint.json").read_bytes())
    prints["trials"].append({"variant": "storm", "protocol": "", "fingerprint": "0" * 32})
    (first / "fingerprint.json").write_bytes(msgspec.json.encode(prints))
    found = replay(read(first))
    assert found is not None
    assert (found.trial, found.left, found.right) == (
        "storm",
        "has this trial",
        "has no such trial",
    )


def test_a_fingerprint_that_is_not_its_trials_is_no_match(first: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    shutil.copytree(first, other)
    prints = msgspec.json.decode((first / "fingerprint.json").read_bytes())
    right, wrong = prints["fingerprint"], "0" * 32
    (first / "fingerprint.json").write_bytes(msgspec.json.encode(prints | {"fingerprint": wrong}))
    for found in (replay(read(first)), diff(read(first), read(other))):
        assert found is not None
        assert (found.trial, found.left, found.right) == ("the run as a whole", wrong, right)


def test_replay_says_where_the_run_left_its_old_way(first: Path) -> None:
    tampered(first, b'"name":"INCR"', b'"name":"INCX"', "partition")
    found = replay(read(first))
    assert found is not None
    assert found.trial == "partition"
    assert found.causes == ["settings, seed and versions are the same: the program itself is not"]
    assert '"INCX"' in found.left
    assert found.right == found.left.replace("INCX", "INCR")


def test_replay_names_versions_that_differ(first: Path) -> None:
    tampered(first, b'"name":"INCR"', b'"name":"INCX"')
    versions = msgspec.json.decode((first / "versions.json").read_bytes())
    (first / "versions.json").write_bytes(msgspec.json.encode(versions | {"numpy": "0.1"}))
    found = replay(read(first))
    assert found is not None
    assert found.causes == [f'versions.numpy: "0.1" | "{versions["numpy"]}"']


def test_a_run_does_not_differ_from_itself(first: Path) -> None:
    assert diff(read(first), read(first)) is None


def test_diff_names_the_seed(tiny: Scenario, first: Path, tmp_path: Path) -> None:
    found = diff(read(first), read(kept(run(tiny, 8), tmp_path)))
    assert found is not None
    assert (found.trial, found.causes) == ("calm", ["seed: 7 | 8"])


def test_diff_names_settings_and_the_first_trial_that_they_change(
    tiny: Scenario, first: Path, tmp_path: Path
) -> None:
    longer = changed(tiny, ["variants.1.faults.0.lasts=1500ms"])
    found = diff(read(first), read(kept(run(longer, 7), tmp_path)))
    assert found is not None
    assert found.trial == "partition"
    assert found.causes == ['settings.variants.1.faults.0.lasts: "2000000us" | "1500000us"']
    assert len(found.before) == 3
    # Until the one partition is over there is no difference.
    assert found.right.startswith("0:02.5")
    assert '"heal"' in found.right


def test_diff_goes_by_time_and_not_by_list(first: Path, tiny: Scenario, tmp_path: Path) -> None:
    other = kept(run(tiny, 7), tmp_path / "other")
    tampered(other, b'"what":"work"', b'"what":"play"')
    path = history_path(other, "calm", "")
    path.write_bytes(path.read_bytes().replace(b'"name":"INCR"', b'"name":"INCX"'))
    found = diff(read(first), read(other))
    assert found is not None
    assert all(line.startswith("0:00.000") for line in found.before)
    assert '"work"' in found.left
    assert '"play"' in found.right


def test_diff_names_a_trial_that_one_run_has_not(
    tiny: Scenario, first: Path, tmp_path: Path
) -> None:
    calm = kept(run(msgspec.structs.replace(tiny, variants=tiny.variants[:1]), 7), tmp_path)
    found, reverse = diff(read(first), read(calm)), diff(read(calm), read(first))
    assert found is not None
    assert reverse is not None
    assert (found.trial, found.left, found.right) == (
        "partition",
        "has this trial",
        "has no such trial",
    )
    assert (reverse.trial, reverse.left) == ("partition", "has no such trial")


def test_diff_says_when_only_the_packets_differ(
    first: Path, tiny: Scenario, tmp_path: Path
) -> None:
    other = kept(run(tiny, 7), tmp_path / "other")
    tampered(other, b"", b"")
    found = diff(read(first), read(other))
    assert found is not None
    assert found.right == "but its packets took other ways"


def test_a_final_reading_is_told_by_region_and_key(
    first: Path, tiny: Scenario, tmp_path: Path
) -> None:
    other = kept(run(tiny, 7), tmp_path / "other")
    path = history_path(other, "calm", "")
    *_, last = path.read_bytes().splitlines()
    readings = json.loads(last)
    readings["readings"]["East US"]["counter:0"]["value"] = -1
    tampered(other, last, msgspec.json.encode(readings))
    found = diff(read(first), read(other))
    assert found is not None
    assert found.right.startswith("at the end reading")
    assert '"key":"counter:0"' in found.right


@pytest.mark.parametrize("name", ["scenario.json", "fingerprint.json", "versions.json"])
def test_a_broken_run_is_told_in_one_line(first: Path, name: str) -> None:
    (first / name).write_bytes(b"{")
    with pytest.raises(BadRun, match="expected a folder that `crdb run` wrote"):
        read(first)
    (first / name).unlink()
    with pytest.raises(BadRun, match=f"{name}: no such file"):
        read(first)


def test_a_history_that_was_not_kept_is_told_of(first: Path) -> None:
    history_path(first, "partition", "").unlink()
    assert not read(first).whole()
    assert replay(read(first)) is None
    tampered(first, b'"name":"INCR"', b'"name":"INCX"')
    history_path(first, "calm", "").unlink()
    found = replay(read(first))
    assert found is not None
    assert (found.trial, found.left) == ("calm", "its history was not kept")


def test_a_run_of_a_broken_history_or_of_unknown_settings_is_refused(first: Path) -> None:
    tampered(first, b'"name":"INCR"', b'"name":"INCX"')
    history_path(first, "calm", "").write_bytes(b"{")
    with pytest.raises(BadRun, match="no history"):
        replay(read(first))
    (first / "scenario.json").write_bytes(b'{"title": "x"}')
    with pytest.raises(BadRun, match="regions"):
        replay(read(first))
