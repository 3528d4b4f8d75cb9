"""Scenarios: what a world is made of and what is done to it, as frozen structs or a TOML file.

An unknown key, a wrong type or an impossible value is refused in one line that names the file,
the key and what was expected. Durations are texts with a unit ("11m", "250ms", "-30ms").

>>> load("payments").regions
['West Europe', 'East US']
>>> load("paymants")
Traceback (most recent call last):
sim.scenario.BadScenario: no scenario 'paymants'; did you mean 'payments'? `crdb list` names all
"""

import re
import tomllib
from collections.abc import Iterable, Iterator, Sequence
from functools import reduce
from importlib.resources import files
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, get_args, get_origin, get_type_hints

import msgspec
from msgspec import Meta

from crdb import registry
from sim.faults import Fault
from sim.latency import pbs
from sim.protocols.base import Settings, designs
from sim.settings import (
    ClientSettings,
    ClockSettings,
    ClusterSettings,
    Count,
    DiskSettings,
    NetworkSettings,
    PersistenceSettings,
    Strict,
    SyncSettings,
)
from sim.topology import Topology, UnknownRegion
from sim.units import Period, decode, encode, human
from sim.words import did_you_mean, refusal
from sim.workloads import Workload

if TYPE_CHECKING:
    AnyFault = Fault
    AnyWorkload = Workload
else:
    AnyFault = reduce(or_, registry.classes("sim.faults", Fault))
    AnyWorkload = reduce(or_, registry.classes("sim.workloads", Workload))

NAME = re.compile(r"\w[\w.-]*")
"""What scenarios and variants may be called: their names become those of folders."""

Structs = Sequence[type[msgspec.Struct]]


class BadScenario(ValueError):
    """One line: where, what, and what was expected."""


