"""OR-set benchmark: one member added, removed, or heard of, against pycrdt's map.

pycrdt is the nearest thing in Python: a map of Yjs, written in Rust, whose keys with a value are
the members. Every operation is of one member, as a client's command is: a transaction of its own
there, a delta of its own here. Locally pycrdt is spared the making of the update that travels,
while ours always makes its delta; what is applied remotely was made outside of the timing. A
replica's own work (keys, backlog, messages) is not in here: `bench_commands` has that.

    python -m tests.bench.bench_orset
"""

import gc
from collections.abc import Callable
from statistics import median
from time import process_time

from pycrdt import Doc, Map

from crdb.crdts.base import NOTHING
from crdb.crdts.orset import MemberDelta, ORSet, SetDelta
from crdb.dots import CausalContext, dot

MEMBERS = 5_000
ROUNDS = 15
NAMES = [f"member {number}" for number in range(MEMBERS)]
WORDS = [(name.encode(),) for name in NAMES]
FIRST = dot(1, 1)

FLOORS = {"add": 8.0, "remove": 8.0, "remote_apply": 8.0}


def rate(operations: int, run: Callable[[], object]) -> float:
    """Return operations per second of `run`, which makes so many."""
    gc.collect()
    gc.freeze()
    begin = process_time()
    run()
    took = process_time() - begin
    gc.unfreeze()
    return operations / took


def ours() -> dict[str, float]:
    """Return operations per second of our set."""
    cloud = CausalContext().cloud
    here, there = ORSet(), ORSet()
    deltas: list[SetDelta | MemberDelta] = []

    def add() -> None:
        for number, names in enumerate(WORDS, FIRST):
            deltas.append(here.add_now(names, number))

    def remove() -> None:
        for names in WORDS:
            delta = here.remove(names)
            here.merge(delta, NOTHING)
            deltas.append(delta)

    def apply() -> None:
        for delta in deltas:
            there.merge(delta, cloud)

    found = {"add": rate(MEMBERS, add), "remove": rate(MEMBERS, remove)}
    found["remote_apply"] = rate(len(deltas), apply)
    assert not here.members
    assert not there.members
    return found


def pycrdts() -> dict[str, float]:
    """Return operations per second of pycrdt's map."""
    here, there = set_of(Doc()), set_of(Doc())
    found = {
        "add": rate(MEMBERS, lambda: add_each(here)),
        "remove": rate(MEMBERS, lambda: remove_each(here)),
    }
    updates: list[bytes] = []
    author: Doc[Map[bool]] = Doc()
    listening = author.observe(lambda event: updates.append(event.update))
    members = set_of(author)
    add_each(members)
    remove_each(members)
    author.unobserve(listening)

    def apply_each() -> None:
        for update in updates:
            there.doc.apply_update(update)

    found["remote_apply"] = rate(len(updates), apply_each)
    assert len(updates) == 2 * MEMBERS
    assert not len(here)
    assert not len(there)
    return found


def set_of(doc: "Doc[Map[bool]]") -> "Map[bool]":
    """Return a document's only map."""
    return doc.get("members", type=Map)


def add_each(members: "Map[bool]") -> None:
    for name in NAMES:
        members[name] = True


def remove_each(members: "Map[bool]") -> None:
    for name in NAMES:
        del members[name]


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Return for each operation our rate as a multiple of pycrdt's."""
    ratios: dict[str, list[float]] = {name: [] for name in FLOORS}
    for _ in range(rounds):
        mine, theirs = ours(), pycrdts()
        for name, found in ratios.items():
            found.append(mine[name] / theirs[name])
    return {name: median(found) for name, found in ratios.items()}


if __name__ == "__main__":
    for name, ratio in measure().items():
        print(f"{name:24} {ratio:.2f} x pycrdt's map (floor {FLOORS[name]:.2f})")
