"""What concurrent operations on deadlines come to."""

from sim.conflicts._stories import Story

STORY = Story(
    title="expiry",
    rule="The longest of the deadlines set at once; never is the longest of all.",
    begin=["SET k v", "EXPIREAT k 2000000000"],
    operations=[
        "EXPIREAT k 2100000000",
        "EXPIREAT k 2200000000",
        "PERSIST k",
        "SET k w",
        "SET k w EXAT 2150000000",
        "DEL k",
    ],
    read="EXPIRETIME k",
    source="develop/develop-for-aa",
    published=[
        ("EXPIREAT k 2100000000", "EXPIREAT k 2100000000"),
        ("EXPIREAT k 2100000000", "EXPIREAT k 2200000000"),
        ("EXPIREAT k 2200000000", "EXPIREAT k 2200000000"),
        ("EXPIREAT k 2100000000", "PERSIST k"),
        ("EXPIREAT k 2200000000", "PERSIST k"),
        ("PERSIST k", "PERSIST k"),
    ],
    inferred=[("DEL k", "DEL k")],
    show=lambda reply: {-2: "no key", -1: "never"}.get(reply, f"at {reply}"),
)
