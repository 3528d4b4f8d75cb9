"""Rules on packets: chance, delay, order, and who decides."""

from fractions import Fraction
from itertools import permutations

import pytest

from sim.latency import Jitter
from sim.network import Fate
from sim.rng import Dice
from sim.rules import (
    DROP,
    HOLD,
    PASS,
    TWICE,
    Delay,
    Duplicate,
    Loss,
    Partition,
    Reorder,
    Rule,
    Slow,
    Where,
)
from tests.sim.three_places import ONE_WAY_US, WEST, World


def test_a_partition_cannot_pass_or_duplicate():
    for verdict in (PASS, TWICE):
        with pytest.raises(ValueError, match="a partition holds or drops"):
            Partition(Where.between(WEST), verdict)


def test_loss_takes_its_share_and_shifts_no_latency():
    lossy, whole = World(latency=Jitter), World(latency=Jitter)
    lossy.network.add(Loss("0.25", lossy.streams["loss"]))
    for number in range(2_000):
        lossy.send(number)
        whole.send(number)
    lossy.engine.run()
    whole.engine.run()
    assert 1_400 < len(lossy.heard) < 1_600
    assert lossy.messages == sorted(lossy.messages)
    assert lossy.tally[Fate.DROPPED] + len(lossy.heard) == len(whole.heard)


def test_a_duplicate_arrives_again_and_in_order():
    world = World(latency=Jitter)
    world.network.add(Duplicate(1, world.streams["rules"]))
    for number in range(20):
        world.send(number)
    world.engine.run()
    assert world.messages == [number for number in range(20) for _ in range(2)]


def test_a_reordered_packet_is_overtaken():
    world = World()
    remove = world.network.add(Reorder(1, 5_000, world.streams["rules"]))
    world.send("late")
    remove()
    world.send("early")
    world.engine.run()
    assert world.heard == [(ONE_WAY_US, "early"), (ONE_WAY_US + 5_000, "late")]


def test_a_slow_link_is_slow_and_keeps_order():
    world = World()
    remove = world.network.add(Slow(500, "2.5"))
    world.send("slow")
    remove()
    world.send("behind it")
    world.engine.run()
    assert world.heard == [(3_000, "slow"), (3_000, "behind it")]


@pytest.mark.parametrize(
    "impossible",
    [
        lambda dice: Loss(1.5, dice),
        lambda dice: Duplicate(-0.1, dice),
        lambda dice: Reorder(0.5, 0, dice),
        lambda dice: Slow(-1),
        lambda dice: Slow(0, -2),
    ],
)
def test_impossible_rules_are_refused(impossible):
    with pytest.raises(ValueError, match="expected"):
        impossible(Dice(0, "x"))


class EveryOther(Rule):
    """A rule from outside: looks at the time, delays every packet of an odd microsecond."""

    def on_packet(self, now_us, source, target, channel):
        return Delay(50_000) if now_us % 2 else PASS


def test_delays_add_up_in_either_order():
    for rules in permutations([EveryOther(), Slow(7, 2)]):
        world = World()
        for rule in rules:
            world.network.add(rule)
        world.engine.call_at(2, world.send, "one of them passes")
        world.engine.call_at(3, world.send, "both delay")
        world.engine.run()
        assert world.heard == [(2_009, "one of them passes"), (52_010, "both delay")]


LETS_THROUGH = {
    "slow": lambda dice: Slow(500),
    "reorder": lambda dice: Reorder(1, 500, dice),
    "duplicate": lambda dice: Duplicate(1, dice),
}


@pytest.mark.parametrize("verdict", [HOLD, DROP])
@pytest.mark.parametrize("other", LETS_THROUGH)
def test_a_partition_cuts_what_other_rules_let_through_in_either_order(other, verdict):
    for cut_first in (True, False):
        world = World()
        cut, through = Partition(Where.between(WEST), verdict), LETS_THROUGH[other]
        rules = [cut, through(world.streams["other"])]
        heals = {rule: world.network.add(rule) for rule in (rules if cut_first else rules[::-1])}
        world.send("cut off")
        world.engine.run(until=50_000)
        assert world.heard == []
        heals[cut]()
        world.engine.run()
        assert set(world.messages) == ({"cut off"} if verdict is HOLD else set())


def test_a_copy_is_as_slow_as_the_packet():
    world = World()
    world.network.add(Slow(500))
    world.network.add(Duplicate(1, world.streams["rules"]))
    world.send("twice")
    world.engine.run()
    assert world.heard == [(ONE_WAY_US + 500, "twice")] * 2


def test_odds_of_rules_are_exact_at_the_ends():
    world = World()
    world.network.add(Loss(0, world.streams["never"]))
    for number in range(100):
        world.send(number)
    world.engine.run()
    assert len(world.heard) == 100
    world.network.add(Loss(Fraction(1), world.streams["always"]))
    world.send("gone")
    world.engine.run()
    assert len(world.heard) == 100
