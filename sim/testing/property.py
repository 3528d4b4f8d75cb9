"""The decorator: an asyncio program becomes a property, to be run under every schedule.

What it gives back is an ordinary test of Hypothesis: call it, or let pytest find it; put
`hypothesis.settings`, `example` (of a ``schedule=Schedule(…)`` and the program's own arguments) and
`seed` above or below. A run takes longer than Hypothesis allows a test by default, so there is no
deadline; and since the story explains, Hypothesis does not.
"""

import inspect
from collections import deque
from collections.abc import Callable, Coroutine, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, Protocol, cast

from hypothesis import Phase, given, note, settings
from hypothesis.strategies import SearchStrategy

from sim.settings import ClusterSettings
from sim.testing.counterexamples import Counterexample, Reported
from sim.testing.play import WORLD, Program, play
from sim.testing.replays import again, load
from sim.testing.strategies import NO_CLUSTER, Faults, schedules
from sim.units import us

SCHEDULE = "schedule"
"""The argument that is drawn in the world's stead."""

RECENT_MAX = 32
"""Hypothesis runs what it reports at last once more: so many failures, of one program."""

Main = Callable[..., Coroutine[Any, Any, Any]]
Recent = deque[Counterexample]


class Property(Protocol):
    """A program that has become a test."""

    program: Program
    found: Counterexample | None
    """What the last call has found."""

    def __call__(self, *args: Any, **named: Any) -> None:
        """Search: raises what the program raises in the simplest run that fails."""


def under_faults(
    regions: Sequence[str] | SearchStrategy[Sequence[str]],
    faults: Faults | None = None,
    *,
    faults_max: int = 3,
    within: str = "5s",
    sync_delays: Sequence[str] = ("",),
    cluster: ClusterSettings = NO_CLUSTER,
    invariant: Callable[[Any], object] | None = None,
    final: Main | None = None,
    limit: str = "10min",
    **arguments: SearchStrategy[Any],
) -> Callable[[Main], Property]:
    """Run ``async def program(world, **arguments)`` under schedules, and report what fails.

    Regions, ``faults_max``, ``within``, ``sync_delays`` and ``cluster`` as in `schedules`. Of the
    program, ``world`` is a `sim.testing.stage.Stage`; its further arguments are drawn from the
    strategies that are given here. What must hold: its own assertions, ``invariant(returned)``,
    and, once all is healed and the regions have converged, ``await final(world, returned)``. A
    program that does not end within the limit of virtual time has failed.

    Raises TypeError for what is no such program, and ValueError as `sim.testing.schedules` does.
    """
    drawn = schedules(
        regions,
        faults,
        faults_max=faults_max,
        within=within,
        sync_delays=sync_delays,
        cluster=cluster,
    )

    def decorate(main: Main) -> Property:
        if not inspect.iscoroutinefunction(main) or WORLD not in inspect.signature(main).parameters:
            name = getattr(main, "__name__", repr(main))
            raise TypeError(f"{name}: expected `async def {name}({WORLD}, …)`")
        program = Program(main, invariant, final, us(limit))
        recent: Recent = deque(maxlen=RECENT_MAX)
        test = given(**{SCHEDULE: drawn}, **arguments)(_test(program, recent))
        return _with_own_settings(program, test, recent)

    return decorate


def counterexample(test: Property) -> Counterexample | None:
    """Search, and return the simplest run that fails; None if there was none.

    The same search each time, so that it can be written about. Raises what kept Hypothesis from it.
    """
    own: Any = test
    chosen = own._hypothesis_internal_use_settings
    own._hypothesis_internal_use_settings = settings(
        chosen or settings(), derandomize=True, database=None
    )
    try:
        test()
    except BaseException:
        if test.found is None:
            raise
    finally:
        own._hypothesis_internal_use_settings = chosen
    return test.found


def replay(path: str | Path, test: Property | None = None) -> Counterexample:
    """Run what a file holds again. Raises `NoReplay`, and `AnotherRun` if not the same came of it.

    ``test`` is the decorated function, if it was typed into a notebook or a shell.
    """
    return Counterexample(again(load(Path(path)), None if test is None else test.program))


def _test(program: Program, recent: Recent) -> Callable[..., None]:
    """One run as a function of a schedule and the program's arguments."""
    main = program.main
    signature = _signature(main)

    @wraps(main)
    def test(*args: Any, **named: Any) -> None:
        __tracebackhide__ = True
        given_here = dict(signature.bind(*args, **named).arguments)
        played = play(program, given_here.pop(SCHEDULE), given_here)
        if played.error is not None:
            found = Counterexample(played)
            recent.append(found)
            note(Reported(found))  # Hypothesis wants the text of the last one only.
            raise played.error

    test.__signature__ = signature  # type: ignore[attr-defined]
    return test


def _signature(main: Main) -> inspect.Signature:
    """The program's, with the schedule in the world's place."""
    signature = inspect.signature(main)
    kept = [each for name, each in signature.parameters.items() if name != WORLD]
    schedule = inspect.Parameter(SCHEDULE, inspect.Parameter.KEYWORD_ONLY)
    return signature.replace(parameters=[*kept, schedule])


def _with_own_settings(program: Program, test: Any, recent: Recent) -> Property:
    """SUBTLE: what stands above a test of Hypothesis writes on it what it has to say, and settings
    have a deadline unless they say otherwise. So they decorate this, which passes all else on."""

    @wraps(test)
    def own(*args: Any, **named: Any) -> None:
        __tracebackhide__ = True
        for name, value in vars(own).items():
            if name.startswith(("hypothesis_", "_hypothesis_")):
                setattr(test, name, value)
        chosen = test._hypothesis_internal_use_settings or settings()
        phases = [phase for phase in chosen.phases if phase is not Phase.explain]
        test._hypothesis_internal_use_settings = settings(chosen, deadline=None, phases=phases)
        found.found = None
        recent.clear()
        try:
            test(*args, **named)
        except BaseException as error:
            found.found = _of(error, recent)
            raise

    found = cast(Property, own)
    found.program = program
    return found


def _of(error: BaseException, recent: Recent) -> Counterexample | None:
    """The run that an error was raised in; of several errors, the first."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return next((each for each in recent if each.error is error), None)
