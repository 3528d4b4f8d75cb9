"""What is about the connection: who is at its other end, and what it speaks.

Not drawn: QUIT, which ends the server's connection, and HELLO 3, after which the server's replies
have another form.
"""

from hypothesis import strategies as st

from tests.commands.families._family import Family, flat, members

names = st.sampled_from([b"jo", b"", b"a b", b"\n", b"\xff", b"~!"]) | members
users = st.sampled_from([[b"default", b"x"], [b"bob", b"x"], [b"x"], [b"a", b"b", b"c"]])
versions = st.sampled_from([b"2", b"2", b"1", b"4", b"x", b"2.0", b""])
options = st.lists(
    st.sampled_from(
        [b"AUTH default x", b"auth bob x", b"AUTH", b"AUTH x", b"SETNAME jo", b"setname", b"bad\0x"]
    ).map(bytes.split),
    max_size=2,
).map(flat)
libraries = st.sampled_from([b"LIB-NAME", b"lib-ver", b"foo", b"\r\n"])
switches = st.sampled_from([b"on", b"OFF", b"", b"maybe"])

FAMILY = Family(
    arguments={
        "HELLO": (versions, options),
        "AUTH": (users,),
        "CLIENT": (
            st.one_of(
                st.sampled_from([[b"GETNAME"], [b"getname"]]),
                st.tuples(st.just(b"SETNAME"), names).map(list),
                st.tuples(st.just(b"setinfo"), libraries, names).map(list),
                st.tuples(st.sampled_from([b"NO-TOUCH", b"no-touch"]), switches).map(list),
            ),
        ),
    },
    by_chance=frozenset({b"HELLO"}),
)
