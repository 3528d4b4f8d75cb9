"""Streams, in the mode whose ids are those of open-source Redis.

Each stream has a group that stays, since one without entries and groups does not exist here, while
the server keeps it. Ids are never made of the clock, and the last id is never set back to what a
deleted entry left: the server allows that. What a reply says of times is compared by its sign.
"""

from hypothesis import strategies as st

from crdb.command import Reply
from crdb.replica import Settings
from tests.commands.families._family import TEXT, Family, flat, words

STREAM, SECOND = b"st", b"st2"
TIMES = (b"idle", b"inactive", b"seen-time", b"active-time")
NODES = (b"radix-tree-keys", b"radix-tree-nodes")


def timeless(reply: Reply) -> object:
    """A reply without times, and without the nodes of the server's radix tree."""
    if not isinstance(reply, list):
        return reply
    shown = [timeless(each) for each in reply]
    for at, each in enumerate(shown[:-1]):
        following = shown[at + 1]
        if each in TIMES and isinstance(following, int):
            shown[at + 1] = following >= 0
        elif each in NODES:
            shown[at + 1] = None
    # A row of pending entries: id, consumer unless it is that of one, time, count.
    if len(shown) in (3, 4) and isinstance(shown[-2], int) and isinstance(shown[-1], int):
        shown[-2] = None
    return shown


live = st.sampled_from([STREAM] * 6 + [SECOND] * 4 + [TEXT])
streams = st.sampled_from([STREAM] * 6 + [SECOND] * 3 + [TEXT, b"nokey"])
group = st.sampled_from([b"g"] * 6 + [b"keep", b"h", b"h", b"nogroup"])
consumer = st.sampled_from([b"Alice", b"Bob", b"Alice", b"Zoe"])
small = st.integers(1, 12)
held = [b"%d-%d" % (ms, ms % 3) for ms in range(2, 8)]
ids = st.one_of(
    st.sampled_from([b"1", *held, *held]),
    small.map(lambda ms: b"%d" % ms),
    st.tuples(small, st.integers(0, 3)).map(lambda two: b"%d-%d" % two),
    st.tuples(small, st.integers(0, 3)).map(lambda two: b"%d-%d" % two),
)
LAST = b"%d-%d" % (2**64 - 1, 2**64 - 1)
crooked = st.sampled_from(
    [
        *(b"", b"-", b"+", b"x", b"1-x", b"1-", b"-1", b"1-2-3", b" 7", b"+7-07", b"5- -1"),
        *(b"1-*", b"0-0", b"0", LAST, b"%d" % 2**64, b"7" * 128, b"7\x007"),
    ]
)
some_id = st.one_of(*[ids] * 8, crooked)
new_id = st.one_of(
    st.integers(1, 60).map(lambda ms: b"%d-*" % ms),
    st.integers(1, 60).map(lambda ms: b"%d-%d" % (ms, ms % 7)),
    st.integers(1, 60).map(lambda ms: b"%d" % ms),
    crooked.filter(lambda word: word != LAST),
)
fields = st.sampled_from([[b"f", b"v"], [b"f", b"v"], [b"a", b"1", b"\xff", b""], [b"odd"]])
number = st.sampled_from([b"0", b"1", b"2", b"3", b"10", b"-1", b"x", b"5"])
trimming = st.lists(
    st.one_of(
        st.tuples(st.sampled_from([b"MAXLEN", b"maxlen"]), number).map(list),
        st.tuples(st.just(b"MAXLEN"), st.sampled_from([b"~", b"="]), number).map(list),
        st.tuples(st.just(b"MINID"), some_id).map(list),
        st.tuples(st.just(b"minid"), st.sampled_from([b"~", b"="]), some_id).map(list),
        st.tuples(st.just(b"LIMIT"), number).map(list),
    ),
    max_size=2,
).map(flat)
usual = st.sampled_from([[b"MAXLEN", b"%d" % length] for length in (1, 2, 4)] + [[b"MINID", b"3"]])
end = st.one_of(st.sampled_from([b"-", b"+"]), some_id, some_id.map(lambda word: b"(" + word))
ends = st.one_of(st.just([b"-", b"+"]), st.just([b"-", b"+"]), st.tuples(end, end).map(list))
count: st.SearchStrategy[list[bytes]] = st.just([]) | st.tuples(
    st.sampled_from([b"COUNT", b"count"]), number
).map(list)
reading = st.lists(
    st.one_of(
        st.tuples(st.just(b"COUNT"), number).map(list),
        st.tuples(st.just(b"BLOCK"), st.sampled_from([b"1", b"1", b"-1", b"1.5", b"x"])).map(list),
        st.sampled_from([[b"NOACK"], [b"bad"]]),
    ),
    max_size=1,
).map(flat)
after = st.one_of(some_id, st.sampled_from([b"0", b"$", b"+", b">"]))
new = st.sampled_from([b">"] * 6 + [b"0"] * 2 + [b"$", b"+", b"x", b"5"])


