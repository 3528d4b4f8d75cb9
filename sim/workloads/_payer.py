"""A payer: one process that claims a payment, captures it, marks it done and answers.

A fresh claim captures at once: that is what an idempotency key is for. A payer asks the provider
first if it knows that somebody else has been at work on the payment, or if it got no reply to a
capture of its own. So the duplicates that are counted are those of the claim, not of blind retries.

A payer never starts a capture that could outlive its claim.
"""

from collections.abc import Callable, Generator
from enum import StrEnum
from typing import Any, NamedTuple, Protocol

from sim.client import Backoff, Client, Unknown
from sim.protocols.base import Design, NotNow, Payment, Refused, Standing
from sim.provider import Provider, State
from sim.region import Region
from sim.rng import Dice, Streams, fraction

Steps = Generator[Any, Any, None]


class Answer(StrEnum):
    """What a user is told."""

    PAID = "paid"
    REFUSED = "refused"


class Fate(NamedTuple):
    """What chance has in store for one request: the same under every design.

    Whatever a design makes of it, it shifts nobody else's dice, and not the draws here, which are
    made before all others.
    """

    moves: bool
    """The request goes to another region than the one before."""
    dies_before_capture: bool
    dies_after_capture: bool
    answer_lost: bool
    hedged: bool
    """The user sends it twice, at once and to two regions."""
    dice: Dice
    """For all else that happens to this request."""

    @classmethod
    def of(cls, streams: Streams, settings: Any, request: str) -> "Fate":
        """Draw the fate of a request: a payment's id and what tells its requests apart."""
        dice = streams["requests"].fork(request)
        twice = fraction(settings.hedged)
        return cls(
            moves=dice.chance(fraction(settings.reroute)),
            dies_before_capture=dice.chance(fraction(settings.dies_before_capture)),
            dies_after_capture=dice.chance(fraction(settings.dies_after_capture)),
            answer_lost=dice.chance(fraction(settings.answer_loss)),
            # Dice of its own: those above fall as they did before there was hedging.
            hedged=bool(twice) and streams["requests"].fork(f"{request} hedged").chance(twice),
            dice=dice,
        )


class Asker(Protocol):
    """The user behind a request."""

    payment: Payment
    contested: bool


Tell = Callable[[Answer], object]
"""Brings the answer."""
Hire = Callable[["Shop", Asker, str, Fate, Tell], None]
"""Put a payer to work on a request: as `Payer` is made."""


class Shop(NamedTuple):
    """What all payers of a world share."""

    world: Any
    settings: Any
    """The workload's: see `sim.workloads.payments.Payments`."""
    design: Design
    provider: Provider
    hire: Hire


class Stopped(Exception):
    """The payer goes no further, and nobody is told: dead, too late, or about to lose its claim."""


