"""An asyncio event loop whose time is the engine's.

Rules
- Time starts at 0 and is shown as float seconds. A deadline is rounded up to whole microseconds:
  rounded down, the loop would wake too early, find nothing due, and wait for the same deadline
  again, for ever.
- Code takes no time. When nothing is ready, the engine's next event happens: a packet arrives, a
  region ticks, a deadline is there. A program that never rests, as ``while True: await sleep(0)``,
  gets `BUSY_ROUNDS` rounds before the next event, as if it had been busy for that long.
- If tasks wait and nothing is left to happen, that is a `Deadlock`, with who waits and where.
- One thread: there are no executors, pipes, signals or real sockets, and asking for them says so.
- The loop may run inside a running one, as in Jupyter: that is set aside and then put back.

The timers are the loop's own, with one alarm on the engine's heap for the first of them: clients
set and cancel one or two time-outs with every command.
"""

import asyncio
import contextvars
import sys
from asyncio import events
from collections import deque
from collections.abc import Callable, Coroutine, Generator, Iterator
from contextlib import contextmanager
from heapq import heapify, heappop, heappush
from itertools import count
from math import ceil
from threading import get_ident
from typing import Any, NoReturn, TypeVar

import msgspec

from sim.aio.stuck import Deadlock, told
from sim.engine import Call, Engine

T = TypeVar("T")

BUSY_ROUNDS = 1_000

SPINNING_ROUNDS = 1_000_000
"""So many rounds with nothing left to happen are a program that will never rest."""

PATIENCE_US = 3600 * 1_000_000
"""A program that has set no timer and has heard nothing for so long waits in vain: regions that
cannot reach each other never stop trying, and would hide it."""

STALE_MIN = 100
"""Fewer cancelled timers are not worth the sweeping."""


class Handle(msgspec.Struct, eq=False):
    """A callback that is due, or will be. (A Struct, whose constructor runs in C.)"""

    callback: Callable[..., object] | None
    args: tuple[Any, ...]
    context: contextvars.Context
    loop: "Loop | None" = None
    """Of a timer that has not rung: who has to know of a cancellation."""
    when_us: int = 0

    def cancel(self) -> None:
        self.callback = None
        self.args = ()
        if self.loop is not None:
            self.loop._cancelled += 1
            self.loop = None

    def cancelled(self) -> bool:
        return self.callback is None

    def when(self) -> float:
        return self.when_us / 1e6


