"""Lists in one region and several: what waits, what conflicts, what is left."""

import pytest

from crdb.command import Reply, keys_of, lookup
from crdb.crdts.list import List
from crdb.session import Session, Waiter
from tests.commands.conftest import NOW_US, Run
from tests.regions import Regions, words


def elements(regions: Regions, region: int = 1) -> Reply:
    return regions.say(region, "LRANGE l 0 -1")


def held(regions: Regions) -> list[int]:
    """How many elements each region keeps, seen or not."""
    found = [dict(replica.keyspace.entries()).get(b"l") for replica in regions.replicas.values()]
    states = [None if entry is None else entry.value for entry in found]
    return [len(state.order.elements) if isinstance(state, List) else 0 for state in states]


def exchange(regions: Regions, speakers: list[int], unheard: int = 0) -> None:
    """These speak, and all but one region hear them; nobody answers."""
    regions.tick(speakers)
    for to, message in regions.flight:
        if to != unheard:
            regions[to].receive(regions.clock_us(to), message)
    regions.flight.clear()


@pytest.fixture
def three() -> Regions:
    regions = Regions(3)
    regions.say(1, "RPUSH l a b c")
    regions.settle()
    return regions


# ── conflicts ───────────────────────────────────────────────────────────────────────────────────


def test_runs_of_two_regions_stay_together(three: Regions) -> None:
    three.say(2, "RPUSH l p q")
    three.say(3, "RPUSH l x y")
    three.say(2, "LPUSH l n m")
    three.settle()
    assert elements(three) == [*b"m n a b c p q x y".split()]


def test_an_insert_comes_before_those_that_it_saw_at_its_place(three: Regions) -> None:
    """Bug 24: the counter of a logical clock goes on from the greatest that was seen."""
    for region in (1, 2, 3):
        three.say(region, f"LINSERT l AFTER a {region}")
        three.settle()
    assert elements(three) == [*b"a 3 2 1 b c".split()]


def test_both_regions_pop_the_same_element(three: Regions) -> None:
    assert [three.say(1, "LPOP l"), three.say(2, "LPOP l")] == [b"a", b"a"]
    three.settle()
    assert elements(three) == [b"b", b"c"]


def test_an_element_that_two_regions_move_is_there_twice(three: Regions) -> None:
    assert [three.say(n, "LMOVE l m LEFT RIGHT") for n in (1, 2)] == [b"a", b"a"]
    three.settle()
    assert three.say(3, "LRANGE m 0 -1") == [b"a", b"a"]
    assert elements(three) == [b"b", b"c"]


def test_del_takes_only_what_it_saw(three: Regions) -> None:
    three.say(1, "DEL l")
    three.say(2, "LINSERT l AFTER b x")
    three.settle()
    assert elements(three, 3) == [b"x"]


def test_an_lset_that_a_pop_did_not_see_keeps_the_element(three: Regions) -> None:
    three.say(1, "LREM l 0 b")
    three.say(2, "LSET l 1 new")
    three.settle()
    assert elements(three, 3) == [b"a", b"new", b"c"]


def test_of_two_lsets_the_later_clock_shows(three: Regions) -> None:
    three.skew_us[2] = -5
    three.say(1, "LSET l 1 later")
    three.say(2, "LSET l 1 earlier")
    three.settle()
    assert elements(three, 3) == [b"a", b"later", b"c"]


def test_what_is_pushed_after_all_was_removed_comes_before_what_was_added_unseen(
    three: Regions,
) -> None:
    three.say(3, "DEL l")
    three.say(3, "RPUSH l new")
    three.say(2, "RPUSH l old")
    three.settle()
    assert elements(three, 1) == [b"new", b"old"]


# ── what is left ────────────────────────────────────────────────────────────────────────────────


def test_an_element_comes_before_its_anchor(three: Regions) -> None:
    three.say(1, "LINSERT l AFTER b x")
    three.hear(2, 1)
    three.say(2, "LINSERT l AFTER x y")
    three.hear(3, 2)
    assert elements(three, 3) == [b"a", b"b", b"c"]
    three.settle()
    assert elements(three, 3) == [*b"a b x y c".split()]


