"""claim-set: payers join a replicated set, wait for W, and the smallest captures. Wrong.

A set forgets no concurrent add, so payers that see the same members agree on the winner. But W has
to outlast two replication lags, and none is longer than a partition: then each region sees its own
payer alone, and both capture. And every payment waits for W, though hardly any has a rival.
"""

import asyncio
import time

from sim.designs import Payment, Redis, Shop
from sim.designs.set_nx import mark_done


async def pay(payment: Payment, shop: Shop) -> None:
    until = await claim(shop.near, payment, shop)
    if until is not None:
        await shop.provider.capture(payment, until)
        await mark_done(shop.near, payment, shop)


async def claim(redis: Redis, payment: Payment, shop: Shop) -> float | None:
    """Wait for the claim; return until when it is ours, or None if the payment is done."""
    key, token = f"claims:{payment.id}", payment.token
    while True:
        until = time.monotonic() + shop.terms.in_flight_s
        if (await redis.get(payment.key) or "").endswith(" done"):
            return None
        members = await redis.smembers(key)
        if not members:  # One transaction: without a deadline a dead payer would strand it.
            async with redis.pipeline(transaction=True) as pipe:
                await pipe.sadd(key, token).expire(key, shop.terms.in_flight_s).execute()
        if not members or token in members:
            await asyncio.sleep(shop.settings.wait / 1e6)
            members = await redis.smembers(key)
            if token in members and token == min(members):
                return until
        payment.contested = payment.contested or bool(members)
        await shop.pause(shop.poll_s)
