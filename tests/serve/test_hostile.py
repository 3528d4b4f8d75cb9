"""What no honest client does: it is answered or hung up on, and the others are served on."""

import os
import socket
import struct
from select import select

import pytest
import redis
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sim.serve import Server, served
from sim.serve.connection import Connection
from tests.serve.conftest import PATIENCE_S, heard, raw, until

EAST = "East US"

WORDS = st.binary(max_size=8) | st.sampled_from(
    [b"GET", b"SET", b"CRDB.LAG", b"CLIENT", b"INFO", b"MULTI", b"EXEC", b"CONFIG", b"HELLO", b"3"]
)
FRAMES = (
    st.binary(max_size=200)
    | st.lists(WORDS, max_size=4).map(
        lambda words: (
            b"*%d\r\n" % len(words)
            + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)
        )
    )
    | st.sampled_from(
        [b"*1\r\n$4\r\nPI", b"*9999999999\r\n", b"*1\r\n" * 40, b"$-1\r\n", b"\0\r\n"]
    )
)


@given(st.lists(FRAMES, max_size=6))
@example([b"*3\r\n$3\r\nSET\r\n$-5\r\n"])
@example([b"*1048576\r\n"])
@settings(max_examples=200, deadline=None)
def test_any_bytes_are_answered_or_hung_up_on(world: Server, frames: list[bytes]) -> None:
    line = raw(world.ports[EAST], b"".join(frames))
    line.shutdown(socket.SHUT_WR)
    heard(line)
    assert heard(raw(world.ports[EAST], b"PING\r\nQUIT\r\n")) == b"+PONG\r\n+OK\r\n"


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (b"*1\r\n:1\r\n", b"expected '$', got ':'"),
        (b"*2000000\r\n", b"invalid multibulk length"),
        (b"*1\r\n$999999999999\r\n", b"invalid bulk length"),
        (b"*2\r\n$3\r\nGET\r\n$536870000\r\n", b"request too big"),
        (b"x" * 70_000, b"too big inline request"),
    ],
)
def test_a_frame_that_cannot_be_closes_its_connection_only(
    world: Server, sent: bytes, said: bytes
) -> None:
    other = raw(world.ports[EAST], b"PING\r\n")
    assert said in heard(raw(world.ports[EAST], b"PING\r\n" + sent))
    other.sendall(b"QUIT\r\n")
    assert heard(other) == b"+PONG\r\n+OK\r\n"


def test_whoever_has_not_said_who_it_is_may_not_send_much() -> None:
    with served("three-cities", passwords=["p"]) as server:
        port = server.ports[EAST]
        assert b"unauthenticated multibulk length" in heard(raw(port, b"*11\r\n"))
        assert b"unauthenticated bulk length" in heard(raw(port, b"*1\r\n$20000\r\n"))
        with redis.Redis(port=port, password="p") as known:
            assert known.set("k", "x" * 20_000)


def test_a_client_that_never_reads_is_not_served_without_end(world: Server, east) -> None:
    east.set("big", "x" * 1_000_000)
    line = raw(world.ports[EAST], b"")
    line.setblocking(False)

    def full() -> bool:
        """The server reads no more, and what it has not read fills the sockets."""
        try:
            line.send(b"GET big\r\n" * 1000)
        except BlockingIOError:
            return any(each.transport.get_write_buffer_size() for each in connections(world))
        return False

    until(full)
    assert max(each.transport.get_write_buffer_size() for each in connections(world)) < 4_000_000
    assert east.ping()
    line.close()
    until(lambda: len(connections(world)) == 1)


def connections(world: Server) -> list[Connection]:
    return world.call(lambda: list(world.fronts[EAST].connections.values()))


def test_a_listener_that_never_reads_is_cut_off(world: Server, east) -> None:
    east.config_set("client-output-buffer-limit", "pubsub 1mb 0 0")
    line = raw(world.ports[EAST], b"SUBSCRIBE flood\r\n")
    until(lambda: east.pubsub_numsub("flood") == [("flood", 1)])
    message = "x" * 500_000
    until(lambda: east.publish("flood", message) == 0)
    east.config_set("client-output-buffer-limit", "pubsub 32mb 8mb 60")
    line.close()


def test_more_clients_than_allowed_are_turned_away_and_told(world: Server, east) -> None:
    east.config_set("maxclients", len(east.client_list()))
    try:
        assert heard(raw(world.ports[EAST], b"")) == b"-ERR max number of clients reached\r\n"
    finally:
        east.config_set("maxclients", 10_000)
    assert int(east.info("stats")["rejected_connections"]) == 1


def test_fifty_that_knock_at_once_are_all_served(world: Server) -> None:
    lines = [socket.socket() for _ in range(50)]
    for line in lines:
        line.setblocking(False)
        line.connect_ex(("127.0.0.1", world.ports[EAST]))
    for line in lines:
        line.settimeout(PATIENCE_S)
        assert select([], [line], [], PATIENCE_S)[1]
        line.sendall(b"PING\r\nQUIT\r\n")
    assert [heard(line) for line in lines] == [b"+PONG\r\n+OK\r\n"] * 50


def test_connections_that_are_torn_away_leave_nothing_behind(world: Server, east) -> None:
    assert east.ping()
    for sent in (
        b"BLPOP torn 0\r\n",
        b"SUBSCRIBE torn\r\n",
        b"MULTI\r\nSET torn 1\r\n",
        b"*3\r\n$",
    ):
        line = raw(world.ports[EAST], sent)
        line.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        line.close()
    until(lambda: len(connections(world)) == 1)
    assert east.pubsub_numsub("torn") == [("torn", 0)]
    assert world.blocked(EAST) == 0
    assert east.get("torn") is None


def test_a_long_request_in_small_pieces_is_read_once(world: Server) -> None:
    word = os.urandom(100_000)
    request = b"*3\r\n$3\r\nSET\r\n$6\r\npieces\r\n$100000\r\n" + word + b"\r\n"
    line = raw(world.ports[EAST], b"")
    for at in range(0, len(request), 997):
        line.sendall(request[at : at + 997])
    line.sendall(b"GET pieces\r\nQUIT\r\n")
    assert heard(line) == b"+OK\r\n$100000\r\n" + word + b"\r\n+OK\r\n"
