"""What a lost node takes with it, and what it does not."""

from typing import Any

import pytest

from crdb.session import Session
from sim.client import Unknown
from sim.scenario import BadScenario
from tests.cluster.places import GONE, Caller, begin, clusters, east, let_pass, west
from tests.sim.two_cities import EAST, WEST, scenario


def failovers(made: Any, place: str = WEST) -> list[Any]:
    return [each for each in made.history.of_kind("failover") if each.place == place]


def test_a_lost_node_fails_over_and_what_was_copied_is_there() -> None:
    made = clusters("enterprise")
    ask = Caller(made)
    for number in range(20):
        ask(f"SET k{number} v")
    let_pass(made, 1)
    begin(made, "node-outage", region=WEST, node=1)
    let_pass(made, 3)
    assert [each.detail["lost"] for each in failovers(made)] == [0]
    assert [ask(f"GET k{number}") for number in range(20)] == [b"v"] * 20


def test_what_was_not_copied_yet_is_lost_if_no_other_region_has_it() -> None:
    made = clusters("enterprise", copy_lag="10s")
    begin(made, "partition", regions=[WEST, EAST])
    ask = Caller(made)
    lines = [f"SET k{number} v" for number in range(40)]
    assert [ask(line) for line in lines] == ["OK"] * 40
    on_it = [f"k{n}" for n in range(40) if _shard(made, f"k{n}") == 1]
    begin(made, "node-outage", region=WEST, node=1)
    let_pass(made, 3)
    # SET writes a value and its deadline.
    assert [each.detail["lost"] for each in failovers(made)] == [2 * len(on_it)]
    assert {key for key in (f"k{n}" for n in range(40)) if ask(f"GET {key}") is None} == set(on_it)


def test_what_another_region_has_comes_back() -> None:
    made = clusters("enterprise", copy_lag="10s")
    ask = Caller(made)
    for number in range(40):
        ask(f"SET k{number} v")
    let_pass(made, 1)
    begin(made, "node-outage", region=WEST, node=1)
    let_pass(made, 5)
    assert failovers(made)[0].detail["lost"] > 0
    assert [ask(f"GET k{number}") for number in range(40)] == [b"v"] * 40
    assert ask("INCR n") == 1
    made.nemesis.heal()
    assert made.quiesce()
    assert west(made).reading() == east(made).reading()


def _shard(made: Any, key: str) -> int:
    region = west(made)
    return region.owner(region.range_of(key.encode())).number


@pytest.mark.parametrize("kind", ["patch", "resize"])
def test_what_is_planned_loses_nothing(kind: str) -> None:
    made = clusters("enterprise", copy_lag="10s", node_takes="3s")
    begin(made, "partition", regions=[WEST, EAST])
    ask = Caller(made)
    for number in range(40):
        ask(f"SET k{number} v")
    begin(made, kind, region=WEST)
    let_pass(made, 20)
    assert {each.detail["lost"] for each in failovers(made)} == {0}
    assert [ask(f"GET k{number}") for number in range(40)] == [b"v"] * 40
    homes = [shard.primary.node.number for shard in west(made).shards.values()]
    assert homes == [1, 2]


def test_a_bigger_machine_is_faster() -> None:
    made = clusters("enterprise", command_ns=4_000_000, node_takes="1s", proxy="0us")
    ask = Caller(made)

    def took_us() -> int:
        begun_us = made.engine.now
        ask("SET a 1")
        return made.engine.now - begun_us

    before_us = took_us()
    begin(made, "resize", region=WEST, speed=200)
    let_pass(made, 10)
    assert 1_900 < before_us - took_us() < 2_100  # 2 ms, and what packets differ by


def test_a_zone_may_be_lost() -> None:
    made = clusters("enterprise", capacity=4, zones=2)
    ask = Caller(made)
    for number in range(20):
        ask(f"SET k{number} v")
    let_pass(made, 1)
    begin(made, "zone-outage", region=WEST, zone=1)
    let_pass(made, 3)
    assert len(failovers(made)) == 2
    assert [ask(f"GET k{number}") for number in range(20)] == [b"v"] * 20


