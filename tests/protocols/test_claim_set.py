"""claim-set: payers that wait for two lags agree on the winner; no wait outlasts a partition."""

import pytest

from sim.protocols.base import Payment, Standing, Terms
from sim.protocols.claim_set import ClaimSet, ClaimSetSettings
from sim.scenario import Variant, changed, load
from sim.units import Duration
from sim.world import World
from tests.protocols.small import CALM, PARTITION, Trial
from tests.told import EAST, WEST


def rivals(wait, *settings, variant=None):
    """A trial with many double clicks, the two requests of which reach two regions at once."""
    clicks = ["workload.hedged=0.3", f"workload.designs.claim-set.wait={wait}", "sync.delay="]
    return Trial("claim-set", variant, settings=[*CALM, *clicks, *settings])


def test_payers_that_have_waited_agree_on_the_smallest():
    trial = rivals("1s")
    assert trial.row["refused"] == trial.row["duplicates"] == 0
    seen = [op.value for op in trial.history.ops if op.name == "SMEMBERS"]
    joined = {frozenset(each) for each in seen if isinstance(each, list) and len(each) == 2}
    assert len(joined) > 50
    won = {claim.detail["token"].encode() for claim in trial.history.of_kind("claim")}
    assert all(min(each) in won and max(each) not in won for each in joined)


@pytest.mark.parametrize(("wait_us", "winners"), [(70_000, ["z", "a"]), (150_000, ["a"])])
def test_w_has_to_be_longer_than_two_lags(wait_us, winners):
    """A lag is up to 10 ms of waiting and 40 ms of sea. The smaller name comes 40 ms later."""
    world = World(changed(load("payments"), ["sync.delay="]), Variant("calm"))
    design = ClaimSet(world, Terms(60, 60), ClaimSetSettings(wait=Duration(wait_us)))
    won = []

    def payer(place, after_us, token):
        client = world.client(place)
        yield from client.pause(after_us)
        store = world.regions[place]
        standing = yield from design.claim(client, store, Payment("p", place), token)
        won.extend([token] * (standing is Standing.MINE))

    world.engine.process(payer(WEST, 0, "z"))
    world.engine.process(payer(EAST, 40_000, "a"))
    world.engine.run(until=1_000_000)
    assert won == winners


def test_no_w_is_longer_than_a_partition():
    assert rivals("1s", variant=PARTITION).row["duplicates"] > 20


def test_every_payment_waits_for_w():
    fast, slow = (rivals(wait).row["latency_ms_p50"] for wait in ("100ms", "1100ms"))
    assert 950 < slow - fast < 1_050


def test_the_name_of_a_payer_that_died_strands_nobody():
    trial = rivals("100ms", "workload.dies_before_capture=0.1")
    assert set(trial.captures().values()) == {1}
    assert trial.row["never_captured"] == trial.row["refused"] == 0
