"""Load on a cluster, as the application sees it: what each experiment claims, in short runs."""

from typing import Any

import msgspec
import pytest

from sim.checkers.no_errors import errors
from sim.history import History
from sim.metrics.load import requests, row
from sim.run import run
from sim.scenario import Scenario, changed, load
from sim.units import Duration


def short(name: str, variant: str, horizon_s: int = 20, **workload: Any) -> Scenario:
    """One variant of a shipped scenario, not for so long."""
    whole = load(name)
    chosen = tuple(each for each in whole.variants if each.name == variant)
    changed = msgspec.structs.replace(whole.workload, **workload)
    return msgspec.structs.replace(
        whole, variants=chosen, workload=changed, horizon=Duration(horizon_s * 1_000_000)
    )


def played(scenario: Scenario) -> History:
    result = run(scenario, seed=1)
    assert result.holds, result.verdicts
    return result.trials[0].history


def p99_ms(history: History, begin_s: int, end_s: int) -> float:
    """Of the requests that were due in these seconds."""
    ops = [op for op in requests(history) if begin_s <= op.invoked_us / 1e6 < end_s]
    return float(row(ops)["latency_ms_p99"] or 0)


def test_a_scale_out_costs_no_errors_and_a_bump_that_goes_away() -> None:
    history = played(short("scale-out", "hint", 22))
    assert errors(history) == []
    calm, busy, after = (p99_ms(history, *span) for span in ((1, 5), (11, 18), (19, 22)))
    assert busy > 1.5 * calm
    assert after < 1.3 * calm


def test_keys_on_their_way_keep_requests_waiting_behind_a_proxy_too() -> None:
    scenario = changed(short("scale-out", "hint", 22), ["cluster.policy=enterprise"])
    history = played(scenario)
    calm, busy, after = (p99_ms(history, *span) for span in ((1, 5), (11, 18), (19, 22)))
    assert busy > 1.5 * calm
    assert after < 1.3 * calm


def test_who_takes_moved_for_an_error_has_an_outage_that_does_not_end() -> None:
    history = played(short("scale-out", "fatal", 22))
    late = [op for op in errors(history) if op.invoked_us > 19_000_000]
    assert len(late) > 50
    assert {str(op.value).split()[0] for op in late} == {"MOVED"}


@pytest.mark.parametrize("variant", ["oss", "enterprise"])
def test_a_rolling_patch_costs_no_errors(variant: str) -> None:
    history = played(short("maintenance", variant, 30, per_s=50))
    assert errors(history) == []
    assert len(history.of_kind("failover")) >= 4


def test_a_wait_that_grows_outlasts_a_failover_with_a_third_of_the_attempts() -> None:
    patient = played(short("retries", "exponential", 12))
    at_once = played(short("retries", "at-once", 12))
    assert errors(patient) == errors(at_once) == []

    def lost(history: History) -> int:
        return sum(op.outcome.value == "info" for op in history.ops if op.name != "request")

    assert 2 * lost(patient) < lost(at_once)
    assert errors(played(short("retries", "few", 12)))


def test_a_hot_key_shows_in_p99_more_than_in_the_mean() -> None:
    even, hot = (
        row(requests(played(short("hot-key", variant, 15)))) for variant in ("even", "hot")
    )
    assert float(hot["latency_ms_p99"]) > 3 * float(even["latency_ms_p99"])
    assert float(hot["latency_ms_mean"]) < 0.5 * float(hot["latency_ms_p99"])
