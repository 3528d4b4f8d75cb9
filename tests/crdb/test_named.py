"""Stories with a name: what the design promises about single cases, and bugs that others shipped.

Bugs are numbered as in docs/bugs.md. A story about a type is told with states, one about
arrival with replicas.
"""

from fractions import Fraction
from functools import reduce
from itertools import permutations
from operator import or_
from typing import Any

import pytest

from crdb import stamps
from crdb.crdts.base import Causal, Delta
from crdb.crdts.counter import Counter
from crdb.crdts.orset import ORSet
from crdb.crdts.register import Register
from crdb.crdts.string import String
from crdb.decimals import INT_MAX
from crdb.dots import dot
from crdb.errors import CommandError
from crdb.session import Session
from tests.regions import Regions, words


def merged(kind: Any, *deltas: Delta) -> Any:
    state = Causal(kind())
    for delta in deltas:
        state.plus(delta)
    return state


# ── register ────────────────────────────────────────────────────────────────────────────────────


def test_every_grouping_reads_c() -> None:
    """a at clock 30; b at clock 10, which saw a; c at clock 20, concurrent to both."""
    a = Register().write("a", stamps.stamp(30, 1), dot(1, 1))
    b = merged(Register, a).state.write("b", stamps.stamp(10, 2), dot(2, 1))
    c = Register().write("c", stamps.stamp(20, 3), dot(3, 1))
    for order in permutations([a, b, c]):
        assert merged(Register, *order).state.value() == "c"
    # A site that saw only a and c must keep c though a shows: b will take a away.
    assert merged(Register, a, c).state.value() == "a"
    sites = [merged(Register, a), merged(Register, a, b), merged(Register, c)]
    for one, two, three in permutations(sites):
        assert ((one | two) | three).state.value() == "c"
        assert (one | (two | three)).state.value() == "c"


@pytest.mark.parametrize("regions", list(permutations([1, 2, 3])))
def test_equal_stamps_fall_to_the_smaller_region(regions: tuple[int, ...]) -> None:
    """Bug 25: equal stamps without a total order part the replicas for ever."""
    writes = [
        Register().write(region, stamps.stamp(7, region), dot(region, 1)) for region in regions
    ]
    assert merged(Register, *writes).state.value() == 1


def test_equal_clocks_fall_to_the_smaller_region_in_every_region() -> None:
    regions = Regions(3)
    for region in (3, 1, 2):
        regions.say(region, f"SET k from-{region}")
    regions.settle()
    assert regions.everywhere("GET k") == [b"from-1"] * 3


def test_a_later_write_beats_a_fast_clock() -> None:
    """Bug 23: a clock eight hours ahead, then right again; whoever saw its write replaces it."""
    regions = Regions(2)
    regions.skew_us[1] = 8 * 3600 * 1_000_000
    regions.say(1, "SET k future")
    regions.settle()
    regions.skew_us[1] = 0
    assert regions.say(2, "SET k now") == "OK"
    regions.settle()
    assert regions.everywhere("GET k") == [b"now"] * 2


def test_one_actor_under_a_backward_clock_loses_nothing() -> None:
    """Bug 26: two updates of one actor, the second with the smaller stamp."""
    regions = Regions(2)
    regions.say(1, "SET k first")
    regions.skew_us[1] = -5_000_000
    regions.say(1, "SET k second")
    regions.settle()
    assert regions.everywhere("GET k") == [b"second"] * 2


# ── counter ─────────────────────────────────────────────────────────────────────────────────────


def test_incr_beside_del_beside_set_is_exact() -> None:
    """All three know 100; then +5, DEL and SET 7 at once: 7 + 5, since neither saw the five."""
    regions = Regions(3)
    regions.say(1, "INCRBY k 100")
    regions.settle()
    regions.say(1, "INCRBY k 5")
    regions.say(2, "DEL k")
    regions.say(3, "SET k 7")
    regions.settle()
    assert regions.everywhere("GET k") == [b"12"] * 3
    regions.assert_converged()


def test_a_reset_does_not_absorb_earlier_increments() -> None:
    """Bug 3: DEL concurrent with INCR must leave 5, not 12 and not 0."""
    regions = Regions(2)
    regions.say(1, "INCRBY k 7")
    regions.settle()
    regions.say(2, "DEL k")
    regions.say(1, "INCRBY k 5")
    regions.settle()
    assert regions.everywhere("GET k") == [b"5"] * 2
    regions.say(1, "INCRBY k 1")
    regions.settle()
    assert regions.everywhere("GET k") == [b"6"] * 2


def test_two_resets_take_away_what_either_saw_and_not_twice() -> None:
    seven = Counter().increment(7, dot(1, 1))
    ten = merged(Counter, seven).state.increment(3, dot(1, 2))
    saw_seven = merged(Counter, seven).state.clear(dot(2, 1))
    saw_ten = merged(Counter, seven, ten).state.clear(dot(3, 1))
    fifteen = merged(Counter, seven, ten).state.increment(5, dot(1, 3))
    for order in permutations([saw_seven, saw_ten, fifteen]):
        assert merged(Counter, seven, *order).state.value() == 5


