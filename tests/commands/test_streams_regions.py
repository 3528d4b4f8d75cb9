"""Streams in several regions: what is published of groups, and what must never be skipped."""

import pytest

from crdb.replica import Settings
from tests.regions import Regions


@pytest.fixture
def regions() -> Regions:
    return Regions(3, Settings(xadd_ids="semi-strict"))


def lines(regions: Regions, region: int, *lines: str) -> None:
    for line in lines:
        regions.say(region, line)


def delivered(regions: Regions, region: int, consumer: str = "c") -> list[str]:
    reply = regions.say(region, f"XREADGROUP GROUP g {consumer} STREAMS x >")
    assert reply is None or isinstance(reply, list)
    return [entry[0].decode() for entry in reply[0][1]] if reply else []


def test_both_entries_of_one_id_are_read_and_a_command_hits_both(regions: Regions) -> None:
    lines(regions, 1, "XADD x 5-1 from 1")
    lines(regions, 2, "XADD x 5-1 from 2")
    regions.settle()
    read = [[b"5-1", [b"from", b"1"]], [b"5-1", [b"from", b"2"]]]
    assert regions.everywhere("XRANGE x - +") == [read] * 3
    assert regions.say(3, "XDEL x 5-1") == 2
    regions.settle()
    assert regions.everywhere("EXISTS x") == [0] * 3
    regions.assert_nothing_left()


def test_an_acknowledgement_of_one_id_takes_both(regions: Regions) -> None:
    lines(regions, 1, "XADD x 5-1 f v")
    lines(regions, 2, "XADD x 5-1 f v")
    regions.settle()
    lines(regions, 1, "XGROUP CREATE x g 0")
    assert delivered(regions, 1) == ["5-1", "5-1"]
    assert regions.say(1, "XACK x g 5-1") == 2
    regions.settle()
    assert delivered(regions, 2) == []


def test_trimming_takes_what_it_saw(regions: Regions) -> None:
    lines(regions, 1, "XADD x 5-1 f v", "XADD x 6-1 f v")
    regions.settle()
    lines(regions, 1, "XADD x MAXLEN 1 7-1 f v")
    lines(regions, 2, "XADD x MAXLEN 2 8-1 f v")
    regions.settle()
    assert regions.everywhere("XLEN x") == [2] * 3


def test_a_late_entry_is_delivered_though_its_id_was_passed(regions: Regions) -> None:
    lines(regions, 1, "XGROUP CREATE x g 0 MKSTREAM")
    regions.settle()
    lines(regions, 2, "XADD x 5-1 f v")
    lines(regions, 1, "XADD x 7-1 f v", "XADD x 8-1 f v")
    assert delivered(regions, 1) == ["7-1", "8-1"]
    regions.settle()
    assert regions.say(1, "XREAD STREAMS x 8-1") is None
    lines(regions, 1, "XADD x 9-1 f v")
    assert delivered(regions, 1) == ["5-1", "9-1"]
    assert delivered(regions, 1) == []


def test_a_late_entry_holds_the_acknowledgement_back(regions: Regions) -> None:
    lines(regions, 1, "XGROUP CREATE x g 0 MKSTREAM", "XADD x 7-1 f v")
    lines(regions, 2, "XADD x 5-1 f v")
    assert delivered(regions, 1) == ["7-1"]
    regions.settle()
    lines(regions, 1, "XACK x g 7-1")
    regions.settle()
    assert delivered(regions, 2) == ["5-1", "7-1"], "5-1 is not acknowledged, so nothing is"
    assert delivered(regions, 1) == ["5-1"]


def test_an_acknowledgement_does_not_speak_of_what_it_had_not_seen(regions: Regions) -> None:
    lines(regions, 1, "XGROUP CREATE x g 0 MKSTREAM")
    regions.settle()
    lines(regions, 2, "XADD x 5-1 f v")
    lines(regions, 1, "XADD x 7-1 f v")
    assert delivered(regions, 1) == ["7-1"]
    lines(regions, 1, "XACK x g 7-1")
    regions.settle()
    assert delivered(regions, 3) == ["5-1"]
    assert delivered(regions, 2) == ["5-1"]


@pytest.mark.parametrize("first", [1, 2])
def test_an_acknowledged_entry_is_not_late_whichever_comes_first(
    regions: Regions, first: int
) -> None:
    lines(regions, 1, "XGROUP CREATE x g 0 MKSTREAM")
    regions.settle()
    lines(regions, 2, "XADD x 5-1 f v")
    regions.hear(1, 2)
    assert delivered(regions, 1) == ["5-1"]
    lines(regions, 1, "XACK x g 5-1")
    regions.hear(3, first)
    regions.settle()
    assert delivered(regions, 3) == []