def test_with_both_nodes_of_a_pair_a_shard_is_away_and_comes_back_with_all_it_had() -> None:
    made = clusters("enterprise")
    ask = Caller(made)
    assert ask("SET a 1") == "OK"
    begin(made, "node-outage", region=WEST, node=1, lasts="10s")
    begin(made, "node-outage", region=WEST, node=2, lasts="10s")
    let_pass(made, 5)
    assert ask("GET a") == GONE
    let_pass(made, 10)
    assert failovers(made) == []
    assert ask("GET a") == b"1"


def test_a_watch_does_not_outlive_the_process_that_kept_it() -> None:
    made = clusters("enterprise", capacity=4)
    ask = Caller(made)
    key = next(f"k{n}" for n in range(99) if _shard(made, f"k{n}") == 1)
    end = west(made).proxies[4]
    assert ask(f"WATCH {key}", at=end) == "OK"
    begin(made, "node-outage", region=WEST, node=1)
    let_pass(made, 3)
    assert ask("MULTI", at=end) == "OK"
    assert ask(f"SET {key} 1", at=end) == "QUEUED"
    assert ask("EXEC", at=end) is None


def test_who_is_blocked_behind_a_proxy_waits_on_at_the_new_primary() -> None:
    made = clusters("enterprise", capacity=4)
    ask, waiting, heard = Caller(made), made.client(WEST), []
    key = next(f"l{n}" for n in range(99) if _shard(made, f"l{n}") == 1)
    waiting.timeout_us = 60_000_000
    end = west(made).proxies[4]

    def work() -> Any:
        heard.append((yield from waiting.call(end, b"BLPOP", key.encode(), b"0")))

    made.engine.process(work())
    let_pass(made, 1)
    begin(made, "node-outage", region=WEST, node=1)
    let_pass(made, 3)
    assert ask(f"RPUSH {key} found") == 1
    let_pass(made, 1)
    assert heard == [[key.encode(), b"found"]]


def test_no_dot_is_used_twice_however_often_a_shard_fails_over() -> None:
    made = clusters("enterprise", copy_lag="10s")
    ask = Caller(made)
    for node in (1, 2, 1, 2):
        ask("SADD s x")
        ask("SREM s x")
        begin(made, "node-outage", region=WEST, node=node, lasts="3s")
        let_pass(made, 6)
        assert ask(f"SADD s {node}") in (0, 1)
    let_pass(made, 2)
    actors = [place.replica.actor for place in west(made).ranges]
    assert min(actors) > 2
    made.nemesis.heal()
    assert made.quiesce()
    assert west(made).reading() == east(made).reading()


def test_a_copy_that_a_difference_passed_by_begins_anew() -> None:
    made = clusters("enterprise", copy_lag="200s", backlog=2)
    here, there = Caller(made), Caller(made, EAST)
    begin(made, "partition", regions=[WEST, EAST], drop=True, lasts="90s")
    for number in range(10):
        here(f"SET h{number} v")
        there(f"SET t{number} v")
    let_pass(made, 120)
    for place in west(made).ranges:
        assert place.copy is not None
        assert place.copy.context.vector.get(2, 0) == place.replica.context.vector.get(2, 0) > 0


def test_a_proxy_keeps_what_it_is_asked_until_there_is_a_shard_again() -> None:
    made = clusters("enterprise", capacity=4)
    key = next(f"k{n}" for n in range(99) if _shard(made, f"k{n}") == 1)
    ask = Caller(made)
    ask.client.timeout_us = 60_000_000
    begin(made, "node-outage", region=WEST, node=1)
    begun_us = made.engine.now
    assert ask(f"SET {key} v", at=west(made).proxies[4]) == "OK"
    assert 1_900_000 < made.engine.now - begun_us < 2_100_000


@pytest.mark.parametrize(
    ("cluster", "told"),
    [
        ({"capacity": 3}, "cluster.capacity: expected a whole number that's a multiple of 2"),
        ({"capacity": 8, "ranges": 4}, "cluster.ranges 4: expected as many as nodes, 8, or more"),
        ({"zones": 4}, "cluster.zones"),
        ({"zones": 1}, "cluster.zones 1: expected 2 or 3"),
        ({"policy": "proxy"}, "cluster.policy"),
    ],
)
def test_an_impossible_cluster_is_refused(cluster: dict[str, Any], told: str) -> None:
    with pytest.raises(BadScenario) as refused:
        scenario(cluster={"policy": "oss"} | cluster)
    assert told.lower() in str(refused.value).lower()


