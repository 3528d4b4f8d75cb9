"""What concurrent operations on counters come to."""

from sim.conflicts._stories import Story

STORY = Story(
    title="counter",
    rule="Increments add up; what replaces or removes a number takes what it saw of it.",
    begin=["SET k 10"],
    operations=["INCRBY k 5", "DECRBY k 3", "INCRBYFLOAT k 0.5", "SET k 100", "DEL k"],
    read="GET k",
    source="develop/data-types/strings",
    published=[
        ("INCRBY k 5", "INCRBY k 5"),
        ("INCRBY k 5", "DECRBY k 3"),
        ("DECRBY k 3", "DECRBY k 3"),
    ],
    inferred=[("SET k 100", "SET k 100"), ("DEL k", "DEL k")],
)
