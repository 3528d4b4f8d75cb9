"""What a sweep leaves on disk: tables that say what the rows do, and figures of what varied."""

import csv
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from matplotlib.image import imread

from sim.plots.against import Curve, Point, draw_against
from sim.proportion import proportion
from sim.scenario import Scenario, changed, load
from sim.sweep import Summary, Sweep, sweep
from sim.swept import folder_of, keep, worked_out
from sim.workers import Workers

VARIED = {"sync.batch_interval": ["10ms", "20s"]}


@pytest.fixture(scope="module")
def found(request: pytest.FixtureRequest) -> Sweep:
    short = request.getfixturevalue("short")
    return sweep(short, [5, 6], VARIED, Workers(lambda: ThreadPoolExecutor(1)))


def test_what_is_kept_is_what_was_found(found: Sweep, short: Scenario, tmp_path: Path):
    keep(found, short, tmp_path)
    told = json.loads((tmp_path / "sweep.json").read_text())
    assert told["varied"] == VARIED
    with (tmp_path / "rows.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(row["sync.batch_interval"], row["fingerprint"]) for row in rows] == [
        (row.settings["sync.batch_interval"], row.fingerprint) for row in found.rows
    ]
    with (tmp_path / "summary.csv").open(newline="") as file:
        lines = list(csv.DictReader(file))
    assert [(int(line["duplicates"]), float(line["duplicates_high"])) for line in lines] == [
        (line.duplicates.count, line.duplicates.high) for line in found.summary
    ]


def test_the_same_sweep_is_kept_byte_for_byte(found: Sweep, short: Scenario, tmp_path: Path):
    for folder in ("one", "two"):
        keep(found, short, tmp_path / folder)
    names = {path.relative_to(tmp_path / "one") for path in (tmp_path / "one").rglob("*.*")}
    assert Path("figures/sync-batch_interval.png") in names
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()


def test_other_settings_seeds_or_values_are_kept_elsewhere(short: Scenario, tmp_path: Path):
    folders = {
        folder_of(short, [1], {}, tmp_path),
        folder_of(short, [2], {}, tmp_path),
        folder_of(short, [1], VARIED, tmp_path),
        folder_of(changed(short, ["client.timeout=2s"]), [1], {}, tmp_path),
    }
    assert len(folders) == 4


# ── figures ───────────────────────────────────────────────────────────────────────────────────


def test_a_figure_is_drawn_against_what_has_several_values(
    found: Sweep, short: Scenario, tmp_path: Path
):
    (picture,) = keep(found, short, tmp_path)
    assert picture.path.name == "sync-batch_interval.png"
    rates = [line.duplicates.rate for line in found.summary if line.protocol == "set-nx"]
    assert f"calm, set-nx: 10ms {rates[0]:.2%}, 20s {rates[1]:.2%}" in picture.caption
    assert "calm, downstream-unique: 10ms 0.00%, 20s 0.00%" in picture.caption
    assert imread(picture.path).shape[2] == 4


def test_without_payments_or_without_several_values_nothing_is_drawn(
    found: Sweep, short: Scenario, tmp_path: Path
):
    one = Sweep("payments", [5], {"client.timeout": ["1s"]}, found.summary, found.rows)
    assert keep(one, short, tmp_path) == []
    none = proportion(0, 0)
    calm = Summary({"client.timeout": "1s"}, "calm", "", 1, none, none, none, none)
    empty = Sweep("three-cities", [5], {"client.timeout": ["1s", "2s"]}, [calm], [])
    assert keep(empty, load("three-cities"), tmp_path) == []


def test_only_set_nx_without_outages_is_worked_out(found: Sweep, short: Scenario):
    mine = [line for line in found.summary if line.protocol == "set-nx"]
    never, often = worked_out(mine, short)
    # The second request after 6 of 20 s, the third after 13.
    assert (never, round(often, 3)) == (0, round((0.301 * 0.7 + 0.3 * 0.15 * 0.35) / 2, 3))
    assert worked_out(found.summary, short) == []
    outage = ['variants=[{name="calm", faults=[{kind="outage", region="East US", at="1s"}]}]']
    assert worked_out(mine, changed(short, outage)) == []


@pytest.mark.parametrize("values", [["10ms", "2s", "3m"], ["0.1", "0.2"], ["YMMR", "WAN"], ["0s"]])
def test_durations_numbers_and_words_can_be_drawn(values: list[str], tmp_path: Path):
    points = [Point(value, proportion(number, 99)) for number, value in enumerate(values)]
    curves = [Curve("a", points, [0.1] * len(points)), Curve("b", [Point("x", proportion(0, 0))])]
    picture = draw_against("key", "what", {"one": curves, "two": curves[:1]}, tmp_path / "f.png")
    assert picture.path.stat().st_size > 0
    assert f"one, a: {values[0]} 0.00%" in picture.caption
