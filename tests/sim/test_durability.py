"""What comes back after a power loss at any point, held against what the policy promises."""

from functools import cache
from pathlib import Path

import pytest

from crdb.errors import CommandError
from crdb.persistence import aof
from crdb.persistence.reader import Unreadable
from crdb.replica import Replica
from sim.appendonly import AppendOnly
from sim.engine import Engine
from sim.folder import Folder
from sim.latency import Constant, Jitter
from sim.persister import FILE, Policy
from sim.rng import Dice
from tests.sim.keeping import Keeping, kept

POLICIES = {
    "always": Policy("aof", "always"),
    "interval": Policy("aof", "interval", 2_000),
    "never": Policy("aof", "never"),
    "snapshots": Policy("rdb", interval_us=2_500),
    "always, rewritten": Policy("aof", "always", 0, 50, 300),
    "interval, rewritten": Policy("aof", "interval", 2_000, 50, 300),
}
by_policy = pytest.mark.parametrize("policy", POLICIES.values(), ids=POLICIES)


# ── every point, every outcome ──────────────────────────────────────────────────────────────────


@by_policy
@pytest.mark.parametrize("padding", [b"", b" " * 400], ids=["small", "large"])
def test_at_every_boundary_and_with_every_tear_the_promise_holds(
    policy: Policy, padding: bytes
) -> None:
    machine, count = Keeping(policy, padding=padding), cache(kept)
    machine.every(700, writes=8 if padding else 20)
    outcomes = most = 0
    while machine.engine._queue and machine.engine.now < 22_000:
        machine.engine.step()
        made, promised = len(machine.made_us), machine.promised()
        for file in machine.outcomes():
            found = count(file)
            assert promised <= found <= made
            outcomes, most = outcomes + 1, max(most, found)
    assert outcomes > 100
    assert most > 3


@by_policy
def test_in_the_end_all_is_kept(policy: Policy) -> None:
    machine = Keeping(policy)
    machine.every(700, writes=10)
    machine.engine.run(until=60_000_000 if policy.fsync == "never" else 40_000)
    machine.disk.power_loss()
    assert kept(machine.disk.read(FILE)) == 10


@by_policy
def test_after_an_orderly_end_all_is_there(policy: Policy) -> None:
    machine = Keeping(policy)
    machine.every(700, writes=10)
    machine.engine.run(until=7_100)
    machine.durability.close()
    machine.engine.run(until=20_000)
    data = machine.disk.read(FILE) or b""
    assert kept(data) == 10
    assert aof.read(data).closed == (policy.kind == "aof")


# ── chance ──────────────────────────────────────────────────────────────────────────────────────


def crash(seed: int) -> tuple[int, int]:
    """A log, synced every second, on a disk that is now fast and now slow, and a power loss.

    How long before it the oldest write that is lost was made, and how much that may be.
    """
    dice = Dice(seed, "crashes")
    fsync = Jitter((1_000, 300_000, 2_500_000)[dice.below(3)])
    rewrite_bytes = (1_000, 1 << 30)[dice.below(2)]
    policy = Policy("aof", "interval", 0, 100, rewrite_bytes)
    machine = Keeping(policy, seed=seed, fsync=fsync)
    for _ in range(60):
        machine.engine.call_in(dice.below(9_000_000), machine.write)
        machine.engine.call_in(dice.below(9_000_000), machine.tick)
    machine.engine.run(until=1 + dice.below(9_000_000))
    now_us, since_us = machine.engine.now, machine.persister.wanted_since_us
    owed_us = 0 if since_us is None else now_us - since_us
    machine.disk.power_loss()
    back = kept(machine.disk.read(FILE))
    lost = machine.made_us[back:]
    return (now_us - lost[0] if lost else 0), 1_000_000 + owed_us


def test_in_a_thousand_crashes_none_takes_more_than_the_interval_and_the_sync_in_flight() -> None:
    losses = [crash(seed) for seed in range(1_000)]
    assert all(lost_us <= most_us for lost_us, most_us in losses)
    assert any(lost_us > 1_000_000 for lost_us, _ in losses), "slow disks lose more than a second"


def test_on_a_fast_disk_a_second_is_a_second() -> None:
    machine = Keeping(Policy("aof"), fsync=Constant(1_000))
    machine.every(10_000, writes=220)
    worst_us = 0
    while machine.engine.now < 2_200_000:
        machine.engine.run(until=machine.engine.now + 9_900)
        file = machine.disk.files.get(FILE)
        back = kept(bytes(file.data[: file.synced])) if file else 0
        if machine.made_us[back:]:
            worst_us = max(worst_us, machine.engine.now - machine.made_us[back])
    assert 900_000 < worst_us <= 1_003_000


