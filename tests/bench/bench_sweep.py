"""Sweep benchmark: how much sooner two processes are done than one.

The same trials of the payments scenario, by `crdb sweep`'s own processes; starting them and sending
the tasks and rows counts. Only the wall clock can tell, and other work on the machine only makes it
longer: of several rounds the shortest counts, on either side.

    python -m tests.bench.bench_sweep
"""

from time import perf_counter

from sim.scenario import changed, load
from sim.sweep import sweep
from sim.workers import processes

TRIALS = 12
ROUNDS = 3
SETTINGS = ["protocols=['set-nx']", 'variants=[{name="calm"}]', "checkers=['duplicate-capture']"]

FLOORS = {"sweep_on_two_cores": 1.7}


def seconds(count: int) -> float:
    """Return how long so many processes take for all trials."""
    scenario = changed(load("payments"), SETTINGS)
    begin = perf_counter()
    sweep(scenario, range(TRIALS), {}, processes(count))
    return perf_counter() - begin


def measure(rounds: int = ROUNDS) -> dict[str, float]:
    """Return the time that one process takes, divided by that of two."""
    one, two = zip(*((seconds(1), seconds(2)) for _ in range(rounds)), strict=True)
    return {"sweep_on_two_cores": min(one) / min(two)}


if __name__ == "__main__":
    for name, each in measure().items():
        print(f"{name:24} {each:.2f} x one (floor {FLOORS[name]})")
