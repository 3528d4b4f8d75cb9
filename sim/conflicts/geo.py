"""What concurrent operations on places come to."""

from sim.conflicts._stories import Story

MOVES = ("GEOADD k 2.35 48.85 van", "GEOADD k 4.90 52.37 van")

STORY = Story(
    title="geo",
    rule="A sorted set whose scores are places: the later clock moves, add wins.",
    begin=["GEOADD k -0.13 51.51 van"],
    operations=[*MOVES, "GEOADD k 13.40 52.52 tram", "ZREM k van", "DEL k"],
    read="GEOHASH k van tram",
    source="develop/data-types/sorted-sets",
    otherwise="inferred",
)
