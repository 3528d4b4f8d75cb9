"""Hash slots: every key belongs to one of 16,384, by the CRC-16 of its name or of its hash tag.

A hash tag is what stands between the first ``{`` and the next ``}``, if that is not empty: keys of
one tag share a slot, so that one command may name them all.

>>> slot(b"foo"), slot(b"{user1000}.following") == slot(b"{user1000}.followers")
(12182, True)

Source: https://redis.io/docs/latest/operate/oss_and_stack/reference/cluster-spec/
"""

from binascii import crc_hqx
from bisect import bisect_right
from collections.abc import Iterable

SLOTS = 16_384


def slot(key: bytes) -> int:
    """The slot of a key. (`crc_hqx` is the CRC-16 of the specification, XMODEM's.)"""
    begin = key.find(b"{") + 1
    if begin:
        end = key.find(b"}", begin)
        if end > begin:
            key = key[begin:end]
    return crc_hqx(key, 0) & (SLOTS - 1)


def one_slot(keys: Iterable[bytes]) -> bool:
    """Whether keys share a slot; none at all do."""
    return len({slot(key) for key in keys}) < 2


class Cut:
    """The slots, cut into so many ranges of equal size, or nearly.

    >>> cut = Cut(3)
    >>> [(each[0], each[-1]) for each in cut.ranges], cut.range_of(5461)
    ([(0, 5460), (5461, 10922), (10923, 16383)], 1)
    """

    def __init__(self, count: int) -> None:
        """Raises ValueError if some range would have no slot."""
        if not 1 <= count <= SLOTS:
            raise ValueError(f"{count} ranges: expected 1 to {SLOTS}")
        self._starts = [round(SLOTS * number / count) for number in range(count)]
        self.ranges = tuple(
            range(start, end)
            for start, end in zip(self._starts, [*self._starts[1:], SLOTS], strict=True)
        )

    def range_of(self, number: int) -> int:
        """The range of a slot, by its place among the ranges."""
        return bisect_right(self._starts, number) - 1