def of_streams(position: st.SearchStrategy[bytes]) -> st.SearchStrategy[list[bytes]]:
    one = st.tuples(streams, position).map(list)
    two = st.tuples(streams, streams, position, position).map(list)
    return st.one_of(one, one, two).map(lambda rest: [b"STREAMS", *rest])


read: st.SearchStrategy[list[bytes]] = st.just([]) | st.tuples(
    st.just(b"ENTRIESREAD"), number | st.just(b"-2")
).map(list)
xgroup = st.one_of(
    st.tuples(
        st.just(b"CREATE"), live, group, some_id | st.just(b"$"), words("MKSTREAM", "bad"), read
    ),
    st.tuples(st.just(b"CREATE"), live, group, st.sampled_from([b"0", b"$"])),
    st.tuples(st.just(b"setid"), streams, group, some_id | st.just(b"$"), read),
    st.tuples(st.just(b"CREATECONSUMER"), streams, group, consumer),
    st.tuples(st.just(b"DELCONSUMER"), streams, group, consumer),
    st.tuples(st.just(b"DESTROY"), streams, group.filter(lambda name: name != b"keep")),
    st.sampled_from([(b"HELP",), (b"bad\n\0x", STREAM), (b"CREATE", STREAM)]),
).map(flat)
xinfo = st.one_of(
    st.tuples(st.just(b"STREAM"), streams, st.just([]) | words("FULL", "bad")),
    st.tuples(st.just(b"stream"), streams, st.just(b"FULL"), count),
    st.tuples(st.just(b"GROUPS"), streams),
    st.tuples(st.just(b"CONSUMERS"), streams, group),
    st.sampled_from([(b"HELP",), (b"bad", STREAM)]),
).map(flat)
idle = st.sampled_from([b"0"] * 6 + [b"3600000", b"-1", b"x"])
claim = st.lists(
    st.one_of(
        st.sampled_from([[b"FORCE"], [b"justid"], [b"bad"], [b"TIME"]]),
        st.tuples(
            st.sampled_from([b"IDLE", b"TIME", b"RETRYCOUNT"]),
            st.sampled_from([b"0", b"7200000", b"-1", b"x"]),
        ).map(list),
        st.tuples(st.just(b"LASTID"), some_id).map(list),
    ),
    max_size=3,
).map(flat)

delivered = st.lists(st.sampled_from([b"1", *held[:3]]), min_size=1, max_size=3)
xclaim = st.one_of(
    st.tuples(st.sampled_from([STREAM, STREAM, SECOND]), st.just(b"g"), consumer, idle, delivered),
    st.tuples(streams, group, consumer, idle, st.lists(some_id, max_size=4), claim),
    st.tuples(st.just(STREAM), group, consumer, st.just(b"0"), delivered, claim),
).map(flat)
counters = st.lists(
    st.tuples(
        st.sampled_from([b"ENTRIESADDED", b"MAXDELETEDID"]),
        st.sampled_from([b"0", b"3", b"900", b"-1", b"x"]),
    ).map(list),
    max_size=2,
).map(flat)

FAMILY = Family(
    arguments={
        "XADD": (live, st.just([]) | trimming | st.just([b"NOMKSTREAM"]), new_id, fields),
        "XLEN": (streams,),
        "XRANGE": (streams, ends, count),
        "XREVRANGE": (streams, ends.map(lambda two: two[::-1]), count),
        "XREAD": (reading, of_streams(after)),
        "XREADGROUP": (st.just(b"GROUP"), group, consumer, reading, of_streams(new)),
        "XACK": (streams, group, st.lists(some_id, min_size=1, max_size=4)),
        "XPENDING": (
            streams,
            group,
            st.just([])
            | st.tuples(st.just([]) | idle.map(lambda ms: [b"IDLE", ms]), ends, number).map(flat),
            st.just([]) | consumer.map(lambda name: [name]),
        ),
        "XCLAIM": (xclaim,),
        "XAUTOCLAIM": (streams, group, consumer, idle, end, count, words("JUSTID")),
        "XGROUP": (xgroup,),
        "XINFO": (xinfo,),
        "XSETID": (streams, st.sampled_from([b"5000"] * 3 + [b"x"]), st.just([]) | counters),
        "XDEL": (streams, st.lists(some_id, min_size=1, max_size=3)),
        "XTRIM": (streams, usual | trimming),
    },
    prelude=[
        *(
            request
            for key in (STREAM, SECOND)
            for request in (
                [b"XADD", key, b"1", b"f", b"v"],
                [b"XGROUP", b"CREATE", key, b"keep", b"0"],
                [b"XGROUP", b"CREATE", key, b"g", b"0"],
            )
        ),
        *([b"XADD", STREAM, position, b"f", b"v"] for position in held),
        [b"XREADGROUP", b"GROUP", b"g", b"Alice", b"COUNT", b"4", b"STREAMS", STREAM, b">"],
    ],
    as_read=dict.fromkeys([b"XPENDING", b"XINFO"], timeless),
    settings=Settings(xadd_ids="liberal"),
    reads=[b"XLEN"],
)
