"""What concurrent operations on sets come to."""

from sim.conflicts._stories import Story, members

STORY = Story(
    title="set",
    rule="Add wins; a remove takes only what it saw.",
    begin=["SADD k a b c"],
    operations=["SADD k a", "SADD k d", "SREM k a", "SREM k b", "SPOP k 3", "DEL k"],
    read="SMEMBERS k",
    source="develop/data-types/sets",
    published=[
        ("SADD k a", "SREM k a"),
        ("SADD k a", "DEL k"),
        ("SADD k d", "DEL k"),
        ("SADD k d", "SREM k a"),
        ("SADD k a", "SADD k d"),
    ],
    otherwise="inferred",
    show=members,
)
