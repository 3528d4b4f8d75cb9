"""Sorted sets at their edges, and what two regions read after conflicts."""

from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdb.crdts.zset import ZSet
from crdb.decimals import show_double
from crdb.replica import Replica, Settings
from crdb.replies import resp2
from crdb.session import Session, Waiter
from tests.commands.conftest import NOW_US, Run
from tests.oracle import Oracle
from tests.regions import Regions, said

NAN = "ERR resulting score is not a number (NaN)"


@pytest.fixture
def two() -> Regions:
    """Two regions that know a with 10 and b with 20."""
    regions = Regions(2)
    regions.say(1, "ZADD z 10 a 20 b")
    regions.settle()
    return regions


def everywhere(regions: Regions, line: str) -> object:
    """What all regions read after they have heard each other."""
    regions.settle()
    regions.assert_converged()
    first, *others = regions.everywhere(line)
    assert others == [first] * len(others)
    return first


# ── conflicts ───────────────────────────────────────────────────────────────────────────────────


def test_concurrent_scores_fall_to_the_later_clock(two: Regions) -> None:
    two.say(2, "ZADD z 1 a")
    two.now_us += 1
    two.say(1, "ZADD z 2 a")
    assert everywhere(two, "ZRANGE z 0 -1 WITHSCORES") == [[b"a", 2.0], [b"b", 20.0]]


def test_scores_of_one_moment_fall_to_the_smaller_region(two: Regions) -> None:
    two.say(2, "ZADD z 1 a")
    two.say(1, "ZADD z 2 a")
    assert everywhere(two, "ZSCORE z a") == 2.0


def test_concurrent_increments_add_up(two: Regions) -> None:
    two.say(1, "ZINCRBY z 0.25 a")
    two.say(2, "ZINCRBY z 0.5 a")
    two.everywhere("ZINCRBY z 1 new")
    assert everywhere(two, "ZMSCORE z a new") == [10.75, 2.0]


def test_a_score_counts_together_with_the_increments_that_it_did_not_see(two: Regions) -> None:
    two.say(1, "ZINCRBY z 1 a")
    two.settle()
    two.say(1, "ZADD z 100 a")
    two.say(2, "ZINCRBY z 5 a")
    assert everywhere(two, "ZSCORE z a") == 105.0


@pytest.mark.parametrize(
    "line",
    [
        *("ZREM z a", "DEL z", "RENAME z y", "ZPOPMIN z", "ZPOPMIN z 2"),
        *("BZPOPMIN z 0", "ZMPOP 1 z MIN", "BZMPOP 0 1 z MIN"),
        *("ZREMRANGEBYSCORE z 0 99", "ZREMRANGEBYRANK z 0 -1", "ZREMRANGEBYLEX z - +"),
    ],
)
def test_an_increment_that_a_removal_did_not_see_is_the_new_score(two: Regions, line: str) -> None:
    two.say(1, "ZINCRBY z 7 a")
    two.settle()
    two.say(1, line)
    two.say(2, "ZINCRBY z 5 a")
    assert everywhere(two, "ZSCORE z a") == 5.0


def test_a_member_added_again_survives_a_concurrent_removal(two: Regions) -> None:
    two.say(1, "ZREM z a b")
    two.say(2, "ZADD z 10 a")
    assert everywhere(two, "ZRANGE z 0 -1") == [b"a"]


def test_the_options_look_at_this_region_only(two: Regions) -> None:
    assert two.everywhere("ZADD z NX 1 new") == [1, 1]
    two.say(1, "ZADD z GT 30 a")
    two.say(2, "ZADD z GT CH 20 a")
    assert everywhere(two, "ZMSCORE z a new") == [30.0, 1.0]


def test_two_regions_may_pop_one_member(two: Regions) -> None:
    assert two.everywhere("ZPOPMIN z") == [[b"a", 10.0]] * 2
    assert everywhere(two, "ZRANGE z 0 -1") == [b"b"]


def test_nothing_is_left_of_what_was_removed(two: Regions) -> None:
    for round_ in range(3):
        two.everywhere(f"ZINCRBY z {round_ + 1} a")
        two.say(1, "ZADD z 3 a")
        two.say(2, "ZREM z a b")
        two.settle()
    two.everywhere("DEL z")
    two.settle()
    two.say(1, "PING")
    two.settle()
    two.assert_nothing_left()


def test_of_resets_that_came_in_one_removal_each_ends_by_itself() -> None:
    """A resync tells by its dot whether a reset is over, so no two members may share one."""
    regions = Regions(3, Settings(backlog_writes_max=5))
    regions.everywhere("ZINCRBY z 1 a")
    regions.everywhere("ZINCRBY z 1 b")
    regions.settle()
    regions.say(1, "DEL z")
    for name in "ab":
        regions.say(2, f"ZINCRBY z 5 {name}")
    regions.settle()
    regions.say(3, "ZADD z 1 a")
    for number in range(20):
        regions.say(3, f"SET k {number}")
    said(regions, 3)  # lost, and soon past the backlog
    assert everywhere(regions, "ZRANGE z 0 -1 WITHSCORES") == [[b"a", 1.0], [b"b", 5.0]]


# ── one region is Redis ─────────────────────────────────────────────────────────────────────────


