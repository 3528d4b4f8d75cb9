"""What is about the session or the server, on no key."""

from hypothesis import strategies as st

from tests.commands.families._family import Family, keys, members, values

FAMILY = Family(
    arguments={
        "PING": (st.just([]) | members,),
        "ECHO": (values,),
        "TIME": (),
        "MULTI": (),
        "EXEC": (),
        "DISCARD": (),
        "WATCH": (keys,),
        "UNWATCH": (),
    },
    differences={
        rb"FLUSH(ALL|DB)( .*)?": "Active-Active refuses them: flushing is an operator's action",
        rb"QUEUEING (MULTI|WATCH .*)": "Redis' text, and EXEC still runs; Valkey 9 differs in both",
    },
    refused=[b"FLUSHALL", b"FLUSHDB ASYNC"],
    by_chance=frozenset({b"TIME"}),
)
