"""What tests of commands stand on: a replica without peers, and the real server beside it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from crdb.command import Reply
from crdb.replica import Replica
from crdb.session import Session
from tests.oracle import Oracle, running_oracle

Run = Callable[..., Any]

NOW_US = 1_700_000_000_000_000


@pytest.fixture(scope="session")
def oracle() -> Iterator[Oracle]:
    """One server for each process of a test run."""
    with running_oracle() as server:
        yield server


@pytest.fixture
def replica() -> Replica:
    return Replica(region=1)


@pytest.fixture
def run(replica: Replica) -> Run:
    """Run a command line of words at a fixed time: ``run("SET k", b"\\xff", "EX 10")``."""
    session = Session()

    def execute(*line: str | bytes, now_us: int = NOW_US, session: Session = session) -> Reply:
        request: list[bytes] = []
        for part in line:
            request += part.encode().split() if isinstance(part, str) else [part]
        reply = replica.execute(now_us, session, request, lambda n: 0)
        return str(reply) if isinstance(reply, Exception) else reply

    return execute
