"""Payments: users submit them, payers claim and capture them, and the ordinary goes wrong.

Payments arrive at every region, independently. A user asks a payer, waits, and if no answer comes
asks again: with the same id, but another payer will take it, perhaps in the other region. So it can
happen that a payment is asked for again though it was captured: the answer was lost, or the payer
died before it could mark the payment done. Not to capture then is what an idempotency key is for.

All chances and time-outs are here, for every variant alike, so that the rate of duplicates can be
worked out from them (docs/payments.md does). Users' chances are thrown for each payment and request
apart, so that every design lives through the same deaths, lost answers and detours; only packets
are lost as they come, since every design sends its own.

A user's story is the operation ``pay``: ok if the user was told that it is paid, fail if refused or
if the user gave up, open (info) if the run ended before.
"""

from collections.abc import Generator
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from sim.client import Signal
from sim.designs import designs as in_redis_py
from sim.failover import HealthProbe
from sim.history import FAIL, INFO, OK, Op, Outcome
from sim.latency import Exponential, Lognormal
from sim.protocols.base import Payment, Terms, designs, settings_of
from sim.provider import Provider
from sim.rules import Loss, Where
from sim.units import SECOND, Duration, Period
from sim.workloads import Workload
from sim.workloads._payer import Answer, Fate, Hire, Payer, Shop

Steps = Generator[Any, Any, None]

_SHARES = (
    "client_loss",
    "provider_loss",
    "answer_loss",
    "dies_before_capture",
    "dies_after_capture",
    "reroute",
    "hedged",
)


