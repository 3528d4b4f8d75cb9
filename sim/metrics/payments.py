"""Payments: what became of them, one row for each protocol and variant.

A payment is the operation ``pay`` of a user: ok if the user was told that it is paid, fail if the
user was refused or gave up, open if the run ended before. The provider's happenings of kind
``capture`` say what was taken.
"""

from collections.abc import Sequence

from sim.checkers.duplicate_capture import captures, repeated
from sim.history import FAIL, OK, History
from sim.metrics import Row, heading, ms, percentile
from sim.metrics.availability import in_faults
from sim.trial import Trial
from sim.windows import last_us

TABLE = "payments"
LEGEND = (
    "duplicates: captured more than once; never captured: neither refused nor charged; "
    "refused: told no or gave up, and not charged; charged unanswered: charged and never told; "
    "availability: told in time, of those asked for during the faults; "
    "latency: from a user's first request until the user knew"
)


def row(history: History) -> Row:
    """Return one protocol's figures; times in milliseconds as the user sees them.

    ``refused`` counts those who were told no, or gave up, and were not charged; ``never_captured``
    those who were neither refused nor charged; ``charged_unanswered`` those who were charged and
    never told that they have paid. A payment that is open took as long as it had been waiting.
    """
    payments = [op for op in history.ops if op.name == "pay"]
    taken = captures(history)
    charged = [op for op in payments if op.args[0] in taken]
    free = [op for op in payments if op.args[0] not in taken]
    end_us = last_us(history)
    ends = [end_us if op.completed_us is None else op.completed_us for op in payments]
    times = [ended_us - op.invoked_us for op, ended_us in zip(payments, ends, strict=True)]
    share = in_faults(history, "pay").share
    return {
        "payments": len(payments),
        "duplicates": len(repeated(history)),
        "never_captured": sum(op.outcome is not FAIL for op in free),
        "refused": sum(op.outcome is FAIL for op in free),
        "charged_unanswered": sum(op.outcome is not OK for op in charged),
        "availability_incident": None if share is None else round(share, 4),
        "latency_ms_p50": ms(percentile(times, 0.5)),
        "latency_ms_p99": ms(percentile(times, 0.99)),
    }


def rows(trials: Sequence[Trial]) -> list[Row]:
    return [heading(trial) | row(trial.history) for trial in trials if _has_payments(trial.history)]


def _has_payments(history: History) -> bool:
    return any(op.name == "pay" for op in history.ops)