def test_an_acknowledgement_with_gaps_travels_up_to_the_gap(regions: Regions) -> None:
    lines(regions, 1, "XGROUP CREATE x g 0 MKSTREAM", *(f"XADD x {n}-1 f v" for n in (1, 2, 3)))
    assert delivered(regions, 1) == ["1-1", "2-1", "3-1"]
    lines(regions, 1, "XACK x g 1-1 3-1")
    regions.settle()
    assert delivered(regions, 2) == ["2-1", "3-1"]
    lines(regions, 1, "XACK x g 2-1")
    regions.settle()
    assert delivered(regions, 3) == []


def test_consumers_and_positions_do_not_travel(regions: Regions) -> None:
    lines(regions, 1, "XGROUP CREATE x g 0 MKSTREAM", "XADD x 1-1 f v", "XADD x 2-1 f v")
    regions.settle()
    before = regions[1].seq
    assert delivered(regions, 1, "Alice") == ["1-1", "2-1"]
    lines(regions, 1, "XGROUP CREATECONSUMER x g Bob", "XGROUP SETID x g 1-1")
    lines(regions, 1, "XCLAIM x g Bob 0 1-1", "XGROUP DELCONSUMER x g Alice")
    assert regions[1].seq == before
    regions.settle()
    assert regions.say(2, "XINFO CONSUMERS x g") == []
    assert delivered(regions, 2) == ["1-1", "2-1"]
    assert delivered(regions, 1) == ["2-1"], "SETID holds in its own region"


def test_deleting_the_key_kills_a_group_that_it_did_not_see(regions: Regions) -> None:
    lines(regions, 1, "XADD x 1-1 f v")
    regions.settle()
    lines(regions, 1, "DEL x")
    lines(regions, 2, "XGROUP CREATE x g 0", "XADD x 2-1 f v")
    regions.settle()
    assert regions.everywhere("XINFO GROUPS x") == [[]] * 3
    assert regions.everywhere("XLEN x") == [1] * 3
    lines(regions, 3, "DEL x")
    regions.settle()
    regions.assert_nothing_left()


def test_a_group_that_is_made_again_begins_anew(regions: Regions) -> None:
    lines(regions, 1, "XGROUP CREATE x g 0 MKSTREAM", "XADD x 1-1 f v")
    regions.settle()
    assert delivered(regions, 2) == ["1-1"]
    lines(regions, 1, "XGROUP DESTROY x g", "XGROUP CREATE x g 0")
    # Both at once, as a region hears of it that was cut off for long.
    regions[2].receive(regions.clock_us(2), regions[1].snapshot())
    assert regions.say(2, "XPENDING x g") == [0, None, None, None]
    assert delivered(regions, 2) == ["1-1"]


def test_of_two_creations_the_earlier_position_holds(regions: Regions) -> None:
    lines(regions, 1, "XADD x 1-1 f v", "XADD x 2-1 f v")
    regions.settle()
    lines(regions, 1, "XGROUP CREATE x g $")
    lines(regions, 2, "XGROUP CREATE x g 1-1")
    assert delivered(regions, 1) == []
    regions.settle()
    assert delivered(regions, 1) == delivered(regions, 2) == ["2-1"]
    regions.assert_converged()


def test_a_restored_region_delivers_again_and_skips_nothing(regions: Regions) -> None:
    lines(regions, 1, "XGROUP CREATE x g 0 MKSTREAM", *(f"XADD x {n}-1 f v" for n in (1, 2, 3)))
    assert delivered(regions, 1) == ["1-1", "2-1", "3-1"]
    lines(regions, 1, "XACK x g 1-1")
    regions.settle()
    regions.restore(1, regions[1].snapshot())
    regions.settle()
    assert delivered(regions, 1) == ["2-1", "3-1"], "1-1 is acknowledged, the rest was pending"


def test_ids_made_of_the_clock_differ_by_region() -> None:
    regions = Regions(2)
    made = {regions.say(region, "XADD x * f v") for region in (1, 2) for _ in range(5)}
    assert len(made) == 10
    regions.settle()
    first, second = regions.everywhere("XRANGE x - +")
    assert first == second
    assert isinstance(first, list)
    assert {entry[0] for entry in first} == made


def test_a_waiting_consumer_is_woken_by_another_region(regions: Regions) -> None:
    lines(regions, 1, "XGROUP CREATE x g $ MKSTREAM")
    regions.settle()
    lines(regions, 2, "XREADGROUP GROUP g c BLOCK 0 STREAMS x >")
    lines(regions, 1, "XADD x 5-1 f v")
    regions.settle()
    [(_, reply)] = regions[2].wake(regions.now_us, lambda n: 0)
    assert reply == [[b"x", [[b"5-1", [b"f", b"v"]]]]]
