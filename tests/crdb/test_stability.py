"""Which words of a region count, and when."""

from crdb.dots import dot
from crdb.stability import Stability

RECORD = dot(1, 7)


def test_the_last_claim_counts_though_an_older_one_waits() -> None:
    stability = Stability(regions=[2])
    stability.keep(RECORD, b"k")
    stability.note(2, {2: 5})
    assert stability.newly_stable(mine={1: 7}) == []
    stability.note(2, {1: 7, 2: 5})
    assert stability.newly_stable(mine={1: 7, 2: 5}) == [(RECORD, b"k")]


def test_a_claim_that_was_overtaken_takes_nothing_back() -> None:
    stability = Stability(regions=[2])
    stability.keep(RECORD, b"k")
    stability.note(2, {1: 7, 2: 4})
    stability.note(2, {1: 3, 2: 1})
    assert stability.newly_stable(mine={1: 7, 2: 4}) == [(RECORD, b"k")]


def test_of_one_actor_and_key_the_latest_record_waits() -> None:
    stability = Stability(regions=[2])
    for seq in (7, 9, 8):
        stability.keep(dot(1, seq), b"k")
    stability.note(2, {1: 9})
    assert stability.newly_stable(mine={1: 9}) == [(dot(1, 9), b"k")]


def test_records_that_never_stop_coming_do_not_keep_the_earlier_ones() -> None:
    # Every region is always three records behind.
    stability = Stability([2])
    forgotten: list[int] = []
    for seq in range(1, 100):
        stability.keep(dot(1, seq), b"k")
        stability.note(2, {1: max(0, seq - 3)})
        forgotten += [record for record, _ in stability.newly_stable({1: seq})]
    assert forgotten == sorted(forgotten)
    assert dot(1, 99) - forgotten[-1] <= 6