class Payments(Workload, frozen=True, tag="payments", kw_only=True):
    """Rates, chances and time-outs of a payments platform."""

    compares_designs = True

    every: Period = Period(500_000)
    """Mean time between two payments of one region; they arrive independently (Poisson)."""
    lasts: Duration = Duration(1_200_000_000)
    """How long payments arrive; what has not ended by the scenario's horizon stays open."""

    client_loss: float = 0.002
    """The share of packets lost between payers and stores, either way."""
    provider_loss: float = 0.002
    """The share of packets lost between payers and the provider, either way."""
    answer_loss: float = 0.01
    """The share of answers to users that get lost."""
    dies_before_capture: float = 0.002
    """The share of payers that die with a claim and without a capture."""
    dies_after_capture: float = 0.002
    """The share of payers that die with a capture that is not marked as done."""
    reroute: float = 0.5
    """The share of repeated requests that go to another region: by default a fair coin's."""
    hedged: float = 0.0
    """The share of requests that are sent twice, at once and to two regions: double clicks."""
    waits_out: bool = False
    """Whether users without answer come back only when no fault is going on any more."""

    user_timeout: Period = Period(5_000_000)
    """How long a user waits for an answer …"""
    user_backoff: Duration = Duration(1_000_000)
    """… and then before asking again; doubled each time …"""
    user_backoff_cap: Duration = Duration(30_000_000)
    """… up to this. SUBTLE: a claim has to outlast `user_timeout` and this together, or a user may
    come back and find no claim, in any design."""
    patience: Duration = Duration(900_000_000)
    """After so long a user gives up."""
    within: Duration = Duration(10_000_000)
    """The objective: a payment counts as available if it is answered within this."""

    in_flight: Period = Period(60_000_000)
    """How long a claim keeps others away that is not done."""
    done: Duration = Duration(86_400_000_000)
    """How long a payment that is done is remembered (24 h is usual, see parameters.json)."""
    request_limit: Duration = Duration(4_000_000)
    """So long after a request a payer claims no more, as its user is about to be gone."""
    poll: Period = Period(500_000)
    """How long a payer waits before it looks again at what somebody else is doing."""

    provider: str = "North Europe"
    """Where the provider is."""
    provider_remembers: Duration = Duration(0)
    """How long a provider that deduplicates knows an id that it has captured; 0s is for good."""
    capture: Period = Period(250_000)
    """Median time that a capture takes; lognormal."""
    capture_sigma: Annotated[float, msgspec.Meta(ge=0, le=10)] = 0.5
    capture_timeout: Period = Period(2_000_000)

    clients: Literal["model", "redis"] = "model"
    """Who claims: model clients, or the `redis.asyncio` code of `sim.designs`, on TCP."""

    probe_interval: Period = Period(5_000_000)
    """How often a region is pinged, to send users elsewhere when it is down …"""
    probe_failures: Annotated[int, msgspec.Meta(ge=1)] = 3
    """… which is after so many failures."""

    designs: dict[str, dict[str, Any]] = msgspec.field(default_factory=dict)
    """Settings of the designs, by name."""

    def __post_init__(self) -> None:
        for name in _SHARES:
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name}: expected a share between 0 and 1")
        if self.in_flight <= self.capture_timeout or self.in_flight % SECOND:
            raise ValueError("in_flight: expected whole seconds, more than capture_timeout")
        if self.in_flight <= self.user_timeout + self.user_backoff_cap:
            raise ValueError("in_flight: expected more than user_timeout and user_backoff_cap")
        if self.done < SECOND or self.done % SECOND:
            raise ValueError("done: expected whole seconds")
        for name, table in self.designs.items():
            settings_of(name, table)

    def lacks(self, protocol: str) -> str:
        if self.clients == "model":
            return ""
        try:
            known = in_redis_py()
        except ImportError:
            return "needs redis-py for workload.clients = \"redis\": pip install 'crdb-sim[client]'"
        if protocol in known:
            return ""
        return f'has no code for workload.clients = "redis"; there is that of {", ".join(known)}'

    def places(self) -> list[str]:
        return [self.provider]

    def start(self, world: Any) -> None:
        terms = Terms(int(self.in_flight) // SECOND, int(self.done) // SECOND)
        design = designs()[world.protocol](
            world, terms, settings_of(world.protocol, self.designs.get(world.protocol, {}))
        )
        provider = Provider(
            world.engine,
            world.network,
            world.history,
            self.provider,
            Lognormal(int(self.capture), Decimal(str(self.capture_sigma))),
            world.streams["provider"],
            dedupes=design.provider_dedupes,
            remembers_us=int(self.provider_remembers),
        )
        for channel, share in (("client", self.client_loss), ("provider", self.provider_loss)):
            if share:
                where = Where(channels=frozenset({channel}))
                world.network.add(Loss(share, world.streams[f"loss {channel}"], where))
        world.history.happened(0, "objective", "", "pay", within_us=int(self.within))
        shop = Shop(world, self, design, provider, self._hire(world))
        door = Door(world, self)
        for place in list(world.regions):
            world.engine.process(_arrivals(shop, door, place))

    def _hire(self, world: Any) -> Hire:
        if self.clients == "model":
            return Payer.hire
        # Only here is redis-py needed, which is optional.
        from sim.workloads._redis_payer import hiring

        return hiring(world)

    def finish(self, world: Any) -> None:
        """Enter the payments that are still open: their users are waiting or about to ask again."""
        ended = {op.args[0] for op in world.history.ops if op.name == "pay"}
        for asked in world.history.of_kind("asked"):
            if asked.what not in ended:
                payment = Payment(asked.what, asked.place)
                process = asked.detail["process"]
                world.history.op(_pay(process, payment, asked.at_us, None, INFO, None))


class Door:
    """The load balancer between users and regions: the nearest one that is healthy."""

    def __init__(self, world: Any, settings: Payments) -> None:
        self._places = list(world.regions)
        self._probes = {
            place: HealthProbe.of(
                world,
                settings.provider,
                world.regions[place],
                settings.probe_interval,
                settings.probe_failures,
            )
            for place in self._places
        }

    def choose(self, near: str, last: str | None, fate: Fate) -> str:
        """Return where a request goes: by default near the user, and again where it went last."""
        healthy = [place for place in self._places if self._probes[place].healthy]
        usual: str = near if last is None else last
        others = [place for place in healthy if place != usual]
        moved = last is not None and fate.moves
        return fate.dice.pick(others) if others and (moved or usual not in healthy) else usual

    def beside(self, place: str, fate: Fate) -> list[str]:
        """Return where else the same request goes if it is sent twice."""
        others = [each for each in self._places if each != place and self._probes[each].healthy]
        return [fate.dice.pick(others)] if others else []


def _arrivals(shop: Shop, door: Door, place: str) -> Steps:
    world, settings = shop.world, shop.settings
    gaps = Exponential(int(settings.every)).stream(world.streams[f"arrivals {place}"])
    initial = "".join(word[0] for word in place.split())
    number = 0
    while True:
        yield world.engine.timeout(next(gaps))
        if world.engine.now >= settings.lasts:
            return
        number += 1
        payment = Payment(f"{initial}{number}", place)
        world.engine.process(User(shop, door, payment).submit())


class User:
    """Asks for one payment until there is an answer."""

    def __init__(self, shop: Shop, door: Door, payment: Payment) -> None:
        self._shop = shop
        self._door = door
        self.payment = payment
        self.contested = False
        """An answer said that somebody is at work on it; the next request tells the payer so."""

    def submit(self) -> Steps:
        shop, settings, engine = self._shop, self._shop.settings, self._shop.world.engine
        began_us, backoff_us = engine.now, int(settings.user_backoff)
        process = shop.world.client(self.payment.place).process
        self._note_asked(process)
        answer: Answer | None = None
        place: str | None = None
        attempt = 0
        while answer is None and engine.now - began_us < settings.patience:
            attempt += 1
            fate = Fate.of(shop.world.streams, settings, f"{self.payment.id} {attempt}")
            place = self._door.choose(self.payment.place, place, fate)
            answer = yield from self._ask(place, fate, f"{self.payment.id} {attempt} twin")
            if answer is None:
                if settings.waits_out:
                    yield engine.timeout(_until_healed_us(shop.world))
                yield engine.timeout(backoff_us)
                backoff_us = min(2 * backoff_us, int(settings.user_backoff_cap))
        outcome = OK if answer is Answer.PAID else FAIL
        value = "gave up" if answer is None else answer.value
        shop.world.history.op(_pay(process, self.payment, began_us, engine.now, outcome, value))

    def _ask(self, place: str, fate: Fate, twin: str) -> Generator[Any, Any, Answer | None]:
        """Send a request, if hedged with a twin of that name, and wait; None without answer."""
        shop, engine = self._shop, self._shop.world.engine
        signal = Signal(engine)
        fates = {place: fate}
        if fate.hedged:
            second = Fate.of(shop.world.streams, shop.settings, twin)
            fates |= dict.fromkeys(self._door.beside(place, second), second)
        for where, its_fate in fates.items():
            if shop.world.regions[where].up:
                shop.hire(shop, self, where, its_fate, signal.fire)
        alarm = engine.call_in(int(shop.settings.user_timeout), signal.fire, None)
        answer: Answer | None = yield signal
        alarm.cancel()
        return answer

    def _note_asked(self, process: int) -> None:
        world, payment = self._shop.world, self.payment
        world.history.happened(
            world.engine.now, "asked", payment.place, payment.id, process=process
        )


def _until_healed_us(world: Any) -> int:
    """Return how long the faults under way will last; one without end counts for nothing."""
    now_us: int = world.engine.now
    ends = (int(each.at) + int(each.lasts) for each in world.variant.faults if each.at <= now_us)
    return max(0, max(ends, default=0) - now_us)


def _pay(
    process: int,
    payment: Payment,
    began_us: int,
    ended_us: int | None,
    outcome: Outcome,
    value: str | None,
) -> Op:
    """The operation that a user's story is."""
    return Op(process, payment.place, "pay", (payment.id,), began_us, ended_us, outcome, value)
