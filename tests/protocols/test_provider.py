"""The provider: what it takes, what it knows, and what a payer learns of it."""

import pytest

from sim.client import Client, Unknown
from sim.engine import Engine
from sim.history import History
from sim.latency import Constant
from sim.network import Network
from sim.provider import Provider, State
from sim.rng import Streams
from sim.rules import DROP, Partition, Where
from sim.topology import Topology
from tests.told import EAST, WEST

CAPTURE_US = 300_000
SECOND = 1_000_000


class Shop:
    """A provider in East US, and payers in West Europe, 1 ms away."""

    def __init__(self, *, dedupes=False, remembers_us=0):
        self.engine, self.history, streams = Engine(), History(), Streams(7)
        self.network = Network(
            self.engine, Topology.even([WEST, EAST], 2_000), streams["network"], latency=Constant
        )
        self.provider = Provider(
            self.engine,
            self.network,
            self.history,
            EAST,
            Constant(CAPTURE_US),
            streams["provider"],
            dedupes=dedupes,
            remembers_us=remembers_us,
        )
        self.learned = []

    def payer(self, process, *verbs, timeout_us=SECOND):
        """Start a payer that sends these requests, one after the other."""
        client = Client(self.engine, self.network, self.history, WEST, process)

        def work():
            state: State | None
            for verb in verbs:
                try:
                    if verb == "capture":
                        state = yield from self.provider.capture(
                            client, "p", f"#{process}", timeout_us
                        )
                    elif verb == "lookup":
                        state = yield from self.provider.lookup(client, "p", timeout_us)
                    else:
                        yield from client.pause(verb)
                        continue
                except Unknown:
                    state = None
                self.learned.append((process, self.engine.now, state))

        self.engine.process(work())
        return self

    def run(self):
        self.engine.run()
        return [event.detail["token"] for event in self.history.of_kind("capture")]


def test_a_capture_takes_money_once_and_says_so():
    shop = Shop().payer(1, "lookup", "capture", "lookup")
    assert shop.run() == ["#1"]
    assert [state for _, _, state in shop.learned] == [
        State.UNKNOWN,
        State.CAPTURED,
        State.CAPTURED,
    ]


def test_it_does_what_it_is_told_twice():
    assert Shop().payer(1, "capture", "capture").run() == ["#1", "#1"]


def test_with_deduplication_an_id_is_captured_once():
    shop = (
        Shop(dedupes=True).payer(1, "capture").payer(2, 1000, "capture").payer(3, SECOND, "capture")
    )
    assert shop.run() == ["#1"]
    assert [state for process, _, state in shop.learned if process > 1] == ["pending", "captured"]


def test_an_id_is_captured_again_when_it_is_forgotten():
    shop = Shop(dedupes=True, remembers_us=5 * SECOND)
    shop.payer(1, "capture", 4 * SECOND, "capture", 2 * SECOND, "lookup", "capture")
    assert shop.run() == ["#1", "#1"]
    assert [state for _, _, state in shop.learned] == [State.CAPTURED] * 4
    assert shop.history.of_kind("capture")[1].at_us > 6 * SECOND


def test_money_on_its_way_is_pending():
    shop = Shop().payer(1, "capture").payer(2, 100_000, "lookup")
    shop.run()
    assert shop.learned[0][2] is State.PENDING


def test_a_payer_that_waits_too_briefly_does_not_know_but_money_moves():
    shop = Shop().payer(1, "capture", timeout_us=100_000)
    assert shop.run() == ["#1"]
    assert shop.learned == [(1, 100_000, None)]


def test_its_channel_is_its_own():
    shop = Shop()
    shop.network.add(Partition(Where(channels=frozenset({"client", "sync"})), DROP))
    assert shop.payer(1, "capture").run() == ["#1"]
    shop.network.add(Partition(Where(channels=frozenset({"provider"})), DROP))
    assert shop.payer(2, "capture").run() == ["#1"]


@pytest.mark.parametrize("verb", ["capture", "lookup"])
def test_every_request_is_an_operation(verb):
    shop = Shop().payer(1, verb)
    shop.run()
    [op] = shop.history.ops
    assert (op.name, op.place, op.args[0], op.outcome) == (verb.upper(), EAST, "p", "ok")
