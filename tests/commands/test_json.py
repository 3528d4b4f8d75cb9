"""JSON in several regions: the published tables of conflicts, and what is about this type only."""

import json
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdb.command import entries
from crdb.crdts.json import Json
from crdb.crdts.jsonnodes import ROOT
from crdb.errors import CommandError
from tests.commands.conftest import Run
from tests.regions import Regions

Story = list[tuple[int, str]]


def say(regions: Regions, region: int, line: str) -> Any:
    return regions.run(region, *(word.encode() for word in shlex.split(line)))


def read(regions: Regions, key: str = "doc") -> list[Any]:
    """The document in every region."""
    replies = regions.everywhere(f"JSON.GET {key}")
    return [json.loads(reply) if isinstance(reply, bytes) else reply for reply in replies]


def after(setup: str, story: Story, count: int = 2) -> Any:
    """What all regions read when each has played its part of the story unseen by the others."""
    regions = Regions(count)
    if setup:
        say(regions, 1, f"JSON.SET doc $ '{setup}'")
        regions.settle()
    for region, line in story:
        assert not isinstance(say(regions, region, line), CommandError)
    regions.settle()
    regions.assert_converged()
    first, *others = read(regions)
    assert others == [first] * len(others)
    return first


COLORS = '{"colors": {"blue": 1}}'
VALUE = '{"field1": "value1"}'
SHOPPING = '{"todo": [{"title": "buy milk", "done": false}]}'
TABLES: dict[str, tuple[str, Story, Any]] = {
    "types": (
        "{}",
        [
            (1, "JSON.SET doc $.a {}"),
            (2, "JSON.SET doc $.a []"),
            (1, "JSON.SET doc $.a.x '\"y\"'"),
            (2, "JSON.SET doc $.a '[\"z\"]'"),
        ],
        {"a": {"x": "y"}},
    ),
    "create, create": (
        "",
        [
            (1, 'JSON.SET doc $ \'{"field": "a"}\''),
            (2, 'JSON.SET doc $ \'{"field": "b"}\''),
        ],
        {"field": "a"},
    ),
    "create, update": (
        VALUE,
        [
            (1, 'JSON.SET doc $ \'{"field2": "value2"}\''),
            (2, "JSON.SET doc $.field1 '[1, 2, 3]'"),
        ],
        {"field2": "value2"},
    ),
    "delete, create": (
        VALUE,
        [(1, "JSON.DEL doc"), (2, 'JSON.SET doc $ \'{"field1": "value2"}\'')],
        {"field1": "value2"},
    ),
    "delete, update": (
        VALUE,
        [(1, "JSON.DEL doc"), (2, "JSON.SET doc $.field1 '[1, 2, 3]'")],
        None,
    ),
    "update, update": (
        VALUE,
        [(1, "JSON.SET doc $.field1 2"), (2, "JSON.SET doc $.field1 3")],
        {"field1": 2},
    ),
    "update, assignment of nothing": (
        COLORS,
        [
            (1, "JSON.SET doc $.colors.red 2"),
            (2, "JSON.SET doc $.colors {}"),
            (2, "JSON.SET doc $.colors.green 3"),
        ],
        {"colors": {"green": 3}},
    ),
    "update, clear": (
        COLORS,
        [
            (1, "JSON.SET doc $.colors.red 2"),
            (2, "JSON.CLEAR doc $.colors"),
            (2, "JSON.SET doc $.colors.green 3"),
        ],
        {"colors": {"red": 2, "green": 3}},
    ),
    "update, update of an array": (
        '["a", "b", "c"]',
        [
            (1, "JSON.ARRPOP doc $ 1"),
            (2, "JSON.ARRINSERT doc $ 0 '\"y\"'"),
            (1, "JSON.ARRINSERT doc $ 1 '\"x\"'"),
            (2, "JSON.ARRINSERT doc $ 2 '\"z\"'"),
        ],
        ["y", "a", "x", "z", "c"],
    ),
    "update, delete of an element": (
        SHOPPING,
        [(1, "JSON.ARRPOP doc $.todo 0"), (2, "JSON.SET doc $.todo[0][\\'done\\'] true")],
        {"todo": []},
    ),
    "update, update of an object": (
        '{"grocery": []}',
        [
            (1, "JSON.ARRAPPEND doc $.grocery '\"eggs\"'"),
            (2, "JSON.ARRAPPEND doc $.grocery '\"milk\"'"),
            (1, "JSON.ARRAPPEND doc $.grocery '\"ham\"'"),
            (2, "JSON.ARRAPPEND doc $.grocery '\"flour\"'"),
        ],
        {"grocery": ["eggs", "ham", "milk", "flour"]},
    ),
}


