"""HyperLogLog as numbers and bytes: how Redis hashes, counts and writes one.

An element raises one of 16,384 registers to the number of zeros that its hash ends in, and the
number of different elements is estimated from how often each height occurs: with an error of
0.81 %, whatever their number.

A *spot* is a register's number with its height, in one integer. Few registers are a dictionary,
many an array: most sketches are small, and 341 spots are as far as a dictionary is the smaller.

>>> sketch = Few()
>>> for name in (b"tea", b"milk", b"tea"):
...     sketch = lifted(sketch, [spot(name)])
>>> estimate([sketch]), len(dense([sketch])), dense([sketch])[:5]
(2, 12304, b'HYLL\\x00')
>>> registers(dense([sketch])) == heights([sketch])
True

Sources: https://redis.io/docs/latest/commands/pfcount/ and Ertl, "New cardinality estimation
algorithms for HyperLogLog sketches" (2017).
"""

from collections.abc import Iterable, Sequence
from functools import cache
from math import floor, sqrt
from struct import unpack

INDEX_BITS = 14
REGISTERS = 1 << INDEX_BITS
HEIGHT_BITS = 6
HEIGHT_MAX = 64 - INDEX_BITS + 1
"""Of a hash. Bytes that a client brings may have more."""

_HEIGHT_MASK = (1 << HEIGHT_BITS) - 1
_FEW_MAX = 341
_ALPHA = 0.721347520444481703680
"""1 / (2 ln 2)."""
_Z_MIN = _ALPHA * REGISTERS**2 / (1 << 63)
_SEED = 0xADC83B19
_FACTOR = 0xC6A4A7935BD1E995
_64 = (1 << 64) - 1

_HEADER_BYTES = 16
_DENSE, _SPARSE = 0, 1
_DENSE_BYTES = _HEADER_BYTES + REGISTERS * HEIGHT_BITS // 8


class Few(dict[int, int]):
    """Register -> its height, for those that have any."""

    def __missing__(self, index: int) -> int:
        return 0


Registers = Few | bytearray


def hashed(element: bytes) -> int:
    """MurmurHash64A with Redis' seed."""
    length = len(element)
    found = _SEED ^ length * _FACTOR & _64
    whole = length & ~7
    for word in unpack(f"<{whole >> 3}Q", element[:whole]):
        mixed = word * _FACTOR & _64
        found = (found ^ (mixed ^ mixed >> 47) * _FACTOR & _64) * _FACTOR & _64
    if length > whole:
        found = (found ^ int.from_bytes(element[whole:], "little")) * _FACTOR & _64
    found = (found ^ found >> 47) * _FACTOR & _64
    return found ^ found >> 47


def spot(element: bytes) -> int:
    """Which register an element raises, and how high."""
    bits = hashed(element)
    rest = bits >> INDEX_BITS | 1 << HEIGHT_MAX - 1
    return (bits & REGISTERS - 1) << HEIGHT_BITS | (rest & -rest).bit_length()


def height(sketches: Iterable[Registers], index: int) -> int:
    """Of one register of all these together."""
    return max((sketch[index] for sketch in sketches), default=0)


def raising(sketches: Sequence[Registers], spots: Iterable[int]) -> list[int]:
    """Those spots that are higher than what is there, each once, in order."""
    return sorted(
        {each for each in spots if height(sketches, each >> HEIGHT_BITS) < each & _HEIGHT_MASK}
    )


def lifted(sketch: Registers, spots: Iterable[int]) -> Registers:
    """The sketch with registers raised to these spots: the same object, or a larger one."""
    for each in spots:
        index, up = each >> HEIGHT_BITS, each & _HEIGHT_MASK
        if sketch[index] < up:
            sketch[index] = up
    if len(sketch) <= _FEW_MAX or isinstance(sketch, bytearray):
        return sketch
    return heights([sketch])


def spots_of(sketch: Registers) -> tuple[int, ...]:
    """All registers that are raised, in order."""
    pairs = sorted(sketch.items()) if isinstance(sketch, Few) else enumerate(sketch)
    return tuple(index << HEIGHT_BITS | up for index, up in pairs if up)