def test_what_is_behind_a_forgotten_element_keeps_its_place(three: Regions) -> None:
    three.say(1, "LINSERT l AFTER b x")
    three.say(1, "LINSERT l AFTER x y")
    three.settle()
    three.say(2, "LREM l 0 b")
    three.say(2, "LREM l 0 x")
    three.settle()
    # b stays: behind it were x and c, and of x there is y.
    assert held(three) == [4, 4, 4]
    three.say(3, "LINSERT l AFTER a z")
    three.settle()
    assert [elements(three, n) for n in (1, 2, 3)] == [[*b"a z y c".split()]] * 3


def test_where_branches_part_an_element_stays_until_one_is_left(three: Regions) -> None:
    three.say(1, "LINSERT l AFTER a x")
    three.say(2, "LREM l 0 a")
    three.settle()
    # a had b, and now x before it: both branches begin there.
    assert (elements(three), held(three)) == ([b"x", b"b", b"c"], [4, 4, 4])
    three.say(1, "LREM l 0 x")
    three.settle()
    assert (elements(three), held(three)) == ([b"b", b"c"], [2, 2, 2])


def test_a_place_that_some_have_forgotten_and_others_not_is_the_same_for_all() -> None:
    # Region 3 knows that all have heard of the removal; the others do not.
    regions = Regions(3)
    regions.say(1, "RPUSH l a b")
    regions.settle()
    regions.say(2, "LREM l 0 a")
    exchange(regions, [2])
    regions.hear(3, 1)
    assert held(regions) == [2, 2, 1]
    for region in (1, 2, 3):
        regions.say(region, f"LPUSH l {region}")
        regions.say(region, f"LINSERT l BEFORE b b{region}")
    regions.settle()
    assert len({repr(elements(regions, n)) for n in (1, 2, 3)}) == 1
    regions.assert_converged()


def test_a_removal_is_kept_until_everybody_has_the_place_too() -> None:
    # Region 3 hears of the removal from 2, but not of the element from 1, and y waits behind it.
    regions = Regions(3)
    regions.say(1, "RPUSH l x")
    exchange(regions, [1], unheard=3)
    regions.say(2, "RPUSH l y")
    regions.say(2, "LREM l 0 x")
    for _ in range(3):
        exchange(regions, [2, 3])
        exchange(regions, [1], unheard=3)
    assert (elements(regions, 1), elements(regions, 3)) == ([b"y"], [])
    assert held(regions) == [2, 2, 2]
    regions.settle()
    assert elements(regions, 3) == [b"y"]
    assert held(regions) == [1, 1, 1]


def test_a_difference_brings_the_places_that_were_forgotten_elsewhere(three: Regions) -> None:
    backup = three[3].snapshot()
    three.say(1, "LINSERT l AFTER b x")
    three.say(1, "LREM l 0 b")
    three.say(2, "RPUSH l d")
    three.settle()
    three.restore(3, backup)
    three.settle(round_us=20_000)
    assert [elements(three, n) for n in (1, 2, 3)] == [[*b"a x c d".split()]] * 3
    three.assert_converged()


