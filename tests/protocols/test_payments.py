"""Users and payers: who asks whom, who waits for whom, and what must never happen twice."""

import pytest

from sim.history import INFO
from sim.scenario import BadScenario, changed, load
from tests.protocols.small import CALM, IN_TWO_REGIONS, INCIDENT, PARTITION, Trial
from tests.told import EAST, WEST

QUEUE = ['workload.designs.home-region={unreachable = "queue"}']


def places_of_payers(history):
    """Payment -> the regions of its first and second payer."""
    found: dict[bytes, list[bytes]] = {}
    for op in history.ops:
        if op.name == "SET" and b"NX" in op.args and len(found.setdefault(op.args[0], [])) < 2:
            place, _, _ = op.args[1].partition(b"#")
            found[op.args[0]].append(place)
    return found


def took_us(op):
    assert op.completed_us is not None
    return op.completed_us - op.invoked_us


def test_arrivals_are_the_same_for_every_design():
    asked = [
        sorted((op.invoked_us, op.args) for op in trial.history.ops if op.name == "pay")
        for trial in (Trial("set-nx", INCIDENT), Trial("home-region", INCIDENT))
    ]
    assert asked[0] == asked[1]


@pytest.mark.parametrize("cause", ["dies_after_capture", "answer_loss"])
def test_every_design_lives_through_the_same_deaths_and_lost_answers(cause):
    unheard = []
    for design in IN_TWO_REGIONS:
        trial = Trial(design, settings=[*CALM, f"workload.{cause}=0.2"])
        slow = [op for op in trial.history.ops if op.name == "pay" and took_us(op) > 5_000_000]
        unheard.append({op.args[0] for op in slow})
    assert len(unheard[0]) > 50
    assert all(each == unheard[0] for each in unheard)


def test_second_requests_move_to_the_same_region_under_every_design():
    moved = []
    for design in ("set-nx", "downstream-unique", "home-region"):
        trial = Trial(design, settings=[*CALM, "workload.dies_before_capture=0.2"])
        moved.append(places_of_payers(trial.history))
    assert len(moved[0]) > 300
    assert moved[0] == moved[1] == moved[2]


def test_payments_that_are_open_at_the_end_are_open_in_the_history():
    short = ["horizon=60s", "workload.lasts=60s"]
    trial = Trial("home-region", PARTITION, settings=[*QUEUE, *short])
    asked = {event.what for event in trial.history.of_kind("asked")}
    pays = [op for op in trial.history.ops if op.name == "pay"]
    assert len(pays) == len(asked)
    cut = [op for op in pays if op.completed_us is None]
    assert len(cut) > 10
    assert {op.outcome for op in cut} == {INFO}
    assert trial.row["never_captured"] > 0
    assert trial.row["latency_ms_p99"] > 30_000


def test_they_arrive_at_the_stated_rate():
    payments = Trial("set-nx", settings=["workload.lasts=6m"]).row["payments"]
    # Two regions, one every 500 ms, six minutes: 1,440 with a standard deviation of 38.
    assert abs(payments - 1440) < 4 * 38


def test_a_payer_that_dies_after_the_capture_is_found_out_at_the_provider():
    trial = Trial("set-nx", settings=["workload.dies_after_capture=0.2"])
    assert trial.row["duplicates"] == trial.row["refused"] == 0
    died = [event.what for event in trial.history.of_kind("capture")]
    looked_up = {op.args[0] for op in trial.history.ops if op.name == "LOOKUP"}
    assert len(looked_up & set(died)) > 20


def test_a_payer_that_dies_before_it_is_followed_by_one_that_captures():
    trial = Trial("set-nx", settings=[*CALM, "workload.dies_before_capture=0.2"])
    assert trial.paid() == set(trial.captures())
    assert set(trial.captures().values()) == {1}
    slow = [op for op in trial.history.ops if op.name == "pay"]
    assert max(took_us(op) for op in slow) > 60_000_000


def test_a_lost_reply_to_a_capture_is_looked_up_before_the_next():
    trial = Trial("set-nx", settings=[*CALM, "workload.provider_loss=0.2"])
    assert set(trial.captures().values()) == {1}
    unanswered = [op for op in trial.history.ops if op.name == "CAPTURE" and op.outcome is INFO]
    assert len(unanswered) > 50