def heights(sketches: Sequence[Registers]) -> bytearray:
    """Of every register of all these together, in an array of its own."""
    arrays = [each for each in sketches if isinstance(each, bytearray)]
    if len(arrays) > 1:
        whole = bytearray(map(max, *arrays))
    else:
        whole = bytearray(arrays[0] if arrays else REGISTERS)
    for few in sketches:
        if isinstance(few, Few):
            lifted(whole, spots_of(few))
    return whole


def estimate(sketches: Sequence[Registers]) -> int:
    """How many different elements raised these registers, to the very number of the real server."""
    if len(sketches) == 1 and isinstance(sketches[0], Few):
        held = bytearray(sketches[0].values())
        zeros = REGISTERS - len(held)
    else:
        held = heights(sketches)
        zeros = held.count(0)
    size = float(REGISTERS)
    z = size * _tau((size - held.count(HEIGHT_MAX)) / size)
    for up in range(HEIGHT_MAX - 1, 0, -1):
        z = (z + held.count(up)) * 0.5
    z += size * _sigma(zeros / size)
    # Registers that no hash gives, but a client may: C then shows the least number of 64 bits.
    return floor(_ALPHA * size * size / z + 0.5) if z > _Z_MIN else -1 << 63


def _tau(x: float) -> float:
    if x in (0.0, 1.0):
        return 0.0
    y, z = 1.0, 1 - x
    before = None
    while z != before:
        x, before, y = sqrt(x), z, y * 0.5
        z -= (1 - x) ** 2 * y
    return z / 3


def _sigma(x: float) -> float:
    if x == 1.0:
        return float("inf")
    y, z = 1.0, x
    before = None
    while z != before:
        x, before = x * x, z
        z += x * y
        y += y
    return z


def dense(sketches: Sequence[Registers]) -> bytes:
    """What Redis holds: a header with the estimate, and six bits for each register."""
    header = b"HYLL" + bytes(4) + (estimate(sketches) & _64).to_bytes(8, "little")
    # Four registers to three bytes, all at once: first 6 + 6 bits of 16, then 12 + 12 of 32.
    bits = int.from_bytes(heights(sketches), "little")
    bits = bits & _every(0x3F, 16) | (bits & _every(0x3F00, 16)) >> 2
    bits = bits & _every(0xFFF, 32) | (bits & _every(0xFFF0000, 32)) >> 4
    wide = bits.to_bytes(REGISTERS, "little")
    body = bytearray(_DENSE_BYTES - _HEADER_BYTES)
    for place in range(3):
        body[place::3] = wide[place::4]
    return header + body


def registers(text: bytes) -> bytearray | None:
    """The registers that the bytes of a HyperLogLog say; None if they are not those of one."""
    if not is_headed(text):
        return None
    body = text[_HEADER_BYTES:]
    return _from_dense(body) if text[4] == _DENSE else _from_sparse(body)


def is_headed(text: bytes) -> bool:
    """Whether the bytes begin like a HyperLogLog's, and are as many if it is a dense one."""
    if len(text) < _HEADER_BYTES or not text.startswith(b"HYLL"):
        return False
    return text[4] == _SPARSE or (text[4] == _DENSE and len(text) == _DENSE_BYTES)


def _from_dense(body: bytes) -> bytearray:
    wide = bytearray(REGISTERS)
    for place in range(3):
        wide[place::4] = body[place::3]
    bits = int.from_bytes(wide, "little")
    bits = bits & _every(0xFFF, 32) | (bits & _every(0xFFF000, 32)) << 4
    bits = bits & _every(0x3F, 16) | (bits & _every(0xFC0, 16)) << 2
    return bytearray(bits.to_bytes(REGISTERS, "little"))


def _from_sparse(body: bytes) -> bytearray | None:
    """Runs of equal registers: of zeros in one byte or two, of up to four others in one."""
    found = bytearray()
    left = iter(body)
    for byte in left:
        if byte & 0x80:
            found += bytes([(byte >> 2 & 0x1F) + 1]) * ((byte & 3) + 1)
        elif byte & 0x40:
            low = next(left, None)
            if low is None:
                return None
            found += bytes(((byte & 0x3F) << 8 | low) + 1)
        else:
            found += bytes((byte & 0x3F) + 1)
    return found if len(found) == REGISTERS else None


@cache
def _every(mask: int, bits: int) -> int:
    """The mask in each lane of so many bits, as far as the registers reach."""
    lanes = REGISTERS * 8 // bits
    return int.from_bytes(mask.to_bytes(bits // 8, "little") * lanes, "little")