def test_a_queue_under_steady_traffic_does_not_grow() -> None:
    regions = Regions(2)
    most = 0
    for number in range(300):
        regions.say(1, f"RPUSH l {number}")
        regions.tick()
        for _ in range(len(regions.flight) // 2 + 1):
            regions.deliver() if regions.flight else None
        regions.say(2, "LPOP l")
        most = max(most, *held(regions))
    assert most < 20


def test_nothing_is_left_of_a_list(three: Regions) -> None:
    three.say(2, "LTRIM l 1 1")
    three.say(1, "LSET l 1 x")
    three.settle()
    three.say(1, "DEL l")
    three.settle(round_us=20_000)
    three.assert_nothing_left()


# ── waiting ─────────────────────────────────────────────────────────────────────────────────────


def test_who_waits_longest_is_served_first(three: Regions) -> None:
    first, second = Session(), Session()
    here, now_us = three[2], three.now_us
    for session in (first, second):
        reply = here.execute(now_us, session, words("BLPOP none q 0"), lambda n: 0)
        assert isinstance(reply, Waiter)
    three.say(1, "RPUSH q one")
    three.settle()
    assert here.wake(three.now_us, lambda n: 0) == [(first, [b"q", b"one"])]
    three.say(2, "RPUSH q two three")
    assert here.wake(three.now_us, lambda n: 0) == [(second, [b"q", b"two"])]
    assert three.say(2, "LRANGE q 0 -1") == [b"three"]


@pytest.mark.parametrize(
    ("line", "late"),
    [
        ("BRPOP l m 1.5", [b"l", b"b"]),
        ("BLMOVE l m RIGHT LEFT 1.5", b"b"),
        ("BRPOPLPUSH l m 1.5", b"b"),
        ("BLMPOP 1.5 2 none l LEFT COUNT 5", [b"l", [b"a", b"b"]]),
    ],
)
def test_a_blocked_client_gets_what_comes_or_nil(three: Regions, line: str, late: Reply) -> None:
    three.say(1, "DEL l")
    here, now_us = three[1], three.now_us
    assert isinstance(three.say(1, line), Waiter)
    assert here.wake(now_us + 1_499_999, lambda n: 0) == []
    assert [reply for _, reply in here.wake(now_us + 1_500_000, lambda n: 0)] == [None]
    assert isinstance(three.say(1, line), Waiter)
    here.execute(now_us, Session(), words("RPUSH l a b"), lambda n: 0)
    assert [reply for _, reply in here.wake(now_us, lambda n: 0)] == [late]
    assert not here.waiting


def test_a_blocked_move_to_a_key_of_another_type_is_answered_with_the_error(three: Regions) -> None:
    three.say(1, "DEL l")
    three.say(1, "SADD other member")
    assert isinstance(three.say(1, "BLMOVE l other LEFT LEFT 0"), Waiter)
    here, now_us = three[1], three.now_us
    here.execute(now_us, Session(), words("SADD l not-a-list"), lambda n: 0)
    assert here.wake(now_us, lambda n: 0) == [], "the source may change once more"
    here.execute(now_us, Session(), words("DEL l"), lambda n: 0)
    here.execute(now_us, Session(), words("RPUSH l a"), lambda n: 0)
    ((_, reply),) = here.wake(now_us, lambda n: 0)
    assert str(reply).startswith("WRONGTYPE")
    assert not here.waiting


def test_inside_multi_nobody_waits(run: Run) -> None:
    session = Session()
    run("MULTI", session=session)
    run("BLPOP l 0", session=session)
    assert run("EXEC", session=session) == [None]


# ── one region ──────────────────────────────────────────────────────────────────────────────────


def test_a_list_that_turns_on_itself_keeps_its_deadline(run: Run) -> None:
    run("RPUSH l a")
    run("EXPIRE l 100")
    assert run("LMOVE l l LEFT RIGHT") == b"a"
    assert run("TTL l") == 100
    assert run("LRANGE l 0 -1", now_us=NOW_US + 200_000_000) == []


def test_long_lists_are_read_by_position(run: Run) -> None:
    for start in range(0, 9_000, 500):
        run("RPUSH l", *(b"%d" % n for n in range(start, start + 500)))
    assert [run(f"LINDEX l {n}") for n in (0, 1_999, 4_500, -1, -9_000, -9_001)] == [
        *(b"0", b"1999", b"4500", b"8999", b"0", None)
    ]
    for number in range(3_000):
        run(f"LINSERT l BEFORE 1990 x{number}") if number < 100 else run(f"LPUSH l y{number}")
    assert run("LINDEX l 2900") == b"0"
    assert run("LRANGE l 4889 4891") == [b"1989", b"x0", b"x1"]
    assert run("LLEN l") == 12_000
    assert run("LTRIM l 4890 -2") == "OK"
    assert (run("LINDEX l 0"), run("LINDEX l -1"), run("LLEN l")) == (b"x0", b"8998", 7_109)


def test_sort_stores_and_breaks_ties_by_the_element(run: Run) -> None:
    run("SADD s b c a")
    assert run("SORT s BY none* ALPHA") == [b"a", b"b", b"c"]
    assert run("SORT s BY nosort STORE l") == 3
    assert run("LRANGE l 0 -1") == [b"a", b"b", b"c"]
    assert run("SORT missing STORE l") == 0
    assert run("EXISTS l") == 0


def test_sort_says_where_its_keys_are() -> None:
    request = words("SORT k STORE x LIMIT 0 STORE GET STORE STORE y")
    assert keys_of(lookup(request), request) == [b"k", b"y"]
