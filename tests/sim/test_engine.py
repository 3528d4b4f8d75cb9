"""The engine: SimPy's order, SimPy's API, direct calls, whole microseconds, and the digest."""

import gc
from typing import Any
from weakref import ref

import pytest
from hypothesis import given
from hypothesis import strategies as st
from simpy.core import EmptySchedule, Infinity

from sim.engine import BLOCK, Engine, Lane, NotMicroseconds, word

delays = st.lists(st.integers(0, 50), max_size=40)


@given(delays)
def test_calls_happen_in_time_order_and_equal_times_in_asking_order(delays_us):
    engine = Engine()
    heard: list[Any] = []
    for number, delay_us in enumerate(delays_us):
        engine.call_in(delay_us, lambda who: heard.append((engine.now, who)), number)
    engine.run()
    assert heard == sorted((delay_us, number) for number, delay_us in enumerate(delays_us))


@given(delays, st.integers(1, 4))
def test_lanes_change_nothing_about_the_order(delays_us, lane_count):
    """A lane holds back all but its first call; the order is that of all calls on one heap."""
    plain, laned = Engine(), Engine()
    expected: list[int] = []
    heard: list[int] = []
    lanes = [Lane(laned) for _ in range(lane_count)]
    last_us = [0] * lane_count
    for number, delay_us in enumerate(delays_us):
        which = number % lane_count
        last_us[which] = max(last_us[which], delay_us)
        plain.call_at(last_us[which], expected.append, number)
        lanes[which].call_at(delay_us, heard.append, number)
    plain.run()
    laned.run()
    assert heard == expected


@given(delays)
def test_processes_timeouts_and_calls_share_one_order(delays_us):
    engine = Engine()
    heard: list[Any] = []

    def sleeper(number, delay_us):
        yield engine.timeout(delay_us)
        heard.append((engine.now, number))

    for number, delay_us in enumerate(delays_us):
        if number % 2:
            engine.process(sleeper(number, delay_us))
        else:
            engine.call_in(delay_us, lambda who: heard.append((engine.now, who)), number)
    engine.run()
    assert [at for at, _ in heard] == sorted(delays_us)


def test_step_and_peek_see_direct_calls():
    engine = Engine()
    heard: list[Any] = []
    Lane(engine).call_at(20, heard.append, "lane")
    engine.call_in(10, heard.append, "call")
    engine.timeout(30)
    seen = []
    while engine.peek() != Infinity:
        seen.append(engine.peek())
        engine.step()
    assert (seen, heard, engine.now) == ([10, 20, 30], ["call", "lane"], 30)
    with pytest.raises(EmptySchedule):
        engine.step()


def test_run_until_a_time_stops_before_what_happens_then():
    engine = Engine()
    heard: list[Any] = []
    engine.call_in(10, heard.append, "before")
    engine.call_in(20, heard.append, "then")
    engine.run(until=20)
    assert (heard, engine.now) == (["before"], 20)
    engine.run()
    assert heard == ["before", "then"]


def test_run_until_an_event_returns_its_value():
    engine = Engine()
    event = engine.event()
    engine.call_in(7, event.succeed, "done")
    engine.call_in(9, pytest.fail, "ran too far")
    assert engine.run(until=event) == "done"
    assert engine.now == 7
    assert engine.run(until=event) == "done"


def test_run_until_an_event_that_never_happens_is_an_error():
    with pytest.raises(RuntimeError, match="nothing left to do"):
        Engine().run(until=Engine().event())


def test_a_failed_process_is_not_swallowed():
    engine = Engine()

    def fails():
        yield engine.timeout(1)
        raise KeyError("lost")

    engine.process(fails())
    with pytest.raises(KeyError, match="lost"):
        engine.run()


def test_an_error_in_a_call_leaves_the_engine_usable():
    engine = Engine()
    heard: list[Any] = []
    engine.call_in(1, {}.__getitem__, "missing")
    engine.call_in(2, heard.append, "next")
    with pytest.raises(KeyError, match="missing"):
        engine.run()
    engine.run()
    assert heard == ["next"]


