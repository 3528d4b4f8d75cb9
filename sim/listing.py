"""Listing: everything that can be named in a scenario or sent to a region, found by walking.

Each name comes with one line: the first of its file's docstring, behind the colon.

>>> dict(listing()["faults"])["outage"]
"a region's database stops, answers nobody, and comes back with what it had"
>>> dict(listing()["commands"])["incr"]
'both count'
"""

import sys
from collections.abc import Callable, Iterator

import msgspec

from crdb import registry
from crdb.command import entries
from crdb.crdts.base import CRDT
from sim.checkers import checkers
from sim.faults import Fault
from sim.protocols.base import designs
from sim.scenario import load, shipped
from sim.topology import SOURCE, azure_regions, nearest
from sim.units import human
from sim.workloads import Workload

Named = list[tuple[str, str]]
"""Names, each with what it is."""


def listing() -> dict[str, Named]:
    """Return every section of `crdb list`."""
    return {section: list(found()) for section, found in SECTIONS.items()}


def _scenarios() -> Iterator[tuple[str, str]]:
    for name, path in shipped().items():
        yield name, load(str(path)).title


def _regions() -> Iterator[tuple[str, str]]:
    for name in azure_regions():
        other, rtt_us = nearest(name)
        yield name, f"{human(rtt_us)} to {other} and back"


def _protocols() -> Iterator[tuple[str, str]]:
    for name, each in sorted(designs().items()):
        yield name, about(each.__module__)


def _checkers() -> Iterator[tuple[str, str]]:
    for name, each in sorted(checkers().items()):
        yield name, about(each.__module__)


def _types() -> Iterator[tuple[str, str]]:
    for each in registry.classes("crdb.crdts", CRDT):  # type: ignore[type-abstract]
        if hasattr(each, "name"):
            # A HyperLogLog too is a string to the TYPE command.
            file = each.__module__.rpartition(".")[2]
            yield file if file == "hyperloglog" else each.name, about(each.__module__)


def _commands() -> Iterator[tuple[str, str]]:
    """Every command, with what two regions read that ran it on one key at once."""
    registry.members("crdb.commands")
    for entry in entries():
        otherwise = "reads this region's copy" if "readonly" in entry.flags else "changes no key"
        yield entry.name.replace("|", " "), entry.conflict or otherwise


def _kinds(package: str, base: type[msgspec.Struct]) -> Callable[[], Iterator[tuple[str, str]]]:
    """The structs that a scenario names by their ``kind``."""

    def found() -> Iterator[tuple[str, str]]:
        for each in registry.classes(package, base):
            yield str(each.__struct_config__.tag), about(each.__module__)

    return found


def _files(package: str, has: str) -> Callable[[], Iterator[tuple[str, str]]]:
    """The members that every run goes through, unasked: named by their files."""

    def found() -> Iterator[tuple[str, str]]:
        for module in registry.members(package):
            if hasattr(module, has):
                yield module.__name__.rpartition(".")[2], about(module.__name__)

    return found


def about(module: str) -> str:
    """The first line of a module's docstring, behind its name."""
    line = (sys.modules[module].__doc__ or "").partition("\n")[0]
    name, colon, told = line.partition(": ")
    return (told if colon else name).removesuffix(".")


SECTIONS: dict[str, Callable[[], Iterator[tuple[str, str]]]] = {
    "scenarios": _scenarios,
    "regions": _regions,
    "protocols": _protocols,
    "workloads": _kinds("sim.workloads", Workload),
    "faults": _kinds("sim.faults", Fault),
    "checkers": _checkers,
    "metrics": _files("sim.metrics", "TABLE"),
    "plots": _files("sim.plots", "draw"),
    "types": _types,
    "commands": _commands,
}
"""What `crdb list` can show."""

NOTES = {"regions": f"Azure's; round trips: {SOURCE}"}
"""What is to be known of a whole section."""
