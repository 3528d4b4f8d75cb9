"""Hypothesis strategies for what may happen to a program: regions, faults and when they strike.

Kinds of faults are joined with ``|``, and know the regions only when a schedule is drawn. Times and
sizes come from short ladders: so every scale is tried, most of all what happens as quickly as a
packet travels, and what a counterexample shrinks to is round. Simpler is earlier, shorter, smaller,
and fewer.

>>> both = partitions() | outages()
>>> schedules(["West Europe", "East US"], both).example().regions  # doctest: +SKIP
('West Europe', 'East US')

All faults end by themselves: a program that waits for their end is not stuck.
"""

from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache, partial
from itertools import permutations, product
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from sim.faults import Channel, Fault
from sim.faults.amnesia import Amnesia
from sim.faults.clock_step import ClockStep
from sim.faults.drift import Drift
from sim.faults.duplicate import DuplicateFault
from sim.faults.hang import Hang
from sim.faults.idle_cut import IdleCut
from sim.faults.loss import LossFault
from sim.faults.node_outage import NodeOutage
from sim.faults.outage import Outage
from sim.faults.partition import PartitionFault
from sim.faults.patch import Patch
from sim.faults.power_loss import PowerLoss
from sim.faults.refuse import Refuse
from sim.faults.reorder import ReorderFault
from sim.faults.reset import Reset
from sim.faults.resize import Resize
from sim.faults.restore import Restore
from sim.faults.scale import Scale
from sim.faults.slow import SlowFault
from sim.faults.zone_outage import ZoneOutage
from sim.settings import ClusterSettings
from sim.testing.schedule import Schedule
from sim.topology import NoRoundTrip, Topology, azure_regions
from sim.units import MS, SECOND, Duration, Offset, Period, us

Regions = Sequence[str]

LADDER_US = [10 * MS, 100 * MS, SECOND, 10 * SECOND, 100 * SECOND]
"""How long things last, and how wrong clocks are. The last outlasts what a connection holds."""

LASTS = st.sampled_from(LADDER_US[1:]).map(Duration)
"""Of faults: a shorter one than replication takes anyway seldom matters."""

SEEDS = st.integers(0, 2**32 - 1)

PAUSES = st.sampled_from([0, *LADDER_US]).map(Duration)

PAUSES_MAX = 8

NO_CLUSTER = ClusterSettings()

CHANNELS: list[tuple[Channel, ...]] = [("sync",), ("sync", "client"), ("client",)]
SHARES = [0.01, 0.1, 0.5, 1.0]
SKEWS_US = [sign * step for step in LADDER_US for sign in (1, -1)]
DRIFTS_PPM = [sign * ppm for ppm in (100, 1_000, 100_000) for sign in (1, -1)]

Kind = Callable[[Regions, SearchStrategy[Duration]], SearchStrategy[Fault]]
"""What draws one kind of fault among regions, at a time that the strategy draws."""


class Faults:
    """Kinds of faults to draw from."""

    def __init__(self, *kinds: Kind) -> None:
        self._kinds = kinds

    def __or__(self, other: "Faults") -> "Faults":
        return Faults(*self._kinds, *other._kinds)

    def among(self, regions: Regions, within: str = "5s") -> SearchStrategy[Fault]:
        """One fault that strikes these regions within so long from the beginning."""
        at = st.sampled_from(_instants(us(within))).map(Duration)
        return st.one_of(*(kind(regions, at) for kind in self._kinds))


