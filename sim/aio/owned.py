"""What a program takes from outside, owned while it runs in virtual time, and then given back.

`random`, `secrets`, `os.urandom` and `uuid` draw from one named stream; `time` and `datetime` show
the engine's time (see `sim.aio.clocks`). Only the thread that runs the loop is served so: all
others see what they always saw. Not owned: NumPy's dice.
"""

import os
import random
import sys
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import ModuleType
from typing import Any

from sim.aio.clocks import clocks
from sim.aio.routes import routed
from sim.engine import Engine
from sim.rng import Dice

NODE = 0x02_00_00_00_00_01
"""The network card that `uuid.uuid1` finds: one that is administered locally."""


SEED = random.Random.seed


@contextmanager
def owned(engine: Engine, dice: Dice, sleep: Callable[[float], object]) -> Iterator[None]:
    """Own them in this thread for the length of the block."""
    mine = threading.get_ident()
    with ExitStack() as stack:
        stack.enter_context(clocks(engine, sleep))
        for module, name, ours in _sources(dice):
            stack.enter_context(routed(module, name, ours))
        stack.enter_context(_seeds(dice))
        stack.enter_context(_random(mine, dice))
        stack.enter_context(_uuid1(mine, dice))
        yield


def _either(mine: int, ours: Callable[..., Any], theirs: Callable[..., Any]) -> Callable[..., Any]:
    """One function for all threads."""
    ident = threading.get_ident

    def either(*args: Any, **named: Any) -> Any:
        return (ours if ident() == mine else theirs)(*args, **named)

    return either


def _sources(dice: Dice) -> Iterator[tuple[ModuleType, str, Callable[..., Any]]]:
    def urandom(size: int) -> bytes:
        count = -(-size // 8)
        return b"".join(dice.raw().to_bytes(8, "little") for _ in range(count))[:size]

    yield os, "urandom", urandom
    yield random, "_urandom", urandom  # The name under which SystemRandom and secrets know it.


@contextmanager
def _random(mine: int, dice: Dice) -> Iterator[None]:
    """Let the global generator start from the dice, and go on afterwards where it was.

    SUBTLE: code that did ``from random import random`` holds on to the generator itself, so it is
    that which is ours; other threads draw from a copy, which takes its place in the end.
    """
    shared: Any = random._inst
    theirs = random.Random(0)
    theirs.setstate(shared.getstate())
    real = {name: getattr(random, name) for name in ("random", "getrandbits", "seed")}
    shared.seed(dice.raw())
    for name in real:
        setattr(random, name, _either(mine, getattr(shared, name), getattr(theirs, name)))
    for name in ("random", "getrandbits"):
        setattr(shared, name, getattr(random, name))  # For the methods that are made from these.
    try:
        yield
    finally:
        for name, function in real.items():
            setattr(random, name, function)
        for name in ("random", "getrandbits"):
            delattr(shared, name)
        shared.setstate(theirs.getstate())


@contextmanager
def _seeds(dice: Dice) -> Iterator[None]:
    """Let generators that are seeded with nothing start from the dice: C would ask the system."""

    def seed(self: random.Random, a: Any = None, version: int = 2) -> None:
        SEED(self, dice.raw() if a is None else a, version)

    with routed(random.Random, "seed", seed):
        yield


@contextmanager
def _uuid1(mine: int, dice: Dice) -> Iterator[None]:
    """Let `uuid.uuid1` be made in Python from our clock, not by the system."""
    module: Any = sys.modules["uuid"]
    real, last = module._generate_time_safe, module._last_timestamp

    def ours() -> tuple[bytes, None]:
        return uuid.uuid1(NODE, dice.below(1 << 14)).bytes, None

    def theirs() -> tuple[bytes, Any]:
        return real() if real is not None else (uuid.uuid1(uuid.getnode()).bytes, None)

    module._generate_time_safe, module._last_timestamp = _either(mine, ours, theirs), None
    try:
        yield
    finally:
        module._generate_time_safe, module._last_timestamp = real, last
