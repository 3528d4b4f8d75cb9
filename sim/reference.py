"""The reference of scenarios: every field of the structs, with its type, default and docstring.

Written from the structs, for two readers: `docs/scenarios.md`, and whoever starts a scenario of
their own with `crdb new`, which shows the same as comments.

    python -m sim.reference > docs/scenarios.md

>>> [each.name for each in fields(SyncSettings)][:2]
['batch_interval', 'batch_writes_max']
>>> first = fields(SyncSettings)[0]
>>> first.type, first.default, first.about
('duration', '"10ms"', 'The least time between two batches of a region.')
"""

import ast
import inspect
import sys
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import NODEFAULT, Meta

from crdb import registry
from sim.faults import Fault
from sim.listing import about
from sim.protocols.base import Settings, designs
from sim.scenario import Scenario, Variant
from sim.settings import (
    ClientSettings,
    ClockSettings,
    ClusterSettings,
    DiskSettings,
    NetworkSettings,
    PersistenceSettings,
    SyncSettings,
)
from sim.units import HOUR, MINUTE, MS, SECOND, Duration, Offset, Period
from sim.workloads import Workload

TABLES: Mapping[str, type[msgspec.Struct]] = {
    "network": NetworkSettings,
    "sync": SyncSettings,
    "persistence": PersistenceSettings,
    "disk": DiskSettings,
    "cluster": ClusterSettings,
    "client": ClientSettings,
}
"""The tables of a scenario that are always there; `clocks` has one for each region."""


class Field(NamedTuple):
    """One key of a table."""

    name: str
    type: str
    """What may stand there, in words."""
    default: str
    """As in TOML; empty if the key has to be there."""
    about: str


def fields(struct: type[msgspec.Struct]) -> list[Field]:
    """Return the fields in their order."""
    hints, docs = get_type_hints(struct, include_extras=True), _docs(struct)
    found = []
    for each in msgspec.structs.fields(struct):
        default = each.default
        if each.default_factory is not NODEFAULT:
            default = each.default_factory()
        shown = "" if default is NODEFAULT else _toml(default)
        found.append(Field(each.name, _type(hints[each.name]), shown, docs.get(each.name, "")))
    return found


def _docs(struct: type[msgspec.Struct]) -> dict[str, str]:
    """Return the docstrings below the fields, those of base classes too."""
    docs: dict[str, str] = {}
    for each in reversed(struct.__mro__):
        if issubclass(each, msgspec.Struct) and each is not msgspec.Struct:
            docs |= _own_docs(each)
    return docs


@cache
def _own_docs(struct: type) -> dict[str, str]:
    (tree,) = ast.parse(textwrap.dedent(inspect.getsource(struct))).body
    assert isinstance(tree, ast.ClassDef)
    docs, name = {}, ""
    for node in tree.body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif name and isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            docs[name] = " ".join(str(node.value.value).split())
            name = ""
        else:
            name = ""
    return docs


# ── types and values ────────────────────────────────────────────────────────────────────────────

_DURATIONS = {Offset: "duration, - for behind", Period: "duration above 0", Duration: "duration"}
_PLAIN = {str: "text", int: "whole number", float: "number", bool: "true or false"}


def _type(hint: Any) -> str:
    """Return a type in words.

    >>> _type(Annotated[float, Meta(ge=0, le=1)]), _type(list[str]), _type(Literal["a", "b"])
    ('number, 0 to 1', 'list of text', '"a" or "b"')
    """
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Annotated:
        return _type(inner[0]) + "".join(_limits(each) for each in inner[1:])
    if origin is Literal:
        return " or ".join(map(_toml, inner))
    if origin is Union or type(hint).__name__ == "UnionType":
        return "table with a kind"
    if origin in (list, tuple):
        kinds = [each for each in inner if each is not Ellipsis]
        one = _type(kinds[0])
        return f"{len(kinds)} of {one}" if len(kinds) > 1 else f"list of {one}"
    if origin is dict:
        return f"table of {_type(inner[1])}"
    if inspect.isclass(hint) and issubclass(hint, msgspec.Struct):
        return "table" if hint not in (Workload, Fault) else "table with a kind"
    return _DURATIONS.get(hint) or _PLAIN.get(hint, "anything")


def _limits(meta: Meta) -> str:
    if meta.ge is not None and meta.le is not None:
        return f", {meta.ge:,} to {meta.le:,}"
    if meta.ge is not None:
        return f", {meta.ge:,} or more"
    return ", not empty" if meta.min_length else ""


