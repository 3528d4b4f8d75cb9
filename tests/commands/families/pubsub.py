"""What is said of no subscribers; `test_pubsub` compares the rest."""

from hypothesis import strategies as st

from tests.commands.families._family import Family, keys, patterns

FAMILY = Family(
    arguments={
        "PUBSUB": (
            st.sampled_from([[b"NUMPAT"], [b"help"], [b"bad\n\0x"]])
            | st.tuples(st.sampled_from([b"CHANNELS", b"numsub"]), patterns).map(list)
            | st.tuples(st.just(b"shardchannels"), patterns, keys).map(list),
        ),
    },
)
