"""CRDB.*: the world steered from its ports, and the run played again in virtual time."""

from pathlib import Path

import pytest
import redis

from sim import divergence
from sim.kept import read
from sim.scenario import load
from sim.serve import Server, served
from sim.workloads.recorded import Recorded
from sim.world import World
from tests.serve.conftest import heard, raw, until

WEST, EAST, ASIA = "West Europe", "East US", "Southeast Asia"


@pytest.fixture(autouse=True)
def healed(west):
    yield
    west.execute_command("CRDB.HEAL")


def test_what_is_cut_stays_apart_until_it_is_healed(west, east) -> None:
    west.execute_command("CRDB.PARTITION", WEST, EAST.lower())
    west.execute_command("CRDB.PARTITION", EAST, ASIA)
    west.set("cut", "1")
    until(lambda: west.execute_command("CRDB.CONVERGED") == 0)
    assert east.get("cut") is None
    west.execute_command("CRDB.HEAL")
    until(lambda: east.get("cut") == "1")
    until(lambda: west.execute_command("CRDB.CONVERGED") == 1)


def test_a_cut_of_one_way_lets_the_other_through(west, east) -> None:
    west.execute_command("CRDB.PARTITION", WEST, EAST, "ONEWAY", "DROP")
    east.set("back", "1")
    until(lambda: west.get("back") == "1")


def test_a_region_that_crashed_hears_nobody_and_comes_back_with_what_it_had(
    world: Server, west, east
) -> None:
    east.set("kept", "1")
    assert west.execute_command("CRDB.CRASH", EAST) == "OK"
    with pytest.raises(redis.ConnectionError):
        east.ping()
    regions = {each[1]: dict(zip(each[::2], each[1::2], strict=True)) for each in told(west)}
    assert (regions[EAST]["up"], regions[WEST]["up"]) == (0, 1)
    west.execute_command("CRDB.RESTART", EAST)
    assert east.get("kept") == "1"
    with pytest.raises(redis.ResponseError, match="has not been crashed"):
        west.execute_command("CRDB.RESTART", EAST)


def told(client: redis.Redis) -> list[list[object]]:
    """What CRDB.REGIONS says, in the older protocol."""
    with redis.Redis(
        port=client.connection_pool.connection_kwargs["port"], protocol=2, decode_responses=True
    ) as plain:
        found = plain.execute_command("CRDB.REGIONS")
    assert isinstance(found, list)
    return [
        [part for pair in each.items() for part in pair] if isinstance(each, dict) else each
        for each in found
    ]


def test_a_clock_that_was_set_forward_shows(west, east) -> None:
    before = east.time()[0]
    west.execute_command("CRDB.SKEW", EAST, "3600000")
    assert 3600 <= east.time()[0] - before < 7200
    west.execute_command("CRDB.SKEW", EAST, "-3600000")


def test_latency_is_added_and_taken_back(world: Server, west, east) -> None:
    west.execute_command("CRDB.LATENCY", WEST, EAST, "60000")
    west.set("slow", "1")
    until(lambda: west.execute_command("CRDB.LAG"))
    west.execute_command("CRDB.LATENCY", WEST, EAST, "0")
    assert [each.what for each in world.world.history.happenings[-2:]] == ["slow", "slow"]


