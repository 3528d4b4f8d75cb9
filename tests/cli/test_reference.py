"""The reference of scenarios is what the structs say, and the file that `crdb new` writes loads."""

import re
import tomllib
from pathlib import Path

import msgspec
import pytest

from sim.faults import Fault
from sim.reference import TABLES, fields, kinds, page, starter
from sim.run import check_names
from sim.scenario import build, shipped
from sim.units import Duration, Offset

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_is_what_the_structs_say():
    """Write it anew with `python -m sim.reference > docs/scenarios.md`."""
    assert (DOCS / "scenarios.md").read_text(encoding="utf-8") == page()


def test_every_key_of_the_shipped_scenarios_is_on_the_page():
    named = set(re.findall(r"`(\w+)`", page()))
    for path in shipped().values():
        table = tomllib.loads(path.read_text(encoding="utf-8"))
        keys = {key for each in (table, table["workload"], *table["variants"]) for key in each}
        assert keys - {"kind"} <= named


def test_every_fault_is_on_the_page():
    text = page()
    for _, struct in kinds():
        if issubclass(struct, Fault):
            assert f'`[[variants.faults]]` with `kind = "{struct.__struct_config__.tag}"`' in text


class Sample(msgspec.Struct):
    """A struct with all that a field can have."""

    needed: str
    wait: Duration = Duration(1_500_000)
    """So long
    at least."""
    back: Offset = Offset(-3_000)
    word: str = ""
    """| is a bar."""

    def unrelated(self) -> None:
        """Not about `word`."""


class Child(Sample):
    """It has its parent's fields, and docstrings."""

    more: bool = True
    """Its own."""


def test_a_field_has_its_type_default_and_docstring():
    assert [tuple(each) for each in fields(Child)] == [
        ("needed", "text", "", ""),
        ("wait", "duration", '"1500ms"', "So long at least."),
        ("back", "duration, - for behind", '"-3ms"', ""),
        ("word", "text", '""', "| is a bar."),
        ("more", "true or false", "true", "Its own."),
    ]


def test_a_new_scenario_loads_and_names_what_is_there():
    scenario = build(tomllib.loads(starter("mine")) | {"name": "mine"})
    check_names(scenario)
    assert (scenario.title, len(scenario.variants)) == ("mine", 2)


@pytest.mark.parametrize("table", [*TABLES, "workload"])
def test_what_a_new_scenario_has_as_comments_are_the_defaults(table: str):
    """Without their marks they load too, and change nothing."""
    text = starter("mine")
    plain = getattr(build(tomllib.loads(text)), table)
    told = tomllib.loads(re.sub(r"^# (\w+ = |\[)", r"\1", text, flags=re.MULTILINE))
    assert set(told[table]) - {"kind"} == set(plain.__struct_fields__)
    assert getattr(build(told), table) == plain