@pytest.mark.parametrize("bad", [0.5, 1.0, -1, "1", None, True])
def test_times_that_are_no_whole_microseconds_are_refused(bad):
    engine = Engine()
    for ask in (
        lambda: engine.call_in(bad, print),
        lambda: engine.call_at(bad, print),
        lambda: engine.timeout(bad),
        lambda: engine.schedule(engine.event(), delay=bad),
    ):
        with pytest.raises(NotMicroseconds, match="expected whole microseconds"):
            ask()
    assert engine.peek() == Infinity


@pytest.mark.parametrize("bad", [0.5, 10, 3])
def test_until_must_be_a_later_whole_microsecond(bad):
    engine = Engine()
    engine.run(until=10)
    with pytest.raises(NotMicroseconds):
        engine.run(until=bad)


def test_a_cancelled_call_lets_its_time_pass():
    engine = Engine()
    call = engine.call_in(5, pytest.fail, "cancelled")
    call.cancel()
    engine.run()
    call.cancel()
    assert engine.now == 5


def test_an_engine_that_nobody_holds_is_freed_with_what_it_was_still_to_do():
    """Or each trial of a sweep would leave its world in the worker's memory."""
    engine = Engine()
    engine.call_in(5, engine.trace, 1)
    gone = ref(engine)
    del engine
    gc.collect()
    assert gone() is None


def test_a_cancelled_lane_neither_calls_nor_traces():
    engine = Engine()
    lane = Lane(engine, mark=word(1))
    for at_us in (3, 5):
        lane.call_at(at_us, pytest.fail, "cancelled")
    assert lane.cancel() == 2
    engine.run()
    assert (engine.now, engine.fingerprint()) == (5, Engine().fingerprint())


def test_a_call_of_a_lane_may_use_the_lane():
    engine = Engine()
    lane = Lane(engine)
    heard: list[Any] = []

    def again(left):
        heard.append(engine.now)
        if left:
            lane.call_at(engine.now + 10, again, left - 1)

    lane.call_at(0, again, 2)
    engine.run()
    assert heard == [0, 10, 20]


traces = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.integers(0, 3)), max_size=6)


@given(traces, traces)
def test_the_fingerprint_tells_traces_apart(one, other):
    def fingerprint(trace):
        engine = Engine()
        for code, a, b in trace:
            engine.trace(code, a, b)
        return engine.fingerprint()

    assert (fingerprint(one) == fingerprint(other)) == (one == other)


def test_the_fingerprint_contains_the_time():
    early, late = Engine(), Engine()
    early.call_in(1, early.trace, 9)
    late.call_in(2, late.trace, 9)
    early.run()
    late.run()
    assert early.fingerprint() != late.fingerprint()


def test_the_fingerprint_does_not_depend_on_when_it_is_asked():
    asked, left_alone = Engine(), Engine()
    for number in range(3 * BLOCK):
        asked.call_in(number, asked.trace, number)
        left_alone.call_in(number, left_alone.trace, number)
    while asked.peek() != Infinity:
        asked.step()
        asked.fingerprint()
    left_alone.run()
    assert asked.fingerprint() == left_alone.fingerprint()


def test_large_numbers_enter_the_digest_by_their_low_bits():
    assert word(1, 2**24 + 5, 2**32 + 6) == word(1, 5, 6) < 2**64
    assert word(0xFF, 2**24 - 1, 2**32 - 1) == 2**64 - 1


def test_what_comes_in_from_outside_is_first_in_its_microsecond() -> None:
    engine, happened = Engine(), list[str]()
    engine.call_at(5, lambda _: engine.call_in(1, happened.append, "made before"))
    engine.call_at(7, happened.append, "due then")
    engine.run_before(7)
    assert (engine.now, happened, engine.next_us()) == (7, ["made before"], 7)
    engine.run()
    assert happened[-1] == "due then"
    assert engine.next_us() is None
    with pytest.raises(NotMicroseconds):
        engine.run_before(7)
