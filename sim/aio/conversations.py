"""Recorded connections: what clients asked the regions and what they were told, as operations.

It is the client's side that is recorded: an operation begins when its bytes are written and ends
when the program is given the reply, so a slow network, a lost reply and a busy program all count.

- A reply makes it ``ok``, an error reply ``fail``. A connection that ends before the reply makes it
  ``info``: it may have happened. What is under way at the end of the program stays open.
- A process is one connection; a happening of the kind ``client`` says where it was made from.
  Requests that are sent in one go (a pipeline) are under way together.
- What a client says to introduce itself (`INTRODUCTION`) is left out: it touches no data.

>>> history = History()
>>> talk = Conversation(history, process=1, place="East US")
>>> talk.asked(b"*2\\r\\n$4\\r\\nINCR\\r\\n$6\\r\\nvisits\\r\\n", 10)
>>> talk.told(b":1\\r\\n", 260)
>>> [(op.name, op.args, op.completed_us, op.outcome.value, op.value) for op in history.ops]
[('INCR', (b'visits',), 260, 'ok', 1)]

Source: the operation types of Jepsen (invoke, ok, fail, info); RESP 2 and 3.
"""

from collections import deque
from typing import Any

import hiredis
import msgspec

from crdb.resp import ProtocolError, Requests
from sim.aio.loop import Loop
from sim.aio.transports import Transport
from sim.ends import Address, End
from sim.history import FAIL, INFO, OK, History, Op, Outcome

INTRODUCTION = frozenset(
    ["AUTH", "CLIENT", "CLUSTER", "COMMAND", "HELLO", "READONLY", "READWRITE", "SELECT"]
)

SUBSCRIBING = frozenset(
    [b"subscribe", b"psubscribe", b"ssubscribe", b"unsubscribe", b"punsubscribe", b"sunsubscribe"]
)
"""These are answered once for each channel."""

MESSAGES = frozenset([b"message", b"pmessage", b"smessage"])
"""What nobody asked for begins with one of these."""

_MORE = object()
"""hiredis: the rest of a reply has not come yet."""


class Asked(msgspec.Struct):
    """A request that has not been answered."""

    name: str
    args: tuple[bytes, ...]
    invoked_us: int
    replies: int
    """So many are still to come."""


class Conversation:
    """The requests and replies of one connection."""

    def __init__(self, history: History, process: int, place: str) -> None:
        """``place`` is that of the region."""
        self._history = history
        self._process = process
        self._place = place
        self._requests = Requests()
        self._replies = hiredis.Reader(notEnoughData=_MORE)
        self._open: deque[Asked] = deque()
        self._listens = False
        self._understood = True

    def asked(self, data: bytes, now_us: int) -> None:
        """The program has written these bytes."""
        if not self._understood:
            return
        try:
            requests = self._requests.feed(data)
        except ProtocolError:
            self._understood = False  # Nor will the region, which hangs up.
            return
        for word, *args in requests:
            name = word.decode(errors="backslashreplace").upper()
            subscribing = word.lower() in SUBSCRIBING
            self._listens |= subscribing
            replies = max(1, len(args)) if subscribing else 1
            self._open.append(Asked(name, tuple(args), now_us, replies))

    def told(self, data: bytes, now_us: int) -> None:
        """The program is given these bytes."""
        if not self._understood:
            return
        self._replies.feed(data)
        try:
            while (reply := self._replies.gets()) is not _MORE:
                if self._open and not self._unasked(reply):
                    self._answered(reply, now_us)
        except hiredis.ProtocolError:
            self._understood = False

    def broken(self, why: str, now_us: int | None) -> None:
        """No more replies will come; None for a program that is over."""
        while self._open:
            self._enter(self._open.popleft(), now_us, INFO, why)

    def _unasked(self, reply: Any) -> bool:
        pushed = isinstance(reply, hiredis.PushNotification)
        kind = reply[0] if isinstance(reply, list) and reply else None
        if kind in MESSAGES:
            return pushed or self._listens
        return pushed and kind not in SUBSCRIBING

    def _answered(self, reply: Any, now_us: int) -> None:
        first = self._open[0]
        first.replies -= 1
        if not first.replies:
            self._open.popleft()
            failed = isinstance(reply, hiredis.ReplyError)
            self._enter(first, now_us, FAIL if failed else OK, _plain(reply))

    def _enter(self, asked: Asked, now_us: int | None, outcome: Outcome, value: Any) -> None:
        if asked.name not in INTRODUCTION:
            name, args, begin_us = asked.name, asked.args, asked.invoked_us
            self._history.op(
                Op(self._process, self._place, name, args, begin_us, now_us, outcome, value)
            )


class Recorded(Transport):
    """A connection whose conversation is entered into a history."""

    def __init__(
        self, loop: Loop, end: End, protocol: Any, peer: Address, conversation: Conversation
    ) -> None:
        self._conversation = conversation
        self._engine = loop.engine
        super().__init__(loop, end, protocol, peer)
        loop.closers.append(lambda: conversation.broken("cut short", None))

    def write(self, data: bytes | bytearray | memoryview) -> None:
        if not self._closing:
            self._conversation.asked(bytes(data), self._engine.now)
        super().write(data)

    def _give(self, data: bytes) -> None:
        if not self._closing:
            self._conversation.told(data, self._engine.now)
        super()._give(data)

    def _close(self, error: OSError | None) -> None:
        if not self._closing:
            why = "closed" if error is None else error.strerror or type(error).__name__
            self._conversation.broken(why.lower(), self._engine.now)
        super()._close(error)


def _plain(reply: Any) -> Any:
    """A reply with text for errors, also for those inside of EXEC's."""
    if isinstance(reply, hiredis.ReplyError):
        return str(reply)
    if isinstance(reply, list):
        return [_plain(each) for each in reply]
    return reply
