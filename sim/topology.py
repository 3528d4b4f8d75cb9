"""Topology: the places of a scenario and the round trips between them, as a networkx graph.

Places carry the names of Azure's table, and their order is the scenario's. The table's round trips
are medians of real measurements (`sim/data/README.md`); one way is taken to be half of it, as the
two directions of a pair differ by less than a millisecond.

>>> topology = Topology.azure(["West Europe", "East US"])
>>> topology.one_way_us("West Europe", "East US")
42500
>>> Topology.azure(["Japan Est"])
Traceback (most recent call last):
sim.topology.UnknownRegion: unknown region 'Japan Est'; did you mean 'Japan East' or 'Japan West'?
"""

import csv
from collections.abc import Iterable, Mapping
from functools import lru_cache
from importlib.resources import files

import networkx as nx

from sim.words import did_you_mean

LOCAL_ONE_WAY_US = 250
"""One way inside a place, between two of its zones (our choice: the table has no such pairs)."""

LISTED_MAX = 10
"""More regions than that are not named in a refusal."""

SOURCE = "medians that Microsoft measured over the 30 days to 29 June 2025 (sim/data/README.md)"
"""Where the round trips are from."""


class UnknownRegion(ValueError):
    """A place that nobody listed."""

    def __init__(self, name: str, known: Iterable[str]) -> None:
        choices = sorted(known)
        hint = did_you_mean(name, choices, most=2)
        listed = f"expected one of {choices}"
        if len(choices) > LISTED_MAX:
            listed = f"`crdb list regions` names all {len(choices)}"
        super().__init__(f"unknown region {name!r}; {hint or listed}")


class NoRoundTrip(ValueError):
    """Two known places between which no round trip was measured."""


class Topology:
    """Places and the time between them."""

    def __init__(
        self, places: Iterable[str], rtt_us: Mapping[tuple[str, str], int], *, local_us: int
    ) -> None:
        """Join `places` by directed round trips; a direction not given is that of its reverse.

        `local_us` is one way inside a place. Raises NoRoundTrip if a pair is given in neither
        direction.
        """
        self.places = tuple(dict.fromkeys(places))
        self.graph: nx.DiGraph[str] = nx.DiGraph()
        self.graph.add_nodes_from(self.places)
        for source in self.places:
            for target in self.places:
                self.graph.add_edge(
                    source,
                    target,
                    one_way_us=local_us if source == target else _half(rtt_us, source, target),
                )

    @classmethod
    def azure(cls, places: Iterable[str]) -> "Topology":
        """Place the scenario in Azure regions, by their display names.

        Raises UnknownRegion, naming close matches, and NoRoundTrip for the few unpublished pairs.
        """
        chosen = list(places)
        for name in chosen:
            if name not in azure_regions():
                raise UnknownRegion(name, azure_regions())
        return cls(chosen, _azure_rtt_us(), local_us=LOCAL_ONE_WAY_US)

    @classmethod
    def even(cls, places: Iterable[str], rtt_us: int) -> "Topology":
        """Put the same round trip between all places; for tests and thought experiments.

        >>> Topology.even(["a", "b"], rtt_us=2000).one_way_us("a", "b")
        1000
        """
        chosen = list(places)
        pairs = {(source, target): rtt_us for source in chosen for target in chosen}
        return cls(chosen, pairs, local_us=LOCAL_ONE_WAY_US)

    def one_way_us(self, source: str, target: str) -> int:
        """Return the median time from `source` to `target`; raises UnknownRegion."""
        for name in (source, target):
            if name not in self.graph:
                raise UnknownRegion(name, self.places)
        one_way_us: int = self.graph.edges[source, target]["one_way_us"]
        return one_way_us


def azure_regions() -> tuple[str, ...]:
    """Return the display names of all Azure regions in the table, in alphabetical order."""
    return tuple(sorted({source for source, _ in _azure_rtt_us()}))


def nearest(place: str) -> tuple[str, int]:
    """Return the Azure region with the shortest round trip from this one, in microseconds.

    >>> nearest("West Europe")
    ('UK South', 12000)
    """
    ways = {target: us for (source, target), us in _azure_rtt_us().items() if source == place}
    ways.pop(place, None)
    closest = min(ways, key=lambda target: (ways[target], target))
    return closest, ways[closest]


def _half(rtt_us: Mapping[tuple[str, str], int], source: str, target: str) -> int:
    whole_us = rtt_us.get((source, target), rtt_us.get((target, source)))
    if whole_us is None:
        raise NoRoundTrip(f"no round trip between {source!r} and {target!r} is known")
    return whole_us // 2


@lru_cache(maxsize=1)
def _azure_rtt_us() -> dict[tuple[str, str], int]:
    source = files("sim") / "data" / "azure_rtt_ms.csv"
    rows = csv.DictReader(source.read_text(encoding="utf-8").splitlines())
    return {(row["source"], row["destination"]): 1000 * int(row["rtt_ms_p50"]) for row in rows}
