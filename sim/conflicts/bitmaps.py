"""What concurrent operations on bits of a string come to."""

from sim.conflicts._stories import Story

STORY = Story(
    title="bitmap",
    rule="Bits are not merged: the later whole string replaces the other.",
    begin=["SETBIT k 7 1"],
    operations=["SETBIT k 6 1", "SETBIT k 5 1", "BITFIELD k INCRBY u8 0 64", "DEL k"],
    read="BITFIELD_RO k GET u8 0",
    source="develop/data-types/strings",
    ours=[
        ("SETBIT k 6 1", "DEL k"),
        ("SETBIT k 5 1", "DEL k"),
        ("BITFIELD k INCRBY u8 0 64", "DEL k"),
    ],
    otherwise="inferred",
    show=lambda reply: f"{reply[0]:08b}",
)
