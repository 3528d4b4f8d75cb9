"""The workload of random commands: honest clients, and no line that could never be run."""

from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from sim.history import History
from sim.scenario import BadScenario, Variant, build
from sim.world import World

MIX = {"INCR counter:{key}": 3, "SADD members:{key} {mine}": 1, "SET text {word} EX {number}": 1}


def scenario(**workload: Any) -> Any:
    return build(
        {
            "title": "two cities",
            "regions": ["West Europe", "East US"],
            "horizon": "20s",
            "workload": {"kind": "commands", "mix": MIX, "clients": 2} | workload,
        }
    )


def history(seed: int = 1, **workload: Any) -> History:
    return World(scenario(**workload), Variant("calm"), seed=seed).run()


def test_every_client_works_on_its_own_region_one_command_at_a_time() -> None:
    ops = history().ops
    places = {op.process: op.place for op in ops}
    assert sorted(Counter(places.values()).items()) == [("East US", 2), ("West Europe", 2)]
    for process in places:
        own = [op for op in ops if op.process == process]
        assert all(op.place == places[process] for op in own)
        assert all((one.completed_us or 0) <= two.invoked_us for one, two in pairwise(own))


def test_the_mix_is_kept_and_the_pauses_too() -> None:
    counts = Counter(op.name for op in history(every="20ms").ops)
    assert counts["INCR"] / counts.total() == pytest.approx(3 / 5, abs=0.05)
    # Four clients, each with a pause of 20 ms and half a millisecond of network.
    assert counts.total() == pytest.approx(4 * 20 / 0.0205, rel=0.05)


def test_a_word_of_ones_own_is_written_once() -> None:
    members = [op.args[1] for op in history().ops if op.name == "SADD"]
    assert len(members) == len(set(members))


def test_clients_stop_at_the_horizon() -> None:
    assert max(op.invoked_us for op in history().ops) < 20_000_000


def test_a_client_more_does_not_change_what_the_others_do() -> None:
    few, more = (
        [op.args for op in history(clients=clients).ops if op.process == 1] for clients in (1, 2)
    )
    assert few == more


@pytest.mark.parametrize(
    ("workload", "line"),
    [
        ({"mix": {}}, "mix: expected command lines with weights of 1 or more"),
        ({"mix": {"INCR k": 0}}, "mix: expected command lines with weights of 1 or more"),
        ({"mix": {"INCR {what}": 1}}, "has a blank {what}"),
        ({"mix": {"INCR": 1}}, "'INCR': ERR wrong number of arguments for 'incr' command"),
        ({"mix": {"INCX k": 1}}, "'INCX k': ERR unknown command 'INCX'"),
        ({"mix": {"": 1}}, "unknown command"),
        ({"clients": 0}, "expected 1 or more"),
        ({"every": "0s"}, "expected more than 0s"),
    ],
)
def test_what_could_never_be_run_is_refused(workload: dict[str, Any], line: str) -> None:
    with pytest.raises(BadScenario) as caught:
        scenario(**workload)
    assert line in str(caught.value)
