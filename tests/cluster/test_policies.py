"""The two clustering policies: what clients are told, and which commands may cross slots.

The texts of errors were compared with a real server in cluster mode.
"""

import pytest

from crdb.slots import slot
from tests.cluster.places import Caller, begin, clusters, let_pass, west
from tests.sim.two_cities import WEST

CROSS = "CROSSSLOT Keys in request don't hash to the same slot"

A, B = b"a", b"b"
"""Two keys of different slots, and of different shards."""


def test_the_two_keys_are_on_different_shards() -> None:
    region = west(clusters("oss"))
    assert region.owner(region.range_of(A)) is not region.owner(region.range_of(B))


@pytest.mark.parametrize("policy", ["oss", "enterprise"])
@pytest.mark.parametrize(
    "line",
    [
        "DEL a b",
        "UNLINK a b",
        "MSET a 1 b 2",
        "SUNIONSTORE a b",
        "RENAME a b",
        "BLPOP a b 1",
        "EVAL return{1} 2 a b",
        "WATCH a b",
    ],
)
def test_what_needs_one_slot_is_refused_under_both_policies(policy: str, line: str) -> None:
    made = clusters(policy)
    assert Caller(made)(line, at=_end_of(made, A)) == CROSS


def _end_of(made, key):
    """Where a client asks that knows the shard of a key; under Enterprise, any proxy."""
    region = west(made)
    if region.policy.name == "enterprise":
        return region
    return region.owner(region.range_of(key)).primary


@pytest.mark.parametrize("policy", ["oss", "enterprise"])
def test_a_hash_tag_keeps_keys_together(policy: str) -> None:
    ask = Caller(clusters(policy))
    assert ask("MSET k:{t1} 1 j:{t1} 2") == "OK"
    assert ask("MGET k:{t1} j:{t1}") == [b"1", b"2"]
    assert ask("DEL k:{t1} j:{t1}") == 2


def test_the_proxy_lets_some_commands_fan_out() -> None:
    ask = Caller(clusters("enterprise"))
    for number in range(20):
        ask(f"SET k{number} {number}")
    assert ask("MGET k3 nothing k17 k3") == [b"3", None, b"17", b"3"]
    assert ask("EXISTS k1 k2 nothing k1") == 3
    assert ask("TOUCH k1 k2 nothing") == 2


@pytest.mark.parametrize("line", ["MGET a b", "EXISTS a b", "TOUCH a b"])
def test_without_a_proxy_they_do_not(line: str) -> None:
    made = clusters("oss")
    assert Caller(made)(line, at=_end_of(made, A)) == CROSS


def test_in_a_transaction_they_do_not() -> None:
    ask = Caller(clusters("enterprise"))
    assert ask("MULTI") == "OK"
    assert ask("MGET a b") == CROSS
    assert ask("EXEC").startswith("EXECABORT")


@pytest.mark.parametrize("policy", ["oss", "enterprise"])
def test_a_transaction_has_one_slot(policy: str) -> None:
    made = clusters(policy, capacity=2, ranges=2)
    ask, end = Caller(made), None
    if policy == "oss":
        end = _end_of(made, A)
        other = next(
            key
            for key in ("c", "e", "g", "i")
            if west(made).range_of(key.encode()) is west(made).range_of(A)
        )
    else:
        other = "b"
    assert [ask("MULTI", at=end), ask("SET a 1", at=end), ask(f"SET {other} 1", at=end)] == [
        "OK",
        "QUEUED",
        "QUEUED",
    ]
    assert ask("EXEC", at=end) == CROSS
    assert ask("EXEC", at=end) == "ERR EXEC without MULTI"
    assert ask("EXISTS a") == 0


def test_who_asks_the_wrong_shard_is_told_the_right_one() -> None:
    made = clusters("oss")
    ip, port = _end_of(made, B).address
    assert Caller(made)("GET b", at=_end_of(made, A)) == f"MOVED {slot(B)} {ip}:{port}"


@pytest.mark.parametrize("policy", ["oss", "enterprise"])
def test_scripts_keep_to_one_slot(policy: str) -> None:
    made = clusters(policy)
    region, ask = west(made), Caller(made)
    session_end = _end_of(made, A)
    script = "redis.call('SET',KEYS[1],'1')return(redis.call('GET','b'))"
    told = ask(f"EVAL {script} 1 a", at=session_end)
    assert told.startswith("ERR Attempted to access a non local key in a cluster node")
    near = next(
        f"a{n}"
        for n in range(1000)
        if region.range_of(f"a{n}".encode()) is region.range_of(A)
        and slot(f"a{n}".encode()) != slot(A)
    )
    told = ask(f"EVAL return(redis.call('GET','{near}')) 1 a", at=session_end)
    assert told.startswith("ERR Script attempted to access keys that do not hash to the same slot")


