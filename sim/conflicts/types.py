"""What writes of different types to one key come to."""

from sim.conflicts._stories import Story

STORY = Story(
    title="types",
    rule="A key holds both; the one that comes first in this list shows, and neither is lost.",
    begin=[],
    operations=[
        "SET k v",
        "PFADD k e",
        "SADD k m",
        "HSET k f v",
        "ZADD k 1 m",
        "RPUSH k e",
        "XADD k * f v",
        "JSON.SET k $ 1",
    ],
    read="TYPE k",
    source="develop/develop-for-aa",
)
