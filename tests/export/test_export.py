"""Exports: what Jepsen's and Porcupine's checkers are told is what the history says."""

import re
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sim.export import edn, events, jepsen, jsonl, ops_of, porcupine
from sim.history import FAIL, INFO, OK, Op, Outcome
from sim.scenario import changed, load
from sim.world import World
from tests.told import EAST, WEST, Told


def op(line: str, at: int, until: int | None, outcome: Outcome = OK, value: Any = "OK", who=1):
    name, *words = line.split()
    return Op(who, WEST, name, tuple(words), at, until, outcome, value)


def told(*ops: Op) -> list[dict[str, Any]]:
    """The operations as a kept history has them."""
    history = Told().history
    for each in ops:
        history.op(each)
    return msgspec.json.Decoder(dict[str, Any]).decode_lines(history.jsonl())


# ── events ────────────────────────────────────────────────────────────────────────────────────

steps = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3), st.sampled_from(Outcome)))


@given(st.lists(steps, max_size=4))
def test_events_are_in_order_and_a_process_has_one_operation_at_a_time(plan):
    ops = []
    for process, mine in enumerate(plan):
        now = 0
        for pause, length, outcome in mine:
            begin, now = now + pause, now + pause + length
            ops.append(op("GET k", begin, now, outcome, "v", process))
    found = events(ops)
    assert len(found) == 2 * len(ops)
    assert [each.at_us for each in found] == sorted(each.at_us for each in found)
    under_way: set[int] = set()
    gone: set[int] = set()
    for each in found:
        assert each.process not in gone, "who got no reply goes on under another number"
        if each.type == "invoke":
            assert each.process not in under_way
            under_way.add(each.process)
        else:
            under_way.remove(each.process)
            gone |= {each.process} if each.type == "info" else set()


def test_of_equal_times_invocations_come_first():
    """Else one operation would seem to be over before the other began."""
    found = events([op("GET k", 0, 5, who=1), op("GET k", 5, 9, who=2)])
    assert [(each.type, each.process) for each in found] == [
        ("invoke", 1),
        ("invoke", 2),
        ("ok", 1),
        ("ok", 2),
    ]


def test_an_operation_that_was_cut_short_has_no_second_event():
    assert [each.type for each in events([op("GET k", 3, None, INFO)])] == ["invoke"]


# ── Jepsen ────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("said", "first", "second"),
    [
        (
            op("GET k", 1, 2, OK, "v"),
            ':type :invoke, :f :read, :value ["k" nil]',
            ':type :ok, :f :read, :value ["k" "v"]',
        ),
        (
            op("SET k v", 1, 2),
            ':type :invoke, :f :write, :value ["k" "v"]',
            ':type :ok, :f :write, :value ["k" "v"]',
        ),
        (
            op("SET k v NX EX 60", 1, 2, OK, None),
            ':type :invoke, :f :cas, :value ["k" [nil "v"]], :options ["NX" "EX" "60"]',
            ':type :fail, :f :cas, :value ["k" [nil "v"]], :options ["NX" "EX" "60"]',
        ),
        (
            op("SET k v NX", 1, 2, INFO, None),
            ':type :invoke, :f :cas, :value ["k" [nil "v"]], :options ["NX"]',
            ':type :info, :f :cas, :value ["k" [nil "v"]], :options ["NX"]',
        ),
        (
            op("SET k v GET", 1, 2, OK, None),
            ':type :invoke, :f :set, :value ["k" "v" "GET"]',
            ':type :ok, :f :set, :value ["k" "v" "GET"], :reply nil',
        ),
        (
            op("SET k v", 1, 2, OK, "QUEUED"),
            ':type :invoke, :f :set, :value ["k" "v"]',
            ':type :ok, :f :set, :value ["k" "v"], :reply "QUEUED"',
        ),
        (
            op("SADD k a b", 1, 2, OK, 2),
            ':type :invoke, :f :sadd, :value ["k" "a" "b"]',
            ':type :ok, :f :sadd, :value ["k" "a" "b"], :reply 2',
        ),
        (
            op("GET k", 1, 2, FAIL, 'WRONGTYPE "x"'),
            ':type :invoke, :f :read, :value ["k" nil]',
            ':type :fail, :f :read, :value ["k" nil], :error "WRONGTYPE \\"x\\""',
        ),
    ],
)
def test_jepsen_is_told_reads_writes_and_compare_and_set(said: Op, first: str, second: str):
    lines, left_out = jepsen(told(said))
    assert left_out == 0
    assert lines == [
        f'{{:process 1, {first}, :time 1000, :node "{WEST}", :index 0}}',
        f'{{:process 1, {second}, :time 2000, :node "{WEST}", :index 1}}',
    ]