class Payer:
    """One process at work on one request."""

    def __init__(self, shop: Shop, user: Asker, place: str, fate: Fate, tell: Tell) -> None:
        """Work at `place` for `user`; `tell` brings the answer, if it does not get lost."""
        self._shop = shop
        self._settings = shop.settings
        self._user = user
        self._payment = user.payment
        self._tell = tell
        self._engine = shop.world.engine
        self._here: str = place
        self.client: Client = shop.world.client(place)
        self._token = f"{place}#{self.client.process}"
        self._fate = fate
        self._dice = fate.dice
        self._backoff = Backoff.of(shop.world.scenario.client)
        self._limit_us = self._engine.now + int(self._settings.request_limit)
        self._held_since_us = 0

    @classmethod
    def hire(cls, shop: Shop, user: Asker, place: str, fate: Fate, tell: Tell) -> None:
        """Put one to work: see `Hire`."""
        shop.world.engine.process(cls(shop, user, place, fate, tell).work())

    def work(self) -> Steps:
        try:
            store = yield from self._claim()
            if store is None:
                self._answer(Answer.PAID)
                return
            self._may_die(self._fate.dies_before_capture)
            yield from self._capture()
            self._may_die(self._fate.dies_after_capture)
        except Refused:
            self._answer(Answer.REFUSED)
            return
        except Stopped:
            return
        finished = yield from self._finish(store, self._limit_us)
        self._answer(Answer.PAID)
        if not finished:
            yield from self._finish(store, self._until_us)

    def _answer(self, answer: Answer) -> None:
        if self._alive() and not self._fate.answer_lost:
            self._tell(answer)

    # ── claim ───────────────────────────────────────────────────────────────────────────────

    def _claim(self) -> Generator[Any, Any, Region | None]:
        """Return the store that granted the claim, or None if the payment is done already."""
        design, failed, turn = self._shop.design, 0, 0
        self._held_since_us = self._engine.now
        while True:
            self._go_on()
            stores = design.stores(self._payment, self._here)
            store = stores[turn % len(stores)]
            try:
                standing = yield from design.claim(self.client, store, self._payment, self._token)
            except (Unknown, NotNow):
                failed += 1
                refused = design.unreachable(self._payment, self._here)
                if refused is not None and failed >= self._backoff.attempts:
                    raise refused from None
                turn += self._dice.chance(fraction(self._settings.reroute))
                yield from self.client.pause(self._backoff.wait_us(failed, self._dice))
                continue
            if standing is Standing.DONE:
                return None
            if standing is Standing.MINE:
                self._note("claim", store.name, until_us=self._until_us)
                return store
            self._user.contested = True
            if design.claims_last and (yield from self._captured()):
                return None
            yield from self.client.pause(int(self._settings.poll))
            self._held_since_us = self._engine.now

    @property
    def _until_us(self) -> int:
        """The claim keeps others away at least until then."""
        return self._held_since_us + int(self._settings.in_flight)

    # ── capture ─────────────────────────────────────────────────────────────────────────────

    def _capture(self) -> Steps:
        provider, timeout_us = self._shop.provider, int(self._settings.capture_timeout)
        state = State.PENDING if self._user.contested else State.UNKNOWN
        while state is not State.CAPTURED:
            if self._engine.now + timeout_us > self._until_us:
                raise Stopped
            try:
                if state is State.UNKNOWN:
                    state = State.PENDING
                    self._go_on()
                    state = yield from provider.capture(
                        self.client, self._payment.id, self._token, timeout_us
                    )
                else:
                    state = yield from provider.lookup(self.client, self._payment.id, timeout_us)
            except Unknown:
                continue
            if state is State.PENDING:
                yield from self.client.pause(int(self._settings.poll))

    def _captured(self) -> Generator[Any, Any, bool]:
        """Ask the provider whether it has captured, without any right to have it do so."""
        timeout_us = int(self._settings.capture_timeout)
        try:
            state = yield from self._shop.provider.lookup(self.client, self._payment.id, timeout_us)
        except Unknown:
            return False
        return state is State.CAPTURED

    # ── done ────────────────────────────────────────────────────────────────────────────────

    def _finish(self, store: Region, until_us: int) -> Generator[Any, Any, bool]:
        """Mark it done; return whether that worked. Else whoever comes next asks the provider."""
        failed = 0
        while self._alive() and (not failed or self._engine.now < until_us):
            try:
                yield from self._shop.design.finish(self.client, store, self._payment, self._token)
            except (Unknown, NotNow):
                failed += 1
                yield from self.client.pause(self._backoff.wait_us(failed, self._dice))
            else:
                self._note("done", store.name)
                return True
        return False

    # ── life and death ──────────────────────────────────────────────────────────────────────

    def _alive(self) -> bool:
        """A region that is down takes its payers with it."""
        up: bool = self._shop.world.regions[self._here].up
        return up

    def _go_on(self) -> None:
        if not self._alive() or self._engine.now >= self._limit_us:
            raise Stopped

    def _may_die(self, dies: bool) -> None:
        if dies or not self._alive():
            raise Stopped

    def _note(self, kind: str, store: str, **detail: int) -> None:
        self._shop.world.history.happened(
            self._engine.now, kind, store, self._payment.id, token=self._token, **detail
        )
