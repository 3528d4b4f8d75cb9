"""asyncio in virtual time: unmodified `redis.asyncio` code, and any other, among simulated regions.

>>> import asyncio
>>> from sim.aio.loop import Loop
>>> from sim.engine import Engine
>>> async def main():
...     await asyncio.sleep(3600)
...     return asyncio.get_running_loop().time()
>>> Loop(Engine()).run(main())
3600.0

`World.play` and `Lab.run` run such code among regions; `World.host` lets it live in a scenario.
"""

from collections.abc import Callable, Coroutine, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sim.aio.calls import WorldLoop as WorldLoop
from sim.aio.calls import at as at
from sim.aio.owned import owned
from sim.aio.stuck import Deadlock as Deadlock
from sim.doors import Names
from sim.history import History
from sim.rng import Dice
from sim.wires import Wires

T = TypeVar("T")


def run(
    main: Coroutine[Any, Any, T],
    wires: Wires,
    names: Names,
    dice: Dice,
    place: str,
    history: History | None = None,
) -> T:
    """Run a program from a place, in virtual time, with `random` and `time` its own.

    What its clients ask the regions is entered into ``history``, if there is one.
    """
    loop = WorldLoop(wires, names, place, history)
    with owned(wires.engine, dice, lambda seconds: loop.sleep(seconds)):
        return loop.run(main)


def run_sync(function: Callable[[], T], wires: Wires, names: Names, dice: Dice, place: str) -> T:
    """Run a function that blocks, as one of synchronous redis-py does; see `sim.aio.programs`."""
    from sim.aio.programs import blocking  # greenlet is an extra.

    return run(blocking(function), wires, names, dice, place)


@contextmanager
def hosted(wires: Wires, names: Names, dice: Dice, place: str) -> Iterator[WorldLoop]:
    """A loop for tasks that live in a world (`Loop.live`); in the end those left are cancelled."""
    loop = WorldLoop(wires, names, place)
    with owned(wires.engine, dice, loop.sleep):
        try:
            yield loop
        finally:
            loop.finish()
