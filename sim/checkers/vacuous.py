"""not-vacuous: something concurrent did happen, and every fault did matter.

A run in which nobody met anybody proves nothing, however valid its other verdicts. So two clients
must have worked on one key of Redis, neither knowing of the other: their work overlapped, or they
worked in different regions, nearer than the longest replication lag or within one fault. And a
fault counts only if the share of operations without success was more than twice as large while it
lasted as outside of faults, or if some write took longer to arrive than all those made outside.
"""

from collections.abc import Iterator

from sim.checkers import Verdict
from sim.checkers._keys import touches
from sim.history import OK, History, Lag, Op
from sim.windows import Window, covered, windows

NAME = "not-vacuous"


def check(history: History) -> Verdict:
    faults = windows(history)
    met = next(_meetings(history, faults), None)
    idle = [each for each in faults if not _mattered(history, each, faults)]
    evidence = [f"vacuous: {each.what} at {each.place} changed nothing" for each in idle]
    if met is None:
        evidence.append("vacuous: no two clients worked on one key at the same time")
    if evidence:
        return Verdict(NAME, "invalid", evidence)
    return Verdict(NAME, "valid", [met or "", f"{len(faults)} faults mattered"])


def _meetings(history: History, faults: list[Window]) -> Iterator[str]:
    """Yield where two clients worked on one key, unaware of each other."""
    lag_us = max((lag.lag_us for lag in history.lags), default=0)
    latest: dict[str, dict[tuple[int, str], Op]] = {}
    for key, _, op in sorted(touches(history), key=lambda touch: touch.op.invoked_us):
        clients = latest.setdefault(key, {})
        for (client, place), other in clients.items():
            far = place != op.place
            if client != op.process and (
                op.invoked_us < _end_us(other)
                or (far and op.invoked_us <= _end_us(other) + lag_us)
                or (far and any(_both_in(each, other, op) for each in faults))
            ):
                yield f"clients {client} and {op.process} both worked on {key}"
        clients[op.process, op.place] = op


def _both_in(fault: Window, one: Op, two: Op) -> bool:
    return fault.covers(one.invoked_us) and fault.covers(two.invoked_us)


def _mattered(history: History, fault: Window, faults: list[Window]) -> bool:
    inside = [op for op in history.ops if fault.meets(op.invoked_us, _end_us(op))]
    outside = [op for op in history.ops if not covered(faults, op.invoked_us)]
    if _failed(inside) * len(outside) > 2 * _failed(outside) * len(inside):
        return True
    usual_us = max(
        (lag.lag_us for lag in history.lags if not any(_on_its_way(lag, each) for each in faults)),
        default=0,
    )
    return any(lag.lag_us > usual_us and _on_its_way(lag, fault) for lag in history.lags)


def _on_its_way(lag: Lag, fault: Window) -> bool:
    return fault.meets(lag.at_us - lag.lag_us, lag.at_us)


def _failed(ops: list[Op]) -> int:
    return sum(op.outcome is not OK for op in ops)


def _end_us(op: Op) -> int:
    """When it ended; of one that was cut short only the beginning is sure."""
    return op.invoked_us if op.completed_us is None else op.completed_us
