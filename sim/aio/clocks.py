"""The clocks of a program in virtual time: `time` and `datetime` show the engine's time.

Rules
- `time.sleep` lets virtual time pass. A program that blocks its own loop sees what comes of it.
- Modules that keep a function of `time` under a usual name of their own, as redis-py's retries keep
  `sleep`, are served too, where they are loaded; those of threads are not, since a thread's locks
  wait in real time.
- ``datetime.now`` and ``utcnow`` belong to a type written in C, so the entries of that one type are
  exchanged: instances, subclasses and `isinstance` stay what they are. `date.today` asks `time`.
  redis-py needs this: its failover client falls back, and forgets failures, by ``datetime.now``.
- The zone is the machine's, as for any program. Set TZ=UTC where texts must be equal everywhere.
- Not owned: what the processor has worked (`time.process_time`, `time.thread_time`), and clocks
  that other extensions read in C, as ``numpy.datetime64("now")`` and pandas' ``Timestamp.now``.
"""

import ctypes
import gc
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, tzinfo
from functools import partial
from types import SimpleNamespace
from typing import Any

from sim.aio.routes import Function, Place, routed
from sim.clock import EPOCH_US
from sim.engine import Engine

CLOCKS = ["time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns"]
TEXTS = ["localtime", "gmtime", "ctime", "asctime", "strftime"]
OWNED = [*CLOCKS, "sleep", *TEXTS]
_THEIRS = {name: getattr(time, name) for name in OWNED}

REAL_TIME = frozenset({"queue", "threading", "time"})
"""Modules whose own names for a clock are left alone."""


@contextmanager
def clocks(engine: Engine, sleep: Callable[[float], object]) -> Iterator[None]:
    """Own them in this thread for the length of the block."""
    with ExitStack() as stack:
        kept = _kept()
        for name, function in _ours(engine, sleep):
            stack.enter_context(routed(time, name, function, kept[name]))
        stack.enter_context(_datetime(engine))
        yield


def _ours(engine: Engine, sleep: Function) -> Iterator[tuple[str, Function]]:
    def now() -> float:
        return (EPOCH_US + engine.now) / 1e6

    yield "time", now
    yield "time_ns", lambda: (EPOCH_US + engine.now) * 1000
    for name in ("monotonic", "perf_counter"):
        yield name, lambda: engine.now / 1e6
        yield f"{name}_ns", lambda: engine.now * 1000
    yield "sleep", sleep
    for name in ("localtime", "gmtime", "ctime"):
        yield name, partial(_at, _THEIRS[name], now)
    yield "asctime", lambda *moment: _THEIRS["asctime"](*moment or [time.localtime()])
    yield "strftime", lambda form, *moment: _THEIRS["strftime"](form, *moment or [time.localtime()])


def _at(theirs: Function, now: Callable[[], float], seconds: float | None = None) -> Any:
    """A function of `time` that means now if it is told no moment."""
    return theirs(now() if seconds is None else seconds)


_looked: set[str] = set()
_keepers: dict[str, list[Place]] = defaultdict(list)


def _kept() -> Mapping[str, Sequence[Place]]:
    """Function of `time` -> where loaded modules keep it, by its name or that with a ``_`` before.

    Each module is looked at once, but for the one in which a notebook's cells are run.
    """
    new = sys.modules.keys() - _looked
    _looked.update(new)
    for name in sorted({*new, "__main__"} - REAL_TIME):
        held = getattr(sys.modules.get(name), "__dict__", {})
        for function in OWNED:
            for own in (function, f"_{function}"):
                place = sys.modules.get(name), own
                if held.get(own) is _THEIRS[function] and place not in _keepers[function]:
                    _keepers[function].append(place)
    return _keepers


_REAL = {name: datetime.__dict__[name] for name in ("now", "utcnow")}
_entries = SimpleNamespace(
    now=lambda kind, tz=None: _REAL["now"].__get__(None, kind)(tz),
    utcnow=lambda kind: _REAL["utcnow"].__get__(None, kind)(),
)
"""What the type's entries do while they are exchanged: a place for routes."""
_idle = dict(vars(_entries))


@contextmanager
def _datetime(engine: Engine) -> Iterator[None]:
    def now(kind: Any, tz: tzinfo | None = None) -> Any:
        seconds, us = divmod(EPOCH_US + engine.now, 1_000_000)
        return kind.fromtimestamp(seconds, tz).replace(microsecond=us)

    def utcnow(kind: Any) -> Any:
        return now(kind, UTC).replace(tzinfo=None)

    try:
        with routed(_entries, "now", now), routed(_entries, "utcnow", utcnow):
            _exchange({name: classmethod(route) for name, route in vars(_entries).items()})
            yield
    finally:
        if vars(_entries) == _idle:  # No other thread is in a world.
            _exchange(_REAL)


def _exchange(entries: dict[str, Any]) -> None:
    """Put these into the type's table. SUBTLE: it is reached past its proxy, and the interpreter
    has to be told, since it remembers what it has looked up. Only CPython has such a table."""
    if sys.implementation.name == "cpython":
        table: dict[str, Any] = gc.get_referents(datetime.__dict__)[0]
        table.update(entries)
        ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime))
