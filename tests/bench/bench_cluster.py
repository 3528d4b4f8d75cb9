"""A whole scenario with the real cluster client, and how many of them a core plays in a second.

Four shards (capacity is even), 300 SETs of redis-py's `RedisCluster`, a range that moves meanwhile
(ASK, then MOVED), and two seconds in which nothing passes between client and region, outlasted by
retries. The world, of two regions, is made anew each time.

    .venv/bin/python -m tests.bench.bench_cluster
"""

from time import process_time
from typing import Any

from redis.asyncio import RedisCluster
from redis.asyncio.retry import Retry
from redis.backoff import FullJitterBackoff

from sim.rules import Partition, Where
from sim.world import World
from tests.cluster.places import clusters, east
from tests.sim.two_cities import EAST

SETS = 300
RUNS = 40


async def client(made: World) -> int:
    """Set keys one after the other, and count those that were acknowledged."""
    retry = Retry(FullJitterBackoff(base=0.1, cap=1), 20)
    told = 0
    options: dict[str, Any] = {"socket_timeout": 1.0, "retry": retry}
    async with RedisCluster(host=made.doors[EAST].host, port=10_000, **options) as redis:
        for number in range(SETS):
            if number == 100:
                region = east(made)
                place, target = region.range_of(b"k101"), region.shards[4]
                target = target if region.owner(place) is not target else region.shards[1]
                made.engine.process(made.operators[EAST].move(place, target))
            if number == 200:
                cut(made)
            told += bool(await redis.set(f"k{number}", number))
    return told


def cut(made: World) -> None:
    """Let nothing pass between the region's clients and the region for two seconds."""
    heal = made.network.add(Partition(Where.between(EAST, EAST, channels=["client"])))
    made.engine.call_in(2_000_000, lambda _: heal())


def once(seed: int) -> tuple[int, float]:
    """Acknowledged SETs, and the virtual time that they took."""
    made = clusters("oss", seed=seed, capacity=4, ranges=6, range_takes="20ms")
    return made.play(client(made), EAST), made.engine.now / 1e6


def main() -> None:
    once(0)
    begin_s = process_time()
    told = [once(seed) for seed in range(1, RUNS + 1)]
    took_s = process_time() - begin_s
    counts = sorted({count for count, _ in told})
    virtual_s = sum(seconds for _, seconds in told)
    print(f"{RUNS / took_s:.1f} scenarios a second and core (floor 20)")
    print(f"acknowledged of {SETS}: {counts}; {virtual_s / took_s:.0f} x as fast as real time")


if __name__ == "__main__":
    main()
