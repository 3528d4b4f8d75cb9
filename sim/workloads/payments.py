"""Payments: users submit, payers claim, the provider captures, and everything may go wrong.

A *payer* is a client process: it claims the payment (token, state in-flight, a short expiry),
captures it at the provider, and marks it done. A user who has waited ``patience`` submits again,
while the first payer may still be at work; the load balancer sends a share of those to the other
region. That second payer has another token, and so the claim has to tell the two apart.

A fresh claim captures at once: that is what an idempotency key is for. A payer that has found
somebody else's claim, or lost a reply of the provider's, asks the provider before it captures.
So what is counted are duplicates of the claim, not of blind retries.
"""

from collections.abc import Generator
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sim.client import Backoff, Client, Signal, Unknown
from sim.history import FAIL, OK, Op, Outcome
from sim.latency import Exponential, Lognormal
from sim.protocols import Design, designs
from sim.provider import Order, Provider
from sim.units import Duration
from sim.workloads import Workload

Steps = Generator[Any, Any, Any]
_NO_REPLY = object()


class Payments(Workload, frozen=True, tag="payments", kw_only=True):
    """Durations and shares of the payments platform."""

    every: Duration = Duration(500_000)
    """Mean time between two payments of one region."""
    patience: Duration = Duration(2_000_000)
    """After so long without an answer the user submits again …"""
    submissions: int = 3
    """… so often in all."""
    reroute: float = 0.5
    """The share of second submissions that reach the other region."""
    dies: float = 0.005
    """The share of payers that die between claim and capture."""
    in_flight: Duration = Duration(30_000_000)
    """How long a claim that is not done keeps others away."""
    keep: Duration = Duration(86_400_000_000)
    """How long a finished payment is remembered."""
    capture: Duration = Duration(300_000)
    """Median time of a capture; lognormal."""
    capture_sigma: str = "0.8"
    capture_timeout: Duration = Duration(5_000_000)
    give_up: Duration = Duration(60_000_000)
    """A payer that has got nowhere for so long refuses the payment."""
    failover: Duration = Duration(660_000_000)
    """How long people take to switch a passive replica over."""

    def start(self, world: Any) -> None:
        design = designs()[world.protocol](world)
        capture = Lognormal(int(self.capture), Decimal(self.capture_sigma))
        provider = Provider(
            world.engine,
            world.network,
            world.history,
            world.scenario.regions[-1],
            capture,
            world.streams["provider"],
            unique=design.unique,
        )
        for place in world.scenario.regions:
            world.engine.process(_arrivals(world, self, design, provider, place))


def _arrivals(
    world: Any, platform: Payments, design: Design, provider: Provider, place: str
) -> Steps:
    dice = world.streams[f"arrivals {place}"]
    gaps = Exponential(int(platform.every)).stream(dice)
    number = 0
    while True:
        yield world.engine.timeout(next(gaps))
        if world.engine.now >= int(world.scenario.horizon):
            return
        number += 1
        payment = f"{place[0]}{number}"
        world.engine.process(User(world, platform, design, provider, payment, place).submit())


class User:
    """One payment, as its user sees it: submitted, perhaps again, and answered or not."""

    def __init__(
        self,
        world: Any,
        platform: Payments,
        design: Design,
        provider: Provider,
        payment: str,
        place: str,
    ) -> None:
        self.world, self.platform, self.design, self.provider = world, platform, design, provider
        self.payment, self.place = payment, place
        self.answered = False
        self.payers = 0
        self.working = 0
        self.submitting = True
        self.began_us = 0
        self.number = world.client(place).process
        self.history_op = world.history.op
        self.dice = world.streams["payers"]
        self.routing = world.streams["routing"]

    def submit(self) -> Steps:
        world, platform = self.world, self.platform
        self.began_us = world.engine.now
        place = self.place
        for _ in range(platform.submissions):
            self.working += 1
            world.engine.process(Payer(self, place).work())
            yield world.engine.timeout(int(platform.patience))
            if self.answered:
                return
            if self.routing.chance(Fraction(str(platform.reroute))):
                others = [name for name in world.scenario.regions if name != place]
                place = self.routing.pick(others)
        self.submitting = False
        self.left()

    def paid(self) -> None:
        if not self.answered:
            self.answered = True
            self._enter(OK)

    def left(self) -> None:
        """A payer has ended, or the user submits no more: who is still unanswered is refused."""
        if not (self.answered or self.working or self.submitting):
            self.answered = True
            self._enter(FAIL)

    def _enter(self, outcome: Outcome) -> None:
        world = self.world
        self.history_op(
            Op(
                self.number,
                self.place,
                "pay",
                (self.payment,),
                self.began_us,
                world.engine.now,
                outcome,
            )
        )


