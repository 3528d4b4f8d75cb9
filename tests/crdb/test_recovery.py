"""Recovery: what a log says is what was, and whoever comes back from one takes nothing from others.

The same random lives as in `test_restores`, but every region keeps a log, and power fails.
"""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crdb.persistence import aof, snapshot
from crdb.persistence.journal import Journal
from crdb.persistence.recovery import recovered
from crdb.replica import Replica, Settings
from crdb.session import Session
from tests.crdb.test_restores import WORDS
from tests.regions import Regions

OWN = "SADD own {n}"
MORE = [
    OWN,
    OWN,
    "HSET h f {n}",
    "HINCRBY h g 2",
    "HDEL h g",
    "RPUSH l {n}",
    "LPOP l",
    "ZADD z {n} m",
    "ZINCRBY z 2 m",
    "PFADD p {n}",
    "DEL p n s",
    "XADD x * f {n}",
    "JSON.SET j $ [{n}]",
    "SREM s 1 2 3",
    "SET k {n} EX 9",
]

regions_ = st.integers(1, 3)
steps = st.one_of(
    st.tuples(st.just("say"), regions_, st.sampled_from(WORDS + MORE)),
    st.tuples(st.just("say"), regions_, st.sampled_from(WORDS + MORE)),
    st.tuples(st.just("tick"), regions_),
    st.tuples(st.just("deliver"), st.integers(0, 5)),
    st.tuples(st.just("repeat"), st.integers(0, 5)),
    st.tuples(st.just("drop"), st.integers(0, 5)),
    st.tuples(st.just("rewrite"), regions_),
    st.tuples(st.just("lose power"), st.integers(1, 2), st.integers(0, 60)),
    st.tuples(st.just("shut down"), regions_),
)


class Kept:
    """The log of one region, in a test's hand."""

    def __init__(self, replica: Replica) -> None:
        self.replica = replica
        self.journal = Journal(replica)
        self.file = snapshot.written(replica.snapshot())
        self.base_bytes = len(self.file)

    def collect(self) -> None:
        for record in self.journal.wrote():
            self.file += aof.record(record, 0)

    def received(self, *args: Any) -> None:
        self.collect()
        for record in self.journal.received(*args):
            self.file += aof.record(record, 0)


class Life:
    """Three regions with logs; the third never loses anything."""

    def __init__(self, causal: bool = False) -> None:
        settings = Settings(backlog_writes_max=3, resend_after_us=1_000, causal=causal)
        self.regions = Regions(3, settings)
        self.logs = {region: Kept(replica) for region, replica in self.regions.replicas.items()}
        self.added: set[bytes] = set()
        self.actors = {1, 2, 3}
        self.number = 0

    def step(self, verb: str, *args: Any) -> None:
        regions, flight = self.regions, self.regions.flight
        if verb == "say":
            self.number += 1
            regions.say(args[0], args[1].format(n=self.number))
            if args == (3, OWN):
                self.added.add(b"%d" % self.number)
            self.logs[args[0]].collect()
        elif verb == "tick":
            regions.tick([args[0]])
            self.logs[args[0]].collect()
        elif verb == "rewrite":
            self.logs[args[0]] = Kept(regions[args[0]])
        elif verb == "lose power":
            log = self.logs[args[0]]
            self.come_back(args[0], log.file[: max(log.base_bytes, len(log.file) - args[1])])
        elif verb == "shut down":
            log = self.logs[args[0]]
            log.collect()
            self.come_back(args[0], log.file + aof.record(log.journal.closed(), 0))
        elif args[0] < len(flight):
            if verb == "repeat":
                flight.append(flight[args[0]])
            elif verb == "drop":
                del flight[args[0]]
            else:
                self.deliver(args[0])

    def deliver(self, index: int) -> None:
        to, message = self.regions.flight.pop(index)
        received = self.regions[to].receive(self.regions.clock_us(to), message)
        self.logs[to].received(message, received)
        self.regions.flight += received.answers

    def come_back(self, region: int, file: bytes) -> None:
        regions, log = self.regions, aof.read(file)
        regions.actors += 1
        peers = list(regions[region].links)
        found = recovered(log, region, peers, regions.actors, regions.settings)
        if log.closed:
            assert (found.actor, found.seq) == (regions[region].actor, regions[region].seq)
        else:
            assert found.actor not in self.actors
        self.actors.add(found.actor)
        regions.crash(region)
        regions.replicas[region] = found
        self.logs[region] = Kept(found)

    def check_logs(self) -> None:
        """What would come back now is what is here."""
        for region, log in self.logs.items():
            replica = self.regions[region]
            peers = list(replica.links)
            found = recovered(aof.read(log.file), region, peers, 99, self.regions.settings)
            assert reading(found) == reading(replica)
            seen = replica.digest().seen()
            assert found.context == seen
            # There may be records more, which were stable and are forgotten here.
            assert set(replica.keyspace.dots()) <= set(found.keyspace.dots())


