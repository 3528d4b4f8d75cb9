"""quorum-claim: two votes out of three, and what becomes of it without each of its premises."""

from random import Random

import pytest

from crdb.session import Session
from sim.checkers import judge
from sim.checkers.duplicate_capture import repeated
from sim.metrics.availability import in_faults
from sim.metrics.payments import row
from sim.protocols.base import NotNow, Payment, Refused, Standing, Terms
from sim.protocols.quorum_claim import QuorumClaim, QuorumClaimSettings
from sim.scenario import Variant, build, changed, load, table_of
from sim.words import plain
from sim.world import World
from tests.protocols.small import CALM, Trial
from tests.told import EAST, WEST

UK = "UK South"
THREE = [WEST, EAST, UK]


@pytest.mark.parametrize("third", [UK, "Australia East"])
def test_without_faults_nothing_is_captured_twice_refused_or_lost(third):
    regions = f'regions=["{WEST}", "{EAST}", "{third}"]'
    trial = Trial("quorum-claim", settings=[*CALM, regions, "workload.hedged=0.2"])
    figures = trial.row
    assert figures["payments"] > 600
    assert set(trial.captures().values()) == {1}
    assert len(trial.paid()) == figures["payments"] == len(trial.captures())
    for checker in ("duplicate-capture", "duplicate-claim", "no-lost-write", "convergence"):
        assert judge(checker, trial.history).verdict == "valid"


@pytest.mark.parametrize("lost", THREE)
def test_99_of_100_are_served_in_time_with_one_of_three_regions_down(lost):
    scenario = changed(load("quorum"), [f"variants.0.faults.0.region={lost}"])
    found = in_faults(World(scenario, scenario.variants[0], "quorum-claim").run(), "pay")
    assert found.asked > 900
    assert found.good >= 0.99 * found.asked


class TestVotes:
    """One payment, and votes that other payers have been given before."""

    payment = Payment("p", WEST)

    def claim(self, *votes, down=()):
        """What the payer "me" in West Europe is told, and how the three voted then."""
        world = World(load("quorum"), Variant("calm"))
        design = QuorumClaim(world, Terms(60, 60), QuorumClaimSettings())
        voters = list(world.regions.values())
        keys = [design.key(self.payment, voter) for voter in voters]
        for voter, key, vote in zip(voters, keys, votes, strict=True):
            if vote:
                voter.execute(Session(), (b"SET", key, vote.encode()))
            if voter.name in down:
                voter.crash()
        told: list[object] = []

        def payer():
            claim = design.claim(world.client(WEST), voters[0], self.payment, "me")
            try:
                told.append((yield from claim))
            except (Refused, NotNow) as no:
                told.append(type(no))

        world.engine.process(payer())
        world.engine.run(until=3_000_000)
        voted = [
            voter.execute(Session(), (b"GET", key)) for voter, key in zip(voters, keys, strict=True)
        ]
        return told, [str(plain(vote)).rpartition(" ")[0] for vote in voted]

    def test_two_votes_win_and_the_third_is_not_asked_for(self):
        told, voted = self.claim("", "", "")
        assert told == [Standing.MINE]
        assert sorted(voted) == ["", "me", "me"]

    @pytest.mark.parametrize("mine", [(0, 1), (0, 2), (1, 2)])
    def test_ones_own_votes_count_on_a_retry(self, mine):
        votes = ["me in-flight" if number in mine else "rival in-flight" for number in range(3)]
        assert self.claim(*votes)[0] == [Standing.MINE]

    def test_somebody_else_with_two_has_won(self):
        votes = ("rival in-flight", "rival in-flight", "me in-flight")
        assert self.claim(*votes)[0] == [Standing.TAKEN]

    def test_three_votes_for_three_payers_are_refused_and_stand(self):
        told, voted = self.claim("a in-flight", "b in-flight", "")
        assert told == [Refused]
        assert voted == ["a", "b", "me"]

    def test_one_against_one_may_be_a_majority_with_the_voter_that_is_silent(self):
        told, _ = self.claim("", "rival in-flight", "", down=[UK])
        assert told == [Standing.TAKEN]

    def test_a_vote_alone_wins_nothing(self):
        told, voted = self.claim("", "", "", down=[EAST, UK])
        assert told == [NotNow]
        assert voted[0] == "me"

    def test_the_mark_of_any_voter_says_that_it_is_done(self):
        told, voted = self.claim("a in-flight", "", "rival done")
        assert told == [Standing.DONE]
        assert "me" not in voted or voted[2] == "rival"


