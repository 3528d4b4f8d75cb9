"""Model clients: what they enter into the history, and how they try again."""

from collections.abc import Callable, Generator
from itertools import pairwise
from typing import Any

import pytest

from sim.client import Backoff, Client, Unknown
from sim.faults.outage import Outage
from sim.history import INFO, OK
from sim.units import us
from sim.world import World
from tests.sim.two_cities import EAST, WEST, span, world

Story = Callable[[World, Client], Generator[Any, Any, Any]]

FOUR = Backoff(attempts=4, base_us=us("100ms"), cap_us=us("250ms"))


def live(made: World, story: Story, until: str = "30s") -> list[Any]:
    """Let a client at East US live through a story; return what it came to, if it ended."""
    ends: list[Any] = []

    def play() -> Generator[Any, Any, None]:
        ends.append((yield from story(made, made.client(EAST))))

    made.engine.process(play())
    made.engine.run(until=us(until))
    return ends


def ask(*names: str, request: tuple[bytes, ...] = (b"SADD", b"k", b"x")) -> Story:
    """The story of one request to these regions in turn; True if there was no reply at all."""

    def story(made: World, client: Client) -> Generator[Any, Any, Any]:
        regions = [made.regions[name] for name in names]
        try:
            return (
                yield from client.call_until_answered(regions, request, FOUR, made.streams["waits"])
            )
        except Unknown:
            return "unknown"

    return story


def test_an_error_inside_of_exec_is_entered_as_text() -> None:
    def story(made: World, client: Client) -> Generator[Any, Any, Any]:
        for line in ("SET k text", "MULTI", "INCR k", "GET k", "EXEC"):
            yield from client.call(made.regions[EAST], *line.encode().split())

    made = world()
    live(made, story)
    exec_op = made.history.ops[-1]
    assert exec_op.value == ["ERR value is not an integer or out of range", b"text"]
    assert made.history.jsonl().count(b'"EXEC"') == 1
    assert len(made.history.fingerprint()) == 32


def test_a_call_that_is_under_way_at_the_end_stays_open_in_the_history() -> None:
    made = world(Outage(region=EAST, at=span("5s"), lasts=span("1s")), client={"timeout": "60s"})
    history = made.run()
    unanswered = [op for op in history.ops if op.completed_us is None]
    assert [(op.place, op.name, op.outcome) for op in unanswered] == [(EAST, "INCR", INFO)]
    acknowledged = sum(op.outcome is OK for op in history.ops)
    assert acknowledged <= int(history.readings[EAST]["k"]["value"]) <= acknowledged + 1


def test_a_call_is_tried_again_until_it_is_answered() -> None:
    made = world(Outage(region=EAST, at=span("0s"), lasts=span("1500ms")))
    assert live(made, ask(EAST)) == [1]
    assert [op.outcome for op in made.history.ops] == [INFO, INFO, OK]


def test_a_call_is_given_up_after_so_many_attempts_with_waits_between_them() -> None:
    made = world(Outage(region=EAST, at=span("0s")))
    assert live(made, ask(EAST)) == ["unknown"]
    ops = made.history.ops
    assert [op.outcome for op in ops] == [INFO] * 4
    waits = [two.invoked_us - (one.completed_us or 0) for one, two in pairwise(ops)]
    assert all(0 <= wait_us <= us("250ms") for wait_us in waits)
    assert len(set(waits)) == 3


def test_a_client_may_go_on_to_another_region() -> None:
    made = world(Outage(region=EAST, at=span("0s")))
    assert live(made, ask(EAST, WEST)) == [1]
    assert [(op.place, op.outcome) for op in made.history.ops] == [(EAST, INFO), (WEST, OK)]


@pytest.mark.parametrize(("failover", "places"), [(False, {EAST}), (True, {EAST, WEST})])
def test_the_workload_of_commands_repeats_what_does_no_harm(
    failover: bool, places: set[str]
) -> None:
    mix = {"INCR count": 1, "SADD members {mine}": 1}
    made = world(
        Outage(region=EAST, at=span("2s"), lasts=span("5s")),
        workload={"kind": "commands", "mix": mix, "clients": 1, "failover": failover},
        seed=3,
    )
    history = made.run()
    ops = [op for op in history.ops if op.process == 2]
    members = [op for op in ops if op.name == "SADD"]
    repeated = [op for op in members if sum(each.args == op.args for each in members) > 1]
    assert {op.place for op in repeated} == places
    assert {op.place for op in ops if op.name == "INCR"} == {EAST}
    acknowledged = {op.args[1].decode() for op in members if op.outcome is OK}
    assert acknowledged <= set(history.readings[WEST]["members"]["value"])
