"""What concurrent operations on hashes come to."""

from sim.conflicts._stories import Story

STORY = Story(
    title="hash",
    rule="A field is added or updated in spite of a concurrent removal; its value is a string.",
    begin=["HSET k f 10 g x"],
    operations=[
        "HSET k f 20",
        "HSET k f 30",
        "HSET k h new",
        "HINCRBY k f 5",
        "HDEL k f",
        "HDEL k g",
        "DEL k",
    ],
    read="HGETALL k",
    source="develop/data-types/hashes",
    published=[
        ("HSET k f 20", "HDEL k f"),
        ("HSET k f 30", "HDEL k f"),
        ("HSET k f 20", "HSET k f 30"),
        ("HSET k f 20", "HSET k h new"),
        ("HSET k f 30", "HSET k h new"),
        ("HINCRBY k f 5", "HINCRBY k f 5"),
        ("HSET k h new", "DEL k"),
    ],
    ours=[
        ("HSET k f 20", "HINCRBY k f 5"),
        ("HSET k f 30", "HINCRBY k f 5"),
        ("HINCRBY k f 5", "HDEL k f"),
        ("HINCRBY k f 5", "DEL k"),
    ],
    otherwise="inferred",
)
