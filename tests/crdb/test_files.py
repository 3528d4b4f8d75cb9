"""Snapshots and logs as files: nothing is lost, and what is damaged is cut off or refused."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdb.crdts.counter import Part
from crdb.crdts.orset import SetDelta
from crdb.dots import dot
from crdb.messages import Difference
from crdb.persistence import aof, snapshot
from crdb.persistence.aof import Applied, Closed, Joined, Record
from crdb.persistence.frames import OVERHEAD_BYTES, frame
from crdb.persistence.reader import Unreadable
from crdb.persistence.recovery import recovered
from tests.cases import CASES, Case
from tests.regions import Regions
from tests.scripts import World, scripts

by_type = pytest.mark.parametrize("case", CASES.values(), ids=CASES)

A, B = dot(1, 1), dot(2, 3)
BASE = Difference(
    1, {1: 2, 2: 3}, 1, (dot(3, 9),), states={b"tea": (SetDelta({b"a": A, b"b": (A + 1, B)}, {}),)}
)
RECORDS: list[Record] = [
    Applied(1, 2, 3, ((3, b"k", Part(A + 2, A + 2, 1)),)),
    Applied(2, 3, 9, ()),
    Joined({1: 3, 3: 9}, (dot(4, 2),), ((b"tea", SetDelta({}, {b"a": A})),)),
    Closed(3),
]


def log_of(*records: Record, synced: int = 0) -> bytes:
    data = snapshot.written(BASE)
    return data + b"".join(aof.record(record, synced) for record in records)


# ── nothing is lost ─────────────────────────────────────────────────────────────────────────────


@by_type
@given(data=st.data())
def test_every_type_comes_back_from_a_snapshot_and_from_a_log(
    case: Case, data: st.DataObject
) -> None:
    world = World(case).play(data.draw(scripts(case)))
    states: snapshot.States = {
        b"k%d" % n: (site.state.complete(),) for n, site in enumerate(world.sites)
    }
    base = Difference(1, {}, 1, (), states=states)
    sent = [each for site in world.sites for each in site.stream]
    streams = tuple(Applied(1, 0, n, ((n, b"k", each.delta),)) for n, each in enumerate(sent, 1))
    joined = Joined({1: 9}, (B,), tuple((b"k", each.delta) for each in sent))
    records: tuple[Record, ...] = (*streams, joined)
    file = snapshot.written(base) + b"".join(aof.record(each, 7) for each in records)
    log = aof.read(file)
    assert (log.base, log.records, log.cut) == (base, records, None)
    assert snapshot.read(file[: log.base_bytes]) == base


def test_equal_states_are_equal_files() -> None:
    regions = Regions(3)
    for region, order in ((1, "abc"), (2, "cab"), (3, "bca")):
        for name in order:
            regions.say(region, f"SADD set:{name} {region} {name}")
    regions.settle()
    held = [replica.snapshot().states for replica in regions.replicas.values()]
    assert len({tuple(states) for states in held}) == 3, "the keys arrived in different orders"
    files = {snapshot.written(Difference(1, {}, 1, (), states=states)) for states in held}
    assert len(files) == 1


def test_more_keys_than_a_block_has() -> None:
    states: snapshot.States = {
        b"%d" % n: (SetDelta({b"m": dot(1, n)}, {}),) for n in range(1, 10_001)
    }
    state = Difference(1, {1: 10_000}, 1, (), states=states)
    assert snapshot.read(snapshot.written(state)) == state


# ── damage ──────────────────────────────────────────────────────────────────────────────────────


def test_a_snapshot_cut_short_is_refused_wherever_it_ends() -> None:
    data = snapshot.written(BASE)
    for size in range(len(data)):
        with pytest.raises(Unreadable, match=r"^byte \d+: "):
            snapshot.read(data[:size])
    with pytest.raises(Unreadable, match=f"byte {len(data)}: the snapshot ends, and 1 bytes"):
        snapshot.read(data + b"\0")


def test_a_flipped_bit_in_a_snapshot_is_refused_wherever_it_is() -> None:
    data = snapshot.written(BASE)
    for place in range(8 * len(data)):
        with pytest.raises(Unreadable, match=r"^byte \d+: "):
            snapshot.read(flipped(data, place))


def flipped(data: bytes, place: int) -> bytes:
    rotten = bytearray(data)
    rotten[place // 8] ^= 1 << place % 8
    return bytes(rotten)


def test_a_log_cut_short_keeps_its_whole_records_and_says_what_is_cut_off() -> None:
    ends = [len(log_of(*RECORDS[:n])) for n in range(len(RECORDS) + 1)]
    data = log_of(*RECORDS)
    for size in range(ends[0], len(data) + 1):
        whole = max(n for n, end in enumerate(ends) if end <= size)
        log = aof.read(data[:size])
        assert log.records == tuple(RECORDS[:whole])
        assert log.closed == (size == len(data))
        if size == ends[whole]:
            assert log.cut is None
        else:
            assert log.cut is not None
            assert (log.cut.at, log.cut.size_bytes) == (ends[whole], size - ends[whole])
    for size in range(ends[0]):
        with pytest.raises(Unreadable, match=r"^byte \d+: "):
            aof.read(data[:size])


@pytest.mark.parametrize("number", range(3))
def test_damage_to_what_was_written_safely_is_refused(number: int) -> None:
    """The record behind it was written when the place was known to be on the disk."""
    start, end = (len(log_of(*RECORDS[:n])) for n in (number, number + 1))
    safe = log_of(*RECORDS[:number]) + b"".join(aof.record(each, end) for each in RECORDS[number:])
    for place in range(8 * start, 8 * end):
        with pytest.raises(Unreadable, match=rf"^byte {start}: .*written safely"):
            aof.read(flipped(safe, place))


@pytest.mark.parametrize("number", range(3))
def test_a_hole_in_what_was_not_synced_is_where_the_log_ends(number: int) -> None:
    """Power failed: later sectors reached the disk, earlier ones did not."""
    start, end = (len(log_of(*RECORDS[:n])) for n in (number, number + 1))
    data = log_of(*RECORDS, synced=start)
    torn = data[:start] + bytes(end - start) + data[end:]
    log = aof.read(torn)
    assert log.records == tuple(RECORDS[:number])
    assert log.cut is not None
    assert str(log.cut).startswith(f"{len(data) - start} bytes cut off behind the last whole")
    assert not log.closed


def test_a_checksum_that_is_right_about_nonsense_is_refused_and_not_cut_off() -> None:
    data = log_of()
    with pytest.raises(Unreadable, match=f"byte {len(data)}: no record is of kind 99"):
        aof.read(data + frame(99, bytes(8)))
    with pytest.raises(Unreadable, match=f"byte {len(data)}: a record with the right checksum"):
        aof.read(data + frame(17, bytes(8)))


def test_a_record_that_is_missing_is_noticed() -> None:
    log = aof.read(log_of(Applied(1, 3, 4, ())))
    with pytest.raises(Unreadable, match="of actor 1 after 3, and what stands before it ends at 2"):
        recovered(log, 1, [2], actor=5)


# ── versions ────────────────────────────────────────────────────────────────────────────────────

FILES = Path(__file__).parent / "formats"


@pytest.mark.parametrize("file", sorted(FILES.glob("*.aof")), ids=lambda file: file.stem)
def test_files_of_every_version_that_was_ever_in_use_are_understood(file: Path) -> None:
    """A failure here: people's files are no longer read. Raise a version, and keep a reader."""
    log = aof.read(file.read_bytes())
    assert (log.base, log.records, log.closed) == (BASE, tuple(RECORDS), True)


