"""Regions: what a crash breaks and what it keeps, and an alarm that follows the clock."""

from collections.abc import Generator
from typing import Any

import pytest

from sim.client import Client, Unknown
from sim.units import us
from sim.world import World
from tests.sim.two_cities import EAST, WEST, world


class Told:
    """What a client at East US was answered, in order; None for no reply."""

    def __init__(self, made: World, *lines: str, pause: str = "100ms") -> None:
        """Run the lines there, each so long after the reply to the one before."""
        self.replies: list[Any] = []
        self.client: Client = made.client(EAST)
        made.engine.process(self._work(made, lines, us(pause)))

    def _work(self, made: World, lines: tuple[str, ...], pause_us: int) -> Generator[Any, Any, Any]:
        for line in lines:
            try:
                reply = yield from self.client.call(made.regions[EAST], *line.encode().split())
            except Unknown:
                reply = None
            self.replies.append(reply)
            yield made.engine.timeout(pause_us)


def blink(made: World, at: str) -> None:
    """Let East US crash, and be back a microsecond later."""
    region = made.regions[EAST]
    made.engine.call_at(us(at), lambda _: region.crash())
    made.engine.call_at(us(at) + 1, lambda _: region.restart())


def watchers(made: World) -> dict[bytes, Any]:
    return made.regions[EAST].replica.keyspace.watchers


def test_multi_and_watch_do_not_survive_a_crash() -> None:
    made = world()
    told = Told(made, "WATCH k", "MULTI", "SET k 1", "GET k", "EXEC")
    blink(made, "150ms")
    blink(made, "250ms")
    made.engine.run(until=us("1s"))
    assert told.replies[:4] == ["OK", "OK", "OK", b"1"]
    assert str(told.replies[4]) == "ERR EXEC without MULTI"
    assert not watchers(made)


def test_a_request_on_the_wire_is_lost_in_a_crash_though_the_region_is_back_at_once() -> None:
    made = world()
    told = Told(made, "INCR k", "INCR k")
    made.engine.call_at(10, lambda _: made.regions[EAST].crash())
    made.engine.call_at(20, lambda _: made.regions[EAST].restart())
    made.engine.run(until=us("2s"))
    assert told.replies == [None, 1]


def test_a_request_that_is_being_served_is_lost_in_a_crash_and_nobody_waits_behind_it() -> None:
    made = world()
    made.regions[EAST].service_us = us("800ms")
    told = Told(made, "INCR k", "INCR k", pause="1ms")
    made.engine.call_at(us("900us"), lambda _: made.regions[EAST].crash())
    made.engine.call_at(us("950us"), lambda _: made.regions[EAST].restart())
    made.engine.run(until=us("3s"))
    assert told.replies == [None, 1]


def test_a_connection_that_a_client_gives_up_watches_nothing() -> None:
    made = world()
    Told(made, "WATCH k", "GET k")
    made.engine.run(until=us("50ms"))
    assert watchers(made)
    region = made.regions[EAST]
    region.service_us = us("2s")
    made.engine.run(until=us("3s"))
    assert not watchers(made)


def test_a_crash_ends_what_clients_listen_to() -> None:
    made = world()
    region = made.regions[EAST]
    Told(made, "SUBSCRIBE news", "PING")
    made.engine.run(until=us("50ms"))
    assert region.replica.sessions()
    region.crash()
    assert not region.replica.sessions()


def test_a_region_that_is_up_cannot_be_restarted() -> None:
    with pytest.raises(RuntimeError, match="East US is up"):
        world().regions[EAST].restart()


def test_a_step_of_the_clock_moves_the_alarm_of_an_expiry() -> None:
    made = world()
    region = made.regions[EAST]
    Told(made, "SET k v EX 100")
    made.engine.run(until=us("2s"))
    region.step_clock(us("99s"))
    made.engine.run(until=us("3s"))
    assert b"k" not in region.replica.keyspace.keys
    # So soon can the other region only know from this one.
    assert b"k" not in made.regions[WEST].replica.keyspace.keys
