"""How a run is told and drawn: faults, answers that did not come, far regions, and long stories."""

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import RedisError

from sim.faults import Fault
from sim.scenario import fault
from sim.testing import Counterexample, Schedule, Stage
from sim.testing.picture import figure, of
from sim.testing.play import Played, Program, play
from sim.testing.story import LINES_MAX, story
from tests.sim.two_cities import EAST, WEST


async def far(world: Stage) -> None:
    """From the west, ask the east twice, the second time in vain."""
    redis: Any = Redis(host=world.host(EAST), socket_timeout=0.5, retry=Retry(NoBackoff(), 0))
    await redis.set("stock", 5)
    await asyncio.sleep(1)
    with suppress(RedisError):
        await redis.decr("stock")
    await asyncio.sleep(2)
    assert await redis.get("stock") == b"5"


def played(*faults: Fault, main: Any = far) -> Played:
    return play(Program(main), Schedule((WEST, EAST), faults=faults), {})


def begins(at: str, **settings: Any) -> Fault:
    return fault(at=at, **settings)


CUT = begins("1s", kind="partition", lasts="1s", regions=[WEST, EAST], channels=["client"])
LATE = begins("0s", kind="clock-step", region=EAST, by="-2s")


def test_what_got_no_answer_is_told_as_what_may_have_happened() -> None:
    lines = story(played(CUT, LATE)).splitlines()
    assert lines[:3] == [
        "far: AssertionError: assert b'4' == b\"5\"".replace('"', "'"),
        '  assert await redis.get("stock") == b"5"',
        "2 faults, 3 operations, seed 0",
    ]
    told = [line.split("  ")[2] for line in lines[4:] if line.startswith("  0:")]
    asked = "client 1 in West Europe asks East US: "
    assert f"{asked}SET stock 5 → OK" in told
    assert f"{asked}DECRBY stock 1 → no answer in 500 ms, may have happened" in told
    assert "client 2 in West Europe asks East US: GET stock → 4" in told
    cut = "West Europe | East US"
    assert f"partition begins: {cut} (lasts 1 s, channels client)" in told
    assert f"partition is over: {cut}" in told
    assert "clock-step begins: East US (by -2 s)" in told
    assert told.index("the program ends with AssertionError") == len(told) - 2
    assert lines[-1] == "  in the end stock holds '4' in every region"


def test_times_never_go_back() -> None:
    lines = story(played(CUT)).splitlines()
    times = [line.split()[0] for line in lines if line.startswith("  0:")]
    assert times == sorted(times)


def test_a_far_region_is_asked_by_arrows_and_a_near_one_at_a_point() -> None:
    drawn = of(played(CUT))
    there = [(each.label, each.arrived_us is None) for each in drawn.arrows if not each.dashed]
    assert there == [
        ("SET stock 5", False),
        ("OK", False),
        ("DECRBY stock 1", True),
        ("GET stock", False),
        ("4", False),
    ]
    assert [each.label for each in drawn.spans] == ["partition: West Europe | East US"]
    assert {each.label for each in drawn.points} == {"holds stock: 4"}


def test_a_write_is_drawn_where_its_replication_begins() -> None:
    arrows = of(played()).arrows
    asked = next(each for each in arrows if each.label == "SET stock 5")
    first = next(each for each in arrows if each.dashed)
    assert first.sent_us == asked.arrived_us


def test_a_clock_that_jumps_is_drawn() -> None:
    labels = [each.label for each in of(played(LATE)).points]
    assert "clock -2.000 s" in labels


def test_a_fault_of_one_region_is_drawn_however_short_it_is() -> None:
    short = begins("10ms", kind="outage", region=EAST, lasts="1ms")
    labels = [(each.lane, each.at_us, each.label) for each in of(played(short)).points]
    assert (EAST, 10_000, "outage begins") in labels
    assert (EAST, 11_000, "outage is over") in labels


def test_of_a_long_story_the_middle_is_left_out() -> None:
    async def insists(world: Stage) -> None:
        async with Redis(host=world.host(WEST)) as redis:
            for _ in range(100):
                await redis.incr("n")
        raise LookupError

    run = played(main=insists)
    lines = story(run).splitlines()
    assert len(lines) < LINES_MAX + 10
    assert any("lines more …" in line for line in lines)
    assert "INCRBY n 1 → 1" in "".join(lines)
    assert "INCRBY n 1 → 100" in "".join(lines)
    assert len(figure(run).axes) == 1


def test_the_picture_and_the_letters_show_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = Counterexample(played(CUT))
    assert found.picture.read_bytes().startswith(b"\x89PNG")
    assert "╰✗ to East US: DECRBY stock 1" in found.diagram
    assert "▒ 0:01" in found.diagram
    told = found.report
    assert found.story in told
    assert found.diagram in told
    assert "picture: runs/testing/far/spacetime.png" in told
