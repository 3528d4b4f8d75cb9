"""Replays: the very same run again, in this process, from a file, and from the command line."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from redis.asyncio import Redis

from sim.cli import BAD_INPUT, FAILS, status_of
from sim.scenario import fault
from sim.testing import (
    AnotherRun,
    Counterexample,
    NoReplay,
    Schedule,
    Stage,
    counterexample,
    partitions,
    replay,
    under_faults,
)
from sim.testing.play import Program, play
from tests.sim.two_cities import EAST, WEST
from tests.testing.programs import set_nx

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def _elsewhere(tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def found() -> Any:
    """The run to which the search comes down, without searching for it."""
    cut = fault(kind="partition", lasts="10s", regions=[WEST, EAST])
    program = set_nx.captures_once_though_resubmitted.program
    return Counterexample(play(program, Schedule((WEST, EAST), faults=(cut,)), {}))


def test_the_same_run_comes_from_the_file(found: Any) -> None:
    again = replay(found.replay)
    assert again.fingerprint == found.fingerprint
    assert again.story == found.story
    assert again.diagram == found.diagram


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_the_command_that_is_printed_runs_it_in_another_process(found: Any, seed: str) -> None:
    assert found.command == "crdb replay runs/testing/captures_once_though_resubmitted/replay.json"
    run = subprocess.run(
        [sys.executable, "-m", "sim", *found.command.split()[1:]],
        env=os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert found.story in run.stdout
    assert run.stdout.endswith(f"same fingerprint: {found.fingerprint}\n")


def test_a_file_of_a_program_that_has_changed_says_so(
    found: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = msgspec.json.decode(found.replay.read_bytes())
    kept["schedule"]["faults"] = []
    found.replay.write_bytes(msgspec.json.encode(kept))
    with pytest.raises(AnotherRun, match="has the code changed"):
        replay(found.replay)
    assert status_of(["replay", str(found.replay)]) == FAILS
    assert "another run: fingerprint" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"name": "nobody"}, "expected nobody there, decorated with under_faults"),
        ({"module": "nowhere", "file": "nowhere.py"}, "nowhere.py: no such file of Python"),
        ({"arguments": {"n": "os.system()"}}, "schedule or arguments: malformed"),
        ({"schedule": {"regions": "one"}}, "schedule or arguments: regions: expected a list"),
        ({"schedule": {"regions": ["Nowhere"]}}, "schedule or arguments: unknown region 'Nowhere'"),
        ({"seed": 1}, "unknown key 'seed'"),
    ],
)
def test_bad_files_are_refused_in_one_line(
    found: Any, change: dict[str, Any], cause: str, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = msgspec.json.decode(found.replay.read_bytes())
    found.replay.write_bytes(msgspec.json.encode(kept | change))
    capsys.readouterr()
    assert status_of(["replay", str(found.replay)]) == BAD_INPUT
    said = capsys.readouterr().err
    assert cause in said
    assert said.count("\n") == 1


def test_a_file_that_is_no_replay_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    Path("x.json").write_text("[]")
    assert status_of(["replay", "x.json"]) == BAD_INPUT
    assert "x.json: expected a table" in capsys.readouterr().err


def test_arguments_are_kept_as_literals() -> None:
    @under_faults([WEST], plan=st.just({"b": (1, {b"x"}, None)}))
    async def fails(world: Stage, plan: Any) -> None:
        assert not plan

    found = counterexample(fails)
    assert found is not None
    again = replay(found.replay, fails)
    assert again.played.arguments == {"plan": {"b": (1, {b"x"}, None)}}


def test_an_argument_that_is_no_literal_is_not_kept_and_said() -> None:
    @under_faults([WEST], plan=st.builds(object))
    async def fails(world: Stage, plan: Any) -> None:
        raise LookupError

    found = counterexample(fails)
    assert found is not None
    with pytest.raises(NoReplay, match="the argument plan is no Python literal"):
        _ = found.replay
    assert "replay:  not kept: the argument plan is no Python literal" in found.report


def test_a_function_inside_of_another_is_replayed_with_the_function() -> None:
    @settings(max_examples=1)
    @under_faults([WEST, EAST], partitions())
    async def inside(world: Stage) -> None:
        raise LookupError

    found = counterexample(inside)
    assert found is not None
    assert found.command == 'sim.testing.replay("runs/testing/inside/replay.json", inside)'
    assert replay(found.replay, inside).fingerprint == found.fingerprint


def test_a_client_that_was_never_closed_does_not_hang_up_at_random() -> None:
    async def leaves(world: Stage) -> None:
        for number in range(20):
            client = Redis(host=world.host(EAST))
            await client.set("k", number)
            cycle = [client]
            cycle.append(cycle)  # type: ignore[arg-type]

    def fingerprint(waste: int) -> str:
        left = [[] for _ in range(waste)]  # type: ignore[var-annotated]
        found = play(Program(leaves), Schedule((WEST, EAST)), {}).fingerprint
        assert len(left) == waste
        return found

    assert len({fingerprint(waste) for waste in (0, 100, 350, 650)}) == 1
