"""Workers: who computes the trials of a sweep, and what happens when one of them is lost.

Any `concurrent.futures.Executor` will do: processes of this machine by default, a cluster of
dask.distributed by its scheduler's address. There is no scheduler here; what is here is patience.
A result that went down with its worker is computed again, and since the same trial always comes out
the same, nobody can tell. Only a task that takes every worker with it ends a sweep.

>>> from concurrent.futures import ThreadPoolExecutor
>>> gather(abs, [-3, 1, -2], Workers(lambda: ThreadPoolExecutor(2)))
[3, 1, 2]
"""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import (
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    as_completed,
)
from contextlib import AbstractContextManager, contextmanager
from importlib import import_module
from multiprocessing import get_context
from typing import Any, NamedTuple, TypeVar

Task = TypeVar("Task")
Result = TypeVar("Result")

VAIN_ROUNDS_MAX = 3
"""So many rounds in a row that brought no result, and the workers are given up."""
CONNECT_S = 10


class NoWorkers(Exception):
    """There is nobody to work; one line says why."""


class Workers(NamedTuple):
    """Where the work is done."""

    open: Callable[[], AbstractContextManager[Executor]]
    """Opens an executor for the length of a `with`; called again when that one has broken."""
    lost: tuple[type[BaseException], ...] = (BrokenExecutor, CancelledError)
    """What a result raises whose worker was lost."""


def processes(count: int | None = None) -> Workers:
    """Return so many processes of this machine, by default one for each core.

    They are spawned, not forked: a fork would copy the locks of the thread that shows progress.
    """
    return Workers(lambda: ProcessPoolExecutor(count, mp_context=get_context("spawn")))


def cluster(address: str) -> Workers:
    """Return the workers of a dask.distributed scheduler, as "tcp://10.0.0.5:8786".

    They must have the same version of this package. Raises `NoWorkers` if dask.distributed is not
    installed; so does opening, if nobody answers at the address.
    """
    try:
        # By name, since it is installed with the extra `cluster` only.
        dask: Any = import_module("distributed")
    except ImportError:
        hint = "pip install 'crdb-sim[cluster]'"
        raise NoWorkers(f"--scheduler needs dask.distributed; {hint}") from None

    @contextmanager
    def connected() -> Iterator[Executor]:
        try:
            client = dask.Client(address, timeout=CONNECT_S)
        except (OSError, ValueError) as error:
            hint = "expected the address of a dask scheduler, as tcp://10.0.0.5:8786"
            raise NoWorkers(f"--scheduler {address}: {error}; {hint}") from None
        with client:
            yield client.get_executor(pure=False)

    lost = (*Workers._field_defaults["lost"], dask.KilledWorker, dask.core.CommClosedError)
    return Workers(connected, lost)


def gather(
    work: Callable[[Task], Result],
    tasks: Sequence[Task],
    workers: Workers,
    done: Callable[[Task, int], object] | None = None,
) -> list[Result]:
    """Return the result of every task, in the order of the tasks, whoever computed it and when.

    `done` is told each task that is done, and how many are. What a task raises itself is raised
    here. Raises `NoWorkers` when several rounds in a row have brought no result.
    """
    results: dict[int, Result] = {}
    vain = 0
    while len(results) < len(tasks):
        missing = [number for number in range(len(tasks)) if number not in results]
        if vain == VAIN_ROUNDS_MAX:
            lost = f"{len(missing)} of {len(tasks)} tasks were lost {vain} times with their workers"
            hint = "fewer workers need less memory"
            raise NoWorkers(f"{lost}; the first is {tasks[missing[0]]}; {hint}")
        vain += 1
        for number, result in _round(work, tasks, missing, workers):
            vain, results[number] = 0, result
            if done is not None:
                done(tasks[number], len(results))
    return [results[number] for number in range(len(tasks))]


def _round(
    work: Callable[[Task], Result], tasks: Sequence[Task], missing: Sequence[int], workers: Workers
) -> Iterator[tuple[int, Result]]:
    """Yield what one executor gets done before it breaks, or all."""
    with workers.open() as executor:
        futures: dict[Future[Result], int] = {}
        try:
            try:
                for number in missing:
                    futures[executor.submit(work, tasks[number])] = number
            except workers.lost:
                pass
            for future in as_completed(futures):
                try:
                    result = future.result()
                except workers.lost:
                    continue
                yield futures[future], result
        finally:
            # Else leaving would wait for all that has not begun, though nobody wants it any more.
            for future in futures:
                future.cancel()
