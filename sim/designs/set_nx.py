"""set-nx: SET NX in the region next door. Wrong: the other region grants the same claim as well.

NX looks at the local copy only. In a partition a user whose answer got lost, and who is sent to the
other region, finds no claim there and pays twice; without one, the same happens within the lag of
replication. All else here is right, and is as it should be in any region alone: the claim runs out,
so that a dead payer strands nobody, and bears the payer's name, so that a repeated SET is no rival.
"""

import time

from sim.designs import Payment, Redis, Shop


async def pay(payment: Payment, shop: Shop) -> None:
    until = await claim(shop.near, payment, shop)
    if until is not None:
        await shop.provider.capture(payment, until)
        await mark_done(shop.near, payment, shop)


async def claim(redis: Redis, payment: Payment, shop: Shop) -> float | None:
    """Wait for the claim; return until when it is ours, or None if the payment is done."""
    mine = f"{payment.token} in-flight"
    while True:
        until = time.monotonic() + shop.terms.in_flight_s  # The claim lasts at least as long.
        if await redis.set(payment.key, mine, nx=True, ex=shop.terms.in_flight_s):
            return until
        found = await redis.get(payment.key)
        if found == mine:  # redis-py repeats a SET whose reply was lost, and NX refuses that one.
            return until
        if found is not None:
            if found.endswith(" done"):
                return None
            payment.contested = True
        await shop.pause(shop.poll_s)


async def mark_done(redis: Redis, payment: Payment, shop: Shop) -> None:
    await redis.set(payment.key, f"{payment.token} done", ex=shop.terms.done_s)