@pytest.mark.parametrize("name", TABLES)
def test_the_published_tables(name: str) -> None:
    setup, story, expected = TABLES[name]
    assert after(setup, story) == expected


NESTED = '{"a": {"b": {"c": 1}}, "l": [{"n": 1}]}'


@pytest.mark.parametrize(
    ("gone", "left"),
    [
        ("JSON.DEL doc $.a", {"l": [{"n": 1}]}),
        ("JSON.SET doc $.a 5", {"a": 5, "l": [{"n": 1}]}),
        ("JSON.SET doc $.a '{\"b\": {}}'", {"a": {"b": {}}, "l": [{"n": 1}]}),
        ("JSON.MERGE doc $ '{\"a\": null}'", {"l": [{"n": 1}]}),
        ("JSON.DEL doc", None),
    ],
)
@pytest.mark.parametrize("region", [1, 2])
def test_a_field_set_in_what_is_removed_or_replaced_at_once_dies(
    gone: str, left: Any, region: int
) -> None:
    """Bug 22, and nothing of it stays: not in the new value, and not as a record."""
    regions = Regions(3)
    say(regions, 3, f"JSON.SET doc $ '{NESTED}'")
    regions.settle()
    say(regions, region, gone)
    say(regions, 3 - region, "JSON.SET doc $.a.b.d '{\"e\": []}'")
    say(regions, 3 - region, "JSON.ARRAPPEND doc $.a.b.d.e 1")
    regions.settle()
    assert read(regions) == [left] * 3
    regions.assert_converged()
    say(regions, 3, "DEL doc")
    regions.settle()
    regions.assert_nothing_left()


def test_what_is_in_a_removed_field_waits_for_its_parent_and_dies_though_streams_overtake() -> None:
    """Region 3 hears of an update before it hears of what it is in, and of the removal last."""
    regions = Regions(3)
    say(regions, 1, "JSON.SET doc $ '{\"a\": {}}'")
    regions.hear(2, 1)
    say(regions, 2, "JSON.SET doc $.a.b '{\"c\": {}}'")
    regions.hear(3, 2)
    assert regions.say(3, "JSON.GET doc") is None
    regions.hear(1, 2)
    say(regions, 1, "JSON.DEL doc $.a")
    say(regions, 2, "JSON.SET doc $.a.b.c.d 1")
    regions.settle()
    assert read(regions) == [{}] * 3
    regions.assert_converged()


