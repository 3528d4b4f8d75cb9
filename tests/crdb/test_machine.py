"""Three replicas, any commands, any network: they converge, and to what the specs say.

A rule executes a command somewhere, lets a region tick, or does something to a message in flight:
deliver it (in any order), lose it, repeat it. Clocks of regions are apart and jump. Regions crash,
lose their memory, come back from old backups, leave and join again. The model is the history of
operations, each with what its author's version vector had covered; the specs of `tests/cases/`
say what it means. What is lost with a region is an operation that no vector covers any more; while
its author lives, none is. Keys of one type have a spec; keys that commands of several
types and deadlines fight over must only be equal everywhere.
"""

from typing import NamedTuple

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crdb.command import Reply
from crdb.errors import CommandError
from crdb.messages import Difference
from crdb.replica import Replica, Settings
from tests.cases import CASES
from tests.machine import KINDS, Kind
from tests.machine._kind import Request
from tests.regions import Regions
from tests.scripts import Call, Op

ANY = (b"any:1", b"any:2")

SMALL = Settings(
    batch_writes_max=2, backlog_writes_max=4, resend_after_us=1_000, owner_grace_us=50_000
)

regions_ = st.sampled_from([1, 2, 3])
any_ = st.sampled_from(ANY)
milliseconds = st.sampled_from([b"1", b"5", b"30"])
deadlines = st.one_of(
    st.tuples(st.just(b"PEXPIRE"), any_, milliseconds),
    st.tuples(st.just(b"SET"), any_, st.just(b"v"), st.just(b"PX"), milliseconds),
    st.tuples(st.just(b"PERSIST"), any_),
)


def kind_of(key: bytes) -> Kind | None:
    """A key is called after the type whose spec it has; None for one that has no spec."""
    kind = KINDS.get(key.partition(b":")[0].decode())
    return kind if kind is not None and kind.case else None


class Entry(NamedTuple):
    """An operation on a key that has a spec."""

    key: bytes
    op: Op
    actor: int
    last: int
    """The actor's sequence number after it."""


