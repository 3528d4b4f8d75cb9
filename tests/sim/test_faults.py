"""The faults, each by what clients and regions notice of it, and by what it leaves behind."""

from typing import Any

import pytest

from crdb.persistence.format import size_bytes
from crdb.session import Session
from sim.scenario import BadScenario
from sim.units import us
from sim.world import World
from tests.sim.two_cities import EAST, WEST, scenario, world

PAIR: dict[str, Any] = {"regions": [WEST, EAST]}

FAULTS: dict[str, dict[str, Any]] = {
    "amnesia": {"region": EAST},
    "clock-step": {"region": EAST, "by": "-3s"},
    "drift": {"region": EAST, "ppm": 500},
    "duplicate": {"share": 0.5},
    "hang": {"region": EAST},
    "idle-cut": {"region": EAST, "after": "1s"},
    "loss": {"share": 0.5},
    "outage": {"region": EAST},
    "partition": PAIR,
    "refuse": {"region": EAST},
    "power-loss": {"region": EAST},
    "reorder": {"share": 0.5, "extra": "5ms"},
    "reset": {"region": EAST},
    "restore": {"region": EAST, "at": "1s", "backup": "1s"},
    "slow": PAIR | {"factor": 3},
}


def broken(kind: str, **changes: Any) -> World:
    """A world in which that fault has begun, and no client has."""
    fault = {"kind": kind, "at": "0s"} | FAULTS[kind] | changes
    built = scenario(variants=[{"name": "v", "faults": [fault]}])
    made, begun = world(), built.variants[0].faults[0]
    begun.prepare(made)
    if begun.at:
        made.engine.run(until=int(begun.at))
    made.nemesis.begin(begun)
    return made


def arrivals(broken: World, channel: str = "sync") -> list[tuple[int, int]]:
    """(engine time, number) of a hundred packets, sent at intervals of a millisecond."""
    heard: list[tuple[int, int]] = []

    def send(number: int) -> None:
        broken.network.send(WEST, EAST, channel, number, arrive)

    def arrive(number: int) -> None:
        heard.append((broken.engine.now, number))

    for number in range(100):
        broken.engine.call_in(number * 1_000, send, number)
    broken.engine.run(until=broken.engine.now + us("2s"))
    return heard


@pytest.mark.parametrize("kind", FAULTS)
def test_what_is_over_leaves_packets_alone(kind: str) -> None:
    healed = broken(kind)
    healed.nemesis.heal()
    assert [number for _, number in arrivals(healed)] == list(range(100))
    assert healed.regions[EAST].up


@pytest.mark.parametrize("kind", FAULTS)
def test_a_run_with_it_ends_well(kind: str) -> None:
    fault = {"kind": kind, "at": "2s", "lasts": "3s"} | FAULTS[kind]
    built = scenario(variants=[{"name": "v", "faults": [fault]}])
    history = World(built, built.variants[0], seed=1).run()
    assert [each.what for each in history.of_kind("fault", "heal")] == [kind, kind]
    assert history.readings[WEST] == history.readings[EAST] != {}


def test_a_duplicate_arrives_more_than_once_a_packet() -> None:
    numbers = [number for _, number in arrivals(broken("duplicate", channels=["sync"]))]
    assert 120 < len(numbers) < 180
    assert set(numbers) == set(range(100))


def test_a_reordered_packet_is_overtaken_and_none_is_lost() -> None:
    numbers = [number for _, number in arrivals(broken("reorder", channels=["sync"]))]
    assert numbers != sorted(numbers) == list(range(100))


def test_a_slow_link_takes_a_multiple_of_its_latency() -> None:
    usual, slow = arrivals(world()), arrivals(broken("slow", factor=3, extra="7ms"))
    assert slow[0][0] == 3 * usual[0][0] + us("7ms")


def test_a_drift_lasts_while_the_fault_does_and_keeps_what_it_gained() -> None:
    fast = broken("drift", ppm=500)
    clock = fast.regions[EAST].clock
    fast.engine.run(until=us("10s"))
    assert clock.ahead_us() == 5_000
    fast.nemesis.heal()
    fast.engine.run(until=us("20s"))
    assert clock.ahead_us() == 5_000


