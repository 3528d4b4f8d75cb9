"""no-errors: the application had every request answered, sooner or later, and none with an error.

Only what the application saw counts, the operation ``request``: an attempt that failed and was
repeated in time is the client's success, not its user's error.
"""

from sim.checkers import Verdict, verdict
from sim.history import OK, History, Op
from sim.units import clock

NAME = "no-errors"
REQUEST = "request"


def errors(history: History) -> list[Op]:
    """Return the requests that failed or stayed without answer, in order of completion."""
    return [op for op in history.ops if op.name == REQUEST and op.outcome is not OK]


def check(history: History) -> Verdict:
    asked = sum(op.name == REQUEST for op in history.ops)
    if not asked:
        return Verdict(NAME, "unknown", ["no application asked for anything"])
    kinds: dict[str, list[Op]] = {}
    for op in errors(history):
        kinds.setdefault(_kind(op), []).append(op)
    wrong = [
        f"{kind}: {len(ops):,} of {asked:,} requests, the first of {clock(ops[0].invoked_us)}, "
        f"the last of {clock(ops[-1].invoked_us)}"
        for kind, ops in sorted(kinds.items(), key=lambda each: -len(each[1]))
    ]
    return verdict(NAME, wrong, f"{asked:,} requests were answered")


def _kind(op: Op) -> str:
    """The first word of an error: its other words may name slots and addresses."""
    if op.value is None or op.value == "no reply":
        return "no reply"
    return str(op.value).partition(" ")[0]