def _toml(value: Any) -> str:
    """Return a value as TOML has it; of a table only what is not its default.

    >>> _toml(Duration(1_500_000)), _toml((1, "a")), _toml(Variant("base")), _toml(True)
    ('"1500ms"', '[1, "a"]', '{name = "base"}', 'true')
    """
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Offset):
        unit, name = next(
            pair for pair in _UNITS if int(value) % pair[0] == 0 and (value or pair[1] == "s")
        )
        return f'"{int(value) // unit}{name}"'
    if isinstance(value, str):
        return msgspec.json.encode(value).decode()
    if isinstance(value, list | tuple):
        return f"[{', '.join(map(_toml, value))}]"
    if isinstance(value, msgspec.Struct):
        known = {each.name: each.default for each in msgspec.structs.fields(value)}
        told = {key: getattr(value, key) for key in known}
        return _toml({key: each for key, each in told.items() if each and each != known[key]})
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key} = {_toml(each)}' for key, each in value.items())}}}"
    return f"{value:_}" if isinstance(value, int) else repr(value)


_UNITS = ((HOUR, "h"), (MINUTE, "m"), (SECOND, "s"), (MS, "ms"), (1, "us"))


# ── the page ────────────────────────────────────────────────────────────────────────────────────


_HEAD = """\
# Scenarios

What may stand in a scenario's TOML file. Written from the structs in `sim/` by
`python -m sim.reference > docs/scenarios.md`; `crdb new NAME` writes a file to start from, and
`sim/scenarios/` has complete ones. An unknown key, a wrong type or an impossible value is refused
in one line that names the file, the key and what was expected.

A duration is a text with a unit: `"250ms"`, `"11m"`; units are us, ms, s, m, h and d. What has no
default has to be there. The name of a scenario is that of its file."""


def page() -> str:
    """Return docs/scenarios.md."""
    parts = [
        _HEAD,
        "## The scenario",
        _table(Scenario),
    ]
    for name, struct in TABLES.items():
        parts += [f"## `[{name}]`", _intro(struct), _table(struct)]
    parts += ['## `[clocks."REGION"]`', _intro(ClockSettings), _table(ClockSettings)]
    parts += ["## `[[variants]]`", _intro(Variant), _table(Variant)]
    for heading, each in kinds():
        told = about(each.__module__)
        parts += [f"## {heading}", f"{told[0].upper()}{told[1:]}.", _intro(each), _table(each)]
    for name, design in designs().items():
        if design.settings_type is not Settings:
            struct = design.settings_type
            parts += [f"## `[workload.designs.{name}]`", _table(struct)]
    return "\n\n".join(filter(None, parts)) + "\n"


def kinds() -> Iterator[tuple[str, type[msgspec.Struct]]]:
    """Yield the workloads and faults that can be named, each with its heading."""
    for package, base, where in (
        ("sim.workloads", Workload, "[workload]"),
        ("sim.faults", Fault, "[[variants.faults]]"),
    ):
        for each in registry.classes(package, base):
            yield f'`{where}` with `kind = "{each.__struct_config__.tag}"`', each


def _intro(struct: type[msgspec.Struct]) -> str:
    return textwrap.fill(" ".join((struct.__doc__ or "").split()), 100)


def _table(struct: type[msgspec.Struct]) -> str:
    lines = ["| key | what | default | about |", "|---|---|---|---|"]
    for each in fields(struct):
        default = f"`{each.default}`" if each.default else ""
        cells = [f"`{each.name}`", each.type, default, each.about]
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines).replace("|  |", "| |").replace("|  |", "| |")


# ── a file to start from ────────────────────────────────────────────────────────────────────────

_START = """\
# {name}: run it with `crdb run {name}.toml`. What is commented out has its default; every key is
# explained in docs/scenarios.md, and `crdb list` names workloads, faults, checkers and protocols.

title = "{name}"
regions = ["West Europe", "East US"]
horizon = "1m"
checkers = ["convergence", "no-lost-write", "not-vacuous"]
"""

_WORK = """\
[workload]
kind = "commands"
"""

_MIX = """\
# Command lines with their weights; the blanks are {key}, {word}, {number} and {mine}.
[workload.mix]
"INCR counter:{key}" = 2
"SADD members:{key} {mine}" = 2
"GET counter:{key}" = 1
"""

_VARIANTS = """\
[[variants]]
name = "calm"

[[variants]]
name = "partition"
about = "For twenty seconds neither region hears the other."

[[variants.faults]]
kind = "partition"
regions = ["West Europe", "East US"]
at = "10s"
lasts = "20s"
"""


def starter(name: str) -> str:
    """Return a scenario that loads, with every setting of its tables as a comment."""
    commands = next(each for _, each in kinds() if each.__struct_config__.tag == "commands")
    tables = [f"[{table}]\n{_comments(struct, ())}" for table, struct in TABLES.items()]
    clocks = f'# [clocks."East US"]\n{_comments(ClockSettings, ())}'
    work = f"{_WORK}{_comments(commands, ('mix',))}"
    return "\n".join([_START.format(name=name), *tables, clocks, work, _MIX, _VARIANTS])


def _comments(struct: type[msgspec.Struct], without: Sequence[str]) -> str:
    lines = []
    for each in fields(struct):
        if each.name not in without:
            if each.about:
                lines += textwrap.wrap(each.about, 98, initial_indent="# ", subsequent_indent="# ")
            lines.append(f"# {each.name} = {each.default}")
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    sys.stdout.write(page())
