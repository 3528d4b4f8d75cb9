"""Synchronous redis-py among the regions: blocking code, several at once, in virtual time."""

import asyncio
import os
import subprocess
import sys
import time
from typing import Any

import pytest
import redis
from redis.backoff import ExponentialWithJitterBackoff, NoBackoff
from redis.exceptions import ConnectionError, TimeoutError, WatchError
from redis.retry import Retry

from sim.aio import Deadlock
from sim.aio.programs import blocking
from sim.aio.sync import Connection
from sim.lab import Lab
from sim.wires import Mood
from tests.sim.two_cities import EAST, WEST


def client(lab: Lab, region: str = WEST, **options: Any) -> Any:
    return lab.redis(region, **({"retry": Retry(NoBackoff(), 0)} | options))


@pytest.mark.parametrize("protocol", [2, 3])
def test_everyday_commands(protocol: int) -> None:
    lab = Lab(WEST, EAST)

    def main() -> list[Any]:
        r = client(lab, protocol=protocol, decode_responses=True)
        assert r.set("k", "v", ex=100)
        assert (r.get("k"), r.ttl("k"), r.get("none")) == ("v", 100, None)
        with pytest.raises(redis.ResponseError, match="not an integer"):
            r.incr("k")
        with r.pipeline() as pipe:
            return pipe.incr("n").incr("n").get("n").execute()  # type: ignore[no-any-return]

    assert lab.run_sync(main) == [1, 2, "2"]


def test_a_pool_of_our_connections_is_all_that_the_library_needs() -> None:
    lab = Lab(WEST, EAST)
    pool = redis.ConnectionPool(connection_class=Connection, host=lab.host(EAST))
    assert lab.run_sync(lambda: redis.Redis(connection_pool=pool).incr("visits")) == 1
    with pytest.raises(RuntimeError, match=r"lab\.run_sync"):
        redis.Redis(connection_pool=pool).incr("visits")


def test_tls_is_taken_as_given() -> None:
    lab = Lab(WEST, EAST)
    assert lab.run_sync(lambda: lab.redis(EAST, port=10_000, ssl=True).ping())


def test_time_is_virtual_and_the_regions_are_as_far_as_they_are() -> None:
    lab = Lab(WEST, EAST)

    def main() -> tuple[float, float, float]:
        far, near = client(lab, EAST), client(lab, WEST)
        assert far.ping()
        assert near.ping()
        begin = time.monotonic()
        far.ping()
        middle = time.monotonic()
        near.ping()
        end = time.monotonic()
        time.sleep(3600)
        return middle - begin, end - middle, time.monotonic() - end

    far, near, slept = lab.run_sync(main)
    assert 0.08 < far < 0.1
    assert near < 0.002
    assert slept == pytest.approx(3600)


def test_pub_sub_waits_for_messages_and_no_longer() -> None:
    lab = Lab(WEST, EAST)

    def main() -> tuple[list[Any], float]:
        r, pubsub = client(lab), client(lab, EAST).pubsub()
        pubsub.subscribe("news")
        heard = [pubsub.get_message(timeout=1), pubsub.get_message(timeout=5)]
        assert pubsub.get_message() is None
        begin = time.monotonic()
        assert pubsub.get_message(timeout=5) is None
        r.publish("news", "hello")
        heard.append(pubsub.get_message(timeout=5))
        return [each and each["data"] for each in heard], time.monotonic() - begin

    heard, took = lab.run_sync(main)
    assert heard == [1, None, b"hello"]
    assert 5 < took < 5.5


def test_several_programs_take_turns_where_they_block() -> None:
    lab = Lab(WEST, EAST)

    def serve() -> list[Any]:
        r = client(lab, EAST)
        return [r.blpop("jobs", timeout=0)[1] for _ in range(2)] + [r.blpop("jobs", timeout=2)]

    def ask() -> float:
        r = client(lab, WEST)
        for job in ("one", "two"):
            time.sleep(1)
            r.rpush("jobs", job)
        return time.monotonic()

    async def main() -> Any:
        return await asyncio.gather(blocking(serve), blocking(ask))

    jobs, asked = lab.run(main())
    assert jobs == [b"one", b"two", None]
    assert 2 < asked < 2.1


def test_only_one_of_two_that_watch_wins() -> None:
    lab = Lab(WEST, EAST)

    def add() -> int:
        tries = 0
        with client(lab).pipeline() as pipe:
            while True:
                tries += 1
                try:
                    pipe.watch("n")
                    old = int(pipe.get("n") or 0)
                    pipe.multi()
                    pipe.set("n", old + 1).execute()
                    return tries
                except WatchError:
                    continue

    async def main() -> list[int]:
        return await asyncio.gather(*(blocking(add) for _ in range(5)))

    assert max(lab.run(main())) > 1
    assert lab[WEST]("GET n") == "5"


