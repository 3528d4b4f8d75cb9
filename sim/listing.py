"""Listing: everything that can be named in a scenario or sent to a region, found by walking.

Each name comes with one line: the first of its file's docstring, behind the colon.

>>> dict(listing()["faults"])["outage"]
"a region's database stops, answers nobody, and comes back with what it had"
>>> dict(listing()["commands"])["incr"]
'both count'
"""

import sys
from collections.abc import Iterator
from types import ModuleType

import msgspec

from crdb import registry
from crdb.command import TABLE
from crdb.crdts.base import CRDT
from sim.checkers import checkers
from sim.protocols.base import designs
from sim.scenario import load, shipped

Named = list[tuple[str, str]]
"""Names, each with what it is."""


def listing() -> dict[str, Named]:
    """Return every section of `crdb list`."""
    return {
        "scenarios": [(name, load(str(path)).title) for name, path in shipped().items()],
        "protocols": [(name, _about(each.__module__)) for name, each in sorted(designs().items())],
        "workloads": list(_tagged("sim.workloads")),
        "faults": list(_tagged("sim.faults")),
        "checkers": [(name, _about(each.__module__)) for name, each in sorted(checkers().items())],
        "types": list(_types()),
        "commands": _commands(),
    }


def _commands() -> Named:
    """Every command, with what two regions read that ran it on one key at once."""
    registry.members("crdb.commands")
    return sorted({entry.name: entry.conflict for entry in TABLE.values()}.items())


def _types() -> Iterator[tuple[str, str]]:
    for module in registry.members("crdb.crdts"):
        for each in _own_classes(module):
            if issubclass(each, CRDT) and hasattr(each, "name"):
                yield each.name, _about(module.__name__)


def _tagged(package: str) -> Iterator[tuple[str, str]]:
    """The structs that a scenario names by their ``kind``."""
    for module in registry.members(package):
        for each in _own_classes(module):
            if issubclass(each, msgspec.Struct) and each.__struct_config__.tag:
                yield str(each.__struct_config__.tag), _about(module.__name__)


def _own_classes(module: ModuleType) -> list[type]:
    return [
        each
        for each in vars(module).values()
        if isinstance(each, type) and each.__module__ == module.__name__
    ]


def _about(module: str) -> str:
    """The first line of a module's docstring, behind its name."""
    line = (sys.modules[module].__doc__ or "").partition("\n")[0]
    name, colon, about = line.partition(": ")
    return (about if colon else name).removesuffix(".")
