"""What concurrent operations on the consumer groups of streams come to."""

from typing import Any

from sim.conflicts._stories import Story, shown


def names(reply: Any) -> str:
    """The names of the groups."""
    return shown(sorted(group[b"name"] for group in reply))


STORY = Story(
    title="stream-groups",
    rule="A group exists in every region or in none, and a deletion wins; consumers are local.",
    begin=["XADD k 1000 who first", "XGROUP CREATE k g 0"],
    operations=[
        "XGROUP CREATE k h 0",
        "XGROUP DESTROY k g",
        "XGROUP DESTROY k h",
        "XADD k 2000 who second",
        "DEL k",
    ],
    read="XINFO GROUPS k",
    source="develop/data-types/streams",
    published=[
        ("XGROUP CREATE k h 0", "XGROUP CREATE k h 0"),
        ("XGROUP CREATE k h 0", "DEL k"),
        ("XGROUP DESTROY k g", "XGROUP DESTROY k g"),
    ],
    ours=[("XGROUP CREATE k h 0", "XGROUP DESTROY k h")],
    otherwise="inferred",
    show=names,
)
