"""A world in real time, far faster than real."""

import socket
from collections.abc import Callable, Iterator
from time import monotonic

import pytest
import redis

from sim.serve import Server, served

PATIENCE_S = 20
"""For what takes milliseconds on an idle machine."""


def until(holds: Callable[[], object]) -> None:
    """Ask until it holds. What is asked is a round trip, so this does not spin."""
    end = monotonic() + PATIENCE_S
    while not holds():
        assert monotonic() < end, "waited in vain"


def raw(port: int, sent: bytes) -> socket.socket:
    """A bare connection on which something has been sent."""
    connection = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE_S)
    connection.sendall(sent)
    return connection


def heard(connection: socket.socket) -> bytes:
    """All that comes until the other side closes."""
    with connection:
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.fixture(scope="module")
def world() -> Iterator[Server]:
    with served("three-cities", speed=100) as server:
        yield server


@pytest.fixture
def west(world: Server) -> Iterator[redis.Redis]:
    with redis.Redis(port=world.ports["West Europe"], decode_responses=True) as client:
        yield client


@pytest.fixture
def east(world: Server) -> Iterator[redis.Redis]:
    with redis.Redis(port=world.ports["East US"], decode_responses=True) as client:
        yield client
