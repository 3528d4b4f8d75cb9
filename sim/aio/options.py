"""The socket behind a transport, as far as programs touch it: names, and options.

Keepalive is honoured (see `sim.keepalive`); all other options are kept, and change nothing here.
"""

import socket
from typing import ClassVar

from sim.ends import Address, End
from sim.keepalive import SECOND_US, Keepalive

TCP = socket.IPPROTO_TCP
IDLE = getattr(socket, "TCP_KEEPIDLE", getattr(socket, "TCP_KEEPALIVE", None))
"""The option's number on Linux; on macOS it has another name."""


class Options:
    """What `socket.socket` shows of a connection that exists."""

    family: ClassVar = socket.AF_INET
    type: ClassVar = socket.SOCK_STREAM
    proto: ClassVar = TCP

    def __init__(self, end: End) -> None:
        self._end = end
        self._set: dict[tuple[int, int], int | bytes] = {}
        self._keepalive = Keepalive(end)

    def getpeername(self) -> Address:
        return self._end.peer.address

    def getsockname(self) -> Address:
        return self._end.address

    def getsockopt(self, level: int, option: int) -> int | bytes:
        """What was set; 0 for what was not."""
        return self._set.get((level, option), 0)

    def setsockopt(self, level: int, option: int, value: int | bytes) -> None:
        self._set[level, option] = value
        keepalive = self._keepalive
        if level == TCP and isinstance(value, int):
            if option == IDLE:
                keepalive.idle_us = value * SECOND_US
            elif option == getattr(socket, "TCP_KEEPINTVL", None):
                keepalive.interval_us = value * SECOND_US
            elif option == getattr(socket, "TCP_KEEPCNT", None):
                keepalive.probes = value
        if self._set.get((socket.SOL_SOCKET, socket.SO_KEEPALIVE)):
            keepalive.begin()
        else:
            keepalive.stop()
