"""Frames of the Redis protocol: requests out of bytes, and replies into bytes.

Requests are what is usual, arrays of bulk strings, and are parsed by hiredis; or anything else, and
then a slower and stricter reader here decides: lines typed by hand, requests that are not complete
yet, lengths that no server would believe. hiredis alone would set aside memory for as many words as
a request claims to have.

>>> requests = Requests()
>>> requests.feed(b"*2\\r\\n$3\\r\\nGET\\r\\n$1\\r\\nk\\r\\nPING\\r\\n*1\\r\\n$4\\r\\nPI")
[[b'GET', b'k'], [b'PING']]
>>> requests.feed(b"NG\\r\\n")
[[b'PING']]
>>> packed({b"field": 1.5}, protocol=2), packed({b"field": 1.5}, protocol=3)
(b'*2\\r\\n$5\\r\\nfield\\r\\n$3\\r\\n1.5\\r\\n', b'%1\\r\\n$5\\r\\nfield\\r\\n,1.5\\r\\n')

Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

import re
from typing import Any

import hiredis

from crdb.decimals import parse_int, show_double
from crdb.errors import CommandError
from crdb.replies import Pairs, Push, Pushes, Table, spliced

WORDS_MAX = 1024 * 1024
"""Words of one request: Redis's limit for clients that it does not know."""

WORD_BYTES_MAX = 512 * 1024 * 1024
"""Redis's `proto-max-bulk-len`."""

LINE_BYTES_MAX = 64 * 1024
"""Of a line typed by hand, and of a length."""

_DOUBTFUL = re.compile(rb"[*$](?:[0-9]{7}|-)|\n[+(=]")
"""A length that hiredis must not see unchecked, or a text that is no bulk string, which it would
not tell from one; or a value that looks like either."""

_END = b":0\r\n"
"""Put behind the bytes: what hiredis reads as part of a request, or not at all, if the last request
is not complete. It does not tell that otherwise."""

_BYTES = frozenset([bytes])


class ProtocolError(Exception):
    """What cannot be a request; the text is Redis's, and the connection has to be closed."""


class Requests:
    """The requests of one connection, out of segments cut anywhere."""

    __slots__ = ("_reader", "_rest")

    def __init__(self) -> None:
        self._rest = b""
        """The begin of a request that is not complete yet."""
        self._reader = hiredis.Reader()

    def feed(self, data: bytes) -> list[list[bytes]]:
        """The requests that are complete now, in order; empty ones are nothing.

        Raises `ProtocolError`, with what came before it in `ProtocolError.args[1]`.
        """
        if self._rest:
            data = self._rest + data
        elif data.startswith(b"*") and _DOUBTFUL.search(data) is None:
            found = self._quickly(data)
            if found is not None:
                return found
        return self._strictly(data)

    def _quickly(self, data: bytes) -> list[list[bytes]] | None:
        """None for anything but complete requests of the usual form."""
        reader = self._reader
        found: list[list[bytes]] = []
        try:
            reader.feed(data + _END)
            while type(request := reader.gets()) is list:
                if not request or set(map(type, request)) != _BYTES:
                    break
                found.append(request)
            if type(request) is int and not reader.has_data():
                return found
        except hiredis.ProtocolError:
            pass
        self._reader = hiredis.Reader()
        return None

    def _strictly(self, data: bytes) -> list[list[bytes]]:
        found: list[list[bytes]] = []
        at = 0
        try:
            while at < len(data):
                request, at = _array(data, at) if data[at] == ord("*") else _typed(data, at)
                if request:
                    found.append(request)
        except _Incomplete:
            pass
        except ProtocolError as error:
            raise ProtocolError(str(error), found) from None
        self._rest = data[at:]
        return found


class _Incomplete(Exception):
    """The rest of a request has not come yet."""


def _array(data: bytes, at: int) -> tuple[list[bytes], int]:
    """The request at this place, and where the next begins."""
    count, at = _length(data, at + 1, WORDS_MAX, "multibulk length", "mbulk count string")
    words: list[bytes] = []
    for _ in range(count):
        if at >= len(data):
            raise _Incomplete
        if data[at] != ord("$"):
            raise ProtocolError(f"ERR Protocol error: expected '$', got '{chr(data[at])}'")
        size, at = _length(data, at + 1, WORD_BYTES_MAX, "bulk length", "bulk count string", 0)
        end = at + size
        if len(data) < end + 2:
            raise _Incomplete
        words.append(data[at:end])
        at = end + 2
    return words, at


def _length(
    data: bytes, at: int, most: int, what: str, line: str, least: int = -WORDS_MAX
) -> tuple[int, int]:
    end = data.find(b"\r\n", at, at + LINE_BYTES_MAX)
    if end < 0:
        if len(data) - at >= LINE_BYTES_MAX:
            raise ProtocolError(f"ERR Protocol error: too big {line}")
        raise _Incomplete
    length = parse_int(data[at:end])
    if length is None or not least <= length <= most:
        raise ProtocolError(f"ERR Protocol error: invalid {what}")
    return length, end + 2


def _typed(data: bytes, at: int) -> tuple[list[bytes], int]:
    """A line of words, as somebody types into a bare connection. Quotes are not read."""
    end = data.find(b"\n", at, at + LINE_BYTES_MAX)
    if end < 0:
        if len(data) - at >= LINE_BYTES_MAX:
            raise ProtocolError("ERR Protocol error: too big inline request")
        raise _Incomplete
    return data[at:end].split(), end + 1


def packed(reply: Any, protocol: int) -> bytes:
    """A reply as bytes, in version 2 or 3 of the protocol."""
    kind = type(reply)
    if kind is bytes:
        return b"$%d\r\n%b\r\n" % (len(reply), reply)
    if kind is str:
        return b"+%b\r\n" % reply.encode()
    if kind is int:
        return b":%d\r\n" % reply
    if reply is None:
        return b"$-1\r\n" if protocol == 2 else b"_\r\n"
    if kind is list:
        return _several(b"*", reply, protocol)
    return _rarely(reply, protocol)


def _rarely(reply: Any, protocol: int) -> bytes:
    if isinstance(reply, float):
        shown = show_double(reply)
        return packed(shown, protocol) if protocol == 2 else b",%b\r\n" % shown
    if isinstance(reply, CommandError):
        return b"-%b\r\n" % str(reply).encode()
    if isinstance(reply, Pushes):
        return b"".join(packed(push, protocol) for push in reply)
    if isinstance(reply, Push):
        return _several(b"*" if protocol == 2 else b">", reply, protocol)
    if isinstance(reply, Table) and protocol != 2:
        reply = {bytes(name): of for name, of in reply}
    if isinstance(reply, dict):
        flat = [each for pair in reply.items() for each in pair]
        head = b"*%d\r\n" % len(flat) if protocol == 2 else b"%%%d\r\n" % len(reply)
        return head + b"".join([packed(each, protocol) for each in flat])
    if isinstance(reply, Pairs) and protocol == 2:
        return _several(b"*", [each for pair in reply for each in pair], protocol)
    if isinstance(reply, list):
        return _several(b"*", reply, protocol)
    raise TypeError(f"{reply!r} is no reply")


def _several(mark: bytes, items: list[Any], protocol: int) -> bytes:
    items = list(spliced(items))
    return b"%b%d\r\n%b" % (mark, len(items), b"".join([packed(each, protocol) for each in items]))
