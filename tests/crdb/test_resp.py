"""Frames: what a request is however it is cut, what is refused as by the real server, and replies
that hiredis reads back as they were."""

import math
import socket
from contextlib import suppress
from itertools import pairwise

import hiredis
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdb.errors import CommandError
from crdb.replies import Pairs, Push, Pushes
from crdb.resp import LINE_BYTES_MAX, ProtocolError, Requests, packed
from tests.oracle import Oracle, running_oracle

WORDS = st.lists(st.binary(max_size=12) | st.sampled_from([b"*1234567", b"$-1"]), min_size=1)


@given(requests=st.lists(WORDS, max_size=5), cuts=st.lists(st.integers(0, 200), max_size=6))
def test_requests_are_the_same_however_they_are_cut(
    requests: list[list[bytes]], cuts: list[int]
) -> None:
    data = b"".join(hiredis.pack_command(tuple(each)) for each in requests)  # type: ignore[arg-type]
    places = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    reader, found = Requests(), []
    for begin, end in pairwise(places):
        found += reader.feed(data[begin:end])
    assert found == requests


CROOKED = [
    b"*1\r\n:5\r\n",
    b"*1\r\n*1\r\n$4\r\nPING\r\n",
    b"*2147483648\r\n",
    b"*99999999999999999999\r\n",
    b"*x\r\n",
    b"*1\r\n$-1\r\n",
    b"*1\r\n$99999999999\r\n",
    b"*1\r\n$x\r\n",
    b"*1\r\n$4\r\nPING\r\n*1\r\n+PING\r\n",
    b"*" + b"1" * LINE_BYTES_MAX,
    b"a" * (LINE_BYTES_MAX + 1),
    b'PING\r\nSET k "x\r\n',
]


@pytest.mark.parametrize("data", CROOKED, ids=lambda data: repr(data[:24]))
def test_what_is_no_request_is_refused_in_the_words_of_the_real_server(data: bytes) -> None:
    with pytest.raises(ProtocolError) as refused:
        Requests().feed(data)
    text, before = refused.value.args
    with running_oracle() as oracle:
        assert answer(oracle, data) == b"+PONG\r\n" * len(before) + b"-%b\r\n" % text.encode()


def answer(oracle: Oracle, data: bytes) -> bytes:
    """All that the server says until it closes the connection."""
    with socket.socket(socket.AF_UNIX) as raw:
        raw.settimeout(10)
        raw.connect(oracle._path)
        raw.sendall(data)
        return raw.makefile("rb").read()


@pytest.mark.parametrize("data", [b"\r\n", b"*0\r\n", b"*-1\r\n", b"  \n"])
def test_nothing_is_asked_by_an_empty_request(data: bytes) -> None:
    assert Requests().feed(data + b"PING\r\n") == [[b"PING"]]


LINES = [
    rb"""ECHO "two words" """,
    rb"""ECHO 'it\'s'""",
    rb"""ECHO "\x41\n\t\q\"" """,
    rb"""ECHO a'b c'""",
    rb"""ECHO "" """,
    rb"""ECHO '\x41\n' """,
    rb"""ECHO a\b""",
    rb"""ECHO "\xzz" """,
]


@pytest.mark.parametrize("line", LINES)
def test_quotes_are_read_as_by_the_real_server(line: bytes) -> None:
    [[_, word]] = Requests().feed(line + b"\r\n")
    with running_oracle() as oracle:
        assert answer(oracle, line + b"\r\nQUIT\r\n") == packed(word, 2) + b"+OK\r\n"


@given(sent=st.lists(st.binary(max_size=40), max_size=5))
def test_whatever_is_sent_is_read_or_refused(sent: list[bytes]) -> None:
    reader = Requests(bytes_max=100)
    with suppress(ProtocolError):
        for data in sent:
            assert all(reader.feed(data))


def test_a_request_may_not_grow_beyond_its_limit() -> None:
    reader = Requests(bytes_max=100)
    word = b"$10\r\n0123456789\r\n"
    assert reader.feed(b"*20\r\n" + 9 * word) == []
    with pytest.raises(ProtocolError, match="request too big"):
        reader.feed(2 * word)


def test_an_unknown_client_is_believed_less() -> None:
    reader = Requests()
    reader.known = False
    with pytest.raises(ProtocolError, match="unauthenticated multibulk length"):
        reader.feed(b"*11\r\n")
    reader = Requests()
    reader.known = False
    with pytest.raises(ProtocolError, match="unauthenticated bulk length"):
        reader.feed(b"*1\r\n$16385\r\n")


REPLIES = st.recursive(
    st.none() | st.integers(-(2**63), 2**63 - 1) | st.binary(max_size=8) | st.floats(-9, 9),
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.binary(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(reply=REPLIES)
def test_hiredis_reads_a_reply_back(reply: object) -> None:
    reader = hiredis.Reader()
    reader.feed(packed(reply, 3))
    assert reader.gets() == reply


def test_what_the_older_protocol_flattens() -> None:
    pairs = Pairs([[b"a", 1.5], [b"b", math.inf]])
    assert packed(pairs, 2) == b"*4\r\n$1\r\na\r\n$3\r\n1.5\r\n$1\r\nb\r\n$3\r\ninf\r\n"
    assert packed(pairs, 3) == b"*2\r\n*2\r\n$1\r\na\r\n,1.5\r\n*2\r\n$1\r\nb\r\n,inf\r\n"
    assert packed({b"a": None}, 2) == b"*2\r\n$1\r\na\r\n$-1\r\n"
    assert packed({b"a": None}, 3) == b"%1\r\n$1\r\na\r\n_\r\n"


def test_pushes_stand_on_their_own() -> None:
    told = Pushes([Push([b"subscribe", b"a", 1]), Push([b"subscribe", b"b", 2])])
    assert packed(told, 3) == (
        b">3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n>3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n"
    )
    assert packed(["OK", told], 2).startswith(b"*3\r\n+OK\r\n*3\r\n$9\r\nsubscribe")


def test_an_error_stands_where_the_reply_would() -> None:
    assert packed([1, CommandError("ERR no")], 2) == b"*2\r\n:1\r\n-ERR no\r\n"