def test_the_files_of_today_are_among_them() -> None:
    versions = ".".join(map(str, snapshot.VERSIONS))
    assert (FILES / f"{versions}.aof").read_bytes() == log_of(*RECORDS)


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", r"byte 0: begins with b'', not with b'crdbsnap': no snapshot"),
        (b"REDIS0011", r"byte 0: begins with b'REDIS001', not with"),
        (b"crdbsnap\0\1", r"byte 8: format version 0\.1, while this program reads 1\.1"),
        (b"crdbsnap\2\1", r"byte 8: format version 2\.1, while this program reads 1\.1"),
        (b"crdbsnap", r"byte 8: format version none, while"),
    ],
)
def test_what_is_of_another_format_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        aof.read(data)


def test_pieces_that_stand_in_the_wrong_place_are_refused() -> None:
    data = snapshot.written(BASE)
    head = data.index(b"\xcb", 10)
    with pytest.raises(Unreadable, match=f"byte {head}: a piece of kind 2 where"):
        snapshot.read(data[:head] + frame(2, b""))
    end = len(data) - OVERHEAD_BYTES - 1
    with pytest.raises(Unreadable, match=f"byte {end}: 5 keys were written, and 1 are here"):
        snapshot.read(data[:end] + frame(3, b"\5"))


def test_a_value_of_an_undeclared_type_is_refused() -> None:
    wrong: Any = Applied(1, 0, "one", ())  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        aof.record(wrong, 0)