def test_conflicts_tell_which_writes_met_and_how_each_region_decided(west, east) -> None:
    west.execute_command("CRDB.PARTITION", WEST, EAST)
    west.set("claim", "berlin")
    east.set("claim", "boston")
    west.execute_command("CRDB.HEAL")
    until(lambda: west.execute_command("CRDB.CONVERGED"))
    assert ["claim", 2] in west.execute_command("CRDB.CONFLICTS")
    of_west, of_east, _ = west.execute_command("CRDB.CONFLICTS", "claim")
    assert of_west[:2] == [WEST, "string 'boston'"]
    assert of_east[1] == "string 'boston'"
    assert len(of_west[2]) == 2
    assert "later clock" in of_west[3][0]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("CRDB.PARTITION East", "wrong number of arguments"),
        ("CRDB.PARTITION Est East", "unknown region 'Est'"),
        ("CRDB.CRASH Westeurope", "unknown region"),
        ("CRDB.HISTORY 0", "syntax"),
        ("CRDB.SAVE ../x", "expected letters, digits"),
        ("CRDB.HEAL a b c", "syntax"),
        ("CRDB.NOPE", "unknown command"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_why(west, line: str, said: str) -> None:
    with pytest.raises(redis.ResponseError, match=said):
        west.execute_command(*line.split())


def test_a_pair_of_one_region_is_refused(west) -> None:
    with pytest.raises(redis.ResponseError, match="expected two regions"):
        west.execute_command("CRDB.LATENCY", WEST, WEST, "1")


def test_help_names_every_command(west) -> None:
    lines = west.execute_command("CRDB.HELP")
    for name in west.execute_command("COMMAND LIST FILTERBY PATTERN crdb.*"):
        assert any(line.startswith(name.removeprefix("crdb.").upper()) for line in lines), name


def test_a_saved_run_happens_again_in_virtual_time(tmp_path: Path) -> None:
    with served("three-cities", speed=100, folder=str(tmp_path)) as server:
        clients = {
            name: redis.Redis(port=port, decode_responses=True)
            for name, port in server.ports.items()
        }
        west, east = clients[WEST], clients[EAST]
        west.incr("hits")
        west.execute_command("CRDB.PARTITION", WEST, EAST)
        west.set("claim", "berlin", nx=True)
        east.set("claim", b"bost\xf6n", nx=True)
        with east.pipeline() as both:
            both.incr("hits")
            both.sadd("who", "\\x00", "é")
            both.spop("who")
            both.execute()
        west.execute_command("CRDB.HEAL")
        west.execute_command("CRDB.CRASH", ASIA)
        east.hset("h", "f", "v")
        until(lambda: west.hget("h", "f"))
        folder = Path(west.execute_command("CRDB.SAVE", "by-hand"))
        with redis.Redis(port=server.ports[WEST]) as other:
            other.execute_command("CRDB.RESTART", ASIA)
    assert divergence.replay(read(folder)) is None
    again = load(str(folder / "by-hand.toml"))
    world = World(again, again.variants[0])
    history = world.run()
    assert history.readings[WEST] == history.readings[EAST] == history.readings[ASIA]
    assert history.readings[WEST]["hits"]["value"] == "2"
    assert history.readings[WEST]["claim"]["value"] == "bost\\xf6n"
    assert len(history.readings[WEST]["who"]["value"]) == 1


def test_what_happened_on_sockets_is_what_happens_in_virtual_time(tmp_path: Path) -> None:
    """To the microsecond: the digests of all network events are equal."""
    with served("three-cities", speed=100) as server:
        west = redis.Redis(port=server.ports[WEST])
        east = redis.Redis(port=server.ports[EAST])
        east.rpush("jobs", 1)
        for number in range(200):
            (west if number % 3 else east).incr("hits")
        west.execute_command("CRDB.PARTITION", EAST, ASIA, "DROP")
        assert west.blpop(["jobs"], 0)
        until(lambda: west.get("hits") == east.get("hits"))
        engine, recorder = server.world.engine, server.recorder
        assert recorder is not None
        live, at_us, scenario = server.call(
            lambda: (engine.fingerprint(), engine.now, recorder.scenario("again"))
        )
    world = World(scenario, scenario.variants[0])
    scenario.workload.start(world)
    world.engine.run(until=at_us)
    assert world.engine.fingerprint() == live


def test_what_waited_for_a_password_or_a_pause_is_recorded_when_it_ran() -> None:
    with served("three-cities", passwords=["p"]) as server:
        lines = ["SET early 1", "AUTH p", "SET known 1", "CLIENT PAUSE 20", "SET paused 1", "QUIT"]
        sent = b"".join(f"{line}\r\n".encode() for line in lines)
        heard(raw(server.ports[WEST], sent))
        recorder = server.recorder
        assert recorder is not None
        scenario = server.call(lambda: recorder.scenario("late"))
    assert isinstance(scenario.workload, Recorded)
    asked = [request for each in scenario.workload.requests for request in each.words]
    assert asked == [("SET", "known", "1"), ("SET", "paused", "1"), ("QUIT",)]


def test_secrets_are_not_in_a_recording(tmp_path: Path) -> None:
    with (
        served("three-cities", passwords=["s3cret"], folder=str(tmp_path)) as server,
        redis.Redis(port=server.ports[WEST], password="s3cret", protocol=3) as client,
    ):
        client.set("a", "b")
        client.execute_command("AUTH", "s3cret")
        folder = Path(client.execute_command("CRDB.SAVE", "quiet").decode())
    found = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    assert any(b'"SET"' in each for each in found)
    assert not any(b"s3cret" in each for each in found)


def test_a_run_that_has_outgrown_its_recording_says_so() -> None:
    with (
        served("three-cities", record_bytes_max=1000) as server,
        redis.Redis(port=server.ports[WEST]) as client,
    ):
        client.set("a", "x" * 1000)
        with pytest.raises(redis.ResponseError, match="outgrown"):
            client.execute_command("CRDB.SAVE", "late")
