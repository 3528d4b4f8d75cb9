"""Scenarios: an impossible value is refused in one line that names the key and what is expected."""

from pathlib import Path
from typing import Any

import pytest

from sim.lab import Lab
from sim.run import check_names
from sim.scenario import BadScenario, Scenario, build, changed, load
from sim.units import Duration, NotADuration, Period

OUTAGE = '{kind="outage", region="West Europe", at="1s", lasts="1s"}'
CUT = '{kind="partition", regions=["West Europe", "%s"], at="1s", channels=["%s"]}'
WORD = "expected letters, digits and any of _ . -"


def refusal(scenario: Scenario, setting: str) -> str:
    """The line with which a setting is refused."""
    with pytest.raises(BadScenario) as caught:
        check_names(changed(scenario, [setting]))
    assert "\n" not in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize(
    ("setting", "key", "expected"),
    [
        ("network.jitter=-5", "network.jitter", ">= 0"),
        ("network.jitter=nan", "network.jitter", ">= 0"),
        ("network.jitter=inf", "network.jitter", "<= 1"),
        ("network.hold_timeout=-1s", "network.hold_timeout", "0s or more"),
        ("network.hold_window=-1", "network.hold_window", ">= 1"),
        ("sync.batch_interval=-1s", "sync.batch_interval", "0s or more"),
        ("sync.batch_writes_max=0", "sync.batch_writes_max", ">= 1"),
        ("sync.backlog_writes_max=-1", "sync.backlog_writes_max", ">= 1"),
        ("sync.resend_after=0s", "sync.resend_after", "more than 0s"),
        ("sync.delay=foo", "sync.delay", "there are LNKD-SSD, LNKD-DISK, YMMR, WAN"),
        ("sync.delay=note", "sync.delay", "no store 'note'"),
        ("client.attempts=-3", "client.attempts", ">= 1"),
        ("client.timeout=0s", "client.timeout", "more than 0s"),
        ("horizon=0s", "horizon", "more than 0s"),
        ("clocks.East US.drift_ppm=-2000000", "clocks", ">= -500000"),
        ('clocks={"Est US"={}}', "clocks", "did you mean 'East US'"),
        ("regions=[]", "regions", ">= 1"),
        ("regions=['East US', 'East US']", "regions", "each only once"),
        ("checkers=[]", "checkers", ">= 1"),
        ("variants=[]", "variants", ">= 1"),
        (f"variants.0.faults=[{CUT % ('East US', 'synk')}]", "channels", "client, provider, sync"),
        (f"variants.0.faults=[{CUT % ('West Europe', 'sync')}]", "regions", "'West Europe' twice"),
        (f"variants.0.faults=[{OUTAGE.replace('1s', '-1s')}]", "at", "0s or more"),
        ("variants.0.faults=[{kind='outrage'}]", "kind", "outage"),
        ("name=../../esc", "name", WORD),
        ("name='.hidden'", "name", WORD),
        ("name='a b'", "name", WORD),
        ("client.timeot=1s", "client: unknown", "It has timeout, attempts, backoff_base"),
        (f"variants.0.faults=[{OUTAGE[:-1]}, x=1}}]", "0: unknown key 'x'", "It has at, lasts,"),
        (f"variants.0.faults=[{OUTAGE.replace('1s', '4s')}]", "at 4 s", "before the horizon, 4 s"),
    ],
)
def test_an_impossible_value_is_refused(
    tiny: Scenario, setting: str, key: str, expected: str
) -> None:
    line = refusal(tiny, setting)
    assert key in line
    assert expected in line, line


@pytest.mark.parametrize(
    ("setting", "key", "expected"),
    [
        ("protocols=[]", "protocols", "one or more of"),
        ("protocols=['set-nx', 'set-nx']", "protocols", "each only once"),
        ("regions=['West Europe', 'East US', 'East Asia']", "protocols", "expected 2 regions"),
        ("workload.capture_sigma=abc", "workload.capture_sigma", "a number"),
        ("workload.capture_sigma=nan", "workload.capture_sigma", ">= 0"),
        ("workload.user_timeout=-1s", "workload.user_timeout", "more than 0s"),
        ("workload.probe_interval=-5s", "workload.probe_interval", "more than 0s"),
        ("workload.probe_failures=0", "workload.probe_failures", ">= 1"),
        ("workload.poll=-1s", "workload.poll", "more than 0s"),
        ("workload.reroute=nan", "reroute", "between 0 and 1"),
        ("workload.designs.passive-replica.database_takes=-1s", "database_takes", "0s or more"),
        ("workload.designs.passive-replica.probe_interval=0s", "probe_interval", "more than 0s"),
        ("workload.designs.passive-replica.fallback=x", "fallback", "one of block, database"),
        ("workload.kind=payment", "workload.kind", "one of commands, load, payments"),
        ("workload.lasts=30m", "workload.lasts 30 min", "the horizon or less, 25 min"),
        ("workload.designs.passive-replica.fallbak=x", "'fallbak'", "It has fallback, failover"),
    ],
)
def test_an_impossible_payments_platform_is_refused(setting: str, key: str, expected: str) -> None:
    line = refusal(load("payments"), setting)
    assert key in line
    assert expected in line, line


def test_a_workload_that_compares_no_designs_takes_none(tiny: Scenario) -> None:
    assert "expected none" in refusal(tiny, "protocols=['set-nx']")


def test_the_line_names_the_file(tiny_path: Path) -> None:
    tiny_path.write_text(tiny_path.read_text().replace('horizon = "4s"', 'horizon = "-4s"'))
    with pytest.raises(BadScenario, match=r"tiny\.toml: horizon: "):
        load(str(tiny_path))


def test_a_run_stays_below_its_folder(tiny_path: Path) -> None:
    table: dict[str, Any] = {"title": "t", "regions": ["East US"], "name": "a/../../b"}
    with pytest.raises(BadScenario, match="name"):
        build(table | {"workload": {"kind": "commands", "mix": {"INCR k": 1}}})
    spaced = tiny_path.with_name("two words.toml")
    spaced.write_text(tiny_path.read_text())
    with pytest.raises(BadScenario, match=r"two words\.toml: name 'two words'"):
        load(str(spaced))


@pytest.mark.parametrize("path", ["clocks.East US.offset", 'clocks."East US".offset'])
def test_a_setting_may_have_spaces_and_stand_in_a_table_that_is_empty(
    tiny: Scenario, path: str
) -> None:
    assert tiny.clocks == {}
    assert changed(tiny, [f"{path}=-1s"]).clocks["East US"].offset == -1_000_000


@pytest.mark.parametrize("path", ["client.timeout.x", "variants.7.name", "variants.x.name"])
def test_a_setting_inside_of_nothing_is_refused(tiny: Scenario, path: str) -> None:
    assert f"there is no '{path}'" in refusal(tiny, f"{path}=1")


@pytest.mark.parametrize("kind", [Duration, Period])
def test_no_time_is_negative_in_python_either(kind: type[Duration]) -> None:
    with pytest.raises(NotADuration):
        kind(-1)


@pytest.mark.parametrize("regions", [(), ("East US", "East US"), ("East US", "Est US")])
def test_a_lab_refuses_what_a_scenario_refuses(regions: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match="region"):
        Lab(*regions)