def test_what_happens_to_nodes_needs_a_cluster() -> None:
    fault = {"kind": "node-outage", "region": WEST, "node": 1, "at": "1s"}
    with pytest.raises(BadScenario, match=r"cluster\.policy: expected oss or enterprise"):
        scenario(variants=[{"name": "v", "faults": [fault]}])


def test_what_a_node_has_not_passed_on_when_it_is_lost_is_not_passed_on_after_that() -> None:
    made = clusters("oss", copy_lag="1ms")
    begin(made, "partition", regions=[WEST, EAST])
    ask, region = Caller(made), west(made)
    ask("SET a 1")
    place = region.range_of(b"a")
    number = region.owner(place).primary.node.number
    let_pass(made, 1)
    place.execute(Session(), (b"SET", b"a", b"2"))
    begin(made, "node-outage", region=WEST, node=number)
    let_pass(made, 3)
    assert sum(each.detail["lost"] for each in failovers(made)) > 0
    assert Caller(made)("GET a") == b"1"


def test_a_node_that_is_back_before_the_failover_passes_on_what_it_has() -> None:
    made = clusters("oss", copy_lag="1ms", failover_after="10s")
    begin(made, "partition", regions=[WEST, EAST])
    ask, region = Caller(made), west(made)
    ask("SET a 1")
    place = region.range_of(b"a")
    number = region.owner(place).primary.node.number
    place.execute(Session(), (b"SET", b"a", b"2"))
    begin(made, "node-outage", region=WEST, node=number, lasts="1s")
    let_pass(made, 3)
    assert place.copy is not None
    assert region.read_copy(place, Session(), (b"GET", b"a")) == b"2"


def test_a_second_loss_has_a_time_of_its_own() -> None:
    made = clusters("oss", failover_after="2s")
    for at in (0, 1):
        begin(made, "node-outage", region=WEST, node=1, lasts="500ms" if at == 0 else "10s")
        let_pass(made, 1)
    let_pass(made, 0.5)
    assert failovers(made) == []
    let_pass(made, 1)
    assert len(failovers(made)) == 1


def test_what_waits_at_a_lost_shard_is_served_by_the_next_primary() -> None:
    made = clusters("enterprise", capacity=4, command_ns=100_000_000, proxy="0us")
    key = next(f"k{n}" for n in range(99) if _shard(made, f"k{n}") == 1)
    first, second, end = Caller(made), Caller(made), west(made).proxies[4]
    first.client.timeout_us = second.client.timeout_us = 20_000_000
    heard: dict[str, Any] = {}

    def work(name: str, who: Caller) -> Any:
        try:
            heard[name] = yield from who.client.call(end, b"INCR", key.encode())
        except Unknown:
            heard[name] = GONE

    made.engine.process(work("served", first))
    let_pass(made, 0.01)
    made.engine.process(work("waiting", second))
    let_pass(made, 0.01)
    begin(made, "node-outage", region=WEST, node=1)
    let_pass(made, 30)
    # Whose reply was lost cannot know; the copy had the increment, or not.
    assert heard["served"] == GONE
    assert heard["waiting"] in (1, 2)


def test_a_time_out_goes_on_through_a_failover() -> None:
    made = clusters("enterprise", capacity=4)
    waiting, heard = made.client(WEST), []
    key = next(f"l{n}" for n in range(99) if _shard(made, f"l{n}") == 1)
    waiting.timeout_us = 60_000_000

    def work() -> Any:
        reply = yield from waiting.call(west(made).proxies[4], b"BLPOP", key.encode(), b"5")
        heard.append((reply, made.engine.now))

    made.engine.process(work())
    let_pass(made, 1)
    begin(made, "node-outage", region=WEST, node=1)
    let_pass(made, 20)
    assert heard[0][0] is None
    assert heard[0][1] < 5_100_000