@pytest.mark.parametrize("kind", ["clock-step", "drift"])
def test_the_history_knows_how_wrong_a_clock_was(kind: str) -> None:
    fault = {"kind": kind, "at": "2s", "lasts": "3s"} | FAULTS[kind]
    built = scenario(variants=[{"name": "v", "faults": [fault]}])
    history = World(built, built.variants[0], seed=1).run()
    told = [each.detail["offset_us"] for each in history.of_kind("clock") if each.place == EAST]
    assert (
        told
        == {
            "clock-step": [0, us("3s") * -1, us("3s") * -1],
            "drift": [0, 0, 1_500, 1_500],
        }[kind]
    )


@pytest.mark.parametrize(
    ("kind", "changes", "kept"),
    [
        ("restore", {"backup": "2s"}, "x"),
        ("amnesia", {"loses": "1s"}, "xx"),
        ("amnesia", {}, ""),
    ],
)
def test_a_region_comes_back_with_what_the_fault_leaves_it(
    kind: str, changes: dict[str, Any], kept: str
) -> None:
    """It is cut off, so that nobody can tell it what it has lost."""
    lost = {"kind": kind, "region": EAST, "at": "4s", "lasts": "1s"} | changes
    cut = {"kind": "partition", "regions": [WEST, EAST], "at": "0s"}
    built = scenario(variants=[{"name": "v", "faults": [lost, cut]}])
    made = World(built, built.variants[0])
    region = made.regions[EAST]
    for at_us in (us("1s"), us("2500ms"), us("3500ms")):
        made.engine.call_at(at_us, lambda _: region.execute(Session(), [b"APPEND", b"k", b"x"]))
    made.engine.run(until=us("6s"))
    assert region.replica.stale
    assert region.reading().get("k", {"value": ""})["value"] == kept


def test_a_region_from_a_backup_gets_what_it_lacks_and_no_more() -> None:
    lost = {"kind": "restore", "region": EAST, "at": "4s", "lasts": "1s", "backup": "1s"}
    built = scenario(variants=[{"name": "v", "faults": [lost]}])
    made = World(built, built.variants[0])
    region = made.regions[WEST]
    members = [b"member %d" % number for number in range(2_000)]

    def add(names: list[bytes]) -> None:
        region.execute(Session(), [b"SADD", b"s", *names])

    made.engine.call_at(us("1s"), add, members)
    made.engine.call_at(us("3500ms"), add, [b"late"])
    history = made.run()
    told = history.of_kind("resync")
    sizes = [each.detail["bytes"] for each in told if each.what == "difference"]
    whole = size_bytes(region.replica.snapshot())
    assert whole > 20_000
    assert 0 < sum(sizes) < whole / 20


def test_twice_from_the_same_backup() -> None:
    """Bug 6: every life has an actor of its own, so no dot is used twice."""
    twice = [
        {"kind": "restore", "region": EAST, "at": at, "lasts": "1s", "backup": backup}
        for at, backup in (("3s", "1s"), ("8s", "6s"))
    ]
    built = scenario(variants=[{"name": "v", "faults": twice}])
    made = World(built, built.variants[0], seed=1)
    history = made.run()
    assert made.regions[EAST].replica.actor == 4
    assert history.readings[WEST] == history.readings[EAST] != {}


@pytest.mark.parametrize(
    ("kind", "changes", "line"),
    [
        ("partition", {"regions": [EAST, EAST]}, "expected two, got 'East US' twice"),
        ("partition", {"channels": ["synk"]}, "channels.0: unknown 'synk'; expected one of"),
        ("partition", {"channels": []}, "length >= 1"),
        ("slow", {"regions": [WEST, WEST]}, "expected two, got 'West Europe' twice"),
        ("slow", {"factor": -1}, "factor -1.0: expected 0 to 1000000"),
        ("slow", {"extra": "-1s"}, "expected 0s or more"),
        ("loss", {"share": 1.5}, "share 1.5: expected 0 to 1"),
        ("duplicate", {"share": -1}, "share -1.0: expected 0 to 1"),
        ("reorder", {"extra": "0s"}, "expected more than 0s"),
        ("drift", {"ppm": -1_000_000}, "ppm -1000000: expected -100000 to 100000"),
        ("outage", {"at": "-1s"}, "expected 0s or more"),
        ("restore", {"backup": "3s"}, "3 s before 1 s: expected a time after the start"),
        ("outage", {"region": "Mars"}, "unknown region 'Mars'"),
    ],
)
def test_what_could_never_happen_is_refused(kind: str, changes: dict[str, Any], line: str) -> None:
    with pytest.raises(BadScenario) as caught:
        broken(kind, **changes)
    assert line in str(caught.value)
