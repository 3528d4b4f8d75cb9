"""Merged: under which keys concurrent writes have met, and what came of it.

What is shown is what is still held. A write that a later one has seen and replaced is gone, and
with it the conflict: of that the history of a recorded run can tell.
"""

from typing import Any

from crdb.keyspace import Entry
from sim.region import Region
from sim.why import Sibling, rules, siblings
from sim.words import plain
from sim.world import World

KEYS_SHOWN = 100


def merged(world: World, key: bytes | None = None) -> list[Any]:
    """Keys, with how many writes stand side by side; or of one key, region by region, its value,
    those writes and the rules by which it has that value."""
    if key is None:
        found: dict[bytes, int] = {}
        for region in world.regions.values():
            for name, entry in sorted(region.replica.keyspace.keys.items()):
                count = len(_authors(world, entry))
                if count > 1 and (name in found or len(found) < KEYS_SHOWN):
                    found[name] = max(count, found.get(name, 0))
        return [[name, count] for name, count in sorted(found.items())]
    return [told for region in world.regions.values() for told in _told(world, region, key)]


def _authors(world: World, entry: Entry) -> set[str]:
    """Whose writes stand side by side: of two by one author the later has seen the earlier."""
    return {each.author for each in _siblings(world, entry) if not each.value.startswith("no end")}


def _siblings(world: World, entry: Entry) -> list[Sibling]:
    authors = {each.number: each.name for each in world.regions.values()}
    actors = {each.replica.actor: each.name for each in world.regions.values()}
    return list(siblings(entry, authors, actors, 1_000_000 * world.scenario.epoch))


def _told(world: World, region: Region, key: bytes) -> list[Any]:
    entry = region.replica.keyspace.keys.get(key)
    if entry is None or entry.value is None or entry.deadline_us <= region.clock.now():
        return [[region.name.encode(), b"nothing", [], []]]
    writes = [" ".join(filter(None, each.cells())).encode() for each in _siblings(world, entry)]
    value = f"{entry.value.name} {plain(entry.value.told())!r}"
    return [
        [region.name.encode(), value.encode(), writes, [each.encode() for each in rules(entry)]]
    ]
