"""The share of payments that set-nx captures twice, worked out from a scenario and not run.

Five things have to come together, and each has its chance in the scenario:

1. *The first payer captures, and its user does not hear of it.* It did not die before the capture,
   ``1 - dies_before_capture``; and either it died right after, ``dies_after_capture``, or it lived
   and its answer got lost, ``(1 - dies_after_capture) × answer_loss``.
2. *The user asks again in the other region*, ``reroute``. If the payer died, only the second
   request counts: one that stays finds a claim that is not done, and from then on the user's payers
   ask the provider first. If the answer got lost, a request that stays finds "done", and its answer
   may get lost as well; then the third request counts, and so on, each
   ``(1 - reroute) × answer_loss`` times as often as the one before.
3. *The claim has not arrived there yet.* Request number k is made t(k) after the first: so many
   times ``user_timeout``, and the back-offs between. A claim takes its lag to arrive: the wait for
   the next batch, anything from nothing to ``sync.batch_interval``; what a batch waits beyond
   (``sync.delay``), and the way (the topology), which both enter by their means. So the claim is
   still on its way with the chance that the wait is longer than t(k) less those two.
   A claim made in a partition arrives one lag after its end, however long that is.
4. *The second payer captures as well*, ``1 - dies_before_capture``.
5. All of this before payments stop arriving: shares are of the payments of the whole run, which
   arrive evenly over ``workload.lasts``.

Left out, as they are below a hundredth of the result: lost packets between payers, stores and
provider, captures that take longer than a user waits, and the moments until the regions have caught
up when a partition is over.

>>> from sim.scenario import load
>>> payments = load("payments")
>>> f"{duplicate_rate(payments, payments.variants[1]):.3%}"
'0.311%'
>>> duplicate_rate(payments, payments.variants[0])
Traceback (most recent call last):
sim.closed_form.NotCovered: incident: expected nothing but whole partitions, not outage
"""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from sim.faults.partition import PartitionFault
from sim.latency import Exponential, Mixture, Pareto, pbs
from sim.scenario import Scenario, Variant
from sim.topology import Topology
from sim.workloads.payments import Payments

DESIGN = "set-nx"
REQUESTS_MAX = 8
"""Requests of a user that are counted; one more would need eight lost answers in a row."""


class NotCovered(ValueError):
    """The formula does not speak of such a scenario; one line says what it expects."""


class Request(NamedTuple):
    """A user's request that goes to the other region, after others that did not."""

    after_us: int
    """How long after the first."""
    chance: float
    """That it is made there, that the first capture is unknown to the user, and that this one would
    capture too."""


class Lag(NamedTuple):
    """How long a claim takes to be seen in the other region."""

    wait_us: int
    """The longest wait for a batch; shorter ones are as likely."""
    rest_us: float
    """All else, on average."""

    @property
    def mean_us(self) -> float:
        return self.wait_us / 2 + self.rest_us

    def exceeds(self, time_us: float) -> float:
        """Return the chance of more than this.

        >>> Lag(20_000_000, 0.0).exceeds(5_000_000)
        0.75
        """
        if not self.wait_us:
            return float(self.rest_us > time_us)
        return min(1.0, max(0.0, (self.wait_us + self.rest_us - time_us) / self.wait_us))


def duplicate_rate(scenario: Scenario, variant: Variant) -> float:
    """Return the share of a run's payments that set-nx captures more than once.

    Raises `NotCovered` unless it is payments in two regions, without faults or with partitions
    between them, and users wait for longer than a payer tries.
    """
    workload = _payments(scenario)
    lag = Lag(int(scenario.sync.batch_interval), _rest_us(scenario))
    cuts = list(_cuts(scenario, variant, int(workload.lasts)))
    return sum(
        each.chance * _unseen(each.after_us, lag, cuts, int(workload.lasts))
        for each in requests(workload)
    )


def requests(workload: Payments) -> Iterator[Request]:
    """Yield the second request and those that follow, with the chances of points 1, 2 and 4."""
    captures = (1 - workload.dies_before_capture) ** 2
    unheard = (1 - workload.dies_after_capture) * workload.answer_loss
    dead = workload.dies_after_capture
    after_us, backoff_us = 0, int(workload.user_backoff)
    for _ in range(REQUESTS_MAX - 1):
        after_us += int(workload.user_timeout) + backoff_us
        backoff_us = min(2 * backoff_us, int(workload.user_backoff_cap))
        yield Request(after_us, captures * workload.reroute * (dead + unheard))
        dead, unheard = 0.0, unheard * (1 - workload.reroute) * workload.answer_loss


def _unseen(after_us: int, lag: Lag, cuts: Sequence[tuple[int, int]], span_us: int) -> float:
    """Return the chance that a claim is not seen so long after it was made (point 3)."""
    cut_us = blind_us = 0.0
    for begin_us, end_us in cuts:
        made_us = min(end_us, span_us) - begin_us
        cut_us += made_us
        blind_us += min(made_us, max(0.0, end_us + lag.mean_us - after_us - begin_us))
    return (blind_us + (span_us - cut_us) * lag.exceeds(after_us)) / span_us


def _rest_us(scenario: Scenario) -> float:
    """Return what a batch waits beyond the interval and travels, on average."""
    way_us = Topology.azure(scenario.regions).one_way_us(*scenario.regions)
    return way_us + (_mean_us(pbs(scenario.sync.delay)) if scenario.sync.delay else 0.0)


def _mean_us(mixture: Mixture) -> float:
    usual, other = mixture.usual, mixture.other
    assert isinstance(usual, Pareto)
    assert isinstance(other, Exponential)
    usual_us = usual.scale_us * usual.shape / (usual.shape - 1)
    share = float(mixture.share)
    return share * float(usual_us) + (1 - share) * float(other.mean_us) + mixture.extra_us


def _payments(scenario: Scenario) -> Payments:
    workload = scenario.workload
    if not isinstance(workload, Payments):
        raise NotCovered("workload: expected payments")
    if len(scenario.regions) != 2:
        raise NotCovered(f"regions: expected two, not {len(scenario.regions)}")
    if workload.user_timeout < workload.request_limit:
        raise NotCovered("workload.user_timeout: expected no less than request_limit")
    return workload


def _cuts(scenario: Scenario, variant: Variant, span_us: int) -> Iterator[tuple[int, int]]:
    """Yield when the partitions begin and end, of those that begin while payments arrive."""
    last_us = 0
    for fault in sorted(variant.faults, key=lambda fault: fault.at):
        kind = fault.__struct_config__.tag
        if not isinstance(fault, PartitionFault) or fault.one_way or "sync" not in fault.channels:
            raise NotCovered(f"{variant.name}: expected nothing but whole partitions, not {kind}")
        if fault.at < last_us:
            raise NotCovered(f"{variant.name}: expected partitions one after the other")
        last_us = int(fault.at + fault.lasts) if fault.lasts else int(scenario.horizon)
        if fault.at < span_us:
            yield int(fault.at), last_us
