"""How often set-nx captures twice in a partition, and that downstream-unique never does.

A payment is captured twice if its first payer captured and its user did not hear of it (the payer
died before it could answer, or the answer got lost), and the user's second request went to the
other region, where the claim is not known: about

    (dies_after_capture + answer_loss) × reroute

of the payments that arrive in a partition. Second-order terms (a third request, a slow capture)
are below a tenth of that.
"""

import pytest

from sim.checkers.duplicate_capture import captures
from sim.pages import rate
from sim.scenario import load
from tests.protocols.small import PARTITION, Trial

LONG = ["variants.1.faults.0.at=10s", "variants.1.faults.0.lasts=100s", "workload.lasts=100s"]


def counted(design, seeds, settings=()):
    """Payments that arrived in the partition, and how many of them were captured twice."""
    payments = duplicates = 0
    for seed in seeds:
        history = Trial(design, PARTITION, seed, settings=[*LONG, *settings]).history
        asked = {op.args[0] for op in history.ops if op.name == "pay" and op.invoked_us > 10**7}
        payments += len(asked)
        duplicates += sum(len(captures(history).get(payment, ())) > 1 for payment in asked)
    return payments, duplicates


def expected_share(workload):
    return (workload.dies_after_capture + workload.answer_loss) * workload.reroute


def test_the_rate_of_duplicates_follows_from_the_inputs():
    payments, duplicates = counted("set-nx", range(6), ["workload.answer_loss=0.1"])
    share = (0.002 + 0.1) * 0.5
    # Four standard deviations of a binomial count, 110 ± 42.
    assert abs(duplicates - share * payments) < 4 * (share * payments) ** 0.5


def test_a_provider_that_deduplicates_captures_once():
    assert counted("downstream-unique", range(6), ["workload.answer_loss=0.1"])[1] == 0


@pytest.mark.slow
def test_two_seeds_of_the_shipped_partition():
    """All of the shipped scenario; of the 64 seeds behind `docs/payments.md` only two."""
    found = rate(("partition", "set-nx"), range(2))
    expected = expected_share(load("payments").workload) * found.meanwhile
    assert abs(found.twice - expected) < 4 * expected**0.5
    assert rate(("partition", "downstream-unique"), range(2)).twice == 0


@pytest.mark.slow
def test_64_short_partitions():
    """100 s each instead of eleven minutes: the share of duplicates does not hang on the length."""
    payments, duplicates = counted("set-nx", range(64))
    share = expected_share(load("payments").workload)
    assert share == pytest.approx(0.006)
    assert abs(duplicates - share * payments) < 4 * (share * payments) ** 0.5
    assert counted("downstream-unique", range(64))[1] == 0
