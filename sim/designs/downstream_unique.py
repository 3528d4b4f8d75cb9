"""downstream-unique: the code of set-nx, but the provider captures an id only once. Right.

Claims race as before, and both regions may grant one. But every payer sends the payment's id, and
the one party that cannot be partitioned from itself decides, where the money moves. So the claim no
longer has to be right: it only saves the provider work. What hangs on it besides, an e-mail or a
shipment, still happens twice.
"""

from sim.designs import Payment, Shop
from sim.designs.set_nx import claim, mark_done


async def pay(payment: Payment, shop: Shop) -> None:
    until = await claim(shop.near, payment, shop)
    if until is not None:
        await shop.provider.capture(payment, until)  # Knows the id, and takes the money once.
        await mark_done(shop.near, payment, shop)
