"""Load: what an application got for its requests, one row a trial.

Latency is from when a request was due until its last word, errors and time-outs included. The
longest silence is the longest time in which no request at all succeeded.
"""

from collections.abc import Sequence
from itertools import pairwise

from sim.history import FAIL, INFO, OK, History, Op
from sim.metrics import Row, heading, ms, percentile
from sim.trial import Trial

TABLE = "load"
LEGEND = (
    "of the application's requests, retries included; failed: told an error; unanswered: it may "
    "have happened; latency: from when it was due; silence: the longest time without any success"
)
REQUEST = "request"


def requests(history: History) -> list[Op]:
    """Return the application's requests in order of completion."""
    return [op for op in history.ops if op.name == REQUEST]


def silence_us(ops: Sequence[Op]) -> int:
    """Return the longest time between two successes, the first request's beginning included."""
    if not ops:
        return 0
    begin_us = min(op.invoked_us for op in ops)
    ends = [begin_us, *(op.completed_us for op in ops if op.outcome is OK and op.completed_us)]
    last_us = max(op.invoked_us for op in ops)
    ends.append(max(last_us, *ends))
    return max(later - earlier for earlier, later in pairwise(ends))


def row(ops: Sequence[Op]) -> Row:
    times = [op.completed_us - op.invoked_us for op in ops if op.completed_us is not None]
    return {
        "requests": len(ops),
        "failed": sum(op.outcome is FAIL for op in ops),
        "unanswered": sum(op.outcome is INFO for op in ops),
        "latency_ms_mean": ms(sum(times) // len(times)) if times else None,
        "latency_ms_p50": ms(percentile(times, 0.5)),
        "latency_ms_p99": ms(percentile(times, 0.99)),
        "latency_ms_p99.9": ms(percentile(times, 0.999)),
        "silence_ms_max": ms(silence_us(ops)),
    }


def rows(trials: Sequence[Trial]) -> list[Row]:
    return [heading(trial) | row(ops) for trial in trials if (ops := requests(trial.history))]