def test_a_script_that_was_loaded_runs_in_every_range() -> None:
    ask = Caller(clusters("enterprise"))
    sha = ask("SCRIPT LOAD return(redis.call('SET',KEYS[1],'x'))").decode()
    for key in ("a", "b", "c", "d"):
        assert ask(f"EVALSHA {sha} 1 {key}") == "OK"


@pytest.mark.parametrize("policy", ["oss", "enterprise"])
def test_what_concerns_all_keys_is_asked_of_all_ranges(policy: str) -> None:
    made = clusters(policy)
    ask = Caller(made)
    keys = {f"k{number}".encode() for number in range(40)}
    for key in sorted(keys):
        ask(f"SET {key.decode()} v")
    ends = [None] if policy == "enterprise" else [s.primary for s in west(made).shards.values()]
    assert sum(ask("DBSIZE", at=end) for end in ends) == 40
    assert sorted(key for end in ends for key in ask("KEYS k*", at=end)) == sorted(keys)
    assert ask("RANDOMKEY", at=ends[0]) in keys
    seen: list[bytes] = []
    for end in ends:
        cursor = b"0"
        while True:
            cursor, found = ask(f"SCAN {cursor.decode()} COUNT 3", at=end)
            seen += found
            if cursor == b"0":
                break
    assert sorted(seen) == sorted(keys)


def test_a_replica_answers_those_who_take_old_news() -> None:
    made = clusters("oss", copy_lag="50ms")
    ask = Caller(made)
    ask("SET a 1")
    let_pass(made, 1)
    replica = west(made).owner(west(made).range_of(A)).replica
    assert ask("GET a", at=replica).startswith("MOVED")
    assert ask("READONLY", at=replica) == "OK"
    ask("SET a 2")
    assert ask("GET a", at=replica) == b"1"
    let_pass(made, 0.1)
    assert ask("GET a", at=replica) == b"2"
    assert ask("SET a 3", at=replica).startswith("MOVED")


def test_a_region_shows_its_cluster() -> None:
    made = clusters("oss")
    ask, end = Caller(made), _end_of(made, A)
    slots = ask("CLUSTER SLOTS", at=end)
    assert [row[:2] for row in slots] == [[0, 8191], [8192, 16383]]
    shards = ask("CLUSTER SHARDS", at=end)
    assert sorted(shard[b"slots"] for shard in shards) == [[0, 8191], [8192, 16383]]
    assert all(
        [node[b"role"] for node in shard[b"nodes"]] == [b"master", b"replica"] for shard in shards
    )
    assert b"cluster_state:ok" in ask("CLUSTER INFO", at=end)
    assert ask("CLUSTER NODES", at=end).count(b"myself") == 1
    assert ask("CLUSTER MYID", at=end) == end.id.encode()
    ask("SET a 1")
    assert ask(f"CLUSTER COUNTKEYSINSLOT {slot(A)}", at=end) == 1
    assert ask(f"CLUSTER GETKEYSINSLOT {slot(A)} 5", at=end) == [b"a"]


def test_behind_a_proxy_there_is_no_cluster_to_see() -> None:
    ask = Caller(clusters("enterprise"))
    assert ask("CLUSTER SLOTS") == "ERR This instance has cluster support disabled"


def test_a_proxy_costs_its_hop() -> None:
    def took_us(proxy: str) -> int:
        made = clusters("enterprise", proxy=proxy)
        begun_us = made.engine.now
        Caller(made)("SET a 1")
        return made.engine.now - begun_us

    assert took_us("500us") == took_us("0us") + 500


def test_a_channel_reaches_across_ranges_and_nodes() -> None:
    made = clusters("enterprise")
    listener, ask = Caller(made), Caller(made)
    listener("SUBSCRIBE news")
    assert ask("PUBLISH news now") == 1
    let_pass(made, 0.1)
    assert listener.client.heard == [[b"message", b"news", b"now"]]


def test_a_hot_shard_makes_its_own_clients_wait_and_no_others() -> None:
    made = clusters("oss", command_ns=2_000_000)
    ask = Caller(made)
    assert ask("SET a 1") == ask("SET b 1") == "OK"
    for _ in range(40):
        call = made.client(WEST).call(_end_of(made, A), b"SET", b"a", b"1")
        made.engine.process(call)

    def took_us(line: str) -> int:
        begun_us = made.engine.now
        assert ask(line) == "OK"
        return made.engine.now - begun_us

    assert took_us("SET b 2") < 4_000
    assert took_us("SET a 2") > 60_000