def test_time_outs_and_retries_live_through_a_partition() -> None:
    lab = Lab(WEST, EAST)

    def main() -> None:
        plain = client(lab, EAST, socket_timeout=1)
        retry = Retry(ExponentialWithJitterBackoff(base=0.1, cap=2), 20)
        stubborn = client(lab, EAST, socket_timeout=1, retry=retry)
        assert plain.set("k", "v")
        assert stubborn.get("k") == b"v"
        lab.begin("partition", regions=[WEST, EAST], channels=["client"], drop=True, lasts="10s")
        begin = time.monotonic()
        with pytest.raises(TimeoutError):
            plain.get("k")
        assert time.monotonic() - begin == pytest.approx(1, abs=0.1)
        assert stubborn.get("k") == b"v"
        assert 10 < time.monotonic() - begin < 15

    lab.run_sync(main)


def test_calls_are_refused_unanswered_and_reset_as_by_the_system() -> None:
    lab = Lab(WEST, EAST)
    door = lab.world.doors[WEST]

    def main() -> None:
        open_before = client(lab, socket_timeout=1)
        open_before.ping()
        door.set(Mood.REFUSE)
        with pytest.raises(ConnectionError, match="Connection refused"):
            client(lab).ping()
        door.set(Mood.SILENT)
        begin = time.monotonic()
        with pytest.raises(TimeoutError, match="Timeout connecting"):
            client(lab, socket_connect_timeout=5).ping()
        assert time.monotonic() - begin == pytest.approx(5, abs=1e-3)
        door.set(Mood.ACCEPT)
        lab.world.wires.reset()
        assert open_before.ping()  # The pool found the connection broken, and made another.
        lab.world.wires.cut()
        with pytest.raises(TimeoutError):
            open_before.ping()
        elsewhere = redis.ConnectionPool(
            connection_class=Connection, host="redis.io", retry=Retry(NoBackoff(), 0)
        )
        with pytest.raises(ConnectionError, match="Name or service not known"):
            redis.Redis(connection_pool=elsewhere).ping()

    lab.run_sync(main)


def test_a_program_that_waits_in_vain_is_named_with_its_calls() -> None:
    lab = Lab(WEST, EAST)

    def reader() -> None:
        client(lab, socket_timeout=None).blpop("nothing", timeout=0)

    with pytest.raises(Deadlock) as stuck:
        lab.run_sync(reader)
    assert "reader (test_sync.py:" in str(stuck.value)
    assert "ListCommands.blpop (core.py:" in str(stuck.value)


def test_more_than_a_buffer_holds_arrives_in_order() -> None:
    lab = Lab(WEST, EAST)
    value = bytes(range(256)) * 4096

    def main() -> bytes:
        r = client(lab, EAST, socket_timeout=None)
        with r.pipeline(transaction=False) as pipe:
            for number in range(4):
                pipe.set(f"k{number}", value)
            pipe.execute()
        return r.get("k3")  # type: ignore[no-any-return]

    assert lab.run_sync(main) == value


def fingerprint(seed: int) -> str:
    """Of a run with retries, a partition and a crash."""
    lab = Lab(WEST, EAST, seed=seed)

    def work(number: int) -> None:
        retry = Retry(ExponentialWithJitterBackoff(base=0.05, cap=1), 30)
        r = client(lab, (WEST, EAST)[number % 2], socket_timeout=0.5, retry=retry)
        for _ in range(20):
            r.incr("n")
            time.sleep(0.1)
        r.close()  # Left to the garbage collector, it would end whenever that runs.

    async def main() -> None:
        loop = asyncio.get_running_loop()
        loop.call_later(0.8, lab.world.regions[EAST].crash)
        loop.call_later(1.5, lab.world.regions[EAST].restart)
        await asyncio.gather(*(blocking(work, number) for number in range(4)))

    lab.run(main())
    return lab.world.fingerprint()


FINGERPRINT = "from tests.aio.test_sync import fingerprint; print(fingerprint(7))"


@pytest.mark.parametrize("seed", ["0", "4242"])
def test_one_seed_gives_one_fingerprint_under_every_hash_seed(seed: str) -> None:
    found = subprocess.run(
        [sys.executable, "-c", FINGERPRINT],
        capture_output=True,
        text=True,
        check=True,
        env=os.environ | {"PYTHONHASHSEED": seed},
    )
    assert found.stdout.strip() == fingerprint(7)