def test_old_history_merged_twice_counts_once() -> None:
    """Bug 4: 9 must not become 42, whichever way the old states go round."""
    one = merged(Counter, Counter().increment(4, dot(1, 1)))
    two = merged(Counter, Counter().increment(5, dot(2, 1)))
    old = one.copy()
    for _ in range(3):
        one, two = one | two | old, two | one | old | two
    assert one.state.value() == two.state.value() == 9


def test_old_messages_again_count_once() -> None:
    regions = Regions(2)
    regions.say(1, "INCRBY k 4")
    regions.tick()
    old = list(regions.flight)
    regions.settle()
    regions.say(1, "INCRBY k 5")
    regions.settle()
    regions.flight = [*old, *old]
    regions.settle()
    assert regions.everywhere("GET k") == [b"9"] * 2


FLOATS = ["0.1", "0.2", "0.3", "100000000000000000", "-99999999999999999.5"]


def test_a_retry_that_looks_first_counts_once() -> None:
    """Bug 5: INCR repeated after a time-out drifts. A token written with it says that it is done.

    Both attempts are under way at once, and neither sees the other's token when it looks.
    """
    regions = Regions(1)
    first, retry = Session(), Session()

    def say(session: Session, line: str) -> object:
        return regions[1].execute(regions.now_us, session, words(line), lambda n: 0)

    for session in (first, retry):
        assert say(session, "WATCH done:7") == "OK"
        assert say(session, "EXISTS done:7") == 0
    for session in (first, retry):
        for line in ("MULTI", "SET done:7 1 EX 60", "INCR n"):
            say(session, line)
    assert [say(first, "EXEC"), say(retry, "EXEC")] == [["OK", 1], None]
    assert say(retry, "GET n") == b"1"


def test_float_contributions_give_the_same_bytes_in_every_order() -> None:
    contributions = [
        String().increment(Fraction(text), dot(actor, 1)) for actor, text in enumerate(FLOATS, 1)
    ]
    values = {merged(String, *order).state.value() for order in permutations(contributions)}
    assert values == {b"1.1"}


def test_float_contributions_of_three_regions_agree() -> None:
    regions = Regions(3)
    for region, amount in zip((1, 2, 3), FLOATS, strict=False):
        regions.say(region, f"INCRBYFLOAT k {amount}")
    regions.settle()
    assert regions.everywhere("GET k") == [b"0.6"] * 3


@pytest.mark.parametrize("bits", [53, 58, 59, 62, 63])
def test_counters_are_exact_at_the_edges(bits: int) -> None:
    """Bug 27: past 2^53 floats lose the 1, past 59 bits the original overflows."""
    regions = Regions(2)
    edge = (1 << bits) - 1
    regions.say(1, f"SET k {edge - 1}")
    regions.settle()
    assert regions.say(1, "INCR k") == edge
    regions.settle()
    assert regions.everywhere("GET k") == [b"%d" % edge] * 2


def test_an_overflow_is_refused_and_changes_nothing() -> None:
    regions = Regions(2)
    regions.say(1, f"SET k {INT_MAX}")
    regions.settle()
    before = regions.keyspaces()
    for region in (1, 2):
        reply = regions.say(region, "INCR k")
        assert str(reply) == "ERR increment or decrement would overflow"
    regions.settle()
    assert regions.keyspaces() == before


def test_a_sum_past_64_bits_is_shown_exactly_and_can_come_back() -> None:
    """Each region stays below the limit, together they pass it: nothing is lost."""
    regions = Regions(2)
    regions.say(1, f"INCRBY k {INT_MAX}")
    regions.say(2, f"INCRBY k {INT_MAX}")
    regions.settle()
    assert regions.everywhere("GET k") == [b"%d" % (2 * INT_MAX)] * 2
    assert isinstance(regions.say(1, "INCR k"), CommandError)
    regions.say(2, "SET k 1")
    regions.settle()
    assert regions.everywhere("INCR k") == [2, 2]


def test_text_hides_concurrent_increments_and_a_number_shows_them() -> None:
    """Bug 27: a big string into a counter. Our choice: the increment waits for a number."""
    regions = Regions(2)
    regions.say(1, "SET k text")
    regions.say(2, "INCRBY k 5")
    regions.settle()
    assert regions.everywhere("GET k") == [b"text"] * 2
    assert isinstance(regions.say(1, "INCR k"), CommandError)
    regions.say(1, "SET k 10")
    regions.settle()
    assert regions.everywhere("GET k") == [b"10"] * 2


# ── set ─────────────────────────────────────────────────────────────────────────────────────────


def test_a_remove_of_what_is_not_there_leaves_nothing() -> None:
    """Bug 13: a delete of a missing field left a tombstone for ever."""
    regions = Regions(2)
    assert regions.say(1, "SREM s nobody") == 0
    assert regions.say(1, "DEL s") == 0
    assert [regions.say(1, line) for line in ("SADD s a", "SREM s a", "SREM s a")] == [1, 1, 0]
    regions.settle()
    regions.assert_nothing_left()


