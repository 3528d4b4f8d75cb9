"""Families of commands, a file each, as they are held against the real server."""

from itertools import chain

from crdb import registry
from tests.commands.families._family import Family as Family

FAMILIES: dict[str, Family] = {
    module.__name__.rpartition(".")[2]: module.FAMILY
    for module in registry.members("tests.commands.families")
}
DIFFERENCES = {
    pattern: why for family in FAMILIES.values() for pattern, why in family.differences.items()
}
UNORDERED = frozenset(chain(*(family.unordered for family in FAMILIES.values())))
BY_CHANCE = frozenset(chain(*(family.by_chance for family in FAMILIES.values())))
SCANS = {name: at for family in FAMILIES.values() for name, at in family.scans.items()}
TOLERANCE = {name: by for family in FAMILIES.values() for name, by in family.tolerance.items()}
AS_READ = {name: read for family in FAMILIES.values() for name, read in family.as_read.items()}
READS = list(dict.fromkeys(chain(*(family.reads for family in FAMILIES.values()))))
