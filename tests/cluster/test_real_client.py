"""The unmodified `RedisCluster` of redis-py in clusters that change under it, and where it fails.

What is told of redis-py here was seen with version 8.1; each is reproduced in few lines.
"""

import asyncio
from typing import Any

import pytest
from redis.asyncio import Redis, RedisCluster
from redis.exceptions import ConnectionError, RedisError

from tests.cluster.places import begin, clusters, west
from tests.sim.two_cities import WEST

PORT = 10_000


def host(made: Any, place: str = WEST) -> str:
    return str(made.doors[place].host)


async def count_through(made: Any, kind: str, tries: int = 1, **what: Any) -> Any:
    """Add up to 200 while something happens; returns the errors, and what came to be.

    What fails is tried so often, a tenth of a second apart.
    """
    errors: list[Exception] = []
    async with RedisCluster(host=host(made), port=PORT) as redis:
        begin(made, kind, region=WEST, **what)
        for number in range(200):
            for left in reversed(range(tries)):
                try:
                    await redis.incr(f"n{number % 30}")
                    break
                except Exception as error:
                    if not left:
                        errors.append(error)
                    await asyncio.sleep(0.1)
            await asyncio.sleep(0.05)
        counts: list[Any] = [await redis.get(f"n{number}") for number in range(30)]
    return errors, sum(map(int, filter(None, counts)))


def test_it_finds_every_shard_and_all_keys() -> None:
    made = clusters("oss", capacity=4)

    async def main() -> Any:
        async with RedisCluster(host=host(made), port=PORT) as redis:
            for number in range(40):
                await redis.set(f"k{number}", number)
            found = sorted([key async for key in redis.scan_iter(match="k*", count=5)])
            values = await redis.mget_nonatomic(*(f"k{number}" for number in range(40)))
            return len(found), [int(value or -1) for value in values], len(redis.get_primaries())

    assert made.play(main()) == (40, list(range(40)), 4)


@pytest.mark.parametrize("kind", ["node-outage", "patch", "zone-outage"])
def test_it_lives_through(kind: str) -> None:
    made = clusters("oss", capacity=4, zones=2, node_takes="2s", failover_after="1s")
    what = {"node-outage": {"node": 1}, "zone-outage": {"zone": 1}}.get(kind, {})

    errors, counted = made.play(count_through(made, kind, tries=20, **what))
    assert errors == []
    assert counted >= 200  # It tries again what was cut off, so some may count twice.


def test_its_own_tries_are_used_up_without_a_wait_while_a_node_refuses() -> None:
    """`RedisCluster` takes its back-off from its retry only inside of a connection: between its
    tries of a command it waits for nothing, and all are over long before a failover is."""
    made = clusters("oss", capacity=4, failover_after="1s")
    errors, _ = made.play(count_through(made, "node-outage", node=1))
    assert {type(error) for error in errors} == {ConnectionError}


def test_one_endpoint_lives_through_a_scale_out_without_an_error() -> None:
    made = clusters("enterprise", provision="1s")

    async def main() -> Any:
        begin(made, "scale", region=WEST, capacity=4)
        async with Redis(host=host(made), port=PORT) as redis:
            for number in range(200):
                await redis.incr(f"n{number % 30}")
                await asyncio.sleep(0.05)
            return sum([int(await redis.get(f"n{number}") or 0) for number in range(30)])

    assert made.play(main()) == 200
    assert len(west(made).shards) == 4


def test_the_first_ask_of_a_node_that_it_has_never_heard_of_is_an_error() -> None:
    """A new shard has no slots yet when the first range is on its way there, so CLUSTER SLOTS does
    not name it. The client follows ASK to a node that is not among its nodes, gets None for it, and
    raises AttributeError, which no retry catches. The next command works."""
    made = clusters("oss", provision="1s", range_takes="1s")

    errors, counted = made.play(count_through(made, "scale", capacity=4))
    assert {type(error) for error in errors} == {AttributeError}
    assert counted == 200 - len(errors)


def test_slots_that_keep_moving_exhaust_a_client_that_learns_all_of_them_anew_each_time() -> None:
    """redis-py's pull request 4322: with ``reinitialize_steps=1`` every MOVED makes the client ask
    for all slots again, and count that as one of its tries."""
    made = clusters("oss", capacity=4)
    region = west(made)
    place = region.range_of(b"k")

    async def errors(**options: Any) -> set[str]:
        found = set()
        async with RedisCluster(host=host(made), port=PORT, **options) as redis:
            for _ in range(30):
                shards = list(region.shards.values())
                region.give(place, shards[(shards.index(region.owner(place)) + 1) % len(shards)])
                try:
                    await redis.set("k", "v")
                except RedisError as error:
                    found.add(f"{type(error).__name__}: {error}")
        return found

    assert made.play(errors()) == set()
    assert made.play(errors(reinitialize_steps=1)) == {"ClusterError: TTL exhausted."}


def test_a_client_that_starts_while_one_of_four_nodes_is_down_may_give_up_at_once() -> None:
    """It asks the first of its nodes for COMMAND when it has found the others, and if that one is
    down, it neither tries again nor another."""
    made = clusters("oss", capacity=4)

    async def main() -> Any:
        begin(made, "node-outage", region=WEST, node=1)
        async with RedisCluster(host=host(made), port=PORT) as redis:
            return await redis.set("k", "v")

    with pytest.raises(ConnectionError, match=r"8501\. Connection refused"):
        made.play(main())
    assert made.engine.now < 1_000_000
