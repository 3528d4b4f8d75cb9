"""The backlog against a plain list of everything that was ever written."""

from hypothesis import given
from hypothesis import strategies as st

from crdb.backlog import Backlog
from crdb.crdts.counter import CounterDelta
from crdb.messages import Write

groups = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 3)), max_size=12)
"""For each group, how many writes it has and how many dots beyond one it takes."""


def written(shape: list[tuple[int, int]]) -> tuple[list[Write], int]:
    """All writes of such groups, and the last number in use."""
    writes: list[Write] = []
    last = 0
    for size, extra in shape:
        writes += [(last + 1, b"k%d" % n, CounterDelta()) for n in range(size)]
        last += 1 + extra
    return writes, last


def backlog(writes: list[Write], writes_max: int = 100) -> Backlog:
    made = Backlog(writes_max)
    made.writes += writes
    return made


def numbers(writes: list[Write]) -> list[int]:
    return sorted({group for group, _, _ in writes})


@given(groups, st.data())
def test_a_slice_is_what_comes_after(shape: list[tuple[int, int]], data: st.DataObject) -> None:
    writes, last = written(shape)
    after = data.draw(st.integers(0, last))
    found = backlog(writes).slice(after, last)
    assert found == (tuple(write for write in writes if write[0] > after), last)


@given(groups, st.integers(1, 5))
def test_slices_follow_each_other_in_whole_groups(shape: list[tuple[int, int]], limit: int) -> None:
    writes, last = written(shape)
    source, after = backlog(writes), 0
    got: list[Write] = []
    while after < last:
        found = source.slice(after, last, limit)
        assert found is not None
        part, reach = found
        assert reach > after
        assert all(after < write[0] <= reach for write in part)
        assert len(part) <= limit + 2
        got += part
        assert got == [write for write in writes if write[0] <= reach]
        after = reach
    assert got == writes


@given(groups, st.integers(0, 6), st.data())
def test_trim_keeps_the_newest_whole_groups(
    shape: list[tuple[int, int]], writes_max: int, data: st.DataObject
) -> None:
    writes, last = written(shape)
    acked = data.draw(st.sampled_from([0, last]) | st.integers(0, last))
    source = backlog(writes, writes_max)
    source.trim(acked, last)
    kept = source.writes
    assert len(kept) <= writes_max
    assert kept == writes[len(writes) - len(kept) :]
    assert not set(numbers(kept)) & set(numbers(writes[: len(writes) - len(kept)]))
    needed = [write for write in writes if write[0] > acked]
    assert len(kept) <= len(needed)
    if len(needed) <= writes_max:
        assert kept == needed


@given(groups, st.integers(0, 6), st.data())
def test_what_was_dropped_is_never_served_in_part(
    shape: list[tuple[int, int]], writes_max: int, data: st.DataObject
) -> None:
    # Bugs 8 and 17: a slice that starts beyond what it was asked for is a silent gap.
    writes, last = written(shape)
    source = backlog(writes, writes_max)
    source.trim(0, last)
    # A cursor stands at the end of a group.
    starts = numbers(writes)
    after = data.draw(st.sampled_from([0, *(start - 1 for start in starts), last]))
    found = source.slice(after, last)
    if found is not None:
        assert found[0] == tuple(write for write in writes if write[0] > after)
    else:
        assert any(write[0] > after for write in writes if write not in source.writes)


def test_a_peer_at_the_floor_is_served() -> None:
    source = backlog([(1, b"k", CounterDelta()), (2, b"k", CounterDelta())], writes_max=1)
    source.trim(0, 2)
    assert (len(source), source.floor) == (1, 1)
    assert source.slice(0, 2) is None
    assert source.slice(1, 2) == (((2, b"k", CounterDelta()),), 2)
    source.trim(2, 2)
    assert (len(source), source.floor) == (0, 2)
    assert source.slice(2, 2) == ((), 2)
