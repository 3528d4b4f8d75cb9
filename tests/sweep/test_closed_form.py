"""The closed form of set-nx' duplicates: what it says by itself, and against the simulation."""

from pathlib import Path

import pytest

from sim import curves
from sim.closed_form import DESIGN, Lag, NotCovered, duplicate_rate, requests
from sim.pages import block
from sim.proportion import proportion
from sim.scenario import changed, load
from sim.sweep import summary
from sim.workers import processes
from sim.workloads.payments import Payments

PAGE = (Path(__file__).parents[2] / "docs" / "payments.md").read_text(encoding="utf-8")
TABLE = block(PAGE, "closed form")
CALM = ['variants=[{name="calm"}]']


def worked_out(*settings: str) -> float:
    scenario = changed(load("payments"), [*CALM, *settings])
    return duplicate_rate(scenario, scenario.variants[0])


# ── by itself ─────────────────────────────────────────────────────────────────────────────────


def test_without_lag_nothing_is_captured_twice():
    assert worked_out() == 0


def test_with_a_lag_without_end_only_the_users_chances_are_left():
    everything = worked_out("sync.batch_interval=100000m")
    assert everything == pytest.approx((0.002 + 0.998 * 0.01 * (1 + 0.005)) * 0.5 * 0.998**2, 1e-3)


def test_a_lag_is_any_wait_up_to_the_interval_and_the_rest():
    lag = Lag(10_000_000, 2_000_000.0)
    assert [lag.exceeds(at_s * 10**6) for at_s in (0, 2, 7, 12, 20)] == [1, 1, 0.5, 0, 0]
    assert [Lag(0, 5.0).exceeds(time_us) for time_us in (4, 5)] == [1, 0]


def test_requests_come_after_time_outs_and_back_offs_and_those_of_the_dead_only_once():
    asked = list(requests(Payments(answer_loss=0.5, dies_after_capture=0.5, reroute=0.5)))
    assert [each.after_us // 10**6 for each in asked[:4]] == [6, 13, 22, 35]
    first, second, third, *_ = (each.chance / 0.998**2 for each in asked)
    assert (first, second, third) == pytest.approx((0.375, 0.03125, 0.0078125))


def test_a_partition_blinds_for_as_long_as_it_lasts():
    minutes = {}
    for lasts in (4, 8):
        chosen = changed(load("payments"), [f"variants.1.faults.0.lasts={lasts}m"])
        minutes[lasts] = duplicate_rate(chosen, chosen.variants[1])
    # A claim is unseen by the second request if it was made until 6 s before the end.
    assert minutes[8] / minutes[4] == pytest.approx((8 * 60 - 6) / (4 * 60 - 6), 1e-3)


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (['workload={kind="commands", mix={"INCR k"=1}}', "protocols=[]"], "expected payments"),
        (["regions=['West Europe', 'East US', 'Japan East']"], "regions: expected two, not 3"),
        (["workload.request_limit=6s"], "user_timeout: expected no less than request_limit"),
        (
            ['variants=[{name="x", faults=[{kind="outage", region="East US", at="1s"}]}]'],
            "x: expected nothing but whole partitions, not outage",
        ),
    ],
)
def test_what_it_does_not_speak_of_is_refused(settings: list[str], said: str):
    with pytest.raises(NotCovered, match=said):
        worked_out(*settings)


# ── against the simulation ────────────────────────────────────────────────────────────────────


@pytest.mark.slow
def test_one_point_of_the_sweep_with_more_lost_answers():
    """One seed, about 250 duplicates: their standard deviation is a sixteenth of them."""
    plan = curves.Plan("sync.batch_interval", ["20s"], 1, ("workload.answer_loss=0.15",))
    (line,) = summary(curves.rows(plan, [DESIGN], plan.seeds, processes(1)))
    rate = worked_out("sync.batch_interval=20s", *plan.settings)
    expected = rate * line.duplicates.of
    assert expected > 200
    assert abs(line.duplicates.count - expected) < 4 * expected**0.5


def test_the_rates_on_the_page_are_worked_out_within_their_intervals():
    """Only read here; measured by the test below."""
    rows = [line.strip("| ").split(" | ") for line in TABLE.splitlines()[2:]]
    assert [row[0] for row in rows] == curves.LAG.values
    assert len(rows) == 5
    for row in rows:
        found = proportion(int(row[3].replace(",", "")), int(row[2].replace(",", "")))
        rate = worked_out(f"{curves.LAG.key}={row[0]}")
        assert found.low is not None
        assert found.high is not None
        assert found.rate is not None
        assert found.low < rate < found.high
        assert found.half_width <= 0.1 * found.rate
        assert row[-1] == f"{100 * rate:.3f} %"


@pytest.mark.slow
@pytest.mark.deep
def test_the_rates_on_the_page_are_what_is_measured():
    """Write them anew with `python -m sim.curves docs`."""
    rows = curves.rows(curves.LAG, [DESIGN], curves.LAG.seeds, processes())
    assert curves.table(summary(rows)) == TABLE