# ── our choices ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("setup", "story", "expected"),
    [
        ('{"n": 1}', [(1, "JSON.NUMINCRBY doc $.n 10"), (2, "JSON.NUMINCRBY doc $.n 100")], 111),
        ('{"n": 1.5}', [(1, "JSON.NUMINCRBY doc $.n 1"), (2, "JSON.NUMINCRBY doc $.n 0.25")], 2.75),
        ('{"n": 1}', [(1, "JSON.NUMINCRBY doc $.n 10"), (2, "JSON.SET doc $.n 5")], 5),
        ('{"n": 1}', [(1, "JSON.NUMMULTBY doc $.n 10"), (2, "JSON.NUMINCRBY doc $.n 5")], 10),
        ('{"n": 3}', [(1, "JSON.CLEAR doc $.n"), (2, "JSON.NUMINCRBY doc $.n 5")], 0),
        ('{"n": "a"}', [(2, "JSON.STRAPPEND doc $.n '\"b\"'"), (1, "JSON.SET doc $.n 1")], 1),
        ('{"n": true}', [(1, "JSON.TOGGLE doc $.n"), (2, "JSON.TOGGLE doc $.n")], False),
        ('{"n": {}}', [(1, "JSON.DEL doc $.n"), (2, "JSON.SET doc $.n 1")], 1),
        (
            '{"n": {"x": 1}}',
            [
                (1, 'JSON.MERGE doc $.n \'{"a": 1, "x": null}\''),
                (2, 'JSON.MERGE doc $ \'{"n": {"b": 2}}\''),
            ],
            {"a": 1, "b": 2},
        ),
        ('{"n": [1, 2]}', [(1, "JSON.ARRPOP doc $.n"), (2, "JSON.ARRPOP doc $.n")], [1]),
        (
            '{"n": ["a", "b", "c"]}',
            [(1, "JSON.ARRPOP doc $.n 1"), (2, "JSON.ARRINSERT doc $.n 2 '\"z\"'")],
            ["a", "z", "c"],
        ),
        ('{"n": [1]}', [(1, "JSON.SET doc $.n[0] 2"), (2, "JSON.SET doc $.n[0] 3")], [2]),
        ('{"n": [1]}', [(1, "JSON.ARRTRIM doc $.n 1 0"), (2, "JSON.ARRAPPEND doc $.n 3")], [3]),
    ],
)
def test_conflicts_that_no_page_speaks_of(setup: str, story: Story, expected: Any) -> None:
    found = after(setup, story)["n"]
    assert (type(found), found) == (type(expected), expected)


def test_a_later_write_replaces_both_of_two_concurrent_ones() -> None:
    regions = Regions(2)
    regions.say(1, "JSON.SET doc $ 1")
    regions.say(2, "JSON.SET doc $ 2")
    regions.settle()
    assert read(regions) == [1, 1]
    regions.say(2, "JSON.SET doc $ 3")
    regions.settle()
    assert read(regions) == [3, 3]
    regions.say(1, "JSON.DEL doc")
    regions.settle()
    regions.assert_nothing_left()


# ── one region ──────────────────────────────────────────────────────────────────────────────────


def test_a_document_is_copied_renamed_and_expires(run: Run) -> None:
    run('JSON.SET doc $ {"a":[1,{"b":2.0}]}')
    assert run("COPY doc two") == 1
    assert run("RENAME doc one") == "OK"
    run("JSON.NUMINCRBY one $.a[0] 5")
    assert run("JSON.MGET one two $") == [b'[{"a":[6,{"b":2.0}]}]', b'[{"a":[1,{"b":2.0}]}]']
    assert run("TYPE one") == "ReJSON-RL"
    run("EXPIRE one 100")
    run("JSON.SET one $ 1")
    assert run("TTL one") == 100


def test_a_transaction_is_undivided(run: Run) -> None:
    run("MULTI")
    run("JSON.SET doc $ [1]")
    run("JSON.ARRAPPEND doc $ 2 3")
    run("JSON.GET doc")
    assert run("EXEC") == ["OK", [3], b"[1,2,3]"]


def test_an_emptied_document_is_still_there_and_a_deleted_one_is_not(run: Run) -> None:
    run("JSON.SET doc $ [1]")
    run("JSON.ARRPOP doc")
    assert run("JSON.GET doc") == b"[]"
    assert run("JSON.DEL doc $") == 1
    assert run("EXISTS doc") == 0


def test_an_integer_a_double_and_a_boolean_are_three_values(run: Run) -> None:
    run("JSON.SET doc $ [true,1.0,1]")
    assert run("JSON.ARRINDEX doc $ 1") == [2]
    assert run("JSON.ARRINDEX doc $ 1.0") == [1]
    assert run("JSON.GET doc $[?(@==1)]") == b"[1.0,1]"


def test_what_is_nested_too_deep_is_refused(run: Run) -> None:
    assert run("JSON.SET doc $", b"[" * 128 + b"]" * 128) == "OK"
    assert run("JSON.GET doc") == b"[" * 128 + b"]" * 128
    for depth in (129, 100_000):
        said = run("JSON.SET doc $", b"[" * depth + b"]" * depth)
        assert said == "recursion limit exceeded at line 1 column 128"


