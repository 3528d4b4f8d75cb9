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
from collections.abc import Iterable
from difflib import get_close_matches
from functools import reduce
from importlib.resources import files
from operator import or_
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from crdb import registry
from sim.faults import Fault
from sim.latency import pbs
from sim.topology import Topology, UnknownRegion
from sim.units import Duration, duration
from sim.workloads import Workload


def _members(package: str, base: type) -> Any:
    """The union of all structs that the members of a package define."""
    found = [
        each
        for module in registry.members(package)
        for each in vars(module).values()
        if isinstance(each, type) and issubclass(each, base) and each.__module__ == module.__name__
    ]
    return reduce(or_, found)


if TYPE_CHECKING:
    AnyFault = Fault
    AnyWorkload = Workload
else:
    AnyFault = _members("sim.faults", Fault)
    AnyWorkload = _members("sim.workloads", Workload)


class BadScenario(ValueError):
    """One line: where, what, and what was expected."""


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No key may be misspelt."""


class NetworkSettings(Strict, frozen=True):
    jitter: float = 0.03
    """Standard deviation of the one-way time, as a share of it."""
    hold_window: int = 10_000
    """Packets that a held connection keeps before it closes."""
    hold_timeout: Duration = Duration(60_000_000)


class SyncSettings(Strict, frozen=True):
    """How writes leave a region."""

    batch_interval: Duration = Duration(10_000)
    batch_writes_max: int = 2_000
    backlog_writes_max: int = 1_000_000
    resend_after: Duration = Duration(1_000_000)
    delay: str = ""
    """What a batch waits beyond the interval: a PBS store by name, or nothing."""


class ClockSettings(Strict, frozen=True):
    offset: Duration = Duration(0)
    drift_ppm: int = 0


class ClientSettings(Strict, frozen=True):
    timeout: Duration = Duration(1_000_000)
    attempts: int = 4
    backoff_base: Duration = Duration(10_000)
    backoff_cap: Duration = Duration(1_000_000)


class Variant(Strict, frozen=True):
    """One course of events."""

    name: str
    about: str = ""
    faults: list[AnyFault] = []
    expect: dict[str, list[str]] = {}
    """Protocol -> the checkers whose verdict is expected to be invalid; all others are not."""
    risk: dict[str, list[str]] = {}
    """Protocol -> the checkers that come out invalid for some seeds: both ways are expected."""


class Scenario(Strict, frozen=True):
    title: str
    regions: list[str]
    workload: AnyWorkload
    about: str = ""
    horizon: Duration = Duration(600_000_000)
    """How long clients go on starting work."""
    network: NetworkSettings = NetworkSettings()
    sync: SyncSettings = SyncSettings()
    clocks: dict[str, ClockSettings] = {}
    client: ClientSettings = ClientSettings()
    protocols: list[str] = []
    variants: tuple[Variant, ...] = (Variant("base"),)
    checkers: tuple[str, ...] = ("convergence",)
    name: str = ""


def shipped() -> dict[str, Path]:
    """The scenarios that come with the package: name -> file."""
    folder = Path(str(files("sim") / "scenarios"))
    return {path.stem: path for path in sorted(folder.glob("*.toml"))}


def load(name: str) -> Scenario:
    """A shipped scenario by name, or any by path. Raises `BadScenario`."""
    path = shipped().get(name, Path(name))
    if not path.is_file():
        close = get_close_matches(name, shipped(), n=1)
        hint = f"; did you mean {close[0]!r}?" if close else ";"
        raise BadScenario(f"no scenario {name!r}{hint} `crdb list` names all")
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise BadScenario(f"{path}: not TOML: {error}") from None
    return build(table | {"name": path.stem}, str(path))


def build(table: dict[str, Any], where: str = "scenario") -> Scenario:
    """A scenario from its table. Raises `BadScenario`."""
    try:
        scenario: Scenario = msgspec.convert(table, Scenario, dec_hook=_decode)
        _check(scenario)
    except ValueError as error:  # msgspec's ValidationError is one too
        raise BadScenario(f"{where}: {_with_cure(str(error))}") from None
    return scenario


def changed(scenario: Scenario, settings: Iterable[str]) -> Scenario:
    """The scenario with settings as ``a.b=c`` replaced. Raises `BadScenario`."""
    table = table_of(scenario)
    for setting in settings:
        path, equals, text = setting.partition("=")
        if not equals:
            raise BadScenario(f"--set {setting}: expected key.of.setting=value")
        try:
            value = tomllib.loads(f"value = {text}")["value"]
        except tomllib.TOMLDecodeError:
            value = text
        *parents, last = path.split(".")
        try:
            node: Any = reduce(_inside, parents, table)
            node[_place(node, last)] = value
        except (KeyError, TypeError, IndexError, ValueError):
            raise BadScenario(f"--set {setting}: there is no {path!r} to set") from None
    return build(table, "--set")


def table_of(scenario: Scenario) -> dict[str, Any]:
    """The scenario as the table that `build` takes."""
    # By way of JSON, which makes lists of tuples: settings inside of them can be replaced.
    text = msgspec.json.encode(scenario, enc_hook=_encode)
    return msgspec.json.decode(text, type=dict[str, Any])


def _inside(node: Any, key: str) -> Any:
    return node[_place(node, key)]


def _place(node: Any, key: str) -> int | str:
    return int(key) if isinstance(node, list) else key


def _decode(kind: type, value: Any) -> Any:
    if kind is Duration:
        return duration(value)
    raise NotImplementedError(kind)


def _encode(value: Any) -> Any:
    return f"{value}us" if isinstance(value, Duration) else value


def _with_cure(line: str) -> str:
    """Add to msgspec's line about an unknown key which one may have been meant.

    >>> _with_cure("Object contains unknown field `timeuot` - at `$.client`")
    "Object contains unknown field `timeuot` - at `$.client`; did you mean 'timeout'?"
    """
    found = re.search(r"unknown field `(.*?)`", line)
    if found is None:
        return line
    structs = (each for base in (Strict, Fault, Workload) for each in base.__subclasses__())
    known = sorted({field for each in structs for field in each.__struct_fields__})
    close = get_close_matches(found[1], known, n=1)
    return f"{line}; did you mean {close[0]!r}?" if close else f"{line}; there is no such key"


def _check(scenario: Scenario) -> None:
    Topology.azure([*scenario.regions, *scenario.workload.places()])
    if len(set(scenario.regions)) < len(scenario.regions):
        raise BadScenario("regions: each may be named once")
    if scenario.sync.delay:
        pbs(scenario.sync.delay)
    faults = [fault for variant in scenario.variants for fault in variant.faults]
    for name in [*scenario.clocks, *(each for fault in faults for each in fault.regions_named())]:
        if name not in scenario.regions:
            raise UnknownRegion(name, scenario.regions)
    if scenario.horizon <= 0 or scenario.client.timeout <= 0:
        raise BadScenario("horizon, client.timeout: expected more than 0s")
