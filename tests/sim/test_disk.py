"""Disks: what is on them after a power loss, and that the real folder does what the model does."""

from itertools import chain, combinations
from pathlib import Path

import pytest

from sim.disk import SECTOR_BYTES, Disk, DiskFull, Storage, torn
from sim.engine import Engine
from sim.folder import Folder
from sim.latency import Constant
from sim.rng import Dice


def disk(engine: Engine, seed: int = 1, capacity_bytes: int | None = None) -> Disk:
    dice = Dice(seed, "disk")
    return Disk(engine, dice, fsync=Constant(1_000), capacity_bytes=capacity_bytes)


def remembered(size_bytes: int) -> bytes:
    return bytes(n % 251 + 1 for n in range(size_bytes))


# ── power ───────────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("seed", range(40))
def test_what_was_synced_survives_and_of_the_rest_nothing_is_made_up(seed: int) -> None:
    engine = Engine()
    made = disk(engine, seed)
    data = remembered(3_000)
    made.append("f", data[:700])
    made.fsync("f", lambda size: made.append("f", data[size:]))
    engine.run()
    made.power_loss()
    left = made.read("f")
    assert left is not None
    assert left[:700] == data[:700]
    assert len(left) <= len(data)
    assert all(found in (0, written) for found, written in zip(left, data, strict=False))


def test_every_way_to_tear_a_tail_keeps_whole_sectors() -> None:
    data, synced = remembered(4 * SECTOR_BYTES), SECTOR_BYTES + 9
    sectors = (1, 2, 3)
    for kept in chain.from_iterable(combinations(sectors, n) for n in range(4)):
        left = torn(data, synced, kept)
        assert left[:synced] == data[:synced]
        for sector in sectors:
            part = slice(max(synced, sector * SECTOR_BYTES), (sector + 1) * SECTOR_BYTES)
            assert left[part] == data[part] if sector in kept else not any(left[part])


def test_a_sync_that_is_under_way_has_promised_nothing() -> None:
    lost = 0
    for seed in range(20):
        engine, told = Engine(), list[int]()
        made = disk(engine, seed)
        made.append("f", remembered(600))
        made.fsync("f", told.append)
        engine.run(until=900)
        made.power_loss()
        engine.run()
        assert not told
        lost += made.read("f") != remembered(600)
    assert lost > 10


def test_a_rename_under_way_has_happened_or_has_not() -> None:
    found = set()
    for seed in range(20):
        engine = Engine()
        made = disk(engine, seed)
        for name, data in (("f", b"old"), ("new", b"new")):
            made.append(name, data)
            made.fsync(name, lambda _: None)
        engine.run()
        made.rename("new", "f", lambda _: None)
        engine.run(until=engine.now + 500)
        made.power_loss()
        found.add((made.read("f"), made.read("new")))
    assert found == {(b"old", b"new"), (b"new", None)}


def test_the_file_that_was_renamed_without_a_sync_may_be_empty() -> None:
    """The bug of a whole generation of programs: the name is there, and what it names is not."""
    left = set()
    for seed in range(20):
        engine = Engine()
        made = disk(engine, seed)
        made.append("new", remembered(600))
        made.rename("new", "f", lambda _: None)
        engine.run()
        made.power_loss()
        left.add(made.read("f") == remembered(600))
    assert left == {False, True}


# ── one thing at a time ─────────────────────────────────────────────────────────────────────────


def test_syncs_that_wait_are_one_sync() -> None:
    engine, told = Engine(), list[tuple[int, str, int]]()
    made = disk(engine)

    def ask(name: str) -> None:
        made.append("f", b"x" * 100)
        made.fsync("f", lambda size: told.append((engine.now, name, size)))

    ask("first")
    engine.run(until=10)
    for name in ("second", "third"):
        ask(name)
    engine.run()
    # Bytes take their time too: 100, then 200, at 500 MB/s.
    assert told == [(1_001, "first", 100), (2_002, "second", 300), (2_002, "third", 300)]


# ── what goes wrong ─────────────────────────────────────────────────────────────────────────────


def test_a_full_disk_takes_what_fits_and_says_so() -> None:
    made = disk(Engine(), capacity_bytes=5)
    with pytest.raises(DiskFull, match="f: no space left for 2 of 7 bytes"):
        made.append("f", b"1234567")
    assert made.read("f") == b"12345"
    made.truncate("f", 0)
    made.append("f", b"123")
    assert made.used_bytes == 3


def test_what_is_on_the_disk_cannot_be_cut_off() -> None:
    engine = Engine()
    made = disk(engine)
    made.append("f", b"123")
    made.fsync("f", lambda _: None)
    engine.run()
    with pytest.raises(ValueError, match="f: 3 bytes are on the disk, not 2"):
        made.truncate("f", 2)


def test_a_bit_that_rots_is_one_bit() -> None:
    made = disk(Engine())
    with pytest.raises(ValueError, match="f: there is nothing that could rot"):
        made.rot("f")
    made.append("f", bytes(100))
    place = made.rot("f")
    left = made.read("f") or b""
    assert [n for n, byte in enumerate(left) if byte] == [place]
    assert left[place].bit_count() == 1


# ── the twin ────────────────────────────────────────────────────────────────────────────────────


def story(storage: Storage, engine: Engine) -> list[object]:
    told: list[object] = []

    def tell(size: int) -> None:
        told.append(size)

    storage.append("a", b"one")
    storage.append("a", b"two")
    storage.truncate("a", 4)
    storage.fsync("a", tell)
    engine.run()
    storage.append("b", b"three")
    storage.rename("b", "a", tell)
    engine.run()
    told += [storage.read("a"), storage.read("b")]
    storage.truncate("c", 0)
    storage.remove("a")
    storage.remove("a")
    told += [storage.read("a"), storage.read("c")]
    return told


def test_a_folder_does_what_a_disk_does(tmp_path: Path) -> None:
    engine = Engine()
    expected = story(disk(engine), engine)
    assert story(Folder(tmp_path / "made"), engine) == expected
    assert expected == [4, 5, b"three", None, None, b""]


def test_a_real_disk_that_is_full_says_so_too() -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full here")
    with pytest.raises(DiskFull, match="full: no space left for 3 bytes"):
        Folder(Path("/dev")).append("full", b"tea")
