"""What concurrent operations on the entries of streams come to."""

from typing import Any

from sim.conflicts._stories import Story, shown


def entries(reply: Any) -> str:
    """Ids and values, as every entry has the one field ``who``."""
    return shown([b"%s %s" % (name, fields[1]) for name, fields in reply])


ADDS = ("XADD k 2000 who one", "XADD k 2000 who two")

STORY = Story(
    title="stream",
    rule="Entries of all regions are merged by id, which a region's number keeps apart; a deletion "
    "takes what it saw.",
    begin=["XADD k 1000 who first", "XADD k 1001 who second"],
    operations=[*ADDS, "XDEL k 1000-1", "XTRIM k MAXLEN 1", "DEL k"],
    read="XRANGE k - +",
    source="develop/data-types/streams",
    published=[
        ADDS,
        *((add, add) for add in ADDS),
        *((add, "DEL k") for add in ADDS),
        *((add, "XDEL k 1000-1") for add in ADDS),
    ],
    ours=[
        (each, "XTRIM k MAXLEN 1") for each in (*ADDS, "XDEL k 1000-1", "XTRIM k MAXLEN 1", "DEL k")
    ],
    otherwise="inferred",
    show=entries,
)
