"""Searches by place: GEOSEARCH and its elders GEORADIUS and GEORADIUSBYMEMBER, read or stored.

A search finds what this region's copy has in a circle, a box or a polygon. What is stored takes
the place of what the target held; members that another region adds there at the same time stay.

Without an order the members come as the server finds them, cell by cell.

Source: https://redis.io/docs/latest/commands/geosearch/
"""

from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from crdb.command import ONE_KEY, Finder, Reply, command
from crdb.commands._areas import Area, Box, Circle, Polygon
from crdb.commands._arguments import integer
from crdb.commands._geohash import Place, cells, decoded, distance_m
from crdb.commands.geos import place, place_of, shown, shown_distance, unit_m
from crdb.commands.zsets import stored
from crdb.commands.zsets_ranges import STORED
from crdb.crdts.zset import ZSet
from crdb.decimals import parse_double, parse_int
from crdb.errors import CommandError, quoted, quoting, syntax
from crdb.keyspace import Key
from crdb.session import Request
from crdb.transaction import Transaction


class Found(NamedTuple):
    """A member in the area."""

    member: bytes
    score: float
    where: Place
    distance_m: float


class Search:
    """One request, as its options say it."""

    def __init__(self, txn: Transaction, source: Key, name: bytes) -> None:
        self.found = txn.read(source, ZSet)
        self.name = name
        self.centre: Place | None = None
        self.centred: bytes = b""
        """The option that gave the centre."""
        self.area: Area | None = None
        self.order = b""
        self.count = 0
        self.shows: set[bytes] = set()
        self.any = False
        self.target: Key | None = None
        self.by_distance = False
        """Whether distances are stored instead of places."""

    def from_member(self, member: bytes) -> None:
        """Of a missing key every member will do: nothing can be found."""
        self.centre = (0.0, 0.0)
        if self.found is not None:
            self.centre = place_of(self.found, member)
            if self.centre is None:
                raise quoting(b"ERR member %s does not exist" % quoted(member))

    def by_radius(self, radius: bytes, unit: bytes) -> None:
        number = measure(radius, "radius")
        if number < 0:
            raise CommandError("ERR radius cannot be negative")
        self.area = Circle(number * unit_m(unit), unit_m(unit))

    def by_box(self, width: bytes, height: bytes, unit: bytes) -> None:
        sides = measure(width, "width"), measure(height, "height")
        if min(sides) < 0:
            raise CommandError("ERR height or width cannot be negative")
        self.area = Box(*sides, unit_m(unit))

    def by_polygon(self, left: list[bytes]) -> None:
        """It brings its own centre."""
        number = parse_int(left.pop())
        if number is None or number > CORNERS_END:
            raise CommandError("ERR invalid number of vertices")
        if number < 3 or len(left) < 2 * number:
            raise CommandError("ERR GEOSEARCH BYPOLYGON must have at least 3 vertices")
        corners = tuple(place(left.pop(), left.pop()) for _ in range(number))
        polygon = Polygon(corners)
        self.area, self.centre = polygon, polygon.centre()

    def read(self, words: tuple[bytes, ...], own: "Options") -> None:
        """Read the options; ``own`` are those that not all the commands have."""
        left = list(reversed(words))
        while left:
            option = left.pop().upper()
            if option in (b"WITHDIST", b"WITHHASH", b"WITHCOORD"):
                self.shows.add(option)
            elif option in (b"ASC", b"DESC"):
                self.order = option
            elif option == b"ANY":
                self.any = True
            elif option == b"COUNT" and left:
                self.count = integer(left.pop())
                if self.count <= 0:
                    raise CommandError("ERR COUNT must be > 0")
            elif not own(self, option, left):
                raise syntax()

    def check(self) -> None:
        if self.target is not None and self.shows:
            named = (
                "GEOSEARCHSTORE" if self.name == b"GEOSEARCHSTORE" else "STORE option in GEORADIUS"
            )
            text = "is not compatible with WITHDIST, WITHHASH and WITHCOORD options"
            raise CommandError(f"ERR {named} {text}")
        if self.any and not self.count:
            raise CommandError("ERR the ANY argument requires COUNT argument")

    def results(self) -> list[Found]:
        found = list(self.members())
        order = self.order
        if self.count and not self.any:
            order = order or b"ASC"
        if order:
            found.sort(key=lambda each: each.distance_m if order == b"ASC" else -each.distance_m)
        return found[: self.count] if self.count else found

    def members(self) -> Iterator[Found]:
        """What is in the area; with ANY no more than asked for."""
        if self.found is None:
            return
        assert self.centre is not None
        assert self.area is not None
        order, number = self.found.order(), 0
        for cell in cells(
            self.centre, self.area.bounds(self.centre), self.area.reach_m(self.centre)
        ):
            least, end = cell.scores()
            places = order.bisect_left((least,)), order.bisect_left((end,))
            for score, member in order.islice(*places):
                where = decoded(score)
                if self.area.holds(self.centre, where):
                    yield Found(member, score, where, distance_m(self.centre, where))
                    number += 1
                    if self.any and number == self.count:
                        return

    def reply(self, txn: Transaction) -> Reply:
        found = self.results()
        if self.target is None:
            return [self.shown(each) for each in found]
        unit = self.area.unit_m if self.area is not None else 1.0
        if self.by_distance:
            return stored(txn, self.target, {each.member: each.distance_m / unit for each in found})
        return stored(txn, self.target, {each.member: each.score for each in found})

    def shown(self, each: Found) -> Any:
        if not self.shows:
            return each.member
        assert self.area is not None
        row: list[Any] = [each.member]
        if b"WITHDIST" in self.shows:
            row.append(shown_distance(each.distance_m / self.area.unit_m))
        if b"WITHHASH" in self.shows:
            row.append(int(each.score))
        if b"WITHCOORD" in self.shows:
            row.append(shown(each.where))
        return row