class History:
    """The operations on the keys that have a spec."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []

    def applied(self, replica: Replica) -> frozenset[int]:
        """The operations that a replica knows: its own, and those its vector covers."""
        vector = replica.context.vector
        return frozenset(
            each.op.number
            for each in self.entries
            if each.actor == replica.actor or vector.get(each.actor, 0) >= each.last
        )

    def expected(self, key: bytes, known: frozenset[int]) -> object:
        ops = [each.op for each in self.entries if each.key == key and each.op.number in known]
        kind = kind_of(key)
        assert kind is not None
        return CASES[kind.case].spec(ops)


class Mesh(RuleBasedStateMachine):
    """Two or three regions, with keys of two types, under a random schedule."""

    @initialize(
        count=st.sampled_from([2, 3, 3]),
        names=st.lists(st.sampled_from(sorted(KINDS)), min_size=2, max_size=2, unique=True),
    )
    def begin(self, count: int, names: list[str]) -> None:
        self.regions = Regions(count, SMALL)
        self.kinds = [KINDS[name] for name in names]
        self.keys = [f"{name}:{number}".encode() for name in names for number in (1, 2)]
        self.specified = st.one_of(
            *[
                KINDS[name].requests(st.sampled_from(self.keys[2 * place : 2 * place + 2]))
                for place, name in enumerate(names)
            ]
        )
        self.contended = st.one_of(deadlines, *[kind.requests(any_) for kind in self.kinds])
        self.history = History()
        self.backups: dict[int, Difference] = {}
        self.removed: list[int] = []

    def region(self, number: int) -> int:
        present = sorted(self.regions.replicas)
        return present[number % len(present)]

    def read(self, region: int, key: bytes) -> Reply:
        kind = kind_of(key)
        if kind is None:
            return None
        return self.regions.run(region, *[key if word == b"k" else word for word in kind.read])

    def perform(self, region: int, requests: list[Request], atomic: bool) -> None:
        """Execute in order, in one transaction or not, and write down what happened."""
        replica = self.regions[region]
        seen, before_seq = self.history.applied(replica), replica.seq
        done: list[tuple[bytes, Call]] = []
        if atomic:
            befores: list[Reply] = [None] * len(requests)
            assert self.regions.run(region, b"MULTI") == "OK"
            for request in requests:
                self.regions.run(region, *request)
            replies = self.regions.run(region, b"EXEC")
            if isinstance(replies, CommandError):
                assert replica.stale
                return
            assert isinstance(replies, list)
        else:
            [request] = requests
            befores = [self.read(region, request[1])]
            replies = [self.regions.run(region, *request)]
        for request, before, reply in zip(requests, befores, replies, strict=True):
            kind = kind_of(request[1])
            if kind is None or isinstance(reply, CommandError):
                continue
            call = kind.operation(request, before, reply)
            if call is not None:
                done.append((request[1], call))
        if replica.seq == before_seq:
            return  # Nothing changed, and nobody will hear of it.
        clock_us = self.regions.clock_us(region)
        for key, call in done:
            number = len(self.history.entries)
            op = Op(number, region, clock_us, call, seen)
            self.history.entries.append(Entry(key, op, replica.actor, replica.seq))
            seen |= {number}

    # ── what can happen ─────────────────────────────────────────────────────────────────────

    @rule(region=regions_, data=st.data())
    def execute(self, region: int, data: st.DataObject) -> None:
        self.perform(self.region(region), [data.draw(self.specified)], atomic=False)

    @rule(region=regions_, data=st.data())
    def contend(self, region: int, data: st.DataObject) -> None:
        self.perform(self.region(region), [data.draw(self.contended)], atomic=False)

    @rule(region=regions_, data=st.data())
    def transact(self, region: int, data: st.DataObject) -> None:
        anything = st.one_of(self.specified, self.contended)
        group = data.draw(st.lists(anything, min_size=1, max_size=3))
        alone = frozenset[bytes]().union(*[kind.by_itself for kind in self.kinds])
        plain = [request for request in group if request[0] not in alone]
        if plain:
            self.perform(self.region(region), plain, atomic=True)

    @rule(region=regions_)
    def tick(self, region: int) -> None:
        self.regions.tick([self.region(region)])

    @rule(listener=regions_, speaker=regions_)
    def hear(self, listener: int, speaker: int) -> None:
        # One peer hears, the other does not: how a removal gets ahead of its add.
        self.regions.hear(self.region(listener), self.region(speaker))

    @rule(elapsed_us=st.integers(1, 8_000))
    def pass_time(self, elapsed_us: int) -> None:
        self.regions.now_us += elapsed_us

    @rule(region=regions_, skew_us=st.integers(-5_000, 5_000))
    def step_clock(self, region: int, skew_us: int) -> None:
        self.regions.skew_us[self.region(region)] = skew_us

    @rule(region=regions_)
    def crash(self, region: int) -> None:
        """It comes back at once with all it had, but what is on its connections is lost."""
        self.regions.crash(self.region(region))

    @rule(region=regions_)
    def back_up(self, region: int) -> None:
        self.backups[self.region(region)] = self.regions[self.region(region)].snapshot()

    @precondition(lambda self: self.backups)
    @rule(data=st.data())
    def restore(self, data: st.DataObject) -> None:
        """Perhaps again and again from one backup."""
        here = [region for region in sorted(self.backups) if region in self.regions.replicas]
        if here:
            region = data.draw(st.sampled_from(here))
            self.regions.restore(region, self.backups[region])

    @rule(region=regions_)
    def forget_all(self, region: int) -> None:
        self.regions.restore(self.region(region))

    @precondition(lambda self: len(self.regions.replicas) > 1)
    @rule(region=regions_)
    def leave(self, region: int) -> None:
        self.removed.append(self.region(region))
        self.regions.remove(self.removed[-1])

    @precondition(lambda self: self.removed)
    @rule()
    def join_again(self) -> None:
        self.regions.add(self.removed.pop())

    def pick(self, data: st.DataObject) -> int:
        return data.draw(st.integers(0, len(self.regions.flight) - 1))

    @precondition(lambda self: self.regions.flight)
    @rule(data=st.data())
    def deliver(self, data: st.DataObject) -> None:
        self.regions.deliver(self.pick(data))

    @precondition(lambda self: self.regions.flight)
    @rule()
    def deliver_all(self) -> None:
        for _ in range(len(self.regions.flight)):
            self.regions.deliver()

    @precondition(lambda self: self.regions.flight)
    @rule(data=st.data())
    def duplicate(self, data: st.DataObject) -> None:
        self.regions.flight.append(self.regions.flight[self.pick(data)])

    @precondition(lambda self: self.regions.flight)
    @rule(data=st.data())
    def drop(self, data: st.DataObject) -> None:
        del self.regions.flight[self.pick(data)]

    @rule()
    def heal(self) -> None:
        self.regions.settle(round_us=20_000)
        self.regions.assert_converged()

    # ── what must hold ──────────────────────────────────────────────────────────────────────

    @invariant()
    def every_region_reads_what_it_knows(self) -> None:
        for region, replica in self.regions.replicas.items():
            known = self.history.applied(replica)
            for key in self.keys:
                kind = kind_of(key)
                if kind is None:
                    continue
                value = kind.value(self.read(region, key))
                assert value == self.history.expected(key, known), (region, key)

    def teardown(self) -> None:
        """Heal and judge; then delete everything, and nothing may be left of it."""
        if not hasattr(self, "history"):
            return
        self.heal()
        living = {replica.actor for replica in self.regions.replicas.values()}
        theirs = {each.op.number for each in self.history.entries if each.actor in living}
        for replica in self.regions.replicas.values():
            assert self.history.applied(replica) >= theirs
        self.every_region_reads_what_it_knows()
        for key in (*self.keys, *ANY):
            self.perform(self.region(1), [(b"DEL", key)], atomic=False)
        self.heal()
        self.regions.assert_nothing_left()


Mesh.TestCase.settings = settings(stateful_step_count=40)
TestMesh = Mesh.TestCase
