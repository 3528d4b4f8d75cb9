"""The copy of a replica on another node: what it is given, and how it goes on by itself."""

from crdb.replica import Replica, Settings
from crdb.session import Session


def execute(replica: Replica, line: str, now_us: int = 0) -> object:
    return replica.execute(now_us, Session(), line.encode().split(), lambda n: 0)


def test_the_backlog_keeps_what_the_copy_lacks_though_no_peer_does() -> None:
    replica = Replica(1)
    copy = replica.copy(actor=2)
    execute(replica, "SET k v")
    replica.tick(1_000)
    assert replica.pass_on(copy, 2_000)
    assert execute(copy, "GET k") == b"v"
    replica.tick(3_000)
    assert len(replica.backlog) == 0


def test_past_the_backlog_another_copy_is_needed() -> None:
    replica = Replica(1, settings=Settings(backlog_writes_max=2))
    copy = replica.copy(actor=2)
    for number in range(5):
        execute(replica, f"INCR k{number}")
    replica.tick(1_000)
    assert not replica.pass_on(copy, 2_000)


def test_a_copy_writes_nothing_before_it_is_promoted_and_then_under_its_own_actor() -> None:
    replica = Replica(1)
    copy = replica.copy(actor=2)
    execute(replica, "INCR n")
    replica.pass_on(copy, 1_000)
    assert "no writes" in str(execute(copy, "INCR n"))
    copy.promote()
    assert execute(copy, "INCR n") == 2
    assert (copy.actor, copy.seq) == (2, 1)


def test_a_copy_removes_no_expired_key_by_itself() -> None:
    replica = Replica(1)
    copy = replica.copy(actor=2)
    execute(replica, "SET k v PX 10")
    replica.pass_on(copy, 1_000)
    assert execute(copy, "GET k", now_us=20_000) is None
    assert copy.seq == 0
