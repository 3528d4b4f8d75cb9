"""What concurrent operations on the deadline of a hash's field come to."""

from sim.conflicts._stories import Story

STORY = Story(
    title="field-expiry",
    rule="As the deadline of a key: the longest of those set at once.",
    begin=["HSET k f 1", "HEXPIREAT k 2000000000 FIELDS 1 f"],
    operations=[
        "HEXPIREAT k 2100000000 FIELDS 1 f",
        "HEXPIREAT k 2200000000 FIELDS 1 f",
        "HPERSIST k FIELDS 1 f",
        "HSET k f 2",
        "HDEL k f",
    ],
    read="HEXPIRETIME k FIELDS 1 f",
    source="develop/data-types/hashes",
    show=lambda reply: {-2: "no field", -1: "never"}.get(reply[0], f"at {reply[0]}"),
)
