"""Blocking programs: ordinary functions that run, several at once, on the loop's virtual time.

Each is a greenlet in the one thread. Where it would block (on a socket, in `time.sleep`, for a
lock) it hands the loop something to await, and goes on when that is there. Nowhere else does
another get its turn, so what a program does in between is never interrupted.

>>> import time
>>> from sim.aio.loop import Loop
>>> from sim.engine import Engine
>>> loop = Loop(Engine())
>>> def main():
...     wait(asyncio.sleep(3600))
...     return loop.time()
>>> loop.run(blocking(main))
3600.0
"""

import asyncio
import contextvars
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ParamSpec, TypeVar

from greenlet import getcurrent, greenlet

from sim.aio.loop import Loop

P = ParamSpec("P")
T = TypeVar("T")


class Program(greenlet):  # type: ignore[misc]
    """One of them; its parent is the loop, which goes on while it waits."""


def wait(thing: Awaitable[T]) -> T:
    """Let the loop await something for the running program.

    Raises RuntimeError outside of one: then nobody could go on meanwhile.
    """
    program = getcurrent()
    if not isinstance(program, Program) or program.parent is None:
        raise RuntimeError(
            "blocking code in virtual time: run it with lab.run_sync(function), or from asyncio "
            "code with 'await sim.aio.programs.blocking(function)'"
        )
    found: T = program.parent.switch(thing)
    return found


async def blocking(function: Callable[P, T], *args: P.args, **named: P.kwargs) -> T:
    """Run a function that blocks, beside the tasks and programs that there are."""
    loop = asyncio.get_running_loop()
    if isinstance(loop, Loop):
        loop.sleep = partial(_sleep, loop)
    program = Program(partial(function, *args, **named))
    program.gr_context = contextvars.copy_context()
    asyncio.current_task()._program = program  # type: ignore[union-attr]
    found: Any = program.switch()
    while not program.dead:
        try:
            value = await found
        except BaseException as error:
            found = program.throw(error)
        else:
            found = program.switch(value)
    return found  # type: ignore[no-any-return]


def _sleep(loop: Loop, seconds: float) -> None:
    """`time.sleep`: a program's own, or as ever that of the one that runs them all."""
    if seconds < 0 or not isinstance(getcurrent(), Program):
        loop.run_on(seconds)
    else:
        wait(asyncio.sleep(seconds))