class TestControls:
    """Without one of its premises it captures twice, and with all of them never."""

    @pytest.mark.slow
    @pytest.mark.parametrize(
        ("variant", "design", "duplicates"),
        [
            ("partition", "quorum-claim", False),
            ("partition", "quorum-shared-key", True),
            ("partition", "quorum-short-grant", True),
            ("backup", "quorum-claim", False),
            ("backup-alone", "quorum-claim", True),
            ("promotion", "quorum-claim", True),
        ],
    )
    def test_it_does_where_the_scenario_says(self, variant, design, duplicates):
        scenario = load("quorum-controls")
        (course,) = [each for each in scenario.variants if each.name == variant]
        assert ("duplicate-capture" in course.expect.get(design, [])) is duplicates
        twice = row(World(scenario, course, design, seed=1).run())["duplicates"]
        assert (twice > 0) is duplicates


def everything_fails(seed, *, forgets):
    """A minute in which each fault strikes at a time, and at places, that the seed says.

    ``forgets``: also those that take acknowledged writes away.
    """
    dice = Random(seed)

    def fault(kind, **parameters):
        begin = dice.randrange(5_000, 40_000)
        lasts = dice.randrange(1_000, 20_000)
        return {"kind": kind, "at": f"{begin}ms", "lasts": f"{lasts}ms"} | parameters

    def pair():
        return dice.sample(THREE, 2)

    both = ["sync", "client"]
    faults = [
        fault("partition", regions=pair(), channels=both),
        fault("partition", regions=pair(), channels=both, one_way=True, drop=True),
        fault("partition", regions=pair()),
        fault("outage", region=dice.choice(THREE)),
        fault("outage", region=dice.choice(THREE)),
        fault("loss", share=0.2, channels=[*both, "provider"]),
        fault("duplicate", share=0.2, channels=both),
        fault("reorder", share=0.2, extra="300ms", channels=both),
        fault("slow", regions=pair(), extra="400ms", channels=both),
        fault("clock-step", region=dice.choice(THREE), by=f"{dice.randrange(-9, 9)}s"),
        fault("drift", region=dice.choice(THREE), ppm=dice.randrange(-50_000, 50_000)),
    ]
    if forgets:
        faults += [
            fault("restore", region=dice.choice(THREE), backup="4s"),
            fault("amnesia", region=dice.choice(THREE), loses="1s"),
            fault("amnesia", region=dice.choice(THREE)),
        ]
    return faults


def captured_twice(design, seed):
    """The payments that a design captures twice when everything fails."""
    forgets = not design.startswith("quorum")
    table = table_of(load("quorum")) | {
        "variants": [{"name": "all", "faults": everything_fails(seed, forgets=forgets)}],
        "horizon": "100s",
    }
    table["workload"] |= {
        "every": "1s",
        "lasts": "50s",
        "patience": "90s",
        "hedged": 0.2,
        "answer_loss": 0.1,
        "dies_after_capture": 0.05,
    }
    scenario = build(table)
    history = World(scenario, scenario.variants[0], design, seed).run()
    assert len(history.of_kind("capture")) > 50
    return repeated(history)


SAFE = ["quorum-claim", "downstream-unique"]


@pytest.mark.slow
@pytest.mark.parametrize("design", SAFE)
def test_nothing_is_captured_twice_when_everything_fails(design):
    assert not any(captured_twice(design, seed) for seed in range(24))


@pytest.mark.parametrize("design", ["set-nx", "quorum-short-grant"])
def test_everything_that_fails_would_show(design):
    assert any(captured_twice(design, seed) for seed in range(2))


@pytest.mark.slow
@pytest.mark.deep
@pytest.mark.parametrize("design", SAFE)
def test_nothing_is_captured_twice_in_1000_seeds(design):
    assert not [seed for seed in range(1_000) if captured_twice(design, seed)]