def reading(replica: Replica) -> dict[bytes, Any]:
    return {
        key: (entry.value.name, entry.value.value(), entry.deadline_us)
        for key, entry in replica.keyspace.keys.items()
        if entry.value is not None
    }


@given(st.lists(steps, min_size=10, max_size=60), st.booleans())
def test_what_comes_back_from_a_log_is_what_was(story: list[Any], causal: bool) -> None:
    life = Life(causal)
    for step in story:
        life.step(*step)
    life.check_logs()


@given(st.lists(steps, min_size=10, max_size=60))
def test_whoever_loses_the_end_of_a_log_loses_nothing_of_others(story: list[Any]) -> None:
    life = Life()
    for step in story:
        life.step(*step)
    life.regions.settle(round_us=20_000)
    life.regions.assert_converged()
    own = life.regions.say(1, "SMEMBERS own")
    assert isinstance(own, list)
    assert set(own) >= life.added, "the third region lost nothing, so nobody may"
    for key in sorted(life.regions[1].keyspace.keys):
        life.regions.run(1, b"DEL", key)
    life.regions.settle(round_us=20_000)
    for log in life.logs.values():
        log.collect()
    life.regions.tick()
    life.regions.assert_nothing_left()


# ── by name ─────────────────────────────────────────────────────────────────────────────────────


def test_what_had_not_left_before_the_power_failed_reaches_the_others() -> None:
    """Persisted, and not sent: an orphan of the actor that wrote it."""
    life = Life()
    life.step("say", 1, "SADD s unsent")
    life.step("lose power", 1, 0)
    life.regions.settle()
    assert life.regions.everywhere("SISMEMBER s unsent") == [1, 1, 1]


def test_what_was_removed_elsewhere_stays_removed_though_the_file_still_has_it() -> None:
    """Bug 6: an old file brings back what is gone, or is believed to be news."""
    life = Life()
    life.step("say", 1, "SADD s old new")
    life.regions.settle()
    file = snapshot.written(life.regions[1].snapshot())
    life.regions.say(2, "SREM s old")
    life.regions.say(1, "SADD s late")
    life.regions.settle()
    life.come_back(1, file)
    life.regions.settle()
    assert [sorted(each) for each in life.regions.everywhere("SMEMBERS s")] == [  # type: ignore[arg-type]
        [b"late", b"new"]
    ] * 3


def test_a_dot_is_never_used_again_by_who_lost_the_end_of_a_log() -> None:
    """Bug 6: the write that follows would be taken for the one that was lost, and dropped."""
    life = Life()
    life.step("say", 1, "SADD s first")
    life.regions.settle()
    file = life.logs[1].file
    life.step("say", 1, "SADD s lost")
    life.regions.settle()
    life.come_back(1, file)
    life.regions.settle()
    life.step("say", 1, "SADD s after")
    life.regions.settle()
    assert [len(each) for each in life.regions.everywhere("SMEMBERS s")] == [3, 3, 3]  # type: ignore[arg-type]


def test_after_an_orderly_end_a_region_goes_on_as_who_it_was_and_writes_at_once() -> None:
    life = Life()
    life.step("say", 1, "SADD s a")
    life.step("shut down", 1)
    assert not life.regions[1].stale
    life.step("say", 1, "SADD s b")
    life.regions.settle()
    assert life.regions.everywhere("SCARD s") == [2, 2, 2]
    assert life.regions[2].context.vector.keys() == {1}


def test_a_region_alone_serves_what_it_has_at_once() -> None:
    before = Replica(1)
    before.execute(0, Session(), [b"SET", b"k", b"v"], lambda n: 0)
    log = aof.read(snapshot.written(before.snapshot()))
    after = recovered(log, 1, [], actor=2)
    assert after.execute(0, Session(), [b"APPEND", b"k", b"w"], lambda n: 0) == 2
    assert after.actor == 2


def test_records_that_wait_for_stability_wait_on_after_a_restart() -> None:
    life = Life()
    life.step("say", 1, "INCR n")
    life.regions.settle()
    life.step("say", 1, "DEL n")
    assert life.regions[1].stability.waiting
    life.step("lose power", 1, 0)
    assert life.regions[1].stability.waiting
    life.regions.settle()
    assert not any(replica.stability.waiting for replica in life.regions.replicas.values())
