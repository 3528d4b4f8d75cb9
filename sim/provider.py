"""The payment provider: takes money when asked, and says afterwards what it took.

A service of its own with its own latency. Unless it deduplicates, every capture that arrives takes
money, and each is a happening of kind ``capture``: what the judges count.
"""

from typing import NamedTuple

from sim.engine import Engine
from sim.history import History
from sim.latency import Latency
from sim.network import Deliver, Network
from sim.rng import Dice


class Order(NamedTuple):
    """A request to the provider on its way."""

    verb: str
    """``capture``, or ``lookup``: has this payment been captured?"""
    payment: str
    token: str
    place: str
    connection: int
    answer: Deliver


class Provider:
    """Captures payments, at the place where it stands."""

    def __init__(
        self,
        engine: Engine,
        network: Network,
        history: History,
        place: str,
        latency: Latency,
        dice: Dice,
        *,
        unique: bool = False,
    ) -> None:
        """``unique``: a payment that was captured is not captured again."""
        self.place = place
        self._engine = engine
        self._network = network
        self._history = history
        self._latency = latency.stream(dice)
        self._unique = unique
        self._ordered: set[str] = set()
        """Payments whose capture has been taken on: a lookup already knows them."""

    def order(self, order: Order) -> None:
        """An order arrives; a capture takes a while to carry out."""
        if order.verb == "lookup":
            self._reply(order, order.payment in self._ordered)
        elif self._unique and order.payment in self._ordered:
            self._reply(order, True)
        else:
            self._ordered.add(order.payment)
            self._engine.call_in(next(self._latency), self._capture, order)

    def _capture(self, order: Order) -> None:
        self._history.happened(
            self._engine.now, "capture", self.place, order.payment, token=order.token
        )
        self._reply(order, True)

    def _reply(self, order: Order, known: bool) -> None:
        self._network.send(
            self.place, order.place, "provider", known, order.answer, connection=order.connection
        )
