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
from itertools import chain
from typing import Any

import hiredis

from crdb.decimals import parse_int, show_double
from crdb.errors import CommandError
from crdb.replies import Fixed, Pairs, Push, Pushes, Table, spliced

WORDS_MAX = 1024 * 1024
"""Words of one request."""

WORD_BYTES_MAX = 512 * 1024 * 1024
"""Redis's `proto-max-bulk-len`."""

LINE_BYTES_MAX = 64 * 1024
"""Of a line typed by hand, and of a length."""

QUERY_BYTES_MAX = 1024 * 1024 * 1024
"""Of one request: Redis's `client-query-buffer-limit`."""

UNKNOWN_WORDS_MAX = 10
UNKNOWN_WORD_BYTES_MAX = 16 * 1024
"""Of clients that have not said who they are."""

_MANY = re.compile(rb"\*[0-9]{7}")
"""A number of words that hiredis must not see unchecked; or a value that looks like one."""

_NO_BULK = (b"\n+", b"\n(", b"\n=")
"""Begins of texts that hiredis would not tell from bulk strings; or of a line of a value."""

_END = b":0\r\n"
"""Put behind the bytes: what hiredis reads as part of a request, or not at all, if the last request
is not complete. It does not tell that otherwise."""

_BYTES = frozenset([bytes])


class ProtocolError(Exception):
    """What cannot be a request; the text is Redis's, and the connection has to be closed."""


class Requests:
    """The requests of one connection, out of segments cut anywhere.

    Every byte is looked at once, whatever the segments, and no more is kept than what has come of
    one request: never more than `bytes_max` in all.
    """

    __slots__ = ("_left", "_need", "_reader", "_rest", "_size", "_words", "bytes_max", "known")

    def __init__(self, bytes_max: int = QUERY_BYTES_MAX) -> None:
        self.bytes_max = bytes_max
        self.known = True
        """The client has said who it is. If not, it is believed less."""
        self._rest = bytearray()
        """What is not read yet."""
        self._words: list[bytes] = []
        """Of a request that is not complete yet ..."""
        self._left = 0
        """... and so many more are to come."""
        self._size = 0
        """Their bytes."""
        self._need = 0
        """With fewer bytes than these nothing more can be read."""
        self._reader = hiredis.Reader()

    def feed(self, data: bytes) -> list[list[bytes]]:
        """The requests that are complete now, in order; empty ones are nothing.

        Raises `ProtocolError`, with what came before it in `ProtocolError.args[1]`.
        """
        if not (self._rest or self._left) and self.known and _usual(data):
            found = self._quickly(data)
            if found is not None:
                return found
        self._rest += data
        found = []
        try:
            if len(self._rest) >= self._need:
                self._strictly(found)
            if self._size + len(self._rest) > self.bytes_max:
                raise ProtocolError("ERR Protocol error: request too big")
        except ProtocolError as error:
            raise ProtocolError(str(error), found) from None
        return found

    def _quickly(self, data: bytes) -> list[list[bytes]] | None:
        """None for anything but complete requests of the usual form."""
        reader = self._reader
        found: list[list[bytes]] = []
        try:
            reader.feed(data + _END)
            gets = reader.gets
            while type(request := gets()) is list:
                found.append(request)
            complete = type(request) is int and not reader.has_data() and all(found)
            if complete and set(map(type, chain.from_iterable(found))) == _BYTES:
                return found
        except hiredis.ProtocolError:
            pass
        self._reader = hiredis.Reader()
        return None

    def _strictly(self, found: list[list[bytes]]) -> None:
        """Read what is there, word by word."""
        rest, at = self._rest, 0
        self._need = 0
        try:
            while at < len(rest):
                if self._left:
                    at = self._word(at)
                elif rest[at] == ord("*"):
                    most = WORDS_MAX if self.known else UNKNOWN_WORDS_MAX
                    kind = "multibulk length" if self.known else "unauthenticated multibulk length"
                    self._left, at = _length(rest, at + 1, most, kind, "mbulk count string")
                    self._left = max(self._left, 0)
                else:
                    self._words, at = _typed(rest, at)
                if self._words and not self._left:
                    found.append(self._words)
                    self._words, self._size = [], 0
        except _Incomplete as cut:
            self._need = cut.need - at
        finally:
            del rest[:at]

    def _word(self, at: int) -> int:
        """Take the word at this place; returns where the next begins."""
        rest = self._rest
        if rest[at] != ord("$"):
            raise ProtocolError(f"ERR Protocol error: expected '$', got '{chr(rest[at])}'")
        most = WORD_BYTES_MAX if self.known else UNKNOWN_WORD_BYTES_MAX
        kind = "bulk length" if self.known else "unauthenticated bulk length"
        size, begin = _length(rest, at + 1, most, kind, "bulk count string", 0)
        end = begin + size
        if self._size + size > self.bytes_max:
            raise ProtocolError("ERR Protocol error: request too big")
        if len(rest) < end + 2:
            raise _Incomplete(end + 2)
        self._words.append(bytes(rest[begin:end]))
        self._size += size
        self._left -= 1
        return end + 2


