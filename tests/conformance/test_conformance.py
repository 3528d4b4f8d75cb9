"""The published vectors pass, and the runner would notice if they did not.

`active_active.json` is data: cases from the pages of Redis' documentation that each of them names
as its source. A type without vectors that pass is a type whose meaning nobody has checked.
"""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from sim.conformance import NotVectors, Result, Vector, decode, load, run, show, summary
from sim.expected import matches, why_not_a_form

PUBLISHED = load(Path(__file__).parent / "active_active.json")
HERE = ("string", "counter", "set", "expiry")


@pytest.mark.parametrize("vector", PUBLISHED, ids=lambda vector: vector.name)
def test_a_published_vector_passes_or_says_what_is_missing(vector: Vector) -> None:
    result = run(vector)
    assert result.outcome != "failed", result.reasons
    if vector.type in HERE:
        assert result.outcome == "passed", result.reasons
    elif result.outcome == "skipped":
        assert "no command" in result.reasons[0]


def test_every_type_that_exists_has_a_vector() -> None:
    counts = Counter(vector.type for vector in PUBLISHED)
    assert all(counts[kind] for kind in HERE)


# ── the runner itself ─────────────────────────────────────────────────────────────────────────


def story(*steps: dict[str, Any], regions: str = "AB", **more: Any) -> Result:
    """Run one vector of these steps."""
    row = {"name": "n", "type": "string", "regions": list(regions), "steps": list(steps), **more}
    return run(decode([row])[0])


def says(region: str, line: str, expect: Any = None, **more: Any) -> dict[str, Any]:
    return {"region": region, "cmd": line.split(), "expect": expect, **more}


SYNC = {"sync": True}


def test_a_wrong_vector_fails_with_step_expected_and_got() -> None:
    result = story(says("A", "SET k a"), SYNC, says("B", "GET k", "b"))
    assert result == Result("n", "failed", ('step 3, B: GET k: expected "b", got "a"',))


def test_a_failure_does_not_hide_the_next() -> None:
    result = story(says("A", "GET k", "x"), says("A", "GET k", "y"))
    assert len(result.reasons) == 2


def test_nothing_is_replicated_without_sync() -> None:
    assert story(says("A", "SET k a"), says("B", "GET k", {"nil": True})).outcome == "passed"


def test_the_later_write_wins_and_a_tie_falls_to_the_smaller_region() -> None:
    later = story(says("A", "SET k a"), says("B", "SET k b"), SYNC, says("A", "GET k", "b"))
    tied = story(
        says("A", "SET k a"), says("B", "SET k b", tie=True), SYNC, says("B", "GET k", "a")
    )
    assert (later.outcome, tied.outcome) == ("passed", "passed")


def test_a_clock_that_is_ahead_wins() -> None:
    steps = says("A", "SET k a"), says("B", "SET k b"), SYNC, says("B", "GET k", "a")
    assert story(*steps, config={"clock_offset_ms": {"A": 60_000}}).outcome == "passed"


def test_only_the_named_regions_exchange_and_only_what_is_their_own() -> None:
    result = story(
        says("A", "SADD s a"),
        says("B", "SADD s b"),
        {"sync": ["A", "B"]},
        says("B", "SMEMBERS s", {"set": ["a", "b"]}),
        says("C", "SMEMBERS s", []),
        {"sync": ["B", "C"]},
        says("C", "SMEMBERS s", ["b"]),
        says("A", "SREM s b"),
        SYNC,
        {"converge": ["SMEMBERS", "s"], "expect": ["a"]},
        regions="ABC",
    )
    assert result.outcome == "passed", result.reasons


def test_converge_names_the_region_that_differs() -> None:
    result = story(says("A", "SET k a"), {"converge": ["GET", "k"]})
    assert result.reasons == ('step 2, B: GET k: expected as in A, "a", got (nil)',)


def test_advance_lets_a_key_expire() -> None:
    steps = says("A", "SET k v EX 10"), {"advance_ms": 9_000}, says("A", "TTL k", 1)
    assert story(*steps, {"advance_ms": 1_000}, says("A", "EXISTS k", 0)).outcome == "passed"


def test_a_bound_reply_is_put_in_where_it_is_named() -> None:
    bound = says("A", "INCRBY n 5", bind="n")
    assert story(bound, says("A", "SET k $n"), says("A", "GET k", "5")).outcome == "passed"
    assert story(says("A", "SET k $"), says("A", "GET k", "$")).outcome == "passed"
    same = says("A", "INCR n", bind="n"), says("A", "STRLEN n", "$n")
    assert story(*same).outcome == "passed"


def test_what_does_not_exist_yet_is_skipped_with_the_reason() -> None:
    assert story(says("A", "NOSUCH k")).reasons == ("type string: no command NOSUCH",)
    setting = story(says("A", "GET k"), config={"sharding": True})
    assert setting == Result("n", "skipped", ("no setting sharding",))
    assert story(says("A", "GET k"), config={"causal_consistency": True}).outcome == "passed"


def test_the_summary_names_skipped_vectors_only_if_there_are_any() -> None:
    passed, failed = Result("a", "passed"), Result("b", "failed", ("why",))
    assert summary([passed, failed, passed]) == "2 passed, 1 failed"
    assert summary([Result("c", "skipped", ("why",))]) == "0 passed, 0 failed, 1 skipped"


