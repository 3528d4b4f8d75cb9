"""Scale benchmark: what a merge costs beside ``set |=``, and whether an operation stays as cheap.

*Merge*: two replicas' sets of 10,000 members, of which each has 50 and has removed 50 that the
other does not know of. One joins the other's complete state, with its context, against ``|=`` of
two plain sets of the same members. What is joined was read from bytes, for both: equal members are
other objects, as they are when a peer has sent them.

*Operations*: SADD, SREM, SET and INCR through `Replica.execute`, against the same change of a plain
set or dictionary, at 1,000 and at 1,000,000 members or keys. A plain dictionary too is slower when
it no longer fits into the processor's caches; so the two ratios are compared, not the two costs.
The members and keys are random and, like a client's, equal to those stored but other objects.
Each replica ticks after its operations, without peers.

    python -m tests.bench.bench_scale
"""

import gc
from collections.abc import Callable, Sequence
from functools import partial
from random import Random
from statistics import median
from time import process_time
from typing import Any

from crdb.crdts.base import NOTHING, Causal
from crdb.crdts.orset import ORSet
from crdb.dots import CausalContext, VersionVector, dot
from crdb.persistence.format import decode, encode
from crdb.replica import Replica
from crdb.session import Session
from crdb.transaction import no_dice

MEMBERS = 10_000
APART = 50
SMALL, LARGE = 1_000, 1_000_000
OPERATIONS = 500
ROUNDS = 41
MEMBER_BYTES = 8

MERGE_MAX = 4.0
GROWTH_MAX = 1.5
"""Most that the ratio at `LARGE` may be of the ratio at `SMALL`."""


def took(run: Callable[[], object]) -> float:
    """Return the seconds that `run` takes of the processor."""
    begin = process_time()
    run()
    return process_time() - begin


# ── merge ───────────────────────────────────────────────────────────────────────────────────────


def diverged(origin: Causal[ORSet], actor: int, dice: Random) -> Causal[ORSet]:
    """Return a copy to which `actor` has made changes of its own."""
    copy = origin.copy()
    gone = dice.sample(sorted(copy.state.members), APART)
    new = [dice.randbytes(MEMBER_BYTES) for _ in range(APART)]
    copy.state.merge(copy.state.remove(gone), NOTHING)
    copy.state.merge(copy.state.add(new, dot(actor, 1)), NOTHING)
    copy.seen.advance(actor, APART)
    return copy


def merge_ratio(rounds: int = ROUNDS) -> float:
    """Return the cost of joining two sets as a multiple of ``|=``."""
    dice = Random(1)
    origin = Causal(ORSet(), CausalContext(VersionVector({1: MEMBERS})))
    members = [dice.randbytes(MEMBER_BYTES) for _ in range(MEMBERS)]
    origin.state.merge(origin.state.add(members, dot(1, 1)), NOTHING)
    here, there = diverged(origin, 2, dice), diverged(origin, 3, dice)
    whole = decode(encode(there.state.complete()))
    plain = set(whole.adds)
    joined = here | there
    ratios = []
    for _ in range(rounds):
        ours, theirs = here.copy(), set(here.state.members)

        def join(ours: Causal[ORSet] = ours) -> None:
            ours.state.merge(ours.state.covered(whole, there.seen), ours.seen)
            ours.seen.merge(there.seen)

        ratios.append(took(join) / took(partial(theirs.update, plain)))
        assert ours == joined
    return median(ratios)


# ── operations ──────────────────────────────────────────────────────────────────────────────────

Request = tuple[bytes, ...]
Plain = Any

REQUESTS: dict[str, Callable[[bytes], Request]] = {
    "srem": lambda name: (b"SREM", b"s", name),
    "sadd": lambda name: (b"SADD", b"s", name),
    "set": lambda name: (b"SET", name, b"value"),
    "incr": lambda name: (b"INCR", name),
}


def srem(held: Plain, names: Sequence[bytes]) -> None:
    for name in names:
        held.discard(name)


def sadd(held: Plain, names: Sequence[bytes]) -> None:
    for name in names:
        held.add(name)


def set_(held: Plain, names: Sequence[bytes]) -> None:
    for name in names:
        held[name] = b"value"


def incr(held: Plain, names: Sequence[bytes]) -> None:
    for name in names:
        held[name] += 1


PLAIN = {"srem": srem, "sadd": sadd, "set": set_, "incr": incr}
TURNS = (("srem", "sadd"), ("set",), ("incr",))
"""What is measured in turn on one keyspace. The last also fills it: members go and come back."""


class Side:
    """A replica and a plain set or dictionary, which hold the same."""

    def __init__(self, fill: str, size: int) -> None:
        self.dice = Random(size)
        self.replica, self.session = Replica(1), Session()
        self.names = [self.dice.randbytes(MEMBER_BYTES) for _ in range(size)]
        self.held: Plain = set(self.names) if fill == "sadd" else dict.fromkeys(self.names, 1)
        for start in range(0, size, OPERATIONS):
            self.execute(list(map(REQUESTS[fill], self.names[start : start + OPERATIONS])))

    def execute(self, requests: Sequence[Request]) -> None:
        execute, session = self.replica.execute, self.session
        for request in requests:
            execute(0, session, request, no_dice)
        self.replica.tick(0)

    def chosen(self) -> list[bytes]:
        return self.dice.sample(self.names, OPERATIONS)

    def ratio(self, operation: str, chosen: Sequence[bytes]) -> float:
        """Return the cost of our operation as a multiple of the plain one."""
        names = [bytes(bytearray(name)) for name in chosen]
        requests = [REQUESTS[operation](bytes(bytearray(name))) for name in chosen]
        ours = took(lambda: self.execute(requests))
        return ours / took(lambda: PLAIN[operation](self.held, names))


def ratios(rounds: int = ROUNDS) -> dict[str, tuple[float, float, float]]:
    """Return for each operation our ratio at `SMALL`, at `LARGE`, and by how much it grows."""
    found: dict[str, list[tuple[float, float, float]]] = {name: [] for name in PLAIN}
    for turn in TURNS:
        sides = [Side(turn[-1], size) for size in (SMALL, LARGE)]
        gc.collect()
        gc.freeze()
        for _ in range(rounds):
            chosen = [side.chosen() for side in sides]
            for name in turn:
                pair = zip(sides, chosen, strict=True)
                small, large = (side.ratio(name, names) for side, names in pair)
                found[name].append((small, large, large / small))
        gc.unfreeze()
    return {
        name: (median(small), median(large), median(growth))
        for name, rows in found.items()
        for small, large, growth in [zip(*rows, strict=True)]
    }


if __name__ == "__main__":
    print(f"merge of sets {merge_ratio():17.2f} x set |= (at most {MERGE_MAX:.2f})")
    for name, (small, large, growth) in ratios().items():
        print(
            f"{name} at {SMALL:,} and {LARGE:,} {small:8.1f} x and {large:.1f} x plain: "
            f"{growth:.2f} (at most {GROWTH_MAX:.2f})"
        )
