"""What is about the session or the server, on no key."""

from hypothesis import strategies as st

from tests.commands.families._family import Family, keys, members, values

FAMILY = Family(
    arguments={
        "PING": (st.just([]) | members,),
        "ECHO": (values,),
        "TIME": (),
        "SELECT": (st.sampled_from([b"0", b"0", b"16", b"-1", b"x", b"00", b"%d" % 2**31]),),
        "MULTI": (),
        "EXEC": (),
        "DISCARD": (),
        "WATCH": (keys,),
        "UNWATCH": (),
    },
    differences={
        rb"FLUSH(ALL|DB)( .*)?": "Active-Active refuses them: flushing is an operator's action",
        rb"SELECT ([1-9]|1[0-5])": "an active-active database has no others beside it",
        rb"QUEUEING (MULTI|WATCH .*)": "Redis' text, and EXEC still runs; Valkey 9 differs in both",
    },
    refused=[b"FLUSHALL", b"FLUSHDB ASYNC", b"SELECT 1"],
    by_chance=frozenset({b"TIME"}),
)