GOOD = {"name": "n", "type": "string", "regions": ["A"], "steps": [says("A", "GET k")]}


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ({}, "expected a list, not a table"),
        ([], "expected a list of vectors, found none"),
        ([{"name": "n"}], "expected the key 'type'"),
        ([GOOD | {"regions": ["Q"]}], "vector 'n': regions ['Q']: expected some of"),
        ([GOOD | {"regions": []}], "expected some of"),
        ([GOOD | {"steps": [{}]}], "step 1: expected one of 'cmd', 'sync', 'advance_ms', 'conv"),
        ([GOOD | {"steps": [{"cmd": ["GET", "k"]}]}], "step 1: cmd: expected regions among ['A']"),
        ([GOOD | {"steps": [says("A", "")]}], "step 1: cmd: expected a command"),
        ([GOOD | {"steps": [{"sync": ["A", "B"]}]}], "sync: expected regions among"),
        ([GOOD | {"steps": [{"advance_ms": -1}]}], "advance_ms: expected 0 or more"),
        ([GOOD | {"steps": [says("A", "GET k", {"sat": []})]}], "expect: expected an object with"),
        ([GOOD | {"config": {"clock_offset_ms": 5}}], "config.clock_offset_ms: expected"),
    ],
)
def test_what_is_no_vector_is_told_in_one_line(rows: Any, line: str, tmp_path: Path) -> None:
    path = tmp_path / "vectors.json"
    path.write_text(json.dumps(rows))
    with pytest.raises(NotVectors) as caught:
        load(path)
    text = str(caught.value)
    assert text.startswith(f"{path}: not a vector file: ")
    assert line in text
    assert "\n" not in text


def test_no_file_and_no_json_are_told_in_one_line(tmp_path: Path) -> None:
    with pytest.raises(NotVectors, match="no such file"):
        load(tmp_path / "missing.json")
    (tmp_path / "x").write_bytes(b"\xff\x00")
    with pytest.raises(NotVectors, match="not a vector file"):
        load(tmp_path / "x")


# ── the forms of expected replies ─────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("expected", "reply", "same"),
    [
        (None, 5, True),
        ("OK", "OK", True),
        ("a", b"a", True),
        ("1", 1, False),
        (1, 1, True),
        (1, True, False),
        (["a", {"nil": True}, None], [b"a", None, 7], True),
        (["a"], [b"a", b"b"], False),
        (["a"], b"a", False),
        (["f", "1"], {b"f": b"1"}, True),
        ({"nil": True}, b"", False),
        ({"set": ["a", "b"]}, [b"b", b"a"], True),
        ({"set": ["a", "a"]}, [b"a"], False),
        ({"map": {"f": "1"}}, [b"f", b"1"], True),
        ({"map": {"f": "1"}}, [b"f", b"2"], False),
        ({"map": {"f": "1"}}, {b"f": b"1"}, True),
        ({"map": {"f": "1"}}, {b"f": b"1", b"g": b"2"}, False),
        ({"map": {}}, None, False),
        ({"ids": ["1-1", "2-2"]}, [[b"1-1", [b"f", b"v"]], [b"2-2", [b"f", b"v"]]], True),
        ({"ids": ["1-1"]}, [[b"key", [[b"1-1", [b"f", b"v"]]]]], True),
        ({"ids": []}, None, True),
        ({"ids": []}, [], True),
        ({"ids": ["1-1"]}, 5, False),
        ({"pending_ids": ["1-1"]}, [[b"1-1", b"alice", 0, 1]], True),
        ({"names": ["g", "h"]}, [[b"name", b"h", b"n", 0], [b"name", b"g"]], True),
        ({"names": ["g"]}, None, False),
        ({"json": {"a": [1]}}, b'{"a": [1]}', True),
        ({"json": 1}, b"{", False),
        ({"num": 0.3}, b"0.30", True),
        ({"num": 0.3, "tol": 0.01}, b"0.305", True),
        ({"num": 0.3}, b"x", False),
        ({"range": [48, 50]}, 50, True),
        ({"range": [48, 50]}, b"49", False),
        ({"re": r"^\d+-1$"}, b"12-1", True),
        ({"re": r"^\d+-1$"}, b"12-2", False),
        ({"one_of": [1, {"nil": True}]}, None, True),
        ({"one_of": []}, 1, False),
    ],
)
def test_form(expected: Any, reply: Any, same: bool) -> None:
    assert why_not_a_form(expected) is None
    assert matches(expected, reply) is same


@pytest.mark.parametrize("expected", [{"map": {"a": 1}}, {"names": ["a"]}])
def test_a_reply_of_another_shape_is_no_match(expected: Any) -> None:
    assert not matches(expected, [[["a"], 1], 1])
    assert not matches(expected, [["a"], 1])


def test_an_error_matches_only_an_expected_error() -> None:
    text = "ERR wrong number of arguments for 'incr' command"
    assert story(says("A", "INCR", {"error": "ERR wrong"})).outcome == "passed"
    assert story(says("A", "INCR", {"error": ""})).outcome == "passed"
    assert story(says("A", "INCR", {"error": "WRONGTYPE"})).outcome == "failed"
    wrong = story(says("A", "INCR", text))
    assert wrong.reasons == (f'step 1, A: INCR: expected "{text}", got (error) {text}',)
    assert story(says("A", "GET k", {"error": ""})).outcome == "failed"


@pytest.mark.parametrize(
    "value",
    [
        {"range": [1]},
        {"set": "a"},
        {"re": "("},
        {"one_of": [{"x": 1}]},
        [{"x": 1}],
        {"num": "1"},
        {"num": 1, "tol": "x"},
        {"num": 1, "tol": -1},
        {"map": {"x": {"bogus": 1}}},
        {"map": {"x": [{"range": [1]}]}},
    ],
)
def test_what_is_no_form(value: Any) -> None:
    assert why_not_a_form(value)


def test_replies_are_shown_as_redis_cli_does() -> None:
    assert show([b"a", None, 3, "OK"]) == '["a", (nil), 3, "OK"]'
