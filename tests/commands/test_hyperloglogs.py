"""HyperLogLogs in one region and in several, and their numbers beside those of the real server."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdb.crdts.hyperloglog import Spots
from crdb.sketch import REGISTERS, Few, dense, estimate, heights, lifted, registers, spot
from tests.commands.conftest import Run
from tests.oracle import Oracle
from tests.regions import Regions

WRONGTYPE = "WRONGTYPE Operation against a key holding the wrong kind of value"
NO_HLL = "WRONGTYPE Key is not a valid HyperLogLog string value."


def sketch(names: list[bytes]) -> bytearray:
    return heights([lifted(Few(), map(spot, names))])


SOME = dense([sketch([b"a", b"b", b"c"])])


@given(st.integers(0, 10**9), st.sampled_from([1, 30, 341, 342, 2_000, 20_000]))
def test_the_estimate_is_the_real_server_s(oracle: Oracle, first: int, count: int) -> None:
    names = [b"%d" % number for number in range(first, first + count)]
    with oracle.clients(1) as [there]:
        for start in range(0, count, 5_000):
            there.execute([b"PFADD", b"h", *names[start : start + 5_000]])
        counted = there.execute([b"PFCOUNT", b"h"])
        held = there.execute([b"GET", b"h"])
        assert isinstance(held, bytes)
        assert registers(held) == sketch(names)
        assert estimate([sketch(names)]) == counted
        there.execute([b"SET", b"ours", dense([sketch(names)])])
        assert there.execute([b"PFCOUNT", b"ours"]) == counted
        if count > 10_000:
            assert held == dense([sketch(names)])


@given(st.lists(st.integers(0, 63), min_size=1, max_size=100))
def test_any_registers_are_estimated_as_by_the_real_server(oracle: Oracle, some: list[int]) -> None:
    held = bytearray((some * REGISTERS)[:REGISTERS])
    text = dense([held])
    stale = text[:15] + b"\x80" + text[16:]
    with oracle.clients(1) as [there]:
        there.execute([b"SET", b"h", stale])
        assert there.execute([b"PFCOUNT", b"h"]) == estimate([held])
    assert registers(text) == held


def test_the_error_is_within_what_redis_promises() -> None:
    """0.81 % is the standard error: of many counts, their root mean square."""
    errors = []
    for run in range(30):
        counted = estimate([sketch([b"%d:%d" % (run, each) for each in range(3_000)])])
        errors.append((counted - 3_000) / 3_000)
    assert (sum(each**2 for each in errors) / len(errors)) ** 0.5 < 0.0081


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"HYLL",
        b"hyll" + bytes(12_300),
        b"HYLL\2" + bytes(12_299),
        b"HYLL" + bytes(12_299),
        b"HYLL\1" + bytes(11),
        b"HYLL\1" + bytes(11) + b"\x7f",
        b"HYLL\1" + bytes(11) + b"\x7f\xff\x80",
    ],
)
def test_other_bytes_are_not_those_of_a_hyperloglog(text: bytes) -> None:
    assert registers(text) is None


def test_pfadd_says_whether_anything_changed(run: Run) -> None:
    assert run("PFADD h") == 1
    assert run("PFADD h") == 0
    assert run("PFADD h a b") == 1
    assert run("PFADD h b a") == 0
    assert run("PFCOUNT h") == 2
    assert run("TYPE h") == "string"


@pytest.mark.parametrize("line", ["APPEND h x", "STRLEN h", "INCR h", "GETEX h", "GETSET h x"])
def test_only_get_and_set_of_the_string_commands_know_it(run: Run, line: str) -> None:
    run("PFADD h a b c")
    assert run(line) == WRONGTYPE
    assert run("GET h") == SOME
    assert run("SET h", b"x", "GET") == SOME
    assert run("GET h") == b"x"


def test_bytes_of_one_make_the_key_one(run: Run) -> None:
    run("SET h", SOME)
    assert run("PFADD h a d") == 1
    assert run("PFCOUNT h") == 4
    assert run("STRLEN h") == WRONGTYPE
    run("SET h", SOME, "EX 10")
    assert [run("PFCOUNT h"), run("TTL h")] == [3, 10]
    run("SET h text")
    assert [run("PFCOUNT h"), run("STRLEN h"), run("TTL h")] == [NO_HLL, 4, -1]


def test_corrupt_bytes_are_a_string(run: Run) -> None:
    run("SET h", b"HYLL\1" + bytes(20))
    assert run("PFCOUNT h") == "INVALIDOBJ Corrupted HLL object detected"
    assert run("STRLEN h") == 25


def test_a_copy_lives_where_another_was(run: Run) -> None:
    run("PFADD h a"), run("PFADD other b c")
    assert run("COPY h other REPLACE") == 1
    assert run("PFCOUNT other") == 1
    assert run("RENAME other h") == "OK"
    assert run("PFCOUNT h") == 1


def test_what_travels_is_what_was_raised(run: Run) -> None:
    regions = Regions(2)
    regions.run(1, b"PFADD", b"h", *(b"%d" % each for each in range(1_000)))
    regions.say(1, "PFADD h 1 2 3 new")
    _, _, delta = regions[1].backlog.writes[-1]
    assert isinstance(delta, Spots)
    assert delta.spots == (spot(b"new"),)


# ── several regions ─────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("late", ["PFADD h x", "PFMERGE h other", "EXPIRE h 100"])
def test_a_deletion_wins_over(late: str) -> None:
    regions = Regions(2)
    regions.say(1, "PFADD h a"), regions.say(1, "PFADD other b")
    regions.settle()
    regions.say(1, "DEL h"), regions.say(2, late)
    regions.settle()
    assert regions.everywhere("EXISTS h") == [0, 0]
    regions.say(2, "PFADD h a")
    regions.settle()
    assert regions.everywhere("PFCOUNT h") == [1, 1]
    regions.everywhere("DEL h other")
    regions.settle()
    regions.assert_nothing_left()


def test_a_deletion_wins_over_a_key_that_it_had_not_seen() -> None:
    regions = Regions(3)
    regions.say(1, "PFADD h a")
    regions.hear(2, 1)
    regions.say(2, "DEL h")
    regions.say(3, "PFADD h b")
    regions.settle()
    assert regions.everywhere("EXISTS h") == [0, 0, 0]


def test_an_add_after_the_deletion_lives_though_it_arrives_first() -> None:
    regions = Regions(3)
    regions.say(1, "PFADD h a")
    regions.settle()
    regions.say(1, "DEL h")
    regions.hear(2, 1)
    regions.say(2, "PFADD h b c")
    regions.hear(3, 2)
    assert regions.say(3, "PFCOUNT h") == 3, "the deletion has not come yet"
    regions.settle()
    assert regions.everywhere("PFCOUNT h") == [2, 2, 2]
    regions.assert_converged()


def test_a_text_takes_the_adds_that_it_did_not_see() -> None:
    regions = Regions(2)
    regions.say(1, "PFADD h a")
    regions.settle()
    regions.say(1, "SET h text"), regions.say(2, "PFADD h b")
    regions.settle()
    assert regions.everywhere("GET h") == [b"text"] * 2
    regions.say(1, "DEL h")
    regions.settle()
    assert regions.everywhere("EXISTS h") == [0, 0]


def test_of_two_that_are_set_at_once_the_later_stays() -> None:
    regions = Regions(2)
    regions.say(1, "PFADD h x")
    regions.settle()
    regions.run(1, b"SET", b"h", SOME)
    regions.now_us += 1
    regions.run(2, b"SET", b"h", dense([sketch([b"d"])]))
    regions.settle()
    assert regions.everywhere("PFCOUNT h") == [1, 1]


def test_an_add_counts_beside_a_set_that_had_nothing_to_delete() -> None:
    regions = Regions(2)
    regions.run(1, b"SET", b"h", SOME)
    regions.say(2, "PFADD h d")
    regions.settle()
    assert regions.everywhere("PFCOUNT h") == [4, 4]


def test_a_restored_region_does_not_bring_the_dead_back() -> None:
    regions = Regions(2)
    regions.say(1, "PFADD h a"), regions.say(2, "PFADD h b")
    regions.settle()
    backup = regions[2].snapshot()
    regions.say(1, "DEL h")
    regions.settle()
    regions.say(1, "PFADD h c")
    regions.settle()
    regions.restore(2, backup)
    regions.settle()
    assert regions.everywhere("PFCOUNT h") == [1, 1]
    regions.assert_converged()