class Loop(asyncio.BaseEventLoop):
    """See the top of this file."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self.engine = engine
        self.closers: list[Callable[[], object]] = []
        """Called in the end, when all tasks are done."""
        self.sleep: Callable[[float], object] = self.run_on
        """What `time.sleep` does."""
        self._due: deque[Handle] = deque()
        self._timers: list[tuple[int, int, Handle]] = []
        self._order = count()
        self._cancelled = 0
        """Timers among them that were cancelled."""
        self._alarm: Call | None = None
        self._alarm_us = 0
        self._halted = False
        self._tasks = count(1)
        self._errors: list[BaseException] = []
        """Of tasks that nobody awaits."""

    # ── time ────────────────────────────────────────────────────────────────────────────────

    def time(self) -> float:
        return self.engine._now / 1e6

    def call_soon(  # type: ignore[override]
        self,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> Handle:
        handle = Handle(callback, args, context or contextvars.copy_context())
        self._due.append(handle)
        return handle

    def call_later(  # type: ignore[override]
        self,
        delay: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> Handle:
        wait_us = ceil(delay * 1e6) if delay > 0 else 0
        return self._set(self.engine._now + wait_us, callback, args, context)

    def call_at(  # type: ignore[override]
        self,
        when: float,
        callback: Callable[..., object],
        *args: Any,
        context: contextvars.Context | None = None,
    ) -> Handle:
        at_us = ceil(when * 1e6)
        if at_us / 1e6 < when:
            at_us += 1
        return self._set(max(at_us, self.engine._now), callback, args, context)

    def call_soon_threadsafe(  # type: ignore[override]
        self, callback: Any, *args: Any, context: Any = None
    ) -> Handle:
        if self._thread_id not in (None, get_ident()):
            _refuse("call_soon_threadsafe", "from another thread")
        return self.call_soon(callback, *args, context=context)

    def _set(
        self,
        at_us: int,
        callback: Callable[..., object],
        args: tuple[Any, ...],
        context: contextvars.Context | None,
    ) -> Handle:
        timer = Handle(callback, args, context or contextvars.copy_context(), self, at_us)
        heappush(self._timers, (at_us, next(self._order), timer))
        if self._alarm is None or at_us < self._alarm_us:
            self._set_alarm(at_us)
        if self._cancelled > STALE_MIN and self._cancelled * 2 > len(self._timers):
            self._timers = [each for each in self._timers if each[2].callback is not None]
            heapify(self._timers)
            self._cancelled = 0
        return timer

    def _set_alarm(self, at_us: int) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._alarm_us = at_us
        self._alarm = self.engine.call_at(at_us, self._ring)

    def _ring(self, _: object) -> None:
        """Make ready the timers that are due, and set the alarm for the next."""
        self._alarm = None
        timers, now_us = self._timers, self.engine._now
        while timers and (timers[0][0] <= now_us or timers[0][2].callback is None):
            timer = heappop(timers)[2]
            if timer.callback is None:
                self._cancelled -= 1
            else:
                timer.loop = None
                self._due.append(timer)
        if timers:
            self._set_alarm(timers[0][0])

    # ── running ─────────────────────────────────────────────────────────────────────────────

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run a program to its end, cancel what it has left behind, and close the loop.

        Raises `Deadlock`.
        """
        try:
            return self.run_until_complete(main)
        finally:
            # In this order: what is cancelled may still have to hang up, and wait for that.
            try:
                self.finish()
            finally:
                main.close()

    def live(self, work: Coroutine[Any, Any, object]) -> None:
        """Start a task that lives while `pass_until` lets time pass, and that raises its error."""
        self.create_task(work).add_done_callback(self._lived)

    def _lived(self, task: "asyncio.Task[Any]") -> None:
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._errors.append(error)
            self.stop()

    def pass_until(self, at_us: int) -> None:
        """Let time pass for the world and for the tasks that live in it."""
        # A timer of the loop's own: while it is set, nobody here waits in vain.
        alarm = self._set(at_us, self.stop, (), None)
        self.run_forever()
        alarm.cancel()
        if self._errors:
            raise self._errors[0]

    async def process(self, steps: Generator[Any, Any, T]) -> T:
        """Let a process of the engine's take these steps; return or raise what comes of it.

        It goes its way to the end, also if nobody waits for that any more.
        """
        ended: asyncio.Future[T] = self.create_future()

        def process() -> Generator[Any, Any, None]:
            try:
                value = yield from steps
            except Exception as error:
                if not ended.done():
                    ended.set_exception(error)
            else:
                if not ended.done():
                    ended.set_result(value)

        self.engine.process(process())
        return await ended

    def finish(self) -> None:
        """Cancel what is left, and close the loop."""
        try:
            self._end()
        finally:
            self.close()

    def _end(self) -> None:
        left = self._left()
        for task in left:
            task.cancel()
        if left:
            self.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        self.run_until_complete(self.shutdown_asyncgens())
        for close in self.closers:
            close()

    def _left(self) -> list["asyncio.Task[Any]"]:
        """The tasks that are not done, in the order in which they began."""
        return sorted(asyncio.all_tasks(self), key=lambda task: task._number)  # type: ignore[attr-defined]

    def run_forever(self) -> None:
        self._check_closed()  # type: ignore[attr-defined]
        self._check_running()
        with self._inside():
            self._work()

    def _check_running(self) -> None:
        """Asked by asyncio, which would not let a loop run inside of another."""
        if self.is_running():
            raise RuntimeError("this event loop is already running")

    @contextmanager
    def _inside(self) -> Iterator[None]:
        """Be the running loop, whatever loop runs outside."""
        outer = events._get_running_loop()
        hooks = sys.get_asyncgen_hooks()
        swap = getattr(asyncio.tasks, "_swap_current_task", None)
        task = swap(outer, None) if swap is not None and outer is not None else None
        self._thread_id: int | None = get_ident()
        own: Any = self
        sys.set_asyncgen_hooks(own._asyncgen_firstiter_hook, own._asyncgen_finalizer_hook)
        events._set_running_loop(self)
        try:
            yield
        finally:
            events._set_running_loop(outer)
            sys.set_asyncgen_hooks(*hooks)
            self._thread_id = None
            if task is not None and swap is not None:
                swap(outer, task)

    def _work(self) -> None:
        due, engine = self._due, self.engine
        self._halted = False
        rounds, since_us = 0, engine.now
        while True:
            self._round()
            if self._halted:
                return
            if engine._now != since_us:
                rounds, since_us = 0, engine._now
            rounds += 1
            if due and rounds < BUSY_ROUNDS:
                continue
            if due and engine._queue:
                engine.step()
            elif due and rounds > SPINNING_ROUNDS:
                raise Deadlock(f"the program never rests, and nothing happens:{self.waiting()}")
            elif not due and not engine.run_until_filled(due, self._end_us()):
                raise Deadlock(f"nothing is left that could wake them:{self.waiting()}")

    def _end_us(self) -> int:
        """Until when something has to come for the program."""
        timers = len(self._timers) > self._cancelled
        return sys.maxsize if timers else self.engine._now + PATIENCE_US

    def _round(self) -> None:
        """Call what is due now; what that makes due has to wait for the next round."""
        due = self._due
        popleft = due.popleft
        for _ in range(len(due)):
            handle = popleft()
            callback = handle.callback
            if callback is not None:
                try:
                    handle.context.run(callback, *handle.args)
                except (SystemExit, KeyboardInterrupt):
                    raise
                except BaseException as error:
                    message = f"Exception in callback {callback!r}"
                    self.call_exception_handler({"message": message, "exception": error})

    def waiting(self) -> str:
        """One line for each task that is not done: who waits, and where."""
        return told(self._left())

    def stop(self) -> None:
        self._halted = True

    def run_on(self, seconds: float) -> None:
        """Let the world go on, and this program not."""
        wait_us = ceil(seconds * 1e6)
        if wait_us < 0:
            raise ValueError("sleep length must be non-negative")
        if wait_us:
            self.engine.run(until=self.engine.now + wait_us)

    # ── tasks ───────────────────────────────────────────────────────────────────────────────

    def create_task(self, coro: Any, **options: Any) -> "asyncio.Task[Any]":
        """Number the tasks: asyncio's own names go on counting from one loop to the next."""
        number = next(self._tasks)
        if options.get("name") is None:
            options["name"] = f"Task-{number}"
        task: asyncio.Task[Any] = super().create_task(coro, **options)
        task._number = number  # type: ignore[attr-defined]
        return task

    def close(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
        self._due.clear()
        self._timers.clear()
        super().close()


def _refuse(name: str, why: str = "") -> NoReturn:
    told = " ".join(["in virtual time there is one thread and no real I/O:", name, why]).rstrip()
    raise RuntimeError(f"{told} is refused")


REFUSED = """
add_reader add_signal_handler add_writer connect_accepted_socket connect_read_pipe
connect_write_pipe create_datagram_endpoint create_unix_connection create_unix_server
run_in_executor sendfile set_default_executor sock_accept sock_connect sock_recv sock_recv_into
sock_recvfrom sock_sendall sock_sendfile sock_sendto start_tls subprocess_exec subprocess_shell
"""


def _refusing(name: str) -> Callable[..., NoReturn]:
    def refuse(self: Loop, *args: object, **options: object) -> NoReturn:
        _refuse(f"loop.{name}")

    return refuse


for _name in REFUSED.split():
    setattr(Loop, _name, _refusing(_name))