def schedules(
    regions: Regions | SearchStrategy[Sequence[str]],
    faults: Faults | None = None,
    *,
    faults_max: int = 3,
    within: str = "5s",
    sync_delays: Sequence[str] = ("",),
    cluster: ClusterSettings = NO_CLUSTER,
) -> SearchStrategy[Schedule]:
    """Schedules of up to ``faults_max`` faults, which begin within so long from the beginning.

    ``sync_delays`` are names of stores that `sim.latency.pbs` knows, or nothing. ``cluster`` is
    what the regions are made of, which `cluster_faults` need. Raises ValueError for regions that
    the faults cannot strike, `sim.units.NotADuration`, and when drawn `sim.topology.UnknownRegion`.
    """

    @lru_cache
    def of(chosen: tuple[str, ...]) -> SearchStrategy[Schedule]:
        fault = st.nothing() if faults is None else faults.among(chosen, within)
        return st.builds(
            Schedule,
            regions=st.just(chosen),
            seed=SEEDS,
            faults=st.lists(fault, max_size=faults_max if faults else 0).map(tuple),
            pauses=st.lists(PAUSES, max_size=PAUSES_MAX).map(tuple),
            sync_delay=st.sampled_from(list(sync_delays)),
            cluster=st.just(cluster),
        )

    if isinstance(regions, SearchStrategy):
        return regions.flatmap(lambda chosen: of(tuple(chosen)))
    return of(tuple(regions))


def some_regions(least: int = 2, most: int = 3) -> SearchStrategy[tuple[str, ...]]:
    """So many of Azure's regions, at their real distances."""
    names = st.sampled_from(sorted(azure_regions()))
    chosen = st.lists(names, min_size=least, max_size=most, unique=True)
    return chosen.filter(_known).map(tuple)


def _known(regions: Regions) -> bool:
    """Whether the distances of all pairs are published: of a few they are not."""
    try:
        return bool(Topology.azure(regions))
    except NoRoundTrip:
        return False


def partitions() -> Faults:
    """Two regions do not reach each other, or only one the other; clients too, or only they."""
    return _kind(
        lambda at, lasts, how: PartitionFault(
            at=at, lasts=lasts, one_way=how[0], drop=how[1], channels=how[2], regions=how[3]
        ),
        lambda regions: product((False, True), (False, True), CHANNELS, _pairs(regions)),
    )


def slowdowns() -> Faults:
    """What goes between two regions takes so much longer."""
    return _kind(
        lambda at, lasts, how: SlowFault(
            at=at, lasts=lasts, extra=Duration(how[0]), channels=how[1], regions=how[2]
        ),
        lambda regions: product(LADDER_US[:4], CHANNELS, _pairs(regions)),
    )


def outages() -> Faults:
    """A region is down, and comes back with all that it had acknowledged."""
    return _kind(lambda at, lasts, region: Outage(at=at, lasts=lasts, region=region), _each)


def amnesias() -> Faults:
    """A region goes down, and comes back without what it acknowledged last."""
    return _kind(
        lambda at, lasts, how: Amnesia(
            at=Duration(at + how[0]), lasts=lasts, loses=Period(how[0]), region=how[1]
        ),
        lambda regions: product(LADDER_US, regions),
    )


def restores() -> Faults:
    """A region is lost, and comes back from a backup."""
    return _kind(
        lambda at, lasts, how: Restore(
            at=Duration(at + how[0]), lasts=lasts, backup=Period(how[0]), region=how[1]
        ),
        lambda regions: product(LADDER_US, regions),
    )


def power_losses() -> Faults:
    """A region loses its power; nothing was kept on a disk."""
    return _kind(lambda at, lasts, region: PowerLoss(at=at, lasts=lasts, region=region), _each)


def skews() -> Faults:
    """A region's clock jumps, forward or back, and stays wrong."""
    return _kind(
        lambda at, _, how: ClockStep(at=at, by=Offset(how[0]), region=how[1]),
        lambda regions: product(SKEWS_US, regions),
    )


def drifts() -> Faults:
    """A region's clock runs too fast, or too slowly."""
    return _kind(
        lambda at, lasts, how: Drift(at=at, lasts=lasts, ppm=how[0], region=how[1]),
        lambda regions: product(DRIFTS_PPM, regions),
    )


def losses() -> Faults:
    """A share of the packets is lost, of clients (which send them again) or between regions."""
    return _kind(
        lambda at, lasts, how: LossFault(at=at, lasts=lasts, share=how[0], channels=how[1]),
        lambda _: product(SHARES, CHANNELS),
    )


