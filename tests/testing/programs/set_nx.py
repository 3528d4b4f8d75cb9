"""The broken design: whoever sets the idempotency key first, in the region next door, may capture.

NX looks at the local replica only. Two payers at once are both told OK, and so is one that comes
later, while replication is held up.
"""

import asyncio

from redis.asyncio import Redis
from redis.exceptions import RedisError

from sim.testing import Stage, outages, partitions, skews, under_faults

REGIONS = ["West Europe", "East US"]
FAULTS = partitions() | outages() | skews()


async def claim(world: Stage, region: str) -> bool:
    """Whether the payer at this region may capture."""
    async with Redis(host=world.host(region), socket_timeout=1) as redis:
        try:
            return bool(await redis.set("payment:17", region, nx=True, ex=86_400))
        except RedisError:
            return False  # Without a claim nobody is charged.


@under_faults(REGIONS, FAULTS)
async def captures_once(world: Stage) -> None:
    captured = await world.everywhere(lambda region: claim(world, region))
    assert captured.count(True) <= 1


@under_faults(REGIONS, FAULTS)
async def captures_once_though_resubmitted(world: Stage) -> None:
    """The user has seen no answer, and submits again two seconds later, elsewhere."""
    west, east = world.regions
    first = await claim(world, west)
    await asyncio.sleep(2)
    with world.at(east):
        second = await asyncio.create_task(claim(world, east))
    assert not (first and second)
