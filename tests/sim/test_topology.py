"""The topology: Azure's table by name, symmetry, and refusals that help."""

import networkx as nx
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from sim.topology import LOCAL_ONE_WAY_US, NoRoundTrip, Topology, UnknownRegion, azure_regions


@pytest.mark.parametrize(
    ("source", "target", "rtt_ms"),
    [
        ("East US", "West Europe", 83),
        ("West Europe", "East US", 85),
        ("West Europe", "Australia East", 251),
        ("Australia East", "West Europe", 250),
        ("East US", "Southeast Asia", 222),
    ],
)
def test_one_way_is_half_the_measured_round_trip(source, target, rtt_ms):
    assert Topology.azure([source, target]).one_way_us(source, target) == rtt_ms * 500


def test_a_place_is_near_itself():
    topology = Topology.azure(["East US"])
    assert topology.one_way_us("East US", "East US") == LOCAL_ONE_WAY_US


@given(st.lists(st.sampled_from(azure_regions()), min_size=1, max_size=6))
def test_any_measured_places_make_a_complete_graph(places):
    try:
        topology = Topology.azure(places)
    except NoRoundTrip:
        assume(False)
    assert topology.places == tuple(dict.fromkeys(places))
    assert nx.number_of_edges(topology.graph) == len(topology.places) ** 2
    for source in topology.places:
        for target in topology.places:
            assert 0 < topology.one_way_us(source, target) < 200_000


def test_the_table_has_fifty_regions():
    assert len(azure_regions()) == 50


def test_an_unknown_region_names_its_neighbours():
    with pytest.raises(UnknownRegion, match=r"'East USA'; did you mean 'East US'"):
        Topology.azure(["East USA"])
    with pytest.raises(UnknownRegion, match=r"'xyzzy'; `crdb list regions` names all 50"):
        Topology.azure(["xyzzy"])


@pytest.mark.parametrize("name", ["westeurope", "Europe West", "WEST  EUROPE", "europe-west"])
def test_a_region_that_is_spelt_otherwise_is_the_only_one_proposed(name):
    with pytest.raises(UnknownRegion, match=r"; did you mean 'West Europe'\?$"):
        Topology.azure([name])


def test_a_region_outside_the_scenario_is_unknown_to_it():
    with pytest.raises(UnknownRegion, match="'West US'; did you mean 'East US'"):
        Topology.azure(["East US"]).one_way_us("East US", "West US")


def test_a_pair_nobody_measured_is_refused():
    with pytest.raises(NoRoundTrip, match="'a' and 'b'"):
        Topology(["a", "b"], {}, local_us=1)


def test_one_direction_stands_for_both():
    topology = Topology(["a", "b"], {("a", "b"): 3_000}, local_us=1)
    assert topology.one_way_us("b", "a") == topology.one_way_us("a", "b") == 1_500
