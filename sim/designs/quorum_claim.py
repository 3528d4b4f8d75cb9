"""quorum-claim: three regions vote, each under a key of its own; two votes capture. Right.

A voter's key is written in its region only, so its NX is one decision, which nothing takes back: a
vote never runs out. Two payers with two of three votes each would share a voter, and that one has
voted once. The price: a trip to another region for every claim, and a payer that dies with its
claim strands the payment for good, as nobody can tell it from a slow one.
"""

import asyncio
import time
from collections import Counter
from zlib import crc32

from redis.exceptions import RedisError

from sim.designs import Payment, Redis, Shop
from sim.protocols.base import Refused

MAJORITY = 2


async def pay(payment: Payment, shop: Shop) -> None:
    keys = [_key(payment, name) for name in shop.regions]
    while True:
        until = time.monotonic() + shop.terms.in_flight_s
        marks = await shop.near.mget(keys)  # A done-mark of any voter shows here sooner or later.
        if any(each and each.endswith(" done") for each in marks):
            return
        found = await elected(payment, shop)
        if found == f"{payment.token} in-flight":
            await shop.provider.capture(payment, until)
            await shop.near.set(_key(payment, shop.here), f"{payment.token} done")
            return
        payment.contested = True
        if found.endswith(" done") or await shop.provider.captured(payment):
            return
        await shop.pause(shop.poll_s)


async def elected(payment: Payment, shop: Shop) -> str:
    """Ask the voters, in an order that the id decides; return for what two have voted, if any.

    SUBTLE: whoever began with the voter next door could meet another who did the same, each with
    one vote for good when the third voter is down.
    """
    names, turn = list(shop.regions), crc32(payment.id.encode()) % len(shop.regions)
    voters = [name for name in names[turn:] + names[:turn] if shop.healthy(name)]
    if len(voters) < MAJORITY:
        raise Refused("no two voters answer")
    votes: Counter[str] = Counter()
    for name in voters:
        try:
            async with asyncio.timeout(shop.timeout_s):  # The next voter is the better retry.
                found = await vote(shop.regions[name], _key(payment, name), payment.token)
        except (RedisError, TimeoutError):
            continue
        votes[found] += 1
        if votes[found] == MAJORITY or found.endswith(" done"):
            return found
    if votes.total() > MAJORITY:
        raise Refused("three voters voted for three payers")
    return ""


async def vote(redis: Redis, key: str, token: str) -> str:
    mine = f"{token} in-flight"
    granted = await redis.set(key, mine, nx=True)  # No deadline: a vote is for good.
    return mine if granted else await redis.get(key) or ""


def _key(payment: Payment, voter: str) -> str:
    return f"claim:{{{payment.id}}}:{voter}"
