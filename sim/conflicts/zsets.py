"""What concurrent operations on sorted sets come to."""

from sim.conflicts._stories import Story

ADDS = ("ZADD k 50 a", "ZADD k 60 a")
REMOVALS = ("ZREM k a", "ZPOPMIN k", "DEL k")

STORY = Story(
    title="zset",
    rule="Add wins; a score is assigned by the later clock, increments add up, and a removal takes "
    "what it saw of both.",
    begin=["ZADD k 10 a 20 b"],
    operations=[*ADDS, "ZADD k 5 c", "ZINCRBY k 3 a", *REMOVALS],
    read="ZRANGE k 0 -1 WITHSCORES",
    source="develop/data-types/sorted-sets",
    published=[
        ADDS,
        ("ZINCRBY k 3 a", "ZINCRBY k 3 a"),
        ("ZINCRBY k 3 a", "ZREM k a"),
        ("ZADD k 50 a", "ZREM k a"),
        ("ZADD k 60 a", "ZREM k a"),
    ],
    ours=[(add, "ZINCRBY k 3 a") for add in ADDS],
    otherwise="inferred",
)
