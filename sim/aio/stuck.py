"""Reports of a program that makes no more progress: who waits, and where."""

import asyncio
from collections.abc import Iterable
from pathlib import Path
from types import CodeType, FrameType, GeneratorType
from typing import Any


class Deadlock(RuntimeError):
    """Tasks wait, and nothing is scheduled that could wake them."""


def told(tasks: Iterable["asyncio.Task[Any]"]) -> str:
    """One line for each task that waits: its name and its places, the outermost first."""
    return "".join(f"\n  {task.get_name()}: {' > '.join(_places(task))}" for task in tasks)


def _places(task: "asyncio.Task[Any]") -> Iterable[str]:
    """Where a task waits: coroutine inside coroutine, or in a blocking program call by call."""
    program = getattr(task, "_program", None)
    if program is not None:
        yield from reversed([*_calls(program.gr_frame)])
        return
    inner: Any = task.get_coro()
    while inner is not None:
        frame: FrameType | None = getattr(inner, "cr_frame", getattr(inner, "gi_frame", None))
        code: CodeType | None = getattr(inner, "cr_code", getattr(inner, "gi_code", None))
        if frame is None or code is None:
            break
        yield _place(code, frame)
        inner = inner.gi_yieldfrom if isinstance(inner, GeneratorType) else inner.cr_await


def _calls(frame: FrameType | None) -> Iterable[str]:
    while frame is not None:
        yield _place(frame.f_code, frame)
        frame = frame.f_back


def _place(code: CodeType, frame: FrameType) -> str:
    return f"{code.co_qualname} ({Path(code.co_filename).name}:{frame.f_lineno})"