def test_a_stale_replica_does_not_bring_the_dead_back() -> None:
    """Bug 1: the remove is merged against a state that has not moved for long."""
    add = ORSet().add([b"tea"], dot(1, 1))
    fresh, stale = merged(ORSet, add), merged(ORSet, add)
    fresh.plus(fresh.state.remove([b"tea"]))
    assert (stale | fresh).state.value() == set() == (fresh | stale).state.value()
    again = merged(ORSet, ORSet().add([b"tea"], dot(2, 1)))
    assert (stale | again | fresh).state.value() == {b"tea"}


def test_a_removal_before_its_add_stays_dead_and_the_rest_of_the_add_lives() -> None:
    regions = Regions(3)
    regions.say(1, "SADD s a b")
    regions.hear(listener=2, speaker=1)
    assert regions.say(2, "SREM s a") == 1
    regions.hear(listener=3, speaker=2)
    assert regions[3].context.cloud == {dot(1, 1)}
    regions[1].links[3].rewind(0)
    regions.hear(listener=3, speaker=1)
    assert regions.say(3, "SMEMBERS s") == [b"b"]
    assert not regions[3].context.cloud
    regions.settle()
    assert regions.everywhere("SMEMBERS s") == [[b"b"]] * 3


def test_a_removal_ahead_of_its_add_survives_another_removal() -> None:
    """Bug 2: a deferred remove forgotten when the entry is removed once more."""
    regions = Regions(3)
    regions.say(1, "SADD s a")
    regions.hear(listener=2, speaker=1)
    regions.say(2, "SREM s a")
    regions.hear(listener=3, speaker=2)
    regions.say(3, "SADD s a")
    assert regions.say(3, "SREM s a") == 1
    regions[1].links[3].rewind(0)
    regions.hear(listener=3, speaker=1)
    assert regions.say(3, "SMEMBERS s") == []
    regions.settle()
    assert regions.everywhere("EXISTS s") == [0] * 3
    regions.assert_nothing_left()


def test_hearsay_does_not_swallow_a_concurrent_increment() -> None:
    """DEL overtakes the increments it saw, and the later part that contains them counts exactly."""
    regions = Regions(3)
    regions.say(1, "INCRBY k 7")
    regions.hear(listener=2, speaker=1)
    regions.say(2, "DEL k")
    regions.say(1, "INCRBY k 5")
    regions.hear(listener=3, speaker=2)
    assert regions.say(3, "GET k") is None
    regions.settle()
    assert regions.everywhere("GET k") == [b"5"] * 3


# ── expiry ──────────────────────────────────────────────────────────────────────────────────────


@pytest.fixture
def known() -> Regions:
    """Three regions that hold k with a deadline in 100 s."""
    regions = Regions(3)
    regions.say(1, "SET k v EX 100")
    regions.settle(round_us=1)
    return regions


def test_the_longest_deadline_wins(known: Regions) -> None:
    """Bug 14: which TTL wins."""
    for region, seconds in ((1, 30), (2, 500), (3, 40)):
        assert known.say(region, f"EXPIRE k {seconds}") == 1
    known.settle(round_us=1)
    assert known.everywhere("TTL k") == [500] * 3


def test_a_deadline_that_saw_the_longer_one_replaces_it(known: Regions) -> None:
    known.say(2, "EXPIRE k 20")
    known.settle(round_us=1)
    assert known.everywhere("TTL k") == [20] * 3


def test_persist_beats_every_concurrent_deadline(known: Regions) -> None:
    known.say(1, "EXPIRE k 1000")
    assert known.say(2, "PERSIST k") == 1
    known.settle(round_us=1)
    assert known.everywhere("TTL k") == [-1] * 3


def test_set_clears_the_deadline_and_beats_a_concurrent_expire(known: Regions) -> None:
    known.say(1, "SET k w")
    assert known.say(1, "TTL k") == -1
    known.say(2, "EXPIRE k 1000")
    known.settle(round_us=1)
    assert known.everywhere("TTL k") == [-1] * 3
    assert known.everywhere("GET k") == [b"w"] * 3


def test_a_new_key_does_not_inherit_a_dead_ones_deadline(known: Regions) -> None:
    known.say(1, "DEL k")
    known.say(2, "EXPIRE k 1000")
    known.settle(round_us=1)
    known.say(3, "SADD k member")
    known.settle(round_us=1)
    assert known.everywhere("TTL k") == [-1] * 3


def test_every_folding_of_sites_is_the_same() -> None:
    """Bug 20 and 21: any order of merges, any repetition, one state and one encoding."""
    sites = [
        merged(ORSet, ORSet().add([b"b", b"a"], dot(1, 1))),
        merged(ORSet, ORSet().add([b"a", b"c"], dot(2, 1))),
        merged(ORSet, ORSet().add([b"c"], dot(3, 1))),
    ]
    whole = reduce(or_, sites)
    for order in permutations(sites):
        assert reduce(or_, [*order, *order]) == whole