CORNERS_END = 1 << 31

Options = Callable[[Search, bytes, list[bytes]], bool]
"""Takes an option's words from the end of the list; False if it is none."""


def measure(word: bytes, name: str) -> float:
    number = parse_double(word)
    if number is None:
        raise CommandError(f"ERR need numeric {name}")
    return number


def of_search(search: Search, option: bytes, left: list[bytes]) -> bool:
    """The options of GEOSEARCH."""
    if option == b"BYPOLYGON":
        if not left or search.centred or isinstance(search.area, Circle | Box):
            return False
        search.by_polygon(left)
    elif isinstance(search.area, Polygon):
        return False
    elif option == b"FROMMEMBER" and left and search.centred in (b"", option):
        search.from_member(left.pop())
        search.centred = option
    elif option == b"FROMLONLAT" and len(left) >= 2 and search.centred in (b"", option):
        search.centre = place(left.pop(), left.pop())
        search.centred = option
    elif option == b"BYRADIUS" and len(left) >= 2 and not isinstance(search.area, Box):
        search.by_radius(left.pop(), left.pop())
    elif option == b"BYBOX" and len(left) >= 3 and not isinstance(search.area, Circle):
        search.by_box(left.pop(), left.pop(), left.pop())
    elif option == b"STOREDIST" and search.target is not None:
        search.by_distance = True
    else:
        return False
    return True


def of_radius(search: Search, option: bytes, left: list[bytes]) -> bool:
    """The options of GEORADIUS."""
    if option not in (b"STORE", b"STOREDIST") or not left:
        return False
    search.target = left.pop()
    search.by_distance = option == b"STOREDIST"
    return True


def no_more(search: Search, option: bytes, left: list[bytes]) -> bool:
    return False


def searched(txn: Transaction, search: Search, words: tuple[bytes, ...]) -> Reply:
    search.read(words, of_search)
    search.check()
    if search.centre is None:
        raise exactly_one(b"FROMMEMBER or FROMLONLAT", search.name)
    if search.area is None:
        raise exactly_one(b"BYRADIUS, BYBOX and BYPOLYGON", search.name)
    return search.reply(txn)


def exactly_one(options: bytes, name: bytes) -> CommandError:
    return quoting(b"ERR exactly one of %s can be specified for %s" % (options, name))


@command("geosearch", -7, "readonly", keys=ONE_KEY)
def geosearch(txn: Transaction, source: Key, *words: bytes) -> Reply:
    return searched(txn, Search(txn, source, b"GEOSEARCH"), words)


@command("geosearchstore", -8, "write", "denyoom", keys=(1, 2, 1), conflict=STORED)
def geosearchstore(txn: Transaction, target: Key, source: Key, *words: bytes) -> Reply:
    search = Search(txn, source, b"GEOSEARCHSTORE")
    search.target = target
    return searched(txn, search, words)


def target_after(first: int) -> Finder:
    """The key behind STORE or STOREDIST, the last one; looked for from that word on."""

    def find(request: Request) -> list[bytes]:
        found: list[bytes] = []
        left = iter(request[first:])
        for word in left:
            if word.upper() in (b"STORE", b"STOREDIST"):
                found = [each for each in (next(left, None),) if each is not None] or found
        return found

    return find


def around(
    txn: Transaction, source: Key, words: tuple[bytes, ...], own: Options, of_member: bool
) -> Reply:
    """GEORADIUS, and GEORADIUSBYMEMBER: a centre, a radius, and options."""
    search = Search(txn, source, b"GEORADIUS")
    if of_member:
        centre, radius, rest = words[:1], words[1:3], words[3:]
        search.from_member(*centre)
    else:
        centre, radius, rest = words[:2], words[2:4], words[4:]
        search.centre = place(*centre)
    # Of a missing key the radius is not even read, as in Redis.
    if search.found is not None or not of_member:
        search.by_radius(*radius)
    search.read(rest, own)
    search.check()
    return search.reply(txn)


@command("georadius", -6, "write", "denyoom", keys=ONE_KEY, also=target_after(6), conflict=STORED)
def georadius(txn: Transaction, source: Key, *words: bytes) -> Reply:
    return around(txn, source, words, of_radius, of_member=False)


@command("georadius_ro", -6, "readonly", keys=ONE_KEY)
def georadius_ro(txn: Transaction, source: Key, *words: bytes) -> Reply:
    return around(txn, source, words, no_more, of_member=False)


@command(
    "georadiusbymember",
    -5,
    "write",
    "denyoom",
    keys=ONE_KEY,
    also=target_after(5),
    conflict=STORED,
)
def georadiusbymember(txn: Transaction, source: Key, *words: bytes) -> Reply:
    return around(txn, source, words, of_radius, of_member=True)


@command("georadiusbymember_ro", -5, "readonly", keys=ONE_KEY)
def georadiusbymember_ro(txn: Transaction, source: Key, *words: bytes) -> Reply:
    return around(txn, source, words, no_more, of_member=True)
