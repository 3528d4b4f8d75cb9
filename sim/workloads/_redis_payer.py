"""Payers that run the `redis.asyncio` code of `sim.designs` instead of the models of it.

All else is that of `_payer`: users, fates, the provider, and what enters the history. All payers of
one region share their clients, as in one process: a pool of connections to each region.

Where a payer differs from the model's, redis-py or TCP does: a command without reply is repeated on
the same region before the design hears of it, a region that is down refuses at once instead of
staying silent, and a lost packet is sent again by TCP instead of timing out.
"""

import asyncio
from collections.abc import Mapping
from typing import Any

from redis.exceptions import ConnectionError, RedisError, TimeoutError

from crdb.errors import CommandError
from sim import aio
from sim.client import Unknown
from sim.designs import Payment, Provider, Redis, designs
from sim.doors import DOMAIN
from sim.protocols.base import Refused
from sim.protocols.passive_replica import PRIMARY
from sim.recorded import asked_by, backoff_of, client
from sim.workloads._payer import Answer, Asker, Fate, Hire, Payer, Shop, Stopped, Tell


def hiring(world: Any) -> Hire:
    """Return who puts such payers to work in a world that is about to run."""
    loop = world.host()
    stalls = {place: Stall(world, place, loop) for place in world.regions}

    def hire(shop: Shop, user: Asker, place: str, fate: Fate, tell: Tell) -> None:
        payer = RedisPayer(shop, user, place, fate, tell)
        with aio.at(place):
            loop.live(payer.serve(stalls[place]))

    return hire


class Stall:
    """What the payers of one region share: their code, and its clients."""

    def __init__(self, world: Any, here: str, loop: aio.WorldLoop) -> None:
        self.loop = loop
        self.pay = designs()[world.protocol]
        self.here = here
        self.regions = {name: client(world, world.doors[name].host) for name in world.regions}
        self.primary = client(world, f"{PRIMARY}.{DOMAIN}")
        self.backoff = backoff_of(world)


class Job:
    """The payment as its design sees it."""

    def __init__(self, user: Asker, token: str) -> None:
        self._user = user
        self.id = user.payment.id
        self.key = user.payment.key.decode()
        self.token = token

    @property
    def contested(self) -> bool:
        """Kept by the user: the next request tells the payer so."""
        return self._user.contested

    @contested.setter
    def contested(self, contested: bool) -> None:
        self._user.contested = contested


class RedisPayer(Payer):
    """One task at work on one request; to its design it is the provider as well."""

    async def serve(self, stall: Stall) -> None:
        self._loop = stall.loop
        self._money_moved = False
        try:
            with asked_by(self.client.process):
                await stall.pay(Job(self._user, self._token), Desk(self._shop, stall, self))
        except Refused:
            self._answer(Answer.REFUSED)
            return
        except (RedisError, Stopped):
            if not self._money_moved:
                return
        else:
            if self._money_moved:
                self._note("done", self._spoke_last())
        self._answer(Answer.PAID)

    async def capture(self, payment: Payment, until: float) -> None:
        self._held_since_us = round(until * 1e6) - int(self._settings.in_flight)
        self._note("claim", self._spoke_last(), until_us=self._until_us)
        self._may_die(self._fate.dies_before_capture)
        await self._loop.process(self._capture())
        self._may_die(self._fate.dies_after_capture)
        self._money_moved = True

    async def captured(self, payment: Payment) -> bool:
        return await self._loop.process(self._captured())

    async def pause(self, seconds: float) -> None:
        """See `sim.designs.Shop`."""
        await asyncio.sleep(seconds)
        self._go_on()

    def _spoke_last(self) -> str:
        """The store that has answered this payer last, and so granted what it has."""
        ops = reversed(self._shop.world.history.ops)
        spoken: str = next(op.place for op in ops if op.process == self.client.process)
        return spoken


class Desk:
    """What one payer has within reach: `sim.designs.Shop`."""

    def __init__(self, shop: Shop, stall: Stall, payer: RedisPayer) -> None:
        self._design = shop.design
        self.here = stall.here
        self.regions: Mapping[str, Redis] = stall.regions
        self.near: Redis = stall.regions[stall.here]
        self.primary: Redis = stall.primary
        self.database = Database(shop, payer, stall.loop)
        self.provider: Provider = payer
        self.pause = payer.pause
        self.terms = shop.design.terms
        self.backoff = stall.backoff
        self.poll_s = int(shop.settings.poll) / 1e6
        self.timeout_s = int(shop.world.scenario.client.timeout) / 1e6
        self.settings = shop.design.settings

    def healthy(self, name: str) -> bool:
        return self._design.healthy(self.here, name)


class Database:
    """The slow way out, as its driver shows it. It is no Redis, and a model client asks it."""

    def __init__(self, shop: Shop, payer: RedisPayer, loop: aio.WorldLoop) -> None:
        self._store = getattr(shop.design, "database", None)
        self._client = payer.client
        self._loop = loop

    async def set(self, key: str, value: str, *, nx: bool = False, ex: int) -> bool:
        request = [b"SET", key.encode(), value.encode(), b"EX", b"%d" % ex]
        return await self._ask(*request, *([b"NX"] if nx else [])) is not None

    async def get(self, key: str) -> str | None:
        found = await self._ask(b"GET", key.encode())
        return None if found is None else found.decode()

    async def _ask(self, *request: bytes) -> Any:
        if self._store is None:
            raise ConnectionError("this world has no database")
        try:
            reply = await self._loop.process(self._client.call(self._store, *request))
        except Unknown as error:
            raise TimeoutError(str(error)) from None
        if isinstance(reply, CommandError):
            raise ConnectionError(str(reply))
        return reply
