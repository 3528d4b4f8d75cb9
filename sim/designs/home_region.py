"""home-region: SET NX in the one region that the payment's id names. Right, and it refuses.

Whoever asks, from wherever, asks the same copy, so that its NX is enough, also in a partition. The
price: half of the claims cross the sea, and nobody may decide a payment whose home is out of reach.
SUBTLE: never fall back to another region when the home does not answer. That would be set-nx.
"""

from zlib import crc32

from redis.exceptions import ConnectionError, TimeoutError

from sim.designs import Payment, Shop
from sim.designs.set_nx import claim, mark_done
from sim.protocols.base import Refused


async def pay(payment: Payment, shop: Shop) -> None:
    names = list(shop.regions)
    home = names[crc32(payment.id.encode()) % len(names)]
    refuses = shop.settings.unreachable == "refuse"
    if refuses and not shop.healthy(home):
        raise Refused(f"{home} decides, and does not answer")
    redis = shop.regions[home]
    try:
        until = await claim(redis, payment, shop)
    except (ConnectionError, TimeoutError):
        if refuses:
            raise Refused(f"{home} decides, and did not answer") from None
        raise
    if until is not None:
        await shop.provider.capture(payment, until)
        await mark_done(redis, payment, shop)
