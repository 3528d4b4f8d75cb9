"""Region clocks: offset, drift, steps, and waiting for a reading."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.clock import EPOCH_US, RegionClock
from sim.engine import Engine

spans = st.integers(0, 10**12)
drifts = st.integers(-999_999, 5_000_000)


def engine_at(at_us):
    engine = Engine()
    if at_us:
        engine.run(until=at_us)
    return engine


@given(spans, st.integers(-(10**10), 10**10))
def test_without_drift_a_clock_is_off_by_its_offset(at_us, offset_us):
    assert RegionClock(engine_at(at_us), offset_us).now() == EPOCH_US + at_us + offset_us


def test_drift_is_exact_over_a_day():
    engine = Engine()
    fast = RegionClock(engine, drift_ppm=50, epoch_us=0)
    engine.run(until=86_400 * 1_000_000)
    assert fast.now() - engine.now == 50 * 86_400


@given(spans, spans, drifts, st.integers(-(10**9), 10**9))
def test_the_delay_is_the_shortest_that_reaches_the_reading(start_us, ahead_us, drift_ppm, step_us):
    engine = engine_at(start_us)
    clock = RegionClock(engine, drift_ppm=drift_ppm, epoch_us=0)
    engine.run(until=engine.now + 12_345)
    clock.step(step_us)
    wall_us = clock.now() + ahead_us
    delay_us = clock.to_engine_delay(wall_us)
    assert delay_us >= 0
    if delay_us:
        if delay_us > 1:
            engine.run(until=engine.now + delay_us - 1)
        assert clock.now() < wall_us
        engine.run(until=engine.now + 1)
    assert clock.now() >= wall_us


def test_a_reading_that_is_past_takes_no_time():
    clock = RegionClock(Engine())
    assert clock.to_engine_delay(clock.now() - 5) == 0


def test_a_step_back_makes_time_go_back():
    engine = engine_at(100)
    clock = RegionClock(engine, epoch_us=0)
    clock.step(-40)
    assert clock.now() == 60
    assert clock.to_engine_delay(100) == 40


def test_a_new_drift_starts_where_the_old_one_ended():
    engine = Engine()
    clock = RegionClock(engine, drift_ppm=1_000_000, epoch_us=0)
    engine.run(until=10)
    clock.drift(0)
    assert clock.now() == 20
    engine.run(until=15)
    assert clock.now() == 25


def test_a_clock_that_stands_still_is_refused():
    with pytest.raises(ValueError, match="expected more than -1000000"):
        RegionClock(Engine(), drift_ppm=-1_000_000)
