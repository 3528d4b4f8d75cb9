"""Sweeps: the same rows wherever they ran, and a summary of nothing but them."""

from concurrent.futures import ThreadPoolExecutor

import msgspec
import pytest

from sim.kept import folder_of, keep, read
from sim.proportion import proportion
from sim.run import run
from sim.scenario import BadScenario, Scenario, changed
from sim.sweep import Row, Sweep, summary, sweep, tasks, varied_of
from sim.workers import Workers, cluster, processes
from tests.sweep.crews import Backwards, Shot, one_after_the_other

VARIED = {"workload.answer_loss": ["0.1", "0.3"]}
SEEDS = [5, 3]
TRIALS = 8


@pytest.fixture(scope="module")
def rows(request: pytest.FixtureRequest) -> list[Row]:
    """What one thread makes of two seeds, values and protocols."""
    return swept(request.getfixturevalue("short"), Workers(lambda: ThreadPoolExecutor(1)))


def swept(short: Scenario, workers: Workers) -> list[Row]:
    return sweep(short, SEEDS, VARIED, workers).rows


# ── the same rows ─────────────────────────────────────────────────────────────────────────────


def test_rows_are_in_the_order_of_settings_designs_and_seeds(rows: list[Row]):
    assert [(row.settings["workload.answer_loss"], row.protocol, row.seed) for row in rows] == [
        (value, protocol, seed)
        for value in ("0.1", "0.3")
        for protocol in ("set-nx", "downstream-unique")
        for seed in SEEDS
    ]
    assert sum(row.duplicates for row in rows if row.protocol == "set-nx") > 0


def test_rows_are_the_same_when_the_last_trial_runs_first(short: Scenario, rows: list[Row]):
    assert swept(short, Workers(lambda: Backwards(TRIALS))) == rows


def test_rows_are_the_same_from_processes_one_of_which_is_killed(short: Scenario, rows: list[Row]):
    assert swept(short, one_after_the_other(Shot, lambda: ThreadPoolExecutor(1))) == rows


def test_rows_are_the_same_from_processes(short: Scenario, rows: list[Row]):
    assert swept(short, processes(2)) == rows


def test_rows_are_the_same_from_a_cluster(short: Scenario, rows: list[Row], scheduler: str):
    assert swept(short, cluster(scheduler)) == rows


def test_a_row_is_the_trial_that_a_run_has(short: Scenario, rows: list[Row], tmp_path):
    row = rows[4]
    chosen = changed(short, [f"{key}={value}" for key, value in row.settings.items()])
    found = run(chosen, row.seed)
    folder = folder_of(chosen, row.seed, tmp_path)
    keep(found, folder)
    assert read(folder).prints.trials[0].fingerprint == row.fingerprint
    table = found.tables["payments"][0]
    assert (row.payments, row.duplicates) == (table["payments"], table["duplicates"])


# ── the summary ───────────────────────────────────────────────────────────────────────────────


def test_the_summary_adds_up_the_seeds(rows: list[Row]):
    lines = summary(rows)
    assert [(line.settings, line.protocol, line.seeds) for line in lines] == [
        ({"workload.answer_loss": value}, protocol, 2)
        for value in ("0.1", "0.3")
        for protocol in ("set-nx", "downstream-unique")
    ]
    mine = rows[4:6]
    payments = sum(row.payments for row in mine)
    assert lines[2].duplicates == proportion(sum(row.duplicates for row in mine), payments)
    assert lines[2].in_time_in_fault == proportion(0, 0)


def test_a_verdict_that_is_not_expected_makes_the_sweep_fail(short: Scenario):
    strict = changed(short, ['variants=[{name="calm"}]', "protocols=['set-nx']"])
    found = sweep(strict, [5], {}, Workers(lambda: ThreadPoolExecutor(1)))
    assert found.rows[0].unexpected == ["duplicate-capture"]
    assert found.summary[0].unexpected.rate == 1
    assert not found.holds
    again = msgspec.json.decode(msgspec.json.encode(found), type=Sweep)
    assert again == found


def test_progress_is_told_for_each_trial(short: Scenario):
    told = []
    one = Workers(lambda: ThreadPoolExecutor(1))
    sweep(changed(short, ["workload.lasts=1s"]), [1], {}, one, lambda *words: told.append(words))
    assert told == [("calm, set-nx", 1, 2), ("calm, downstream-unique", 2, 2)]


# ── what varies ───────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("settings", "varied"),
    [
        (["a.b=1,2"], {"a.b": ["1", "2"]}),
        (["x=[1,2],[3]", "y=z"], {"x": ["[1,2]", "[3]"], "y": ["z"]}),
        (["x='a,b',\"[\",c"], {"x": ["'a,b'", '"["', "c"]}),
    ],
)
def test_values_are_parted_by_commas_outside_of_brackets_and_quotes(settings, varied):
    assert varied_of(settings) == varied


@pytest.mark.parametrize("setting", ["a", "a=", "=1", "a=1,", "a=1,1"])
def test_values_that_cannot_be_are_refused(setting: str):
    with pytest.raises(BadScenario, match=f"--vary {setting}: expected"):
        varied_of([setting])


def test_a_key_that_varies_twice_is_refused():
    with pytest.raises(BadScenario, match="--vary a=2: a varies already"):
        varied_of(["a=1", "a=2"])


@pytest.mark.parametrize(
    ("varied", "said"),
    [
        ({"client.timeot": ["1s"]}, "--vary.*timeot.*did you mean 'timeout'"),
        ({"client.timeout": ["1s", "2"]}, "--vary.*timeout"),
        ({"protocols": ["['set-nxx']"]}, "--vary.*set-nxx.*set-nx"),
    ],
)
def test_a_bad_value_is_refused_before_anything_runs(short: Scenario, varied, said):
    with pytest.raises(BadScenario, match=said):
        tasks(short, [0], varied)