class Variant(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One course of events."""

    name: str
    about: str = ""
    faults: list[AnyFault] = []
    expect: dict[str, list[str]] = {}
    """Protocol -> the checkers whose verdict is expected to be invalid; all others are not."""
    risk: dict[str, list[str]] = {}
    """Protocol -> the checkers that come out invalid for some seeds: both ways are expected."""
    settings: list[str] = []
    """What is otherwise in this course, as for ``--set``: ``["client.attempts=1"]``."""


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A world and what is done to it. `check` says what no single type can."""

    title: str
    regions: Annotated[list[str], Meta(min_length=1)]
    """Azure's names; the order gives the numbers, and the smaller number wins ties."""
    workload: AnyWorkload
    about: str = ""
    horizon: Period = Period(600_000_000)
    """How long clients go on starting work."""
    epoch: Count = 1_700_000_000
    """True time at the beginning, in seconds of Unix time."""
    network: NetworkSettings = NetworkSettings()
    sync: SyncSettings = SyncSettings()
    persistence: PersistenceSettings = PersistenceSettings()
    disk: DiskSettings = DiskSettings()
    clocks: dict[str, ClockSettings] = {}
    """By region; one that is not named has a true clock."""
    cluster: ClusterSettings = ClusterSettings()
    client: ClientSettings = ClientSettings()
    private: dict[str, list[str]] = {}
    """By region, the places beside its own that find its name; a region that is not named here is
    public. For real clients: model clients are let in everywhere."""
    protocols: list[str] = []
    """Those that are compared; none for a workload that needs none."""
    variants: Annotated[tuple[Variant, ...], Meta(min_length=1)] = (Variant("base"),)
    checkers: Annotated[tuple[str, ...], Meta(min_length=1)] = ("convergence",)
    name: str = ""


def shipped() -> dict[str, Path]:
    """The scenarios that come with the package: name -> file."""
    folder = Path(str(files("sim") / "scenarios"))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def load(name: str) -> Scenario:
    """A shipped scenario by name, or any by path. Raises `BadScenario`."""
    path = shipped().get(name, Path(name))
    if not path.is_file():
        hint = " ".join(filter(None, [did_you_mean(name, shipped()), "`crdb list` names all"]))
        raise BadScenario(f"no scenario {name!r}; {hint}")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadScenario(f"{path}: not TOML: {error}") from None
    return build(table | {"name": path.stem}, str(path))


def build(table: dict[str, Any], where: str = "scenario") -> Scenario:
    """A scenario from its table. Raises `BadScenario`."""
    try:
        scenario: Scenario = msgspec.convert(table, Scenario, dec_hook=decode)
        check(scenario)
    except ValueError as error:  # msgspec's ValidationError is one too
        raise BadScenario(f"{where}: {_with_cure(str(error), table)}") from None
    return scenario


def fault(**table: Any) -> Fault:
    """A fault from the keys that a file gives it, beginning at once. Raises `BadScenario`.

    >>> fault(kind="loss", share=0.5).share
    0.5
    """
    try:
        found: Fault = msgspec.convert({"at": "0s"} | table, AnyFault, dec_hook=decode)
    except ValueError as error:
        line = _with_cure(str(error), table, registry.classes("sim.faults", Fault))
        raise BadScenario(f"fault: {line}") from None
    return found


def changed(scenario: Scenario, settings: Iterable[str]) -> Scenario:
    """The scenario with settings as ``a.b=c`` replaced. Raises `BadScenario`.

    What stands between dots may be in quotes, as in TOML, and has to be if it has a dot itself.

    >>> skewed = changed(load("payments"), ["clocks.East US.offset=1s", "variants.0.name=x"])
    >>> skewed.clocks["East US"].offset, skewed.variants[0].name
    (1000000, 'x')
    """
    table = table_of(scenario)
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals:
            raise BadScenario(f"--set {setting}: expected key.of.setting=value")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        try:
            *parents, last = (part.strip('"') for part in _PART.findall(path))
            node: Any = reduce(_inside, parents, table)
            node[_place(node, last)] = value
        except (TypeError, IndexError, ValueError):
            raise BadScenario(f"--set {setting}: there is no {path!r} to set") from None
    return build(table, "--set")


def in_variant(scenario: Scenario, variant: Variant) -> Scenario:
    """The scenario with the settings of one variant. Raises `BadScenario`."""
    if not variant.settings:
        return scenario
    plain = msgspec.structs.replace(variant, settings=[])
    return changed(msgspec.structs.replace(scenario, variants=(plain,)), variant.settings)


def table_of(scenario: Scenario) -> dict[str, Any]:
    """The scenario as the table that `build` takes."""
    # By way of JSON, which makes lists of tuples: settings inside of them can be replaced.
    text = msgspec.json.encode(scenario, enc_hook=encode)
    return msgspec.json.decode(text, type=dict[str, Any])


_PART = re.compile(r'"[^"]*"|[^."]+')


def _inside(node: Any, key: str) -> Any:
    """A table or list inside of another. A table that is not there yet is made: a key that nobody
    has is for `build` to refuse, which knows what may have been meant."""
    if isinstance(node, dict):
        return node.setdefault(key, {})
    return node[_place(node, key)]


def _place(node: Any, key: str) -> int | str:
    return int(key) if isinstance(node, list) else key


def _with_cure(line: str, table: dict[str, Any], roots: Structs = ()) -> str:
    """msgspec's line in our words; for an unknown key or word with those that there are.

    >>> _with_cure("Object contains unknown field `ofset` - at `$.clocks[...]`", {})
    "clocks.…: unknown key 'ofset'; did you mean 'offset'? It has offset, drift_ppm"
    >>> _with_cure("Invalid enum value 'synk' - at `$.channels[...]`", {})
    "channels.…: unknown 'synk'; expected one of client, provider, sync"
    """
    told = refusal(line)
    if found := _NO_SUCH_KEY.fullmatch(line):
        design = designs().get(found[1])
        keys: Sequence[str] = _keys_at(found[3] or "", table, roots or [Scenario])
        if design is not None:
            keys = design.settings_type.__struct_fields__
        hint = did_you_mean(found[2], keys)
        return f"{told}; {hint}{' ' if hint else ''}It has {', '.join(keys)}"
    if found := _NO_SUCH_WORD.search(line):
        words = ", ".join(sorted(set(_words(found[1], "workload" in found[0]))))
        return f"{told}; expected one of {words}" if words else told
    return told


_NO_SUCH_KEY = re.compile(r"(?:([\w-]+): )?Object contains unknown field `(.*?)`(?: - at `(.*)`)?")
_NO_SUCH_WORD = re.compile(r"Invalid (?:enum )?value .*? - at `\$(?:.*?\.)?(\w+)(\[[^]]*\])*`")


def _structs() -> list[type[msgspec.Struct]]:
    """Every struct that a scenario can be made of."""
    return [
        Scenario,
        Variant,
        *Strict.__subclasses__(),
        *registry.classes("sim.faults", Fault),
        *registry.classes("sim.workloads", Workload),
        *registry.classes("sim.protocols", Settings),
    ]


def _keys_at(path: str, table: Any, roots: Structs) -> Sequence[str]:
    """The keys that may stand at a path, as msgspec writes it, in a table of one of the roots."""
    found = list(roots)
    for key, index in re.findall(r"\.(\w+)|\[(\d+|\.\.\.)\]", path):
        if key:
            hints = [get_type_hints(each).get(key) for each in found]
            found = [each for hint in hints for each in _structs_of(hint)]
            table = table.get(key) if isinstance(table, dict) else None
        else:
            table = table[int(index)] if index.isdigit() and isinstance(table, list) else None
    kind = table.get("kind") if isinstance(table, dict) else None
    mine = [each for each in found if each.__struct_config__.tag == kind]
    return [key for each in mine for key in each.__struct_fields__]


def _structs_of(hint: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        yield hint
    for each in get_args(hint):
        yield from _structs_of(each)


def _words(key: str, of_workload: bool) -> Iterator[str]:
    """The words that a key may have: the kinds of a workload or fault, or those of a `Literal`."""
    for each in _structs():
        if key in each.__struct_fields__:
            yield from _literals(get_type_hints(each)[key])
        elif key == each.__struct_config__.tag_field and issubclass(each, Workload) is of_workload:
            yield str(each.__struct_config__.tag)


def _literals(hint: Any) -> Iterator[str]:
    for each in get_args(hint):
        yield from [each] if get_origin(hint) is Literal else _literals(each)


def check(scenario: Scenario) -> None:
    """Refuse what no single value shows. Raises ValueError with a line that names the key.

    For a scenario that was built in Python; `build` and `load` have it done.
    """
    if not scenario.regions:
        raise BadScenario("regions: expected one or more")
    if scenario.name and not NAME.fullmatch(scenario.name):
        raise BadScenario(f"name {scenario.name!r}: expected letters, digits and any of _ . -")
    if len(set(scenario.regions)) < len(scenario.regions):
        raise BadScenario(f"regions {scenario.regions}: expected each only once")
    topology = Topology.azure([*scenario.regions, *scenario.workload.places()])
    _check_regions("clocks", scenario.clocks, scenario)
    _check_regions("private", scenario.private, scenario)
    for region, near in scenario.private.items():
        for place in near:
            if place not in topology.places:
                raise BadScenario(f"private.{region}: {UnknownRegion(place, topology.places)}")
    if scenario.sync.delay:
        try:
            pbs(scenario.sync.delay)
        except ValueError as error:
            raise BadScenario(f"sync.delay: {error}") from None
    if scenario.cluster.zones == 1:
        raise BadScenario("cluster.zones 1: expected 2 or 3, as a pair needs two, or 0 for none")
    if scenario.cluster.policy != "none" and scenario.cluster.ranges < scenario.cluster.capacity:
        least = f"expected as many as nodes, {scenario.cluster.capacity}, or more"
        raise BadScenario(f"cluster.ranges {scenario.cluster.ranges}: {least}")
    # A workload that has no such key goes on up to the horizon.
    lasts_us = getattr(scenario.workload, "lasts", 0)
    if lasts_us > scenario.horizon:
        most = f"expected the horizon or less, {human(scenario.horizon)}"
        raise BadScenario(f"workload.lasts {human(lasts_us)}: {most}")
    for variant in scenario.variants:
        _check_settings(scenario, variant)
        for number, fault in enumerate(variant.faults):
            where = f"variant {variant.name!r}, faults.{number}"
            if fault.at >= scenario.horizon:
                before = f"expected before the horizon, {human(scenario.horizon)}"
                raise BadScenario(f"{where}: at {human(fault.at)}: {before}")
            named = fault.regions_named()
            _check_regions(where, named, scenario)
            if fault.needs_cluster and scenario.cluster.policy == "none":
                raise BadScenario(f"{where}: cluster.policy: expected oss or enterprise")
            if len(set(named)) < len(named):
                raise BadScenario(f"{where}: regions {list(named)}: expected two that differ")


def _check_settings(scenario: Scenario, variant: Variant) -> None:
    try:
        in_variant(scenario, variant)
    except BadScenario as error:
        told = str(error).removeprefix("--set").lstrip(": ")
        raise BadScenario(f"variant {variant.name!r}, settings: {told}") from None


def _check_regions(where: str, names: Iterable[str], scenario: Scenario) -> None:
    for name in names:
        if name not in scenario.regions:
            raise BadScenario(f"{where}: {UnknownRegion(name, scenario.regions)}")