def test_a_lost_reply_to_a_claim_is_asked_again_with_the_same_token():
    trial = Trial("set-nx", settings=[*CALM, "workload.client_loss=0.1"])
    assert set(trial.captures().values()) == {1}
    claims = {op.args[1]: op for op in trial.history.ops if op.name == "SET" and b"NX" in op.args}
    looks = [op for op in trial.history.ops if op.name == "GET" and op.value in claims]
    assert any(op.process == claims[op.value].process for op in looks)


def test_no_capture_is_begun_when_the_claim_is_about_to_run_out():
    trial = Trial("set-nx", settings=["workload.provider_loss=0.8"])
    until = {
        event.detail["token"]: event.detail["until_us"] for event in trial.history.of_kind("claim")
    }
    begun = [op for op in trial.history.ops if op.name == "CAPTURE"]
    assert begun
    assert all(op.invoked_us + 2_000_000 <= until[op.args[1]] for op in begun)


def test_a_region_that_is_down_takes_its_payers_with_it():
    trial = Trial("set-nx", INCIDENT)
    during = [op for op in trial.history.ops if 20_000_000 < op.invoked_us < 100_000_000]
    tokens = {op.args[1] for op in during if op.name == "CAPTURE"}
    assert tokens
    assert all(token.startswith(EAST) for token in tokens)


def test_users_are_sent_elsewhere_once_the_probe_has_noticed():
    trial = Trial("set-nx", INCIDENT)
    near = [op for op in trial.history.ops if op.name == "pay" and op.place == WEST]
    before = [op for op in near if 20_000_000 < op.invoked_us < 30_000_000]
    after = [op for op in near if 50_000_000 < op.invoked_us < 90_000_000]
    assert min(took_us(op) for op in before) > 5_000_000
    assert sorted(took_us(op) for op in after)[len(after) // 2] < 1_000_000


def test_a_double_click_reaches_two_regions_at_once():
    trial = Trial("set-nx", settings=[*CALM, "workload.hedged=0.2"])
    first = {op.args[0]: op.invoked_us for op in trial.history.ops if op.name == "pay"}
    claims = [op for op in trial.history.ops if op.name == "SET" and b"NX" in op.args]
    places: dict[str, set[str]] = {}
    for op in claims:
        payment = op.args[0].decode().rpartition(":")[2]
        assert op.invoked_us == first[payment]
        places.setdefault(payment, set()).add(op.place)
    share = sum(len(each) == 2 for each in places.values()) / len(places)
    # A standard deviation of 2 %.
    assert abs(share - 0.2) < 0.08
    assert trial.paid() == set(trial.captures())


def test_those_who_wait_it_out_come_back_when_the_fault_is_over():
    settings = [*CALM, "workload.dies_before_capture=0.2", "workload.waits_out=true"]
    trial = Trial("set-nx", PARTITION, settings=settings)
    during = [
        op
        for op in trial.history.ops
        if op.name == "pay" and 20_000_000 < op.invoked_us < 90_000_000
    ]
    back = [op for op in during if took_us(op) > 5_000_000]
    assert len(back) > 30
    assert all(op.invoked_us + took_us(op) > 101_000_000 for op in back)


def test_a_process_does_one_thing_at_a_time():
    ends: dict[int, int] = {}
    for op in Trial("passive-replica", INCIDENT).history.ops:
        assert op.invoked_us >= ends.get(op.process, 0)
        ends[op.process] = op.invoked_us + took_us(op)


def test_the_same_seed_is_the_same_run():
    one, two = (Trial("passive-replica", INCIDENT, seed=5).world.fingerprint() for _ in range(2))
    assert one == two != Trial("passive-replica", INCIDENT, seed=6).world.fingerprint()


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("workload.reroute=1.5", "reroute: expected a share between 0 and 1"),
        ("workload.hedged=2", "hedged: expected a share between 0 and 1"),
        ("workload.every=0s", "0 µs: expected more than 0s"),
        ("workload.in_flight=1s", "in_flight: expected whole seconds, more than capture_timeout"),
        ("workload.in_flight=35s", "in_flight: expected more than user_timeout and user_back"),
        ("workload.provider=Narnia", "unknown region 'Narnia'"),
        ("workload.designs.home-region.unreachable=panic", "home-region: unknown 'panic'"),
    ],
)
def test_an_impossible_setting_is_refused_in_one_line(setting, said):
    with pytest.raises(BadScenario, match=said) as refused:
        changed(load("payments"), [setting])
    assert "\n" not in str(refused.value)
