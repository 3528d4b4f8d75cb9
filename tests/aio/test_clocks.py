"""What a program reads from its clocks in virtual time, and that all others read their own."""

import asyncio
import threading
import time
from datetime import UTC, date, datetime, timedelta
from time import monotonic, sleep
from typing import Any

import pytest
from redis import retry

from sim.aio.clocks import clocks
from sim.engine import Engine
from sim.lab import Lab
from tests.sim.two_cities import EAST, WEST


class Moment(datetime):
    """A type of a user's own."""


def readings() -> list[datetime]:
    """What all the clocks say, as moments in UTC."""
    local = datetime.now().astimezone().tzinfo
    return [
        datetime.now(UTC),
        datetime.now().astimezone(UTC),
        Moment.now(UTC),
        datetime.fromtimestamp(time.time(), UTC),
        datetime.fromtimestamp(time.time_ns() / 1e9, UTC),
        datetime.today().astimezone(UTC),
        datetime(*time.gmtime()[:6], tzinfo=UTC),
        datetime(*time.localtime()[:6], tzinfo=local).astimezone(UTC),
        datetime.strptime(time.strftime("%Y%m%d%H%M%S"), "%Y%m%d%H%M%S").astimezone(UTC),
        datetime.strptime(time.ctime(), "%c").astimezone(UTC),
        datetime.strptime(time.asctime(), "%c").astimezone(UTC),
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_every_clock_shows_the_virtual_time() -> None:
    async def main() -> None:
        begin = datetime.now(UTC)
        await asyncio.sleep(86_400 * 3)
        expected = begin + timedelta(days=3)
        assert readings() == [expected] * len(readings())
        assert datetime.utcnow() == expected.replace(tzinfo=None)
        assert date.today() == datetime.now().date()

    Lab(WEST, EAST).run(main())


def test_a_moment_is_of_the_types_that_it_was_of() -> None:
    kinds: list[type] = []

    async def main() -> None:
        kinds.extend([type(datetime.now()), type(Moment.now(UTC))])
        assert isinstance(datetime.now(), datetime)
        assert isinstance(Moment.now(), Moment)
        assert datetime.now(UTC) - datetime(2020, 1, 1, tzinfo=UTC) > timedelta(days=1)

    Lab(WEST, EAST).run(main())
    assert kinds == [datetime, Moment]


def test_functions_that_a_module_keeps_are_served_and_given_back() -> None:
    kept = sleep, monotonic, vars(retry)["sleep"]

    async def main() -> float:
        begin = monotonic()
        sleep(3600)
        vars(retry)["sleep"](1800)
        return monotonic() - begin

    assert Lab(WEST, EAST).run(main()) == 5400
    assert kept == (sleep, monotonic, vars(retry)["sleep"])


def test_what_is_kept_from_inside_a_run_is_no_run_s_afterwards() -> None:
    kept: list[Any] = []

    async def main() -> None:
        from time import time as now

        kept.append(now)
        kept.append(datetime.now)

    Lab(WEST, EAST).run(main())
    real = time.time()
    assert kept[0]() == pytest.approx(real, abs=60)
    assert kept[1]().timestamp() == pytest.approx(real, abs=60)


def test_other_threads_read_their_own_clocks_whoever_comes_and_goes_first() -> None:
    entered, done = threading.Event(), threading.Event()
    found: list[datetime] = []

    def elsewhere() -> None:
        engine = Engine()
        with clocks(engine, time.sleep):
            engine.run(until=3_600_000_000)
            entered.set()
            assert done.wait(10)
            found.append(datetime.now(UTC))

    async def main() -> None:
        await asyncio.sleep(7200)
        found.append(datetime.now(UTC))

    other = threading.Thread(target=elsewhere)
    real = datetime.__dict__["now"], time.time
    other.start()
    assert entered.wait(10)
    assert abs(datetime.now(UTC).timestamp() - time.time()) < 60
    Lab(WEST, EAST).run(main())  # Entered second, left first.
    done.set()
    other.join()
    assert found[0] - found[1] == timedelta(hours=1)
    assert real == (datetime.__dict__["now"], time.time)


def test_a_program_that_fails_gives_the_clocks_back() -> None:
    real = datetime.__dict__["now"], time.time

    async def main() -> None:
        raise KeyError("mine")

    with pytest.raises(KeyError):
        Lab(WEST, EAST).run(main())
    assert (datetime.__dict__["now"], time.time) == real