class Payer:
    """One process at work on a payment."""

    def __init__(self, user: User, place: str) -> None:
        user.payers += 1
        self.user, self.place = user, place
        self.world, self.platform = user.world, user.platform
        self.client: Client = user.world.client(place)
        self.token = f"{place}:{user.payers}".encode()
        self.key = f"payment:idem:{user.payment}".encode()
        self.must_ask = False
        """Somebody may have captured already: ask the provider first."""

    def work(self) -> Steps:
        yield from self.try_to_pay()
        self.user.working -= 1
        self.user.left()

    def try_to_pay(self) -> Steps:
        deadline_us = self.world.engine.now + int(self.platform.give_up)
        backoff, attempt = Backoff(base_us=50_000), 0
        while self.world.engine.now < deadline_us:
            attempt += 1
            mine = yield from self.claim()
            if mine == "done":
                self.user.paid()
                return
            if mine == "mine":
                if self.user.dice.chance(Fraction(str(self.platform.dies))):
                    return
                if (yield from self.take_money()):
                    yield from self.finish()
                    return
                self.must_ask = True
            yield self.world.engine.timeout(backoff.wait_us(attempt, self.user.dice))

    def claim(self) -> Generator[Any, Any, str]:
        """``mine``, ``done``, or ``wait``."""
        region = self.user.design.region(self.user.payment, self.place)
        seconds = b"%d" % (int(self.platform.in_flight) // 1_000_000)
        request = (b"SET", self.key, self.token, b"NX", b"GET", b"EX", seconds)
        try:
            found = yield from self.client.call(region, *request)
        except Unknown:
            return "wait"
        if found is None:
            return "mine"
        if found == self.token:
            # An earlier attempt of this payer got through, though its reply was lost.
            return "mine"
        if not isinstance(found, bytes):
            return "wait"  # an error: no one is allowed to decide right now
        self.must_ask = True
        return "done" if found.endswith(b" done") else "wait"

    def take_money(self) -> Generator[Any, Any, bool]:
        if self.must_ask:
            known = yield from self.order("lookup", 1_000_000)
            if known is _NO_REPLY:
                return False
            if known:
                return True
        reply = yield from self.order("capture", int(self.platform.capture_timeout))
        return reply is True

    def order(self, verb: str, timeout_us: int) -> Steps:
        world, provider = self.world, self.user.provider
        signal = Signal(world.engine)
        number = self.client.process
        order = Order(verb, self.user.payment, self.token.decode(), self.place, number, signal.fire)
        world.network.send(
            self.place, provider.place, "provider", order, provider.order, connection=number
        )
        alarm = world.engine.call_in(timeout_us, signal.fire, _NO_REPLY)
        reply = yield signal
        alarm.cancel()
        return reply

    def finish(self) -> Steps:
        """Remember that it is paid. If that gets lost, others will find out at the provider."""
        self.user.paid()
        region = self.user.design.region(self.user.payment, self.place)
        seconds = b"%d" % (int(self.platform.keep) // 1_000_000)
        for attempt in range(1, 4):
            try:
                done = self.token + b" done"
                yield from self.client.call(region, b"SET", self.key, done, b"EX", seconds)
                return
            except Unknown:
                wait_us = Backoff().wait_us(attempt, self.user.dice)
                yield self.world.engine.timeout(wait_us)
