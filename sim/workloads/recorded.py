"""Recorded: the requests that somebody sent to real sockets, at their times, once more.

`CRDB.SAVE` writes such a workload. A person may shorten it: what one segment brought stands in one
entry, and is executed without a pause, as it was then.

>>> sent = Sent(at=Duration(5), region="East US", connection=1, words=(("GET", "\\\\xe9"),))
>>> sent.requests()
[(b'GET', b'\\xe9')]
"""

import re
from typing import Any

import hiredis
import msgspec

from sim.doors import Visit
from sim.history import OK, Op
from sim.units import Duration
from sim.workloads import Workload


class Sent(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """What came over one connection at one time."""

    at: Duration
    """From the beginning of the run."""
    region: str
    connection: int
    """Its number; a new one is a new connection."""
    words: tuple[tuple[str, ...], ...] = ()
    """Requests, one after the other; bytes that are no text as in Python, ``\\\\xff``. None if the
    client went away."""

    def requests(self) -> list[tuple[bytes, ...]]:
        return [tuple(map(unescaped, request)) for request in self.words]

    def bytes(self) -> bytes:
        """As a client sends it."""
        return b"".join(hiredis.pack_command(request) for request in self.requests())  # type: ignore[arg-type]


class Recorded(Workload, frozen=True, tag="recorded"):
    """Requests at their times."""

    requests: tuple[Sent, ...] = ()

    def start(self, world: Any) -> None:
        """Raises ValueError for a region that is not of this world."""
        lines: dict[int, Line] = {}
        for sent in self.requests:
            if sent.region not in world.regions:
                raise ValueError(f"workload.requests: unknown region {sent.region!r}")
            world.engine.call_at(int(sent.at), _arrive, (world, lines, sent))


class Line:
    """A connection that nobody listens on; the rest is as at every door."""

    def __init__(self, world: Any, sent: Sent) -> None:
        self.peer = self
        self.address = ("recorded", sent.connection)
        self.receive: Any = None
        self.ended: Any = None
        self.lost: Any = None
        self.gone = False
        region = world.regions[sent.region]
        Visit(region, region.gate(), self, sent.connection)  # type: ignore[arg-type]

    def send(self, data: bytes) -> None:
        """What is answered was read then, and is not judged now."""

    def finish(self) -> None:
        self.gone = True

    def abort(self) -> None:
        self.gone = True


def _arrive(what: tuple[Any, dict[int, Line], Sent]) -> None:
    world, lines, sent = what
    line = lines.get(sent.connection)
    if not sent.words:
        if line is not None and not line.gone:
            line.ended()
        return
    if line is None or line.gone:
        if not world.regions[sent.region].up:
            return
        line = lines[sent.connection] = Line(world, sent)
    now_us = world.engine.now
    for name, *args in sent.words:
        op = Op(sent.connection, sent.region, name.upper(), tuple(args), now_us, now_us, OK)
        world.history.op(op)
    line.receive(sent.bytes())


def escaped(word: bytes) -> str:
    """A word as text, from which `unescaped` makes the same bytes again.

    >>> escaped(b"caf\\xe9 \\\\ \\xc3\\xa9")
    'caf\\\\xe9 \\\\\\\\ é'
    """
    return word.replace(b"\\", b"\\\\").decode(errors="backslashreplace")


def unescaped(text: str) -> bytes:
    """The bytes of an escaped word; a backslash that begins nothing stands for itself."""
    return _ESCAPE.sub(_byte, text.encode())


_ESCAPE = re.compile(rb"\\\\|\\x([0-9a-f]{2})")


def _byte(found: re.Match[bytes]) -> bytes:
    return bytes.fromhex(found[1].decode()) if found[1] else b"\\"
