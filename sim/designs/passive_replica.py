"""passive-replica: SET NX in one primary, which a DNS name stands for; else a database. Wrong.

One copy decides, and that is enough until it is lost. Then a database decides, of whose claims the
replica that takes over will know nothing; the replica starts without the primary's last second; and
a payer that is merely cut off goes to the database while others still claim in the primary.
"""

from itertools import count, cycle

from redis.exceptions import ConnectionError, ReadOnlyError, TimeoutError

from sim.designs import Payment, Shop
from sim.designs.set_nx import claim, mark_done


async def pay(payment: Payment, shop: Shop) -> None:
    _, replica = shop.regions.values()
    turns = cycle([shop.primary, replica])  # It may have been promoted before the name shows it.
    for failures in count(1):
        falls_back = shop.settings.fallback == "database" and not shop.healthy("primary")
        store = shop.database if falls_back else next(turns)
        try:
            if falls_back:
                until = await claim_in_database(payment, shop)
            else:
                until = await claim(store, payment, shop)
            break
        except (ConnectionError, ReadOnlyError, TimeoutError):
            await shop.pause(shop.backoff.compute(failures))
    if until is not None:
        await shop.provider.capture(payment, until)
        await mark_done(store, payment, shop)


async def claim_in_database(payment: Payment, shop: Shop) -> float | None:
    """As `claim`, for what the replica, which answers reads, does not know as somebody else's."""
    _, replica = shop.regions.values()
    while (found := await replica.get(payment.key)) not in (None, f"{payment.token} in-flight"):
        if found.endswith(" done"):
            return None
        payment.contested = True
        await shop.pause(shop.poll_s)
    return await claim(shop.database, payment, shop)
