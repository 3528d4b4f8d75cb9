"""Executors that behave badly, and tasks that do, for the tests of workers and sweeps."""

import os
import signal
from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future, ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from sim.workers import Workers


class Backwards(Executor):
    """Does so many tasks in its own thread, the last first, once it has been given all of them."""

    def __init__(self, count: int) -> None:
        self._count = count
        self._given: list[tuple[Future[Any], Callable[[], Any]]] = []

    def submit(self, work: Any, /, *args: Any, **kwargs: Any) -> Any:
        future: Future[Any] = Future()
        self._given.append((future, lambda: work(*args, **kwargs)))
        if len(self._given) == self._count:
            for given, call in reversed(self._given):
                given.set_result(call())
        return future


class Breaking(Executor):
    """Does so many tasks, and takes no more after that, as a pool that has lost a process."""

    def __init__(self, good: int) -> None:
        self._good = good

    def submit(self, work: Any, /, *args: Any, **kwargs: Any) -> Any:
        if not self._good:
            raise BrokenExecutor
        self._good -= 1
        future: Future[Any] = Future()
        future.set_result(work(*args, **kwargs))
        return future


class Shot(ProcessPoolExecutor):
    """Two processes, one of which is killed as soon as there is work for both."""

    def __init__(self) -> None:
        super().__init__(2, mp_context=get_context("spawn"))
        self._submitted = 0

    def submit(self, work: Any, /, *args: Any, **kwargs: Any) -> Any:
        future = super().submit(work, *args, **kwargs)
        self._submitted += 1
        if self._submitted == 2:
            process = next(iter(self._processes.values()))
            process.kill()
        return future


def one_after_the_other(*executors: Callable[[], Executor]) -> Workers:
    """Workers that are these, each until it breaks; more are an error."""
    left = iter(executors)
    return Workers(lambda: next(left)())


def dies_once(task: tuple[Path, int]) -> int:
    """Take the worker down, unless that has happened to somebody already."""
    mark, number = task
    try:
        mark.touch(exist_ok=False)
    except FileExistsError:
        return number * number
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody is killed and comes here")


def dies_always(number: int) -> int:
    """Take the worker down, if the number is 3."""
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number * number
