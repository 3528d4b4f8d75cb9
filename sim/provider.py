"""The payment provider: takes money when asked, and tells afterwards what it took.

A service of its own, at its own place, with its own latency and its own losses (the network's
channel ``provider``). A capture has three states: unknown to the provider, pending while the money
is on its way, captured. Unless it deduplicates on the payment's id, the provider does what it is
told: every capture that arrives takes money, and each is a happening of kind ``capture``. Those are
what the judges count. A lookup is answered from its books, which are kept for good.

A payer that asks is a process:

    state = yield from provider.lookup(client, "W17", timeout_us)
"""

from collections.abc import Generator
from enum import StrEnum
from typing import Any, NamedTuple

from sim.client import Client, Signal, Unknown
from sim.engine import Engine
from sim.history import INFO, OK, History, Op
from sim.latency import Latency
from sim.network import Deliver, Network
from sim.rng import Dice

LOOKUP_US = 2_000
"""How long the provider takes to look into its books."""

_TIMEOUT = object()


class State(StrEnum):
    """What the provider knows of a payment."""

    UNKNOWN = "unknown"
    PENDING = "pending"
    CAPTURED = "captured"


class Order(NamedTuple):
    """A request to the provider on its way."""

    verb: str
    payment: str
    token: str
    place: str
    connection: int
    answer: Deliver


Reply = Generator[Any, Any, State]


class Provider:
    """Captures payments at the place where it stands."""

    def __init__(
        self,
        engine: Engine,
        network: Network,
        history: History,
        place: str,
        latency: Latency,
        dice: Dice,
        *,
        dedupes: bool = False,
        remembers_us: int = 0,
    ) -> None:
        """`latency` is that of a capture; `dedupes`: a known payment is not captured again, unless
        it was captured longer than `remembers_us` ago; 0 is for good."""
        self.place = place
        self._engine = engine
        self._network = network
        self._history = history
        self._latency = latency.stream(dice)
        self._dedupes = dedupes
        self._remembers_us = remembers_us
        self._states: dict[str, State] = {}
        self._forgets_us: dict[str, int] = {}
        """When an id that was captured may be captured again."""

    def capture(self, client: Client, payment: str, token: str, timeout_us: int) -> Reply:
        """Take the money; raises `Unknown` if no reply comes in time."""
        return self._ask(client, "CAPTURE", payment, token, timeout_us)

    def lookup(self, client: Client, payment: str, timeout_us: int) -> Reply:
        """Ask what became of a payment; raises `Unknown` if no reply comes in time."""
        return self._ask(client, "LOOKUP", payment, "", timeout_us)

    def _ask(self, client: Client, verb: str, payment: str, token: str, timeout_us: int) -> Reply:
        signal = Signal(self._engine)
        began_us, number = self._engine.now, client.process
        order = Order(verb, payment, token, client.place, number, signal.fire)
        self._network.send(
            client.place, self.place, "provider", order, self._arrive, connection=number
        )
        alarm = self._engine.call_in(timeout_us, signal.fire, _TIMEOUT)
        reply = yield signal
        alarm.cancel()
        outcome, value = (INFO, None) if reply is _TIMEOUT else (OK, str(reply))
        now_us = self._engine.now
        self._history.op(
            Op(number, self.place, verb, (payment, token), began_us, now_us, outcome, value)
        )
        if reply is _TIMEOUT:
            raise Unknown(f"no reply from the provider within {timeout_us} us")
        return State(reply)

    def _arrive(self, order: Order) -> None:
        known = self._states.get(order.payment, State.UNKNOWN)
        if order.verb == "LOOKUP" or (known is not State.UNKNOWN and self._deduplicates(order)):
            self._engine.call_in(LOOKUP_US, self._answer, order)
            return
        if known is State.UNKNOWN:
            self._states[order.payment] = State.PENDING
        self._engine.call_in(next(self._latency), self._take, order)

    def _deduplicates(self, order: Order) -> bool:
        forgets_us = self._forgets_us.get(order.payment)
        return self._dedupes and (forgets_us is None or self._engine.now < forgets_us)

    def _take(self, order: Order) -> None:
        """The money moves."""
        self._states[order.payment] = State.CAPTURED
        if self._remembers_us:
            self._forgets_us[order.payment] = self._engine.now + self._remembers_us
        self._history.happened(
            self._engine.now, "capture", self.place, order.payment, token=order.token
        )
        self._answer(order)

    def _answer(self, order: Order) -> None:
        state = self._states.get(order.payment, State.UNKNOWN)
        self._network.send(
            self.place, order.place, "provider", state, order.answer, connection=order.connection
        )
