"""One replica without peers and its disk, in a test's hand: what was done, told and kept."""

from collections.abc import Iterator
from itertools import chain, combinations
from typing import Any

from crdb.persistence import aof
from crdb.persistence.recovery import recovered
from crdb.replica import Replica
from crdb.session import Session
from sim.appendonly import AppendOnly
from sim.disk import SECTOR_BYTES, Disk, File, torn
from sim.durability import OnDisk
from sim.engine import Engine
from sim.latency import Constant, Latency
from sim.persister import ASIDE, FILE, Policy
from sim.rng import Dice


class Keeping:
    """Write number n adds n to a set and 1 to a counter, in one transaction."""

    def __init__(
        self,
        policy: Policy,
        *,
        seed: int = 1,
        fsync: Latency | None = None,
        capacity_bytes: int | None = None,
        padding: bytes = b"",
    ) -> None:
        self.engine = Engine()
        self.disk = Disk(
            self.engine,
            Dice(seed, "disk"),
            fsync=fsync or Constant(1_000),
            capacity_bytes=capacity_bytes,
        )
        self.policy = policy
        self.replica = Replica(1)
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.durability = OnDisk(
            self.engine,
            self.disk,
            self.replica,
            policy,
            lambda what, **d: self.told.append((what, d)),
        )
        self.made_us: list[int] = []
        """When each write was made."""
        self.acked = 0
        self._padding = padding

    def _tell(self, what: str, **detail: Any) -> None:
        self.told.append((what, detail))

    @property
    def persister(self) -> AppendOnly:
        found = self.durability._persister
        assert isinstance(found, AppendOnly)
        return found

    def write(self, _: object = None) -> Any:
        number = len(self.made_us) + 1
        session = Session()
        member = b"%d" % number + self._padding
        reply: Any = None
        for request in ([b"MULTI"], [b"INCR", b"n"], [b"SADD", b"s", member], [b"EXEC"]):
            refused = self.durability.refused(session, request)
            reply = refused or self.replica.execute(0, session, request, lambda n: 0)
            if refused:
                return refused
        self.made_us.append(self.engine.now)
        self.durability.wrote()
        self.durability.when_safe(lambda: self._ack(number))
        return reply

    def _ack(self, number: int) -> None:
        assert number == self.acked + 1, "in the order in which they were asked for"
        self.acked = number

    def every(self, pause_us: int, writes: int) -> None:
        """Plan so many writes."""
        for number in range(writes):
            self.engine.call_in(number * pause_us + 1, self.write)
            self.engine.call_in(number * pause_us + pause_us // 2, self.tick)

    def tick(self, _: object = None) -> None:
        """What was written goes to the system, which may write it back before it is asked to."""
        self.replica.tick(0)
        self.durability.collect()

    def promised(self) -> int:
        """How many writes have to be there if the power fails now; -1 if not even a file."""
        if self.policy.kind == "rdb":
            return 0
        if self.policy.fsync == "always":
            return self.acked
        since_us = self.persister.wanted_since_us
        owed_us = self.engine.now if since_us is None else since_us
        interval_us = self.persister._interval_us
        return sum(at_us < owed_us - interval_us for at_us in self.made_us)

    def outcomes(self) -> Iterator[bytes | None]:
        """Every file that may be there if the power fails now."""
        works, files = self.disk._works, self.disk.files
        names = [FILE]
        if works and works[0].new:
            names.append(ASIDE)
        for name in names:
            if name in files:
                yield from tears(files[name])
            else:
                yield None


def tears(file: File) -> Iterator[bytes]:
    """Every beginning of what was not synced, and every choice of its sectors."""
    data, synced = bytes(file.data), file.synced
    step = 1 if len(data) - synced < SECTOR_BYTES else 61
    for size in range(synced, len(data) + 1, step):
        yield data[:size]
    sectors = range(synced // SECTOR_BYTES, -(-len(data) // SECTOR_BYTES))
    for kept in chain.from_iterable(combinations(sectors, n) for n in range(len(sectors) + 1)):
        yield torn(data, synced, kept)


def kept(file: bytes | None) -> int:
    """How many writes came back. They are the first so many, and each is there as a whole."""
    if file is None:
        return 0
    replica = recovered(aof.read(file), 1, [], actor=2)

    def read(*request: bytes) -> Any:
        return replica.execute(0, Session(), list(request), lambda n: 0)

    count = int(read(b"GET", b"n") or 0)
    numbers = {int(member.partition(b" ")[0]) for member in read(b"SMEMBERS", b"s")}
    assert numbers == set(range(1, count + 1))
    return count
