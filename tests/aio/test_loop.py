"""The event loop: virtual time, what it owns and gives back, what it refuses, and who is stuck."""

import asyncio
import os
import random
import secrets
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Coroutine
from typing import Any

import pytest

from sim.aio import Deadlock
from sim.aio.loop import Loop
from sim.engine import Engine
from sim.lab import Lab
from tests.sim.two_cities import EAST, WEST


def run(main: Coroutine[Any, Any, Any]) -> Any:
    return Loop(Engine()).run(main)


@pytest.mark.parametrize("seconds", [1e-7, 0.1, 1 / 3, 0.3000000000000001, 86_399])
def test_a_deadline_is_never_early_and_at_most_two_microseconds_late(seconds: float) -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        await asyncio.sleep(0.7)
        begin = loop.time()
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(seconds):
                await asyncio.Event().wait()
        assert begin + seconds <= loop.time() <= begin + seconds + 2.1e-6

    run(main())


def test_tasks_wake_in_the_order_of_their_times_then_in_that_of_their_calls() -> None:
    async def say(after: float, what: str, heard: list[str]) -> None:
        await asyncio.sleep(after)
        heard.append(what)

    async def main() -> list[str]:
        heard: list[str] = []
        await asyncio.gather(*(say(at, f"{at} {n}", heard) for n, at in enumerate((2, 1, 2, 1, 0))))
        return heard

    assert run(main()) == ["0 4", "1 1", "1 3", "2 0", "2 2"]


def test_queues_locks_and_cancellation_are_asyncios_own() -> None:
    async def main() -> list[int]:
        queue: asyncio.Queue[int] = asyncio.Queue(maxsize=2)
        lock = asyncio.Lock()

        async def produce() -> None:
            for number in range(5):
                async with lock:
                    await queue.put(number)

        producer = asyncio.create_task(produce())
        taken = [await queue.get() for _ in range(3)]
        producer.cancel()
        assert await asyncio.gather(producer, return_exceptions=True)
        return taken

    assert run(main()) == [0, 1, 2]


def test_a_deadlock_names_who_waits_and_where() -> None:
    async def wait_for_ever(event: asyncio.Event) -> None:
        await event.wait()

    async def main() -> None:
        task = asyncio.create_task(wait_for_ever(asyncio.Event()), name="the reader")
        await task

    with pytest.raises(Deadlock) as stuck:
        run(main())
    lines = str(stuck.value).splitlines()
    assert "main (test_loop.py:" in lines[1]
    assert lines[2].startswith("  the reader: ")
    assert "wait_for_ever (test_loop.py:" in lines[2]
    assert "Event.wait (locks.py:" in lines[2]


def test_what_waits_in_vain_may_still_hang_up() -> None:
    left: list[float] = []

    class Connection:
        async def __aenter__(self) -> None: ...

        async def __aexit__(self, *error: object) -> None:
            await asyncio.sleep(1)
            left.append(asyncio.get_running_loop().time())

    async def main() -> None:
        async with Connection():
            await asyncio.Event().wait()

    with pytest.raises(Deadlock):
        run(main())
    assert left == [1]


def test_regions_that_go_on_talking_do_not_hide_a_program_that_waits_in_vain() -> None:
    lab = Lab(WEST, EAST)
    lab[WEST]("SET k v")
    lab.cut()
    with pytest.raises(Deadlock, match=r"Event\.wait"):
        lab.run(forever())


async def forever() -> None:
    await asyncio.Event().wait()


def test_a_program_that_never_rests_lets_time_pass() -> None:
    async def main() -> float:
        rung: list[float] = []
        loop = asyncio.get_running_loop()
        loop.call_later(5, lambda: rung.append(loop.time()))
        while not rung:
            await asyncio.sleep(0)
        return rung[0]

    assert run(main()) == 5


