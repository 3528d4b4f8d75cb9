"""What concurrent operations on HyperLogLogs come to."""

from sim.conflicts._stories import Story

STORY = Story(
    title="hyperloglog",
    rule="Additions are merged; a deletion wins over all that did not see it.",
    begin=["PFADD k a b", "PFADD other x y z"],
    operations=["PFADD k c", "PFADD k d e", "PFMERGE k other", "EXPIREAT k 2100000000", "DEL k"],
    read="PFCOUNT k",
    source="develop/data-types/hyperloglog",
    published=[
        ("PFADD k c", "PFADD k c"),
        ("PFADD k c", "PFADD k d e"),
        ("PFADD k c", "DEL k"),
        ("PFADD k d e", "DEL k"),
        ("PFMERGE k other", "DEL k"),
        ("EXPIREAT k 2100000000", "DEL k"),
    ],
    otherwise="inferred",
)