def _usual(data: bytes) -> bool:
    """Whether hiredis may look at it."""
    doubtful = any(begin in data for begin in _NO_BULK)
    return data.startswith(b"*") and not doubtful and not _MANY.search(data)


class _Incomplete(Exception):
    """The rest has not come yet."""

    def __init__(self, need: int = 0) -> None:
        self.need = need
        """So long the data has to be at least."""


def _length(
    data: bytearray, at: int, most: int, what: str, line: str, least: int = -WORDS_MAX
) -> tuple[int, int]:
    end = data.find(b"\r\n", at, at + LINE_BYTES_MAX)
    if end < 0:
        if len(data) - at >= LINE_BYTES_MAX:
            raise ProtocolError(f"ERR Protocol error: too big {line}")
        raise _Incomplete
    length = parse_int(bytes(data[at:end]))
    if length is None or length < least:
        raise ProtocolError(f"ERR Protocol error: invalid {what.removeprefix('unauthenticated ')}")
    if length > most:
        shown = what if what.startswith("un") else f"invalid {what}"
        raise ProtocolError(f"ERR Protocol error: {shown}")
    return length, end + 2


def _typed(data: bytearray, at: int) -> tuple[list[bytes], int]:
    """A line of words, as somebody types into a bare connection."""
    end = data.find(b"\n", at, at + LINE_BYTES_MAX)
    if end < 0:
        if len(data) - at >= LINE_BYTES_MAX:
            raise ProtocolError("ERR Protocol error: too big inline request")
        raise _Incomplete
    line = bytes(data[at:end])
    return _quoted(line) if b'"' in line or b"'" in line else line.split(), end + 1


def _quoted(line: bytes) -> list[bytes]:
    r"""The words of a line in which some are in quotes, as redis-cli takes them.

    >>> _quoted(b"SET 'two words' \"\\x41\\n\" it's'")
    [b'SET', b'two words', b'A\n', b'its']
    """
    words, rest = [], line.strip()
    while rest:
        found = _WORD.match(rest)
        if found is None:
            raise ProtocolError("ERR Protocol error: unbalanced quotes in request")
        bare, double, single = found.groups(b"")
        words.append(bare + _ESCAPED.sub(_meant, double) + single.replace(b"\\'", b"'"))
        rest = rest[found.end() :].lstrip()
    return words


_WORD = re.compile(rb"""([^\s"']*)(?:"((?:\\.|[^"\\])*)"|'((?:\\'|[^'])*)')?(?=\s|$)""", re.DOTALL)
_ESCAPED = re.compile(rb"\\(x[0-9a-fA-F]{2}|.)", re.DOTALL)
_MEANT = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"a": b"\a"}


def _meant(found: re.Match[bytes]) -> bytes:
    word = found[1]
    return bytes.fromhex(word[1:].decode()) if len(word) == 3 else _MEANT.get(word, word)


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
    if isinstance(reply, Fixed):
        if protocol not in reply.frames:
            reply.frames[protocol] = _several(b"*", reply, protocol)
        return reply.frames[protocol]
    if isinstance(reply, Pairs) and protocol == 2:
        return _several(b"*", [each for pair in reply for each in pair], protocol)
    if isinstance(reply, list):
        return _several(b"*", reply, protocol)
    raise TypeError(f"{reply!r} is no reply")


def _several(mark: bytes, items: list[Any], protocol: int) -> bytes:
    items = list(spliced(items))
    return b"%b%d\r\n%b" % (mark, len(items), b"".join([packed(each, protocol) for each in items]))
