"""A partition that is longer than keys are kept: what has been forgotten is captured again."""

import pytest

from sim.metrics.payments import row
from sim.scenario import changed, load
from sim.world import World

WITHIN, OUTLASTS = 0, 1


def captured_twice(design, variant, *settings):
    scenario = changed(load("outlasts-ttl"), settings)
    return row(World(scenario, scenario.variants[variant], design, 1).run())["duplicates"]


@pytest.mark.parametrize("design", ["set-nx", "claim-set", "home-region"])
def test_keys_that_have_run_out_keep_nobody_away(design):
    assert captured_twice(design, WITHIN) == 0
    assert captured_twice(design, OUTLASTS) > 0


@pytest.mark.parametrize(("remembers", "clean"), [("0s", True), ("24h", False), ("48h", True)])
def test_a_provider_has_to_remember_for_longer_than_anybody_stays_away(remembers, clean):
    setting = f"workload.provider_remembers={remembers}"
    assert (captured_twice("downstream-unique", OUTLASTS, setting) == 0) is clean


def test_a_grant_without_end_is_found():
    regions = 'regions=["West Europe", "East US", "UK South"]'
    assert captured_twice("quorum-claim", OUTLASTS, regions) == 0
