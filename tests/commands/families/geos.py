"""Places."""

from hypothesis import strategies as st

from tests.commands.families._family import Family, flat, integers, members, new

UNSPELT = "the error names the command in capitals, not as the client wrote it"

SICILY, WORLD = b"sicily", b"world"

geos = st.sampled_from([SICILY, WORLD] * 4 + [b"s[1]*", b"n", b"none"])
targets = new | geos
longitudes = st.one_of(
    st.sampled_from([b"13.361389", b"15.087269", b"15", b"-179.999", b"179.999", b"180", b"0"]),
    st.floats(-180, 180).map(lambda number: repr(number).encode()),
    st.sampled_from([b"-180.0001", b"inf", b"x", b"", b"1e400"]),
)
latitudes = st.one_of(
    st.sampled_from([b"38.115556", b"37.502669", b"37", b"85.05112878", b"-85.05112878", b"-70"]),
    st.floats(-85, 85).map(lambda number: repr(number).encode()),
    st.sampled_from([b"85.0512", b"-90", b"x"]),
)
places = st.tuples(longitudes, latitudes).map(list)
near = st.tuples(
    st.floats(12, 17).map(lambda number: b"%f" % number),
    st.floats(36, 39).map(lambda number: b"%f" % number),
).map(list)
units = st.sampled_from([b"m", b"KM", b"km", b"ft", b"mi", b"km", b"yd"])
lengths = st.one_of(
    st.sampled_from([b"200", b"100", b"1000", b"20000", b"0", b"1", b"5000", b"99999"]),
    st.floats(0, 3000).map(lambda number: b"%f" % number),
    st.sampled_from([b"-1", b"x", b"inf", b"1e400", b"nan"]),
)
rows = st.lists(st.tuples(places | near, members).map(flat), min_size=1, max_size=3).map(flat)
flags = st.lists(st.sampled_from([b"NX", b"xx", b"CH"]), max_size=2)
members_of = st.sampled_from([b"x", b"y", b"z", b"7"]) | members
centres = st.one_of(
    st.tuples(st.just(b"FROMLONLAT"), near | places).map(flat),
    st.tuples(st.sampled_from([b"FROMMEMBER", b"frommember"]), members_of).map(list),
)
areas = st.one_of(
    st.tuples(st.just(b"BYRADIUS"), lengths, units).map(list),
    st.tuples(st.just(b"bybox"), lengths, lengths, units).map(list),
)
shows = st.sampled_from([b"WITHDIST", b"withcoord", b"WITHHASH"]).map(lambda word: [word])
counts = st.one_of(
    st.sampled_from([[b"COUNT", b"2"], [b"COUNT", b"1", b"ANY"], [b"count", b"3", b"any"]]),
    st.tuples(st.just(b"COUNT"), integers).map(list),
)
odd = st.sampled_from([[b"ANY"], [b"COUNT"], [b"bad"], [b"STORE", b"new"], [b"STOREDIST"]])
orders = st.sampled_from([[b"ASC"], [b"desc"]])
options = st.lists(st.one_of(shows, orders, counts, shows, orders, counts, odd), max_size=3).map(
    flat
)
storing = st.lists(st.one_of(orders, counts, st.just([b"STOREDIST"]), odd, shows), max_size=2).map(
    flat
)
stores: st.SearchStrategy[list[bytes]] = st.one_of(
    st.just([]),
    st.tuples(st.sampled_from([b"STORE", b"storedist"]), targets).map(list),
)
searches = st.one_of(
    *[st.tuples(centres, areas, options).map(flat)] * 5,
    st.tuples(areas, centres, options).map(flat),
    st.tuples(centres, options, centres).map(flat),
    st.tuples(areas, options, areas).map(flat),
)
polygons = st.one_of(
    *[
        st.lists(near, min_size=number, max_size=number).map(
            lambda corners: [b"BYPOLYGON", b"%d" % len(corners), *flat(corners)]
        )
        for number in (3, 4, 5)
    ],
    st.lists(places, min_size=3, max_size=5).map(
        lambda corners: [b"bypolygon", b"%d" % len(corners), *flat(corners)]
    ),
    st.sampled_from([b"2", b"x", b"4", b"-1", b"%d" % 2**63]).map(
        lambda number: [b"BYPOLYGON", number, b"1", b"1", b"2", b"2", b"3", b"1"]
    ),
)
polygon_searches = st.one_of(
    *[st.tuples(polygons, options).map(flat)] * 3,
    st.tuples(polygons, options, centres).map(flat),
    st.tuples(polygons, options, areas).map(flat),
    st.tuples(centres, polygons).map(flat),
)
stored = st.tuples(centres, areas, storing).map(flat)
circles = st.tuples(lengths, units, options).map(flat)

FAMILY = Family(
    arguments={
        "GEOADD": (geos, flags, rows),
        "GEODIST": (geos, members_of, members_of, st.just([]) | units | st.just([b"m", b"x"])),
        "GEOHASH": (geos, st.lists(members_of, max_size=3)),
        "GEOPOS": (geos, st.lists(members_of, max_size=3)),
        "GEOSEARCH": (geos, st.one_of(searches, polygon_searches)),
        "GEOSEARCHSTORE": (targets, geos, stored),
        "GEORADIUS": (geos, near | places, circles, stores),
        "GEORADIUS_RO": (geos, near | places, circles),
        "GEORADIUSBYMEMBER": (geos, members_of, circles, stores),
        "GEORADIUSBYMEMBER_RO": (geos, members_of, circles),
    },
    prelude=[
        [b"GEOADD", SICILY, b"13.361389", b"38.115556", b"x", b"15.087269", b"37.502669", b"y"],
        [b"GEOADD", SICILY, b"13.583333", b"37.316667", b"z", b"15.2875", b"37.0755", b""],
        [b"GEOADD", WORLD, b"-179.9", b"0.1", b"x", b"179.9", b"-0.1", b"y", b"0", b"84", b"z"],
        [b"GEOADD", WORLD, b"151.2", b"-33.9", b"7", b"-70", b"-84.5", b"\xfe", b"0", b"0", b""],
        [b"ZADD", WORLD, b"-1", b"\r\n"],
    ],
    keys=(SICILY, WORLD),
    differences={
        rb"GEOSEARCH(STORE)? (?!.*BY(RADIUS|BOX|POLYGON)).*": UNSPELT,
        rb"GEOSEARCH(STORE)? (?!.*(FROM(MEMBER|LONLAT)|BYPOLYGON)).*": UNSPELT,
    },
    reads=[b"ZRANGE 0 -1 WITHSCORES"],
)
