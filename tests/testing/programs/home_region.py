"""A design that holds: one region decides on a payment, for payers everywhere.

What it costs: payers elsewhere wait for a round trip, and are refused while the home is out of
reach. (It relies on a home that keeps what it has acknowledged: amnesia breaks it.)
"""

from redis.asyncio import Redis
from redis.exceptions import RedisError

from sim.testing import Stage, amnesias, outages, partitions, skews, under_faults

REGIONS = ["West Europe", "East US"]


async def captures(world: Stage) -> int:
    """How many of the payers capture."""
    home = world.regions[0]

    async def pay(region: str) -> bool:
        async with Redis(host=world.host(home), socket_timeout=1) as redis:
            try:
                return bool(await redis.set("payment:17", region, nx=True, ex=86_400))
            except RedisError:
                return False

    return (await world.everywhere(pay)).count(True)


def at_most_one(count: int) -> bool:
    return count <= 1


@under_faults(REGIONS, partitions() | outages() | skews(), invariant=at_most_one)
async def captures_once(world: Stage) -> int:
    return await captures(world)


@under_faults(REGIONS, amnesias(), invariant=at_most_one)
async def captures_once_with_amnesia(world: Stage) -> int:
    return await captures(world)
