"""Private regions: their names are found in their own network only."""

import asyncio
import socket

import pytest
import redis.asyncio as redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import ConnectionError

from sim import aio
from sim.lab import Lab
from sim.scenario import BadScenario, load
from sim.world import World
from tests.sim.two_cities import EAST, WEST, scenario

NORTH = "North Europe"


def client(lab: Lab, region: str) -> redis.Redis:
    return redis.Redis(host=lab.host(region), retry=Retry(NoBackoff(), 0))


def test_a_private_region_is_found_from_its_own_place_and_those_listed() -> None:
    lab = Lab(WEST, EAST, NORTH, private={EAST: [NORTH]})

    async def main() -> None:
        for place in (EAST, NORTH):
            with aio.at(place):
                assert await client(lab, EAST).ping()
        told = "Name or service not known in West Europe: private to East US, North Europe"
        with pytest.raises(ConnectionError, match=told):
            await client(lab, EAST).ping()
        assert await client(lab, WEST).ping()
        address = lab.world.names.addresses[lab.host(EAST)]
        with pytest.raises(OSError, match="Network is unreachable"):
            await asyncio.open_connection(address, 6379)

    lab.run(main())


def test_blocking_code_is_told_the_same() -> None:
    lab = Lab(WEST, EAST, private={EAST: []})
    assert lab.run_sync(lambda: lab.redis(EAST).ping(), EAST)
    with pytest.raises(ConnectionError, match="private to East US"):
        lab.run_sync(lambda: lab.redis(EAST).ping(), WEST)


def test_private_regions_converge_with_the_others() -> None:
    lab = Lab(WEST, EAST, private={EAST: []})
    lab[WEST]("SET k v")
    assert lab.converge().read("k") == {WEST: "v", EAST: "v"}


def test_a_scenario_says_which_regions_are_private() -> None:
    built = scenario(private={EAST: []})
    world = World(built, built.variants[0])

    async def look_up() -> None:
        await asyncio.get_running_loop().getaddrinfo(world.doors[EAST].host, 6379)

    with pytest.raises(socket.gaierror, match="private"):
        world.play(look_up(), WEST)
    world.play(look_up(), EAST)


@pytest.mark.parametrize(
    ("private", "told"),
    [({"East UK": []}, "private: "), ({EAST: ["Eats US"]}, "private.East US: .*East US")],
)
def test_an_unknown_place_is_refused(private: dict[str, list[str]], told: str) -> None:
    with pytest.raises(BadScenario, match=told):
        scenario(private=private)


def test_the_shipped_scenarios_are_public() -> None:
    assert load("payments").private == {}