def test_faults_are_the_nemesis_in_order_of_time():
    history = Told().fault(1, 3, "outage", EAST).op("GET k", 2, 2.5).history
    records = msgspec.json.Decoder(dict[str, Any]).decode_lines(history.jsonl())
    lines, _ = jepsen(records)
    assert [re.search(r":f :(\S+),", line)[1] for line in lines] == [  # type: ignore[index]
        "start-outage",
        "read",
        "read",
        "stop-outage",
    ]
    assert lines[0] == (
        f'{{:process :nemesis, :type :info, :f :start-outage, :value "{EAST}", '
        ":time 1000000000, :index 0}"
    )
    json_lines, _ = jsonl(records)
    assert msgspec.json.decode(json_lines[0]) == {
        "process": "nemesis",
        "type": "info",
        "f": "start-outage",
        "value": EAST,
        "time": 1_000_000_000,
        "index": 0,
    }


def test_json_lines_keep_the_commands_and_their_replies():
    lines, _ = jsonl(told(op("SET k v NX", 1, 2, OK, None), op("INCR k", 3, 4, FAIL, "ERR")))
    assert [line.partition(',"time":')[0] for line in lines] == [
        '{"process":1,"type":"invoke","f":"set","value":["k","v","NX"]',
        '{"process":1,"type":"ok","f":"set","value":["k","v","NX"],"reply":null',
        '{"process":1,"type":"invoke","f":"incr","value":["k"]',
        '{"process":1,"type":"fail","f":"incr","value":["k"],"error":"ERR"',
    ]
    assert lines[3].endswith(f',"time":4000,"node":"{WEST}","index":3}}')


@given(st.text())
def test_a_text_is_quoted_on_one_line(text: str):
    quoted = edn(text)
    assert "\n" not in quoted
    assert msgspec.json.decode(quoted) == text


# ── Porcupine ─────────────────────────────────────────────────────────────────────────────────

PARSED = [
    # What parseKvLog in Porcupine's porcupine_test.go looks for.
    r'{:process (\d+), :type :invoke, :f :get, :key "(.*)", :value nil}',
    r'{:process (\d+), :type :invoke, :f :put, :key "(.*)", :value "(.*)"}',
    r'{:process (\d+), :type :invoke, :f :append, :key "(.*)", :value "(.*)"}',
    r'{:process (\d+), :type :ok, :f :get, :key ".*", :value "(.*)"}',
    r'{:process (\d+), :type :ok, :f :put, :key ".*", :value ".*"}',
    r'{:process (\d+), :type :ok, :f :append, :key ".*", :value ".*"}',
]


def test_porcupine_is_told_get_put_and_append():
    lines, left_out = porcupine(
        told(
            op("GET k", 1, 2, OK, None),
            op("SET k v", 3, 4),
            op("APPEND k w", 5, 6, OK, 2),
            op("GET k", 7, 8, OK, "vw"),
        )
    )
    assert left_out == 0
    assert [
        [number for number, form in enumerate(PARSED) if re.fullmatch(form, line)] for line in lines
    ] == [
        [0],
        [3],
        [1],
        [4],
        [2],
        [5],
        [0],
        [3],
    ]
    assert lines[1] == '{:process 1, :type :ok, :f :get, :key "k", :value ""}'
    assert lines[-1] == '{:process 1, :type :ok, :f :get, :key "k", :value "vw"}'


def test_keys_that_porcupines_model_does_not_know_are_left_out():
    lines, left_out = porcupine(
        told(
            op("SET k v", 1, 2),
            op("SET k v EX 60", 3, 4),
            op("SET n 1", 5, 6),
            op("INCR n", 7, 8, OK, 2),
            op("SET other v", 9, 10),
            op("GET other", 11, 12, INFO, None),
            op("SET queued v", 13, 14, OK, "QUEUED"),
            op("GET queued", 15, 16, OK, "v"),
            op("GET failed", 17, 18, FAIL, "ERR"),
        )
    )
    assert left_out == 8
    assert [re.search(r':key "(\w+)"', line)[1] for line in lines] == ["other"] * 2  # type: ignore[index]


def test_a_put_without_reply_may_take_effect_until_the_end():
    lines, left_out = porcupine(told(op("SET k v", 1, 2, INFO, None), op("SET k w", 3, 4)))
    assert left_out == 0
    assert [line.partition(":f")[0] for line in lines] == [
        "{:process 1, :type :invoke, ",
        "{:process 3, :type :invoke, ",
        "{:process 3, :type :ok, ",
    ]


def test_in_a_run_of_payments_nobody_does_two_things_at_once():
    cut = "{kind='partition', regions=['West Europe', 'East US'], at='5s'}"
    short = [f"variants=[{{name='cut', faults=[{cut}]}}]", "workload.lasts=30s", "horizon=2m"]
    chosen = changed(load("payments"), [*short, "protocols=['set-nx']"])
    found = events(World(chosen, chosen.variants[0], "set-nx", 1).run().ops)
    under_way: set[int] = set()
    for each in found:
        assert (each.process in under_way) == (each.type != "invoke")
        under_way ^= {each.process}
    assert len(found) > 500


def test_operations_come_out_of_a_kept_history_as_they_went_in():
    given_ops = [op("SET k v", 1, 2), op("GET k", 3, None, INFO, None)]
    assert ops_of(told(*given_ops)) == given_ops
