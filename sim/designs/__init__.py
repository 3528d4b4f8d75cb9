"""The idempotency designs as ordinary `redis.asyncio` code: one file each, to be read and run.

A design is ``async def pay(payment, shop)``, which one payer runs for one request of a user. It
returns when the money has been taken, by whomever, and raises `Refused` for a definite no. An error
that it lets through leaves the user without an answer: the user will ask again.

What lies around it is the same for all designs, and no part of a file here: users, lost answers,
payers that die, and redis-py's own retries. `crdb run payments --set workload.clients=redis` runs
them; the model of the same name in `sim.protocols` says more of what each promises and costs.
"""

from collections.abc import Callable, Coroutine, Mapping
from typing import Any, Protocol

from crdb import registry
from sim.protocols.base import Terms

Redis = Any
"""`redis.asyncio.Redis` that decodes: its own types leave open whether a reply is text."""


class Payment(Protocol):
    """One payment, as one payer works on it."""

    id: str
    key: str
    token: str
    """The payer's own name, which nobody else has."""
    contested: bool
    """Somebody else has been at work on it: the provider is asked before it captures."""


class Provider(Protocol):
    """The service that takes the money."""

    async def capture(self, payment: Payment, until: float) -> None:
        """Take the money, on a claim that is good until that time of `time.monotonic`."""

    async def captured(self, payment: Payment) -> bool:
        """Whether the money has been taken, as far as it can tell now."""


class Shop(Protocol):
    """Where a payer works: whom it can ask, and what has been agreed upon."""

    here: str
    """The name of the region next door …"""
    near: Redis
    """… and its client."""
    regions: Mapping[str, Redis]
    """All of them by name, in the same order everywhere."""
    primary: Redis
    """The region that a DNS name stands for, switched by people."""
    database: Any
    """A slow store beside them, with `set` and `get` as Redis has them."""
    provider: Provider
    terms: Terms
    """How long claims last."""
    backoff: Any
    """redis-py's, as its own retries have it."""
    poll_s: float
    """How long to wait before looking again at what somebody else is doing."""
    timeout_s: float
    """How long to wait for one reply."""
    settings: Any
    """The design's own: those of its model."""

    async def pause(self, seconds: float) -> None:
        """Wait before another try; goes no further if the user will be gone by then."""

    def healthy(self, name: str) -> bool:
        """Whether the health probes of this place reach a region, or the ``primary``."""


Pay = Callable[[Payment, Shop], Coroutine[Any, Any, None]]


def designs() -> dict[str, Pay]:
    """Return the `pay` of every design by name. Raises ImportError without redis-py."""
    return {
        module.__name__.rpartition(".")[2].replace("_", "-"): module.pay
        for module in registry.members("sim.designs")
    }
