"""What concurrent operations on strings come to."""

from sim.conflicts._stories import Story

STORY = Story(
    title="string",
    rule="The later whole value, whatever changed it.",
    begin=["SET k base"],
    operations=["SET k x", "SET k y", "APPEND k +", "SETRANGE k 0 B", "SETBIT k 2 0", "DEL k"],
    read="GET k",
    source="develop/data-types/strings",
    published=[("SET k x", "SET k x"), ("SET k x", "SET k y"), ("SET k y", "SET k y")],
    ours=[(each, "DEL k") for each in ("SET k x", "SET k y", "APPEND k +", "SETRANGE k 0 B")],
    otherwise="inferred",
)
