"""Places at their edges, with the replies of the real server, and what two regions read."""

import pytest

from crdb.commands._geohash import decoded, encoded
from tests.commands.conftest import Run
from tests.regions import Regions

NEAR = "FROMLONLAT 15 37 BYRADIUS 200 km"


@pytest.fixture
def sicily(run: Run) -> Run:
    run("GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania")
    return run


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("GEOPOS g Palermo x", [[b"13.36138933897018433", b"38.11555639549629859"], None]),
        ("GEOHASH g Palermo x", [b"sqc8b49rny0", None]),
        ("GEODIST g Palermo Catania", b"166274.1516"),
        ("GEODIST g Palermo Catania km", b"166.2742"),
        ("GEODIST g Palermo Palermo", b"0.0000"),
        ("GEODIST g Palermo x", None),
        (f"GEOSEARCH g {NEAR} ASC", [b"Catania", b"Palermo"]),
        (f"GEOSEARCH g {NEAR} DESC COUNT 1", [b"Palermo"]),
        (f"GEOSEARCH g {NEAR} WITHDIST COUNT 1", [[b"Catania", b"56.4413"]]),
        ("GEOSEARCH g FROMMEMBER Palermo BYBOX 1 1 m", [b"Palermo"]),
        ("GEORADIUS g 15 37 200 km WITHHASH ASC COUNT 1", [[b"Catania", 3479447370796909]]),
        ("GEORADIUSBYMEMBER_RO g Catania 1 m", [b"Catania"]),
        ("GEORADIUSBYMEMBER none x nonsense m STORE g", 0),
    ],
)
def test_replies(sicily: Run, line: str, reply: object) -> None:
    assert sicily(line) == reply


def test_what_is_stored_are_places_or_distances(sicily: Run) -> None:
    assert sicily(f"GEOSEARCHSTORE t g {NEAR}") == 2
    assert sicily("GEOPOS t Palermo") == sicily("GEOPOS g Palermo")
    assert sicily(f"GEOSEARCHSTORE t g {NEAR} STOREDIST") == 2
    assert sicily("ZSCORE t Catania") == 56.4412578701582
    assert sicily("GEORADIUS g 0 0 1 m STORE t") == 0
    assert sicily("EXISTS t") == 0


def test_the_last_meridian_is_where_the_server_looks_for_it(run: Run) -> None:
    run("GEOADD g -179.9 0.1 west 179.9 -0.1 east")
    assert run("GEORADIUS g 180 0 3000 km ASC") == [b"east"]
    assert run("GEORADIUS g 179.99 0 3000 km ASC") == [b"east", b"west"]


def test_a_polygon_has_a_centre_of_its_own(sicily: Run) -> None:
    triangle = "BYPOLYGON 3 12 36 16 36 14 40"
    assert sicily(f"GEOSEARCH g {triangle} WITHDIST ASC") == [
        [b"Catania", b"97637.4969"],
        [b"Palermo", b"102521.0459"],
    ]
    assert sicily(f"GEOSEARCH g {triangle} FROMMEMBER Palermo") == "ERR syntax error"
    few = "ERR GEOSEARCH BYPOLYGON must have at least 3 vertices"
    assert sicily("GEOSEARCH g BYPOLYGON 2 12 36 16 36") == few


@pytest.mark.parametrize("place", [(0.0, 0.0), (-180.0, -85.05112878), (179.999, 85.0)])
def test_a_place_is_off_by_less_than_a_metre(place: tuple[float, float]) -> None:
    found = decoded(encoded(*place))
    assert found == pytest.approx(place, abs=1e-5)


def test_of_two_places_the_later_clocks_stays() -> None:
    regions = Regions(2)
    regions.say(1, "GEOADD g 10 10 a")
    regions.now_us += 1
    regions.say(2, "GEOADD g 20 20 a")
    regions.settle()
    assert regions.everywhere("GEOHASH g a") == [[b"s7w1z0gs3y0"]] * 2
