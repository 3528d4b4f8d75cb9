"""Places: members of a sorted set whose score says where they are.

They conflict as scores do: of two regions that move one member the later clock's place stays.

Source: https://redis.io/docs/latest/commands/?group=geo
"""

from fractions import Fraction

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._geohash import (
    LATITUDE_MAX,
    LONGITUDE_MAX,
    Place,
    decoded,
    distance_m,
    encoded,
    text,
)
from crdb.commands.zsets import add, read
from crdb.crdts.zset import ZSet
from crdb.decimals import parse_double, show
from crdb.errors import CommandError, not_a_float, syntax
from crdb.keyspace import Key
from crdb.transaction import Transaction

LAST_PLACE = "the later clock's place, then the smaller region's"

UNITS_M = {b"M": 1.0, b"KM": 1000.0, b"FT": 0.3048, b"MI": 1609.34}


@command("geoadd", -5, "write", "denyoom", keys=ONE_KEY, conflict=LAST_PLACE)
def geoadd(txn: Transaction, key: Key, *words: bytes) -> Reply:
    start = 0
    while start < len(words) and words[start].upper() in (b"NX", b"XX", b"CH"):
        start += 1
    flags, rows = {word.upper() for word in words[:start]}, words[start:]
    if len(rows) % 3 or flags >= {b"NX", b"XX"}:
        raise syntax()
    pairs: list[bytes] = []
    for longitude, latitude, member in zip(*(rows[at::3] for at in range(3)), strict=True):
        pairs += b"%d" % encoded(*place(longitude, latitude)), member
    return add(txn, key, flags, tuple(pairs))


def place(longitude: bytes, latitude: bytes) -> Place:
    numbers = parse_double(longitude), parse_double(latitude)
    if numbers[0] is None or numbers[1] is None:
        raise not_a_float()
    east, north = numbers
    assert east is not None
    assert north is not None
    if abs(east) > LONGITUDE_MAX or abs(north) > LATITUDE_MAX:
        raise CommandError(f"ERR invalid longitude,latitude pair {east:f},{north:f}")
    return east, north


def unit_m(word: bytes) -> float:
    found = UNITS_M.get(word.upper())
    if found is None:
        raise CommandError("ERR unsupported unit provided. please use M, KM, FT, MI")
    return found


def place_of(found: ZSet, member: bytes) -> Place | None:
    score = found.score(member)
    return None if score is None else decoded(score)


def shown(where: Place | None) -> Reply:
    """Two texts with up to 17 decimals; RESP3 clients get texts too, where Redis sends doubles."""
    return None if where is None else [show(Fraction(each)) for each in where]


def shown_distance(distance: float) -> bytes:
    """Four decimals; like the server, rounded after a product of doubles."""
    scaled = round(distance * 10_000.0)
    return b"%d.%04d" % divmod(scaled, 10_000)


@command("geopos", -2, "readonly", keys=ONE_KEY)
def geopos(txn: Transaction, key: Key, *members: bytes) -> Reply:
    found = read(txn, key)
    return [shown(place_of(found, member)) for member in members]


@command("geohash", -2, "readonly", keys=ONE_KEY)
def geohash(txn: Transaction, key: Key, *members: bytes) -> Reply:
    found = read(txn, key)
    places = (place_of(found, member) for member in members)
    return [None if where is None else text(where) for where in places]


@command("geodist", -4, "readonly", keys=ONE_KEY)
def geodist(txn: Transaction, key: Key, one: bytes, other: bytes, *words: bytes) -> Reply:
    if len(words) > 1:
        raise syntax()
    unit = unit_m(words[0]) if words else 1.0
    found = read(txn, key)
    places = place_of(found, one), place_of(found, other)
    if places[0] is None or places[1] is None:
        return None
    return shown_distance(distance_m(*places) / unit)  # type: ignore[arg-type]