def duplicates() -> Faults:
    """A share of the packets comes twice."""
    return _kind(
        lambda at, lasts, how: DuplicateFault(at=at, lasts=lasts, share=how[0], channels=how[1]),
        lambda _: product(SHARES, CHANNELS),
    )


def reorderings() -> Faults:
    """A share of the packets is late, and overtaken by others."""
    return _kind(
        lambda at, lasts, how: ReorderFault(
            at=at, lasts=lasts, extra=Period(how[0]), share=how[1], channels=how[2]
        ),
        lambda _: product(LADDER_US[:3], SHARES, CHANNELS),
    )


def refusals() -> Faults:
    """A region refuses those who connect; connections that are there go on."""
    return _kind(lambda at, lasts, region: Refuse(at=at, lasts=lasts, region=region), _each)


def hangs() -> Faults:
    """A region does not answer those who connect; connections that are there go on."""
    return _kind(lambda at, lasts, region: Hang(at=at, lasts=lasts, region=region), _each)


def resets() -> Faults:
    """All connections of a region's clients break, and replies on their way are lost."""
    return _kind(lambda at, _, region: Reset(at=at, region=region), _each)


def idle_cuts() -> Faults:
    """A balancer forgets connections that were silent for a time, and tells nobody."""
    return _kind(
        lambda at, lasts, how: IdleCut(at=at, lasts=lasts, after=Period(how[0]), region=how[1]),
        lambda regions: product(LADDER_US, regions),
    )


def cluster_faults() -> Faults:
    """A cluster's node or zone is lost; or an operator patches, resizes or scales it."""
    nodes = _kind(
        lambda at, lasts, how: NodeOutage(
            at=at, lasts=lasts, node=how[0], silent=how[1], region=how[2]
        ),
        lambda regions: product((1, 2), (False, True), regions),
    )
    zones = _kind(
        lambda at, lasts, how: ZoneOutage(at=at, lasts=lasts, zone=how[0], region=how[1]),
        lambda regions: product((1, 2), regions),
    )
    return nodes | zones | _kind(lambda at, _, how: how(at=at), _operations)


def _operations(regions: Regions) -> Iterable[Callable[..., Fault]]:
    """What an operator may begin."""
    for region in regions:
        yield partial(Scale, region=region, capacity=4)
        yield partial(Patch, region=region)
        yield partial(Resize, region=region)


def any_faults() -> Faults:
    """All but those of clusters."""
    memory = amnesias() | restores() | power_losses()
    clocks, packets = skews() | drifts(), losses() | duplicates() | reorderings() | slowdowns()
    connections = refusals() | hangs() | resets() | idle_cuts()
    return partitions() | outages() | clocks | packets | connections | memory


def _kind(
    make: Callable[[Duration, Duration, Any], Fault], ways: Callable[[Regions], Iterable[Any]]
) -> Faults:
    """One kind: when it begins, how long it lasts, and one of several ways, the simplest first.

    SUBTLE: no more choices than these. Hypothesis takes up to five out of a row at once; a fault of
    more (with its kind, and that there is one) would shrink, but never go.
    """
    return Faults(
        lambda regions, at: st.builds(make, at, LASTS, st.sampled_from(list(ways(regions))))
    )


def _instants(latest_us: int) -> list[int]:
    """When faults may begin: 1, 2, 5, 10, … ms, and some times that are evenly spread.

    >>> _instants(20_000)
    [0, 1000, 2000, 5000, 10000, 20000, 15000]
    """
    steps = [step * 10**power for power in range(3, 9) for step in (1, 2, 5)]
    ladder = [0, *(step for step in steps if step <= latest_us)]
    return list(dict.fromkeys([*ladder, *(latest_us * part // 4 for part in range(1, 5))]))


def _each(regions: Regions) -> Regions:
    return regions


def _pairs(regions: Regions) -> list[tuple[str, str]]:
    if len(regions) < 2:
        raise ValueError(
            f"regions {list(regions)}: expected two or more, as some of the faults are between two"
        )
    return list(permutations(regions, 2))
