"""A column of integers of any size, whose number is known, in few bytes.

One alone is a varint. Of several, the values or their steps from one to the next are written,
whichever is shorter, in one of three ways:

nibbles   each less the smallest, as a varint of four-bit digits: steps of a few make half a byte
octets    the same with digits of eight bits, which large values prefer
rare      one value holds everywhere but in few places; those are two columns themselves

So dots without a gap, members of one length and a column of zeros cost a few bytes together, and
dots with gaps about as many bits as the gaps need.

>>> len(packed(range(5, 10_005))), len(packed([8] * 10_000))
(5, 3)
>>> unpacked(Reader(packed([3, -4, 1 << 70])), 3)
[3, -4, 1180591620717411303424]

What is shortest is a function of the values: equal columns are equal bytes.
"""

import re
from collections import Counter
from collections.abc import Sequence
from operator import sub
from typing import NamedTuple

from crdb.persistence.reader import Reader, Unreadable

_NIBBLES, _OCTETS, _RARE = range(3)
_STEPS = 4
"""Added to the way of writing where steps are written."""
_SAMPLE = 99
"""Among so many of the first values the one that may hold everywhere is looked for."""


class _Texts(dict[int, str]):
    """Value -> its varint in hexadecimal, the lowest digit first.

    Each digit has one bit that says whether another follows, and ``bits`` of the value.
    """

    def __init__(self, bits: int) -> None:
        super().__init__()
        self._bits = bits

    def __missing__(self, value: int) -> str:
        bits, rest, digits = self._bits, value, []
        while rest >> bits:
            digits.append(rest & (1 << bits) - 1 | 1 << bits)
            rest >>= bits
        text = "".join(f"{digit:0{(bits + 1) // 4}x}" for digit in (*digits, rest))
        if value < _KEPT:
            self[value] = text
        return text


class _Values(dict[str, int]):
    """The way back."""

    def __init__(self, bits: int) -> None:
        super().__init__()
        self._bits = bits

    def __missing__(self, text: str) -> int:
        bits, width, value = self._bits, (self._bits + 1) // 4, 0
        for start in reversed(range(0, len(text), width)):
            value = value << bits | int(text[start : start + width], 16) & (1 << bits) - 1
        if value < _KEPT:
            self[text] = value
        return value


_KEPT = 1 << 12
"""Smaller values are worked out once."""
_TEXTS = (_Texts(3), _Texts(7))
_VALUES = (_Values(3), _Values(7))
_VARINTS = (re.compile("[8-f]*[0-7]"), re.compile("(?:[8-f].)*[0-7]."))


def varint(value: int) -> bytes:
    """A number that is not negative, in as many bytes as it has seven bits."""
    return bytes.fromhex(_TEXTS[_OCTETS][value])


def read_varint(reader: Reader) -> int:
    value = shift = 0
    while (byte := reader.byte()) > 127:
        value |= (byte & 127) << shift
        shift += 7
    return value | byte << shift


def _signed(value: int) -> bytes:
    return varint(value << 1 if value >= 0 else ~value << 1 | 1)


def _read_signed(reader: Reader) -> int:
    value = read_varint(reader)
    return ~(value >> 1) if value & 1 else value >> 1


def packed(values: Sequence[int]) -> bytes:
    """The column. Its length is the reader's to know."""
    if len(values) < 2:
        return b"".join(map(_signed, values))
    rare = _rare(values, 0)
    if rare is not None and len(set(values)) == 1:
        return rare
    steps = [values[0], *map(sub, values[1:], values)]
    rares = [each for each in (rare, _rare(steps, _STEPS)) if each is not None]
    dense = min(_Dense.of(values, 0), _Dense.of(steps, _STEPS), key=_Dense.size_bytes)
    best = min(rares, key=len, default=None)
    return dense.written() if best is None or dense.size_bytes() < len(best) else best


def _rare(values: Sequence[int], steps: int) -> bytes | None:
    """None where no value holds in three places of four."""
    sample = Counter(values[:_SAMPLE])
    usual = max(sample, key=lambda value: (sample[value], value))
    exceptions = len(values) - values.count(usual)
    if 4 * exceptions > len(values):
        return None
    places = [place for place, value in enumerate(values) if value != usual]
    others = [values[place] for place in places]
    head = bytes([_RARE + steps]) + _signed(usual) + varint(exceptions)
    return head + packed(places) + packed(others)


class _Dense(NamedTuple):
    """A column written value by value. Its size is known before that is done."""

    way: int
    base: int
    data_bytes: int
    values: Sequence[int]

    @classmethod
    def of(cls, values: Sequence[int], steps: int) -> "_Dense":
        base = min(values)
        widths = Counter(map(int.bit_length, map(base.__rsub__, values)))
        nibbles, octets = (
            sum(count * max(1, -(-width // bits)) for width, count in widths.items())
            for bits in (3, 7)
        )
        data_bytes, way = min(((nibbles + 1) // 2, _NIBBLES), (octets, _OCTETS))
        return cls(way + steps, base, data_bytes, values)

    def head(self) -> bytes:
        return bytes([self.way]) + _signed(self.base) + varint(self.data_bytes)

    def size_bytes(self) -> int:
        return len(self.head()) + self.data_bytes

    def written(self) -> bytes:
        texts = _TEXTS[self.way & ~_STEPS]
        text = "".join(map(texts.__getitem__, map(self.base.__rsub__, self.values)))
        # A digit that says "another follows", where none does, is no value.
        return self.head() + bytes.fromhex(text + "8" * (len(text) % 2))


def unpacked(reader: Reader, count: int) -> list[int]:
    """The next ``count`` integers. Raises `Unreadable`."""
    if count < 2:
        return [_read_signed(reader) for _ in range(count)]
    way = reader.byte()
    steps, way = way & _STEPS, way & ~_STEPS
    base = _read_signed(reader)
    if way == _RARE:
        values = _read_rare(reader, count, base)
    elif way in (_NIBBLES, _OCTETS):
        tokens = _VARINTS[way].findall(reader.take(read_varint(reader)).hex())
        if len(tokens) != count:
            raise Unreadable(f"byte {reader.at}: {count} integers expected, found {len(tokens)}")
        values = list(map(base.__add__, map(_VALUES[way].__getitem__, tokens)))
    else:
        raise Unreadable(f"byte {reader.at}: no integers are written in way {way}")
    if steps:
        total = 0
        for place, value in enumerate(values):
            values[place] = total = total + value
    return values


def _read_rare(reader: Reader, count: int, usual: int) -> list[int]:
    exceptions = read_varint(reader)
    places = unpacked(reader, exceptions)
    values = [usual] * count
    for place, value in zip(places, unpacked(reader, exceptions), strict=True):
        if not 0 <= place < count:
            raise Unreadable(f"byte {reader.at}: place {place} of {count}")
        values[place] = value
    return values
