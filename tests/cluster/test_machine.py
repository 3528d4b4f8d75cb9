"""Anything may happen to two clusters: what was acknowledged is there when all is healed.

A rule adds a member to a set, or does something to a node, a region, the link between the regions,
or the clusters' size. In the end all is healed, and every member whose SADD was acknowledged is in
its set everywhere, but for those that a failover reported as lost; and both regions hold the same.
"""

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from sim.client import Unknown
from tests.cluster.places import begin, cluster_at, clusters, let_pass
from tests.sim.two_cities import EAST, WEST

KEYS = [f"s{number}" for number in range(12)]
"""In all of the ranges, of which there are four."""

regions = st.sampled_from([WEST, EAST])
spans = st.sampled_from(["100ms", "1s", "5s"])


class Clusters(RuleBasedStateMachine):
    """Two regions with a client each."""

    @initialize(policy=st.sampled_from(["oss", "enterprise"]), seed=st.integers(0, 1000))
    def start(self, policy: str, seed: int) -> None:
        self.made = clusters(
            policy,
            seed=seed,
            copy_lag="20ms",
            failover_after="500ms",
            provision="200ms",
            node_takes="1s",
            range_takes="200ms",
            keys_per_step=1,
            step="50ms",
        )
        self.clients = {place: self.made.client(place) for place in (WEST, EAST)}
        self.busy: set[str] = set()
        self.acked: dict[tuple[str, str], tuple[str, int]] = {}
        self.count = 0

    @rule(place=regions, key=st.sampled_from(KEYS))
    def add(self, place: str, key: str) -> None:
        if place in self.busy:
            return
        self.busy.add(place)
        self.count += 1
        self.made.engine.process(self._add(place, key, f"m{self.count}"))

    def _add(self, place: str, key: str, member: str) -> Any:
        call = self.clients[place].call(
            self.made.regions[place], b"SADD", key.encode(), member.encode()
        )
        try:
            reply = yield from call
        except Unknown:
            reply = None
        if reply == 1:
            self.acked[key, member] = place, self.made.engine.now
        self.busy.discard(place)

    @rule(millis=st.sampled_from([1, 10, 100, 1_000]))
    def wait(self, millis: int) -> None:
        let_pass(self.made, millis / 1000)

    @rule(place=regions, node=st.sampled_from([1, 2]), lasts=spans, silent=st.booleans())
    def lose_node(self, place: str, node: int, lasts: str, silent: bool) -> None:
        if node in cluster_at(self.made, place).nodes:
            begin(self.made, "node-outage", region=place, node=node, lasts=lasts, silent=silent)

    @rule(place=regions, lasts=spans)
    def lose_region(self, place: str, lasts: str) -> None:
        begin(self.made, "outage", region=place, lasts=lasts)

    @rule(lasts=spans, drop=st.booleans(), one_way=st.booleans())
    def cut(self, lasts: str, drop: bool, one_way: bool) -> None:
        ends = [WEST, EAST]
        begin(self.made, "partition", regions=ends, lasts=lasts, drop=drop, one_way=one_way)

    @rule(place=regions, capacity=st.sampled_from([2, 4]))
    def scale(self, place: str, capacity: int) -> None:
        begin(self.made, "scale", region=place, capacity=capacity)

    @rule(place=regions)
    def patch(self, place: str) -> None:
        begin(self.made, "patch", region=place)

    def teardown(self) -> None:
        if not hasattr(self, "made"):
            return
        let_pass(self.made, 1)
        self.made.nemesis.heal()
        assert self.made.quiesce(), "the regions do not converge"
        readings = [each.reading() for each in self.made.regions.values()]
        assert readings[0] == readings[1]
        held = {(key, member) for key in readings[0] for member in readings[0][key]["value"]}
        missing = {each: self.acked[each] for each in self.acked.keys() - held}
        assert len(missing) <= self._lost(), missing

    def _lost(self) -> int:
        """Writes that failovers have reported as lost."""
        return sum(each.detail["lost"] for each in self.made.history.of_kind("failover"))


Clusters.TestCase.settings = settings(max_examples=settings().max_examples, stateful_step_count=25)
TestClusters = Clusters.TestCase