def test_appending_and_popping_leave_no_trace() -> None:
    regions = Regions(2)
    regions.say(1, "JSON.SET queue $ []")
    for number in range(50):
        regions.say(1 + number % 2, f"JSON.ARRAPPEND queue $ {number}")
        regions.settle()
        if number > 2:
            regions.say(2, "JSON.ARRPOP queue $ 0")
            regions.settle()
    for region in (1, 2):
        state = regions[region].keyspace.keys[b"queue"].value
        assert isinstance(state, Json)
        [array] = [dot for dot, node in state.nodes.items() if node[0] == ROOT]
        assert len(state.elements(array)) == 3
        assert not state.removals
        assert len(state.complete().places) <= 6


LINES = st.sampled_from(
    [
        'JSON.SET doc $ \'{"a": [1, {"b": 2}], "c": {"d": {}}, "n": 1}\'',
        "JSON.SET doc $.a '[[], {\"x\": [7]}]'",
        "JSON.SET doc $.c.d.e '{\"f\": 1.5}'",
        "JSON.SET doc $.c '{}'",
        "JSON.SET doc $.a[0] 9",
        "JSON.SET doc $.a[1].b '{\"d\": 1}'",
        "JSON.DEL doc $..d",
        "JSON.DEL doc $.a[0]",
        "JSON.DEL doc $.c",
        "JSON.DEL doc",
        "DEL doc",
        "JSON.NUMINCRBY doc $..* 2",
        "JSON.NUMINCRBY doc $.n 0.1",
        "JSON.NUMMULTBY doc $.n 3",
        "JSON.ARRAPPEND doc $.a '{\"b\": []}' 4",
        "JSON.ARRAPPEND doc $..b 5",
        "JSON.ARRINSERT doc $.a 0 '\"first\"'",
        "JSON.ARRPOP doc $.a",
        "JSON.ARRPOP doc $.a 0",
        "JSON.ARRTRIM doc $.a 1 -1",
        "JSON.CLEAR doc $.*",
        "JSON.CLEAR doc",
        'JSON.MERGE doc $ \'{"c": {"g": 1}, "n": null, "a": {"q": []}}\'',
        "RENAME doc other",
        "RENAME other doc",
        "EXPIRE doc 1000",
    ]
)


def test_nothing_stays_of_what_died_deep_in_a_replaced_document() -> None:
    regions = Regions(3)
    say(regions, 1, "JSON.SET doc $ '{\"a\": [1]}'")
    regions.settle()
    say(regions, 1, "JSON.SET doc $ '{}'")
    say(regions, 2, "JSON.SET doc $.a '[[], {\"x\": [7]}]'")
    regions.settle()
    regions.assert_converged()
    state = regions[3].keyspace.keys[b"doc"].value
    assert isinstance(state, Json)
    assert len(state.nodes) == 1
    assert not state.shadows


@given(st.lists(st.tuples(st.integers(1, 3), LINES, st.integers(0, 3)), max_size=25))
def test_regions_converge_whatever_the_commands(steps: list[tuple[int, str, int]]) -> None:
    regions = Regions(3)
    say(regions, 1, 'JSON.SET doc $ \'{"a": [1], "n": 1}\'')
    regions.settle()
    for region, line, speaker in steps:
        writes = len(regions[region].backlog)
        if isinstance(say(regions, region, line), CommandError):
            assert len(regions[region].backlog) == writes, "an error changes nothing"
        if speaker:
            regions.hear(1 + speaker % 3, speaker)
    regions.settle()
    regions.assert_converged()
    assert len({repr(regions.say(region, "JSON.GET doc")) for region in (1, 2, 3)}) == 1
    regions.say(1, "DEL doc other")
    regions.settle()
    regions.assert_nothing_left()


def test_every_command_that_writes_says_what_conflicts_do() -> None:
    found = [entry for entry in entries() if entry.name.startswith("json.")]
    assert len(found) == 24
    assert all(bool(entry.conflict) == entry.write for entry in found)
