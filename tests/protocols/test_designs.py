"""Each design does what its docstring promises, and breaks where it says that it breaks."""

import pytest

from sim.checkers import judge
from sim.protocols.base import designs, settings_of
from sim.protocols.passive_replica import READONLY
from tests.protocols.small import CALM, IN_TWO_REGIONS, INCIDENT, PARTITION, Trial
from tests.told import EAST, WEST


def test_the_designs_are_found_by_name():
    majorities = ["quorum-claim", "quorum-shared-key", "quorum-short-grant"]
    assert sorted({*designs()} - {*majorities}) == IN_TWO_REGIONS
    assert IN_TWO_REGIONS == [
        "claim-set",
        "downstream-unique",
        "home-region",
        "passive-replica",
        "set-nx",
    ]


@pytest.mark.parametrize("design", IN_TWO_REGIONS)
@pytest.mark.parametrize("other", ["East US", "Australia East"])
def test_without_faults_nothing_is_captured_twice_refused_or_lost(design, other):
    pair = f'regions=["West Europe", "{other}"]'
    trial = Trial(design, settings=[*CALM, pair, f"variants.{PARTITION}.faults.0.{pair}"])
    figures = trial.row
    assert figures["payments"] > 300
    assert set(trial.captures().values()) == {1}
    assert len(trial.paid()) == figures["payments"] == len(trial.captures())
    assert [figures[name] for name in ("duplicates", "never_captured", "refused")] == [0, 0, 0]
    for checker in ("duplicate-capture", "duplicate-claim", "no-lost-write", "convergence"):
        assert judge(checker, trial.history).verdict == "valid"


@pytest.mark.parametrize("design", IN_TWO_REGIONS)
def test_what_goes_wrong_every_day_makes_no_duplicate(design):
    trial = Trial(design, seed=3, settings=["workload.answer_loss=0.1", "sync.delay="])
    assert judge("duplicate-capture", trial.history).verdict == "valid"
    assert judge("no-lost-write", trial.history).verdict == "valid"
    assert trial.row["never_captured"] == trial.row["refused"] == 0


@pytest.mark.parametrize("variant", [INCIDENT, PARTITION])
@pytest.mark.parametrize("design", IN_TWO_REGIONS)
def test_regions_converge_after_every_fault(design, variant):
    assert judge("convergence", Trial(design, variant).history).verdict == "valid"


class TestSetNx:
    def test_both_regions_grant_a_claim_in_a_partition(self):
        trial = Trial("set-nx", PARTITION, settings=["workload.answer_loss=0.1"])
        assert judge("duplicate-claim", trial.history).verdict == "invalid"
        assert judge("duplicate-capture", trial.history).verdict == "invalid"
        twice = [payment for payment, count in trial.captures().items() if count > 1]
        for payment in twice:
            claims = [each for each in trial.history.of_kind("claim") if each.what == payment]
            assert {each.place for each in claims} == {WEST, EAST}

    def test_a_partition_refuses_nobody(self):
        figures = Trial("set-nx", PARTITION).row
        assert figures["refused"] == 0
        assert figures["availability_incident"] > 0.97

    def test_without_a_second_try_elsewhere_there_is_no_duplicate(self):
        settings = ["workload.answer_loss=0.1", "workload.reroute=0"]
        assert Trial("set-nx", PARTITION, settings=settings).row["duplicates"] == 0


class TestDownstreamUnique:
    def test_claims_race_but_money_moves_once(self):
        trial = Trial("downstream-unique", PARTITION, settings=["workload.answer_loss=0.1"])
        assert judge("duplicate-claim", trial.history).verdict == "invalid"
        assert judge("duplicate-capture", trial.history).verdict == "valid"

    def test_a_provider_that_forgets_captures_twice(self):
        settings = ["workload.answer_loss=0.1", "workload.provider_remembers=1s"]
        assert Trial("downstream-unique", PARTITION, settings=settings).row["duplicates"] > 5


