"""HyperLogLogs."""

from hypothesis import strategies as st

from crdb.command import Reply
from crdb.sketch import Few, dense, lifted, registers, spot
from tests.commands.families._family import NUMBER, SET, Family, flat, members

ONE, TWO = b"hll", b"h2"

sketches = st.sampled_from([ONE, TWO] * 4 + [SET, NUMBER, b"none", b"new"])
elements = st.one_of(
    members,
    st.binary(max_size=20),
    st.integers(0, 300).map(lambda n: b"%d" % n),
)
many = st.integers(0, 3_000).map(lambda n: [b"e%d" % each for each in range(n, n + 400)])
SPARSE = b"HYLL\1\0\0\0" + bytes(7) + b"\x80"
"""The beginning of a sparse one, whose estimate has still to be made."""
values = st.one_of(
    st.sampled_from([SPARSE + b"\x7f\xff", SPARSE + b"\x86\x3f\x7f\xbc", SPARSE + b"\xff\x7f\xfb"]),
    st.lists(elements, max_size=5).map(lambda names: dense([lifted(Few(), map(spot, names))])),
    st.sampled_from([b"HYLL", b"HYLL\2" + bytes(12_299), b"HYLL" + bytes(12_301), b""]),
)


def read(reply: Reply) -> object:
    """The registers alone: the real server keeps small ones sparse, and estimates when asked."""
    return registers(reply) or reply if isinstance(reply, bytes) else reply


FAMILY = Family(
    arguments={
        "PFADD": (sketches, st.lists(elements, max_size=4) | many),
        "PFCOUNT": (sketches, st.lists(sketches, max_size=2)),
        "PFMERGE": (sketches, st.lists(sketches, max_size=2)),
        "SET": (sketches, values, st.sampled_from([[], [], [b"NX"], [b"XX"], [b"KEEPTTL"]])),
        "GET": (sketches,),
    },
    prelude=[
        [b"PFADD", ONE, b"x", b"y"],
        flat([b"PFADD", TWO, [b"%d" % each for each in range(900)]]),
        [b"EXPIRE", TWO, b"5000000000"],
    ],
    keys=(ONE, TWO),
    as_read={b"GET": read},
)