def test_a_range_that_moves_answers_ask_and_then_moved() -> None:
    made = clusters("oss", provision="1s", keys_per_step=1, step="100ms", range_takes="1s")
    ask, region = Caller(made), west(made)
    keys = [f"k{number}" for number in range(60)]
    for key in keys:
        ask(f"SET {key} v")
    begin(made, "scale", region=WEST, capacity=4)
    let_pass(made, 0.1)
    told = set()
    while region.operations:
        let_pass(made, 0.2)
        for key in keys:
            place = region.range_of(key.encode())
            if region.moving(place) is not None:
                reply = ask(f"GET {key}", at=region.owner(place).primary)
                told.add(reply if reply == b"v" else reply.split()[0])
    assert told == {"ASK", b"v"}
    assert [len(shard.ranges) for shard in region.shards.values()] == [1, 1, 1, 1]
    moved = [key for key in keys if region.owner(region.range_of(key.encode())).number > 2]
    assert ask(f"GET {moved[0]}", at=region.shards[1].primary).startswith("MOVED")
    assert [ask(f"GET {key}") for key in keys] == [b"v"] * 60


def test_two_keys_of_which_one_has_moved_have_to_wait() -> None:
    made = clusters("oss", provision="1s", keys_per_step=1, step="1s")
    ask, region = Caller(made), west(made)
    place = region.shards[1].ranges[-1]
    tag = next(f"t{n}" for n in range(99) if region.range_of(f"t{n}".encode()) is place)
    ask(f"MSET a{{{tag}}} 1 b{{{tag}}} 2")
    begin(made, "scale", region=WEST, capacity=4)
    let_pass(made, 1.5)
    end = region.shards[1].primary
    assert ask(f"MGET a{{{tag}}} b{{{tag}}}", at=end).startswith("TRYAGAIN")
    let_pass(made, 10)
    assert ask(f"MGET a{{{tag}}} b{{{tag}}}") == [b"1", b"2"]


def test_who_is_blocked_when_its_key_moves_is_sent_after_it() -> None:
    made = clusters("oss", provision="1s")
    ask, waiting, region = Caller(made), made.client(WEST), west(made)
    place = region.shards[1].ranges[-1]
    key = next(f"l{n}" for n in range(99) if region.range_of(f"l{n}".encode()) is place)
    waiting.timeout_us = 60_000_000
    heard = []

    def work():
        heard.append((yield from waiting.call(made.regions[WEST], b"BLPOP", key.encode(), b"0")))

    made.engine.process(work())
    begin(made, "scale", region=WEST, capacity=4)
    let_pass(made, 10)
    assert ask(f"RPUSH {key} found") == 1
    let_pass(made, 1)
    assert heard == [[key.encode(), b"found"]]
    told = [op.value for op in made.history.ops if op.name == "BLPOP"]
    assert str(told[0]).startswith("MOVED")


def test_a_shard_without_slots_has_no_keys() -> None:
    made = clusters("oss", provision="1s", range_takes="30s")
    ask = Caller(made)
    ask("SET a 1")
    begin(made, "scale", region=WEST, capacity=4)
    let_pass(made, 2)
    end = west(made).shards[4].primary
    assert ask("DBSIZE", at=end) == 0
    assert ask("KEYS *", at=end) == []
    assert ask("SCAN 0", at=end) == [b"0", []]
    assert ask("RANDOMKEY", at=end) is None


@pytest.mark.parametrize("policy", ["oss", "enterprise"])
def test_what_concerns_all_keys_is_queued_once(policy: str) -> None:
    made = clusters(policy)
    ask, end = Caller(made), _end_of(made, A)
    ask("SET a 1", at=end)
    assert [ask(line, at=end) for line in ("MULTI", "DBSIZE", "GET a")] == [
        "OK",
        "QUEUED",
        "QUEUED",
    ]
    assert ask("EXEC", at=end) == [1, b"1"]


@pytest.mark.parametrize("line", ["DISCARD", "UNWATCH"])
def test_watches_in_two_slots_are_let_go(line: str) -> None:
    made = clusters("enterprise")
    ask = Caller(made)
    assert [ask("WATCH a"), ask("WATCH b")] == ["OK", "OK"]
    if line == "DISCARD":
        ask("MULTI")
    assert ask(line) == "OK"
    assert not any(place.replica.keyspace.watchers for place in west(made).ranges)


def test_a_change_in_another_slot_that_was_watched_counts() -> None:
    made = clusters("enterprise")
    ask, other = Caller(made), Caller(made)
    for written, reply in (("c", ["OK"]), ("b", None)):
        ask("WATCH a")
        ask("WATCH b")
        other(f"SET {written} 1")
        ask("MULTI")
        ask("SET a 2")
        assert ask("EXEC") == reply
    assert not any(place.replica.keyspace.watchers for place in west(made).ranges)


def test_who_has_gone_takes_nothing() -> None:
    made = clusters("enterprise", proxy="100ms")
    gone, ask = Caller(made), Caller(made)
    ask("RPUSH l x")
    gone.client.timeout_us = 50_000
    assert gone("BLPOP l 0") == "no reply"
    let_pass(made, 1)
    assert ask("LRANGE l 0 -1") == [b"x"]