class TestHomeRegion:
    def test_it_refuses_what_it_cannot_decide(self):
        trial = Trial("home-region", PARTITION, settings=["workload.answer_loss=0.1"])
        figures = trial.row
        assert judge("duplicate-claim", trial.history).verdict == "valid"
        assert figures["duplicates"] == 0
        assert 0.4 < figures["availability_incident"] < 0.6
        assert figures["refused"] > 100

    def test_it_queues_if_configured(self):
        setting = ['workload.designs.home-region={unreachable = "queue"}']
        figures = Trial("home-region", PARTITION, settings=setting).row
        assert (figures["duplicates"], figures["refused"], figures["never_captured"]) == (0, 0, 0)
        assert figures["latency_ms_p99"] > 30_000

    def test_one_region_decides_each_payment(self):
        trial = Trial("home-region")
        stores: dict[str, str] = {}
        for claim in trial.history.of_kind("claim"):
            assert stores.setdefault(claim.what, claim.place) == claim.place
        assert set(stores.values()) == {WEST, EAST}


class TestPassiveReplica:
    def trial(self, fallback, *, variant=INCIDENT, settings=(), seed=0):
        options = (
            f'{{fallback = "{fallback}", failover_after = "78s", name_ttl = "10s", behind = "3s"}}'
        )
        design = f"workload.designs.passive-replica={options}"
        return Trial("passive-replica", variant, seed, settings=[design, *settings])

    def test_the_replica_is_read_only(self):
        trial = self.trial("block")
        assert trial.replies()[READONLY] > 100
        assert not [
            each
            for each in trial.history.of_kind("claim")
            if each.place == EAST and each.at_us < 98_000_000
        ]

    def test_it_is_promoted_by_hand_when_the_time_is_over(self):
        moves = self.trial("block").history.of_kind("failover")
        assert [(each.at_us, each.place) for each in moves] == [(98_000_000, EAST)]

    def test_a_shorter_outage_is_no_failover(self):
        trial = self.trial("block", settings=["variants.0.faults.0.lasts=77s"])
        assert trial.history.of_kind("failover") == []

    def test_two_outages_that_overlap_are_one_loss_of_the_primary(self):
        outages = [
            f'{{kind = "outage", region = "{WEST}", at = "{at}", lasts = "{lasts}"}}'
            for at, lasts in (("20s", "60s"), ("50s", "60s"))
        ]
        trial = self.trial("block", settings=[f"variants.0.faults=[{', '.join(outages)}]"])
        moves = trial.history.of_kind("failover")
        assert [each.at_us for each in moves] == [98_000_000]

    def test_blocking_serves_nobody_in_time(self):
        figures = self.trial("block").row
        assert figures["availability_incident"] < 0.15
        assert figures["refused"] == 0

    def test_the_database_serves_a_part(self):
        trial = self.trial("database")
        assert 0.2 < trial.row["availability_incident"] < 0.8
        assert trial.replies()["ERR max number of clients reached"] > 100

    def test_acknowledged_writes_are_lost_at_the_promotion(self):
        one = judge("no-lost-write", self.trial("block").history)
        assert one.verdict == "invalid"
        assert any("but nothing is there" in line for line in one.evidence)

    def test_what_the_database_granted_is_unknown_after_the_switch(self):
        trial = self.trial("database", settings=["workload.answer_loss=0.5", "workload.lasts=3m"])
        database = "database in East US"
        granted = [
            [each.place for each in trial.history.of_kind("claim") if each.what == payment]
            for payment, count in trial.captures().items()
            if count > 1
        ]
        assert [database, EAST] in granted

    def test_nobody_misses_in_redis_what_the_database_was_told(self):
        trial = self.trial("database", variant=PARTITION)
        assert any(op.place == "database in East US" for op in trial.history.ops)
        assert judge("no-lost-write", trial.history).verdict == "valid"

    def test_those_cut_off_decide_for_themselves(self):
        trial = self.trial("database", variant=PARTITION, settings=["workload.answer_loss=0.1"])
        assert judge("duplicate-capture", trial.history).verdict == "invalid"


class TestSettings:
    def test_they_have_defaults(self):
        assert settings_of("home-region", {}).unreachable == "refuse"

    @pytest.mark.parametrize(
        ("name", "table", "said"),
        [
            ("home-region", {"unreachable": "panic"}, "home-region: Invalid enum value 'panic'"),
            ("home-region", {"unreachible": "queue"}, "unknown field `unreachible`"),
            ("passive-replica", {"name_ttl": 30}, "expected a text with a unit"),
            ("set-nx", {"ttl": "1s"}, "unknown field `ttl`"),
            ("set-xx", {}, "no protocol 'set-xx'"),
        ],
    )
    def test_what_nobody_knows_is_refused(self, name, table, said):
        with pytest.raises(ValueError, match=said):
            settings_of(name, table)
