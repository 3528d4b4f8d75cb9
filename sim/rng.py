"""Dice: named, independent streams of random integers from one seed.

Rules
- One stream per subsystem, found by name: a draw in one never shifts the draws of another, so a
  run changes only where its scenario changes.
- Everything is made from raw 64-bit integers. NumPy promises the bit stream of a bit generator for
  ever, but neither the floats nor the distributions built on it.

>>> streams = Streams(seed=7)
>>> streams["network"] is streams["network"]
True
>>> [streams["network"].below(6) for _ in range(5)]
[0, 5, 3, 3, 1]
>>> Streams(seed=7)["clients"].below(1000) == Streams(seed=7)["network"].below(1000)
False
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from hashlib import blake2b
from itertools import chain, repeat
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")

_SPAN = 1 << 64


class Dice:
    """One named stream. The same seed and name give the same integers, everywhere and always."""

    raw: Callable[[], int]
    """Draw the next integer in [0, 2**64)."""

    def __init__(self, seed: int, name: str) -> None:
        """Open the stream `name` of `seed`; raises ValueError if the seed is negative."""
        if seed < 0:
            raise ValueError(f"seed {seed}: expected 0 or more")
        self.seed = seed
        self.name = name
        key = np.frombuffer(blake2b(name.encode(), digest_size=16).digest(), dtype="<u4")
        source = np.random.SeedSequence(seed, spawn_key=tuple(key.tolist()))
        self._bits = np.random.PCG64(source)
        # Blocks, since NumPy's price per call is a hundred times that per integer.
        self.raw = in_blocks(self._block).__next__

    def __repr__(self) -> str:
        return f"Dice(seed={self.seed}, name={self.name!r})"

    def _block(self, count: int) -> list[int]:
        block: list[int] = self.raws(count).tolist()
        return block

    def raws(self, count: int) -> NDArray[np.uint64]:
        """Draw `count` raw integers as an array, past whatever `raw` has set aside."""
        return self._bits.random_raw(count)

    def fork(self, name: str) -> "Dice":
        """Open the stream `name` below this one; it draws nothing from this one."""
        return Dice(self.seed, f"{self.name}/{name}")

    def below(self, bound: int) -> int:
        """Draw an integer in [0, bound), all exactly equally likely.

        Raises ValueError unless 0 < bound <= 2**64. Lemire, "Fast random integer generation in an
        interval", 2019: the multiplication replaces a division in all but a few draws.
        """
        if not 0 < bound <= _SPAN:
            raise ValueError(f"bound {bound}: expected 1 to 2**64")
        product = self.raw() * bound
        if product % _SPAN < bound:
            while product % _SPAN < _SPAN % bound:
                product = self.raw() * bound
        return product // _SPAN

    def chance(self, probability: Fraction | int) -> bool:
        """Return True with exactly this probability, at the price of one draw."""
        return self.below(probability.denominator) < probability.numerator

    def pick(self, choices: Sequence[T]) -> T:
        """Return one of `choices`, all equally likely; raises ValueError if there is none."""
        return choices[self.below(len(choices))]


def in_blocks(block: Callable[[int], list[T]]) -> Iterator[T]:
    """Chain endless calls of `block(count)`, whose counts grow from 64 to 4,096.

    So a stream that is hardly used costs little, and one that is used much costs little a draw.
    """
    return chain.from_iterable(map(block, chain((64, 256, 1024), repeat(4096))))


class Streams:
    """All streams of one seed, opened when first asked for."""

    def __init__(self, seed: int) -> None:
        """Name the seed; raises ValueError, when a stream is opened, if it is negative."""
        self.seed = seed
        self._open: dict[str, Dice] = {}

    def __getitem__(self, name: str) -> Dice:
        """Return the stream of that name, at the point where its last user left it."""
        if name not in self._open:
            self._open[name] = Dice(self.seed, name)
        return self._open[name]


def fraction(number: Fraction | float | int | str) -> Fraction:
    """Return a number exactly as a person would write it: 0.01 is one hundredth.

    >>> fraction(0.01)
    Fraction(1, 100)
    """
    return number if isinstance(number, Fraction) else Fraction(str(number))


def odds(probability: Fraction | float | str) -> int:
    """Return the threshold below which `Dice.raw` falls with this probability.

    For those who draw very often: it is within 2**-64 of the probability that
    `Dice.chance` meets exactly. Raises ValueError outside [0, 1].

    >>> odds("0.5") == 2**63
    True
    """
    exact = fraction(probability)
    if not 0 <= exact <= 1:
        raise ValueError(f"probability {probability}: expected 0 to 1")
    return int(exact * _SPAN)
