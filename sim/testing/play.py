"""One run of a program under one schedule: work under faults, heal, quiesce, read.

An assertion that does not hold, any other error and a program that does not end come out alike: as
the run's error, beside its history. Only what tells Hypothesis or Python to stop goes through.
"""

import asyncio
import gc
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple

from hypothesis.errors import HypothesisException, StopTest

from sim import aio
from sim.aio.loop import Loop
from sim.history import History
from sim.testing.schedule import Schedule
from sim.testing.stage import Stage
from sim.units import human
from sim.world import World

WORLD = "world"
"""The argument of a program that is its `Stage`."""

NOT_OURS = (HypothesisException, StopTest, KeyboardInterrupt, SystemExit)


class Program(NamedTuple):
    """What is under test, and what has to hold."""

    main: Callable[..., Coroutine[Any, Any, Any]]
    invariant: Callable[[Any], object] | None = None
    """Takes what the program returned; raises, or returns False, where that must not be."""
    final: Callable[[Stage, Any], Coroutine[Any, Any, object]] | None = None
    """Asks the regions once they have converged; raises where they hold what must not be."""
    limit_us: int = 600_000_000
    """A program that goes on for longer is taken not to end."""

    @property
    def name(self) -> str:
        return self.main.__name__


class Played(NamedTuple):
    """What came of one run."""

    program: Program
    schedule: Schedule
    arguments: dict[str, Any]
    """Beside the world."""
    history: History
    fingerprint: str
    error: BaseException | None


def play(program: Program, schedule: Schedule, arguments: Mapping[str, Any]) -> Played:
    """Run a program in a world of its own. Raises `sim.scenario.BadScenario`."""
    world = schedule.world()
    stage = Stage(world, iter(schedule.pauses))
    error = None
    with _no_collection():
        try:
            try:
                with _noted(world, "work"):
                    returned = _run(world, program, program.main(**{WORLD: stage}, **arguments))
                    _hold(program, returned)
            finally:
                _settle(world)
            if program.final is not None:
                with _noted(world, "final reads"):
                    _run(world, program, program.final(stage, returned))
        except NOT_OURS:
            raise
        except BaseException as raised:
            # With pytest's own failures, which are no Exceptions.
            error = raised
    return Played(program, schedule, dict(arguments), world.history, world.fingerprint(), error)


def _run(world: World, program: Program, main: Coroutine[Any, Any, Any]) -> Any:
    limit = world.engine.call_in(program.limit_us, _over, program.limit_us)
    place = next(iter(world.regions))
    try:
        return aio.run(main, world.wires, world.names, world.streams["aio"], place, world.history)
    finally:
        limit.cancel()


@contextmanager
def _noted(world: World, phase: str) -> Iterator[None]:
    """Enter into the history that a phase begins, and the error that it ends with, if it does."""
    _phase(world, phase)
    try:
        yield
    except BaseException as error:
        # Only its name: texts may hold addresses, which no other process repeats.
        world.history.happened(world.engine.now, "error", "", type(error).__name__)
        raise


def _over(limit_us: int) -> None:
    loop = asyncio.get_running_loop()
    assert isinstance(loop, Loop)
    raise aio.Deadlock(f"after {human(limit_us)} these have not ended:{loop.waiting()}")


def _hold(program: Program, returned: Any) -> None:
    if program.invariant is not None and program.invariant(returned) is False:
        name = getattr(program.invariant, "__name__", "the invariant")
        raise AssertionError(f"{name} is False of {returned!r}")


def _settle(world: World) -> None:
    """Heal, let the regions converge, and read them."""
    _phase(world, "heal")
    world.nemesis.heal()
    _phase(world, "quiesce")
    quiet = world.quiesce()
    _phase(world, "converged" if quiet else "not quiet")
    world.history.readings = {name: each.reading() for name, each in world.regions.items()}
    if not quiet:
        raise RuntimeError("the regions do not converge, though everything is healed")


def _phase(world: World, name: str) -> None:
    world.history.happened(world.engine.now, "phase", "", name)


@contextmanager
def _no_collection() -> Iterator[None]:
    """SUBTLE: a client that was never closed hangs up when it is collected, and when that is
    depends on whatever else this process has done. So nothing is, until the run is over."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