def test_what_is_left_behind_is_cancelled_in_the_order_in_which_it_began() -> None:
    ended: list[str] = []

    async def linger(name: str) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(name)

    async def main() -> set[Any]:
        tasks = {asyncio.create_task(linger(name)) for name in "cabd"}
        await asyncio.sleep(1)
        return tasks

    assert len(run(main())) == 4
    assert ended == ["c", "a", "b", "d"]


@pytest.mark.parametrize(
    "call",
    [
        lambda loop: asyncio.to_thread(print),
        lambda loop: loop.run_in_executor(None, print),
        lambda loop: loop.add_reader(0, print),
        lambda loop: loop.subprocess_exec(asyncio.SubprocessProtocol, "true"),
        lambda loop: loop.create_datagram_endpoint(asyncio.DatagramProtocol),
    ],
)
def test_threads_and_real_io_are_refused(call: Any) -> None:
    async def main() -> None:
        found = call(asyncio.get_running_loop())
        if asyncio.iscoroutine(found):
            await found

    with pytest.raises(RuntimeError, match="in virtual time there is one thread"):
        run(main())


def test_an_error_of_the_program_is_its_own() -> None:
    async def main() -> None:
        await asyncio.sleep(1)
        raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        run(main())


def test_it_runs_inside_a_running_loop_and_leaves_it_as_it_was() -> None:
    async def outside() -> str:
        loop, task = asyncio.get_running_loop(), asyncio.current_task()
        inner = Lab(WEST, EAST).run(inside())
        assert asyncio.get_running_loop() is loop
        assert asyncio.current_task() is task
        await asyncio.sleep(0)
        return inner

    async def inside() -> str:
        await asyncio.sleep(100)
        return "done"

    assert asyncio.run(outside()) == "done"


def owned() -> list[Any]:
    """What a program must find as it was."""
    generator = random.random, random.getrandbits, random.seed, random.Random.seed
    return [time.time, time.sleep, os.urandom, *generator]


def test_random_and_time_are_the_worlds_and_are_given_back() -> None:
    draws: list[Any] = []
    elsewhere: list[float] = []

    async def main() -> None:
        before = time.monotonic(), time.time()
        await asyncio.sleep(10)
        time.sleep(5)
        assert time.monotonic() - before[0] == time.perf_counter() - before[0] == 15
        assert time.time() - before[1] == pytest.approx(15)
        draws.append([random.random(), random.randrange(100), random.choice("abc"), os.urandom(9)])
        draws.append([secrets.token_hex(4), str(uuid.uuid4()), str(uuid.uuid1())])
        draws.append([random.Random().random(), random.seed(), random.random()])
        thread = threading.Thread(target=lambda: elsewhere.extend([time.time(), random.random()]))
        thread.start()
        thread.join()

    random.seed(5)
    expected = [random.random() for _ in range(3)]
    random.seed(5)
    assert random.random() == expected[0]
    real = owned()
    for _ in range(2):
        Lab(WEST, EAST, seed=3).run(main())
    assert draws[:3] == draws[3:]
    assert real == owned()
    # Another thread saw the real clock, and drew what it would have drawn without us.
    assert abs(elsewhere[0] - time.time()) < 60
    assert elsewhere[1::2] == expected[1:]


def test_a_program_that_blocks_finds_afterwards_what_came_meanwhile() -> None:
    async def main() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        rung: list[float] = []
        loop.call_later(1, lambda: rung.append(loop.time()))
        time.sleep(3)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return rung[0], loop.time()

    assert Lab(WEST, EAST).run(main()) == (3, 3)


FINGERPRINT = "from tests.aio.test_client import fingerprint; print(fingerprint(7))"


@pytest.mark.parametrize("seed", ["0", "1", "4242"])
def test_one_seed_gives_one_fingerprint_under_every_hash_seed(seed: str) -> None:
    from tests.aio.test_client import fingerprint

    environment = os.environ | {"PYTHONHASHSEED": seed}
    found = subprocess.run(
        [sys.executable, "-c", FINGERPRINT],
        capture_output=True,
        text=True,
        check=True,
        env=environment,
    )
    assert found.stdout.strip() == fingerprint(7)
