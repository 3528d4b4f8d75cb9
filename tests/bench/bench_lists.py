"""List benchmark: what a million elements cost against a thousand.

Each figure is the time of one command on a list of a million elements, divided by the same on a
thousand: both are our own. The ends should cost the same, the middle a walk along the pages.

    python -m tests.bench.bench_lists
"""

import gc
from statistics import median
from time import process_time

from crdb.replica import Replica
from crdb.session import Session

FEW, MANY = 1_000, 1_000_000
OPERATIONS = 400
ROUNDS = 9
PUSHED = 500
"""Values of one RPUSH while a list is made."""

CEILINGS = {"lpush": 2.0, "rpush": 2.0, "lpop": 2.0, "rpop": 2.0}


def made(length: int) -> Replica:
    replica = Replica(1)
    for start in range(0, length, PUSHED):
        values = [b"%d" % number for number in range(start, start + PUSHED)]
        replica.execute(0, Session(), [b"RPUSH", b"l", *values], lambda n: 0)
    return replica


def requests(length: int) -> dict[str, list[bytes]]:
    middle = b"%d" % (length // 2)
    return {
        "lpush": [b"LPUSH", b"l", b"x"],
        "rpush": [b"RPUSH", b"l", b"x"],
        "lpop": [b"LPOP", b"l"],
        "rpop": [b"RPOP", b"l"],
        "lindex_middle": [b"LINDEX", b"l", middle],
        "lset_middle": [b"LSET", b"l", middle, b"x"],
        "lrange_middle": [b"LRANGE", b"l", middle, b"%d" % (length // 2 + 9)],
    }


def us_each(replica: Replica, request: list[bytes]) -> float:
    session = Session()
    begin = process_time()
    for _ in range(OPERATIONS):
        replica.execute(0, session, request, lambda n: 0)
    return (process_time() - begin) / OPERATIONS * 1e6


def main() -> None:
    lists = {length: made(length) for length in (FEW, MANY)}
    gc.collect()
    gc.freeze()
    costs: dict[tuple[str, int], list[float]] = {}
    for _ in range(ROUNDS):
        for length, replica in lists.items():
            for name, request in requests(length).items():
                costs.setdefault((name, length), []).append(us_each(replica, request))
    for name in requests(FEW):
        few, many = (median(costs[name, length]) for length in (FEW, MANY))
        ceiling = f" (ceiling {CEILINGS[name]})" if name in CEILINGS else ""
        print(f"{name}: {many / few:.2f}{ceiling}, {few:.1f} us and {many:.1f} us")
    gc.unfreeze()


if __name__ == "__main__":
    main()
