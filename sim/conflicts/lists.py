"""What concurrent operations on lists come to."""

from sim.conflicts._stories import Story

PUSHES = ("LPUSH k x", "LPUSH k w", "RPUSH k y")
INSERTS = ("LINSERT k AFTER b z", "LINSERT k AFTER b v")

STORY = Story(
    title="list",
    rule="Elements keep their place among those that their author saw; pops and removals take what "
    "they saw, and one element may be popped in two regions.",
    begin=["RPUSH k a b c"],
    operations=[
        *PUSHES,
        *INSERTS,
        "LPOP k",
        "LREM k 0 b",
        "LSET k 1 B",
        "LTRIM k 0 0",
        "DEL k",
    ],
    read="LRANGE k 0 -1",
    source="develop/data-types/lists",
    published=[
        INSERTS,
        *((insert, insert) for insert in INSERTS),
        ("LPOP k", "LPOP k"),
        *((push, other) for push in PUSHES for other in PUSHES),
        *((each, "DEL k") for each in (*PUSHES, *INSERTS)),
    ],
    inferred=[
        *((each, "LPOP k") for each in (*PUSHES, *INSERTS)),
        *((insert, push) for insert in INSERTS for push in PUSHES),
        ("LPOP k", "DEL k"),
        ("DEL k", "DEL k"),
    ],
)
