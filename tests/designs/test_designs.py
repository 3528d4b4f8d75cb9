"""The designs as redis-py code: each does what its docstring says, and enters what it did."""

import os
import subprocess
import sys
from functools import cache

import pytest

from sim.checkers import judge
from sim.checkers.duplicate_capture import repeated
from sim.checkers.duplicate_claim import granted_twice
from sim.designs import designs
from sim.history import INFO, OK, History
from sim.protocols.base import designs as models
from sim.run import check_names
from sim.scenario import BadScenario, changed, load
from tests.designs.agreement import scenario, world
from tests.told import EAST, WEST

OUTAGE, PARTITION = 0, 1


@cache
def history(design: str, variant: int = PARTITION) -> History:
    return world(design, variant, "redis", 1).history


def test_every_design_has_a_model() -> None:
    controls = {"quorum-shared-key", "quorum-short-grant"}
    assert {*designs()} == {*models()} - controls


class TestSetNx:
    def test_both_regions_grant_and_capture_in_a_partition(self) -> None:
        places = {
            frozenset((one.place, two.place)) for one, two in granted_twice(history("set-nx"))
        }
        assert places == {frozenset({WEST, EAST})}
        assert len(repeated(history("set-nx"))) > 3

    def test_it_refuses_nobody(self) -> None:
        assert not [op for op in history("set-nx").ops if op.value == "refused"]


def test_downstream_unique_grants_twice_and_captures_once() -> None:
    found = history("downstream-unique")
    assert granted_twice(found)
    assert not repeated(found)


def test_home_region_never_grants_twice_and_refuses() -> None:
    found = history("home-region")
    assert not granted_twice(found)
    assert not repeated(found)
    assert len([op for op in found.ops if op.value == "refused"]) > 20


def test_claim_set_captures_twice_in_a_partition() -> None:
    assert len(repeated(history("claim-set"))) > 3


@pytest.mark.parametrize("variant", [OUTAGE, PARTITION])
def test_quorum_claim_never_captures_twice(variant: int) -> None:
    found = history("quorum-claim", variant)
    assert not granted_twice(found)
    assert not repeated(found)


def test_passive_replica_follows_the_name_that_is_switched() -> None:
    found = history("passive-replica", OUTAGE)
    (promoted,) = found.of_kind("failover")
    assert promoted.place == EAST
    # Five seconds is how long the old answer is believed.
    late = [op for op in found.ops if op.name == "SET" and op.invoked_us > promoted.at_us + 10**7]
    # A pooled connection that broke in the outage is found out only now: no reply.
    assert {op.place for op in late if op.outcome is not INFO} == {EAST}
    assert repeated(found)


@pytest.mark.parametrize("design", ["set-nx", "home-region", "quorum-claim"])
def test_regions_converge_and_nothing_acknowledged_is_lost(design: str) -> None:
    for checker in ("convergence", "no-lost-write"):
        assert judge(checker, history(design)).verdict == "valid"


class TestHistory:
    def test_every_attempt_is_an_operation(self) -> None:
        """Home-region's payers are cut off from half of the homes."""
        claims: dict[object, list[object]] = {}
        for op in history("home-region").ops:
            if op.name == "SET" and b"NX" in op.args:
                claims.setdefault((op.process, op.args[0]), []).append(op.outcome)
        assert any(each == [OK] for each in claims.values())
        assert any(INFO in each for each in claims.values())

    def test_a_transaction_is_entered_command_by_command(self) -> None:
        ops = [op for op in history("claim-set").ops if op.process]
        at = next(index for index, op in enumerate(ops) if op.name == "MULTI")
        mine = [op for op in ops[at:] if op.process == ops[at].process][:4]
        assert [(op.name, op.value) for op in mine] == [
            ("MULTI", "OK"),
            ("SADD", "QUEUED"),
            ("EXPIRE", "QUEUED"),
            ("EXEC", [1, 1]),
        ]

    def test_greetings_are_left_out(self) -> None:
        assert not {op.name for op in history("set-nx").ops} & {"HELLO", "CLIENT"}


PRINT = """
from tests.designs.agreement import world
print(world("claim-set", 1, "redis", 5).fingerprint())
"""


def test_the_same_seed_is_the_same_run_under_every_hash_seed() -> None:
    prints = {
        subprocess.run(
            [sys.executable, "-c", PRINT],
            env={**os.environ, "PYTHONHASHSEED": hashseed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for hashseed in ("1", "2")
    }
    assert len(prints) == 1
    assert prints == {world("claim-set", PARTITION, "redis", 5).fingerprint() + "\n"}


class TestRefusals:
    def test_a_protocol_without_code_is_named(self) -> None:
        with pytest.raises(BadScenario, match="'quorum-shared-key' has no code for"):
            check_names(changed(load("quorum-controls"), ["workload.clients=redis"]))

    def test_without_redis_py_the_cure_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setitem(sys.modules, "redis.exceptions", None)
        for name in [each for each in sys.modules if each.startswith("sim.designs.")]:
            monkeypatch.delitem(sys.modules, name)
        with pytest.raises(BadScenario, match=r"pip install 'crdb-sim\[client\]'"):
            check_names(scenario("set-nx", "redis"))