def test_on_a_slow_disk_a_second_is_more_than_three() -> None:
    machine = Keeping(Policy("aof"), fsync=Constant(3_000_000))
    machine.every(100_000, writes=200)
    machine.engine.run(until=14_000_000)
    worst_us = 0
    while machine.engine.now < 20_000_000:
        machine.engine.run(until=machine.engine.now + 100_000)
        file = machine.disk.files[FILE]
        back = kept(bytes(file.data[: file.synced]))
        worst_us = max(worst_us, machine.engine.now - machine.made_us[back])
    assert 5_900_000 < worst_us <= 7_000_000


# ── by name ─────────────────────────────────────────────────────────────────────────────────────


def test_always_waits_for_the_disk_and_every_second_does_not() -> None:
    for policy, acked in ((POLICIES["always"], 0), (POLICIES["interval"], 1)):
        machine = Keeping(policy)
        machine.engine.run(until=5_000)
        machine.write()
        assert machine.acked == acked
        machine.engine.run(until=9_000)
        assert machine.acked == 1


def test_whoever_reads_waits_too_for_what_the_reader_has_seen() -> None:
    """Else a client could be told of a write that never was."""
    machine, read = Keeping(POLICIES["always"]), list[int]()
    machine.engine.run(until=5_000)
    machine.write()
    machine.durability.when_safe(lambda: read.append(machine.engine.now))
    assert not read
    machine.engine.run(until=9_000)
    assert read
    machine.durability.when_safe(lambda: read.append(machine.engine.now))
    assert len(read) == 2


@pytest.mark.parametrize(
    "policy", [Policy("aof", "interval", 2_000), Policy("rdb", "never", 2_000)]
)
def test_a_full_disk_refuses_writes_until_there_is_space(policy: Policy) -> None:
    machine = Keeping(policy, capacity_bytes=100, padding=b" " * 100)
    machine.engine.run(until=5_000)
    machine.write()
    machine.engine.run(until=9_000)
    refused = machine.write()
    assert isinstance(refused, CommandError)
    assert str(refused).startswith("MISCONF")
    assert [what for what, _ in machine.told][-1] == "full"
    machine.disk.capacity_bytes = None
    machine.engine.run(until=3_000_000)
    machine.write()
    machine.engine.run(until=6_000_000)
    machine.disk.power_loss()
    assert kept(machine.disk.read(FILE)) == 2


def test_a_rewrite_that_finds_no_space_leaves_the_old_log_going() -> None:
    machine = Keeping(Policy("aof", "always", 0, 50, 600), capacity_bytes=850, padding=b" " * 60)
    machine.every(3_000, writes=4)
    machine.engine.run(until=30_000)
    assert "rewrite failed" in [what for what, _ in machine.told]
    assert machine.acked == 4
    assert kept(machine.disk.read(FILE)) == 4


def test_a_log_is_rewritten_when_it_has_grown_and_is_shorter_then() -> None:
    machine = Keeping(POLICIES["always, rewritten"])
    machine.every(3_000, writes=60)
    machine.engine.run(until=300_000)
    rewritten = [detail["bytes"] for what, detail in machine.told if what == "rewrite"]
    assert len(rewritten) > 2
    unwritten = Keeping(POLICIES["always"])
    unwritten.every(3_000, writes=60)
    unwritten.engine.run(until=300_000)
    size, other = (len(each.disk.read(FILE) or b"") for each in (machine, unwritten))
    assert 3 * size < other
    assert kept(machine.disk.read(FILE)) == 60


def test_rot_in_what_was_synced_is_refused_and_a_region_alone_stays_down() -> None:
    machine = Keeping(POLICIES["always"])
    machine.every(3_000, writes=10)
    machine.engine.run(until=60_000)
    data = bytearray(machine.disk.read(FILE) or b"")
    data[len(data) // 2] ^= 4
    machine.disk.files[FILE].data = data
    with pytest.raises(Unreadable, match=r"byte \d+: .* written safely"):
        kept(bytes(data))
    assert machine.durability.recover(machine.replica, 2) is None
    assert machine.told[-1][0] == "refused"
    with_peers = machine.durability.recover(Replica(1, [2]), 3)
    assert with_peers is not None
    assert (with_peers.stale, with_peers.actor, len(with_peers.keyspace.keys)) == (True, 3, 0)


def test_real_files_are_written_the_same_way(tmp_path: Path) -> None:
    engine, replica = Engine(), Replica(1)
    policy = Policy("aof", "always", 0, 50, 2_000)
    log = AppendOnly(engine, Folder(tmp_path), replica, policy, lambda what, **_: None)
    machine = Keeping(policy)
    machine.replica = replica
    for _ in range(30):
        machine.write()
        log.wrote()
    assert kept((tmp_path / FILE).read_bytes()) == 30
    log.close()
    assert aof.read((tmp_path / FILE).read_bytes()).closed
    assert [file.name for file in tmp_path.iterdir()] == [FILE]