@given(numbers=st.lists(st.floats(allow_nan=False), min_size=1, max_size=20))
def test_doubles_are_shown_as_at_the_real_server(oracle: Oracle, numbers: list[float]) -> None:
    with oracle.clients(1) as [there]:
        # As a large sorted set keeps it: a small one forgets the sign of minus nought.
        there.execute([b"CONFIG", b"SET", b"zset-max-listpack-entries", b"0"])
        words = [
            word for n, each in enumerate(numbers) for word in (repr(each).encode(), b"%d" % n)
        ]
        there.execute([b"ZADD", b"z", *words])
        shown = there.execute([b"ZMSCORE", b"z", *words[1::2]])
        there.execute([b"CONFIG", b"SET", b"zset-max-listpack-entries", b"128"])
    assert [show_double(each) for each in numbers] == shown


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (-1039514241563211.8, b"-1039514241563211.7"),
        (7.113578243725634e-249, b"7.1135782437256335e-249"),
        (-8.670433595414316e18, b"-8670433595414316000"),
        (float(1 << 62), b"4611686018427387904"),
        (5e-324, b"5e-324"),
        (-0.0, b"-0"),
        (1.7976931348623157e308, b"1.7976931348623157e+308"),
    ],
)
def test_doubles_that_are_not_shown_as_one_would_think(number: float, shown: bytes) -> None:
    assert show_double(number) == shown


def test_a_sum_that_is_no_number_is_refused(run: Run, replica: Replica) -> None:
    run("ZADD z inf a")
    writes = len(replica.backlog)
    assert run("ZINCRBY z -inf a") == NAN
    assert run("ZADD z INCR -inf a") == NAN
    assert len(replica.backlog) == writes
    assert run("ZSCORE z a") == inf


def test_increments_go_on_behind_an_infinity(run: Run) -> None:
    run("ZINCRBY z 1 a")
    assert run("ZINCRBY z inf a") == inf
    assert run("ZINCRBY z -5 a") == inf
    run("ZADD z 2 a")
    assert run("ZINCRBY z 0.5 a") == 2.5


def test_sums_are_those_of_doubles(run: Run) -> None:
    assert run("ZINCRBY z 0.1 a") == 0.1
    assert run("ZINCRBY z 0.2 a") == 0.1 + 0.2
    assert run("ZINCRBY z 1e17 a") == 1e17
    assert run("ZINCRBY z -1e17 a") == 0.0


def test_an_order_that_was_asked_for_follows_every_change(run: Run) -> None:
    run("ZADD z 1 a 2 b 3 c")
    assert run("ZRANGE z 0 -1") == [b"a", b"b", b"c"]
    run("ZADD z 9 a")
    run("ZINCRBY z 3 b")
    run("ZREM z c")
    run("ZADD z 5 d 5 c")
    assert run("ZRANGE z 0 -1 WITHSCORES") == [[b"b", 5.0], [b"c", 5.0], [b"d", 5.0], [b"a", 9.0]]
    assert [run(f"ZRANK z {name}") for name in "bcda"] == [0, 1, 2, 3]


def test_an_order_is_made_only_when_it_is_asked_for(run: Run, replica: Replica) -> None:
    run("ZADD z 1 a")
    run("ZSCORE z a")
    state = replica.keyspace.keys[b"z"].value
    assert isinstance(state, ZSet)
    assert state._order is None


def test_scored_members_are_pairs_that_older_clients_get_flat(run: Run) -> None:
    run("ZADD z 1 a 1.5 b")
    assert run("ZRANGE z 0 -1 WITHSCORES") == [[b"a", 1.0], [b"b", 1.5]]
    assert resp2(run("ZRANGE z 0 -1 WITHSCORES")) == [b"a", b"1", b"b", b"1.5"]
    assert resp2(run("ZMPOP 1 z MAX")) == [b"z", [[b"b", b"1.5"]]]


def test_a_copy_counts_a_sum_once(two: Regions) -> None:
    two.everywhere("ZINCRBY z 1 a")
    two.settle()
    two.everywhere("COPY z y")
    assert everywhere(two, "ZSCORE y a") == 12.0


def test_a_random_member_without_a_key_is_nobody(run: Run) -> None:
    assert run("ZRANDMEMBER none") is None
    assert run("ZRANDMEMBER none -3") == []


# ── blocking ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("BZPOPMIN y z 0", [b"z", b"a", 1.0]),
        ("BZPOPMAX y z 1.5", [b"z", b"b", 2.0]),
        ("BZMPOP 0 2 y z MIN COUNT 5", [b"z", [[b"a", 1.0], [b"b", 2.0]]]),
    ],
)
def test_who_waits_gets_what_comes(run: Run, replica: Replica, line: str, reply: object) -> None:
    waiting = Session()
    assert isinstance(run(line, session=waiting), Waiter)
    assert replica.wake(NOW_US, lambda n: 0) == []
    run("ZADD z 1 a 2 b")
    assert replica.wake(NOW_US, lambda n: 0) == [(waiting, reply)]
    assert not replica.waiting


def test_who_waits_too_long_gets_nil(run: Run, replica: Replica) -> None:
    waiting = Session()
    run("BZPOPMIN z 0.0011", session=waiting)
    assert replica.wake(NOW_US + 1_999, lambda n: 0) == []
    assert replica.wake(NOW_US + 2_000, lambda n: 0) == [(waiting, None)]


def test_what_another_region_adds_wakes_too() -> None:
    regions = Regions(2)
    assert isinstance(regions.say(1, "BZPOPMAX z 0"), Waiter)
    regions.say(2, "ZADD z 3 a")
    regions.settle()
    assert regions[1].wake(regions.clock_us(1), lambda n: 0) == [
        (regions.sessions[1], [b"z", b"a", 3.0])
    ]
    assert everywhere(regions, "EXISTS z") == 0


def test_nobody_waits_in_a_transaction(run: Run) -> None:
    for line in ("MULTI", "BZPOPMIN z 0", "BZMPOP 0 1 z MAX"):
        run(line)
    assert run("EXEC") == [None, None]
