"""Expiry: when a key ends. The longest deadline of concurrent ones wins, PERSIST above all.

A register whose order is the deadline. The region whose deadline won is the key's *owner*: it
turns the expired key into an observed removal and sends that. Elsewhere the key only reads as
missing; others remove it only if the owner, asked, does not answer for a grace time. The removal
takes the value that it saw, so a renewal concurrent with it does not save the key, while a SET
does: our choice.

A SET without EX assigns `FOREVER`, since it clears the deadlines that it saw and has to win against
those it did not.

>>> from crdb.crdts.base import NOTHING
>>> from crdb.dots import dot
>>> oslo, perth = Expiry(), Expiry()
>>> short = oslo.expire_at(10_000, region=1, dot=dot(1, 1))
>>> long = perth.expire_at(50_000, region=2, dot=dot(2, 1))
>>> for city in (oslo, perth):
...     _, _ = city.merge(short, NOTHING), city.merge(long, NOTHING)
>>> oslo.deadline_ms, oslo.owner
(50000, 2)
>>> shorter = oslo.expire_at(20_000, region=1, dot=dot(1, 2))     # saw both, replaces both
>>> _ = oslo.merge(shorter, NOTHING)
>>> oslo.deadline_ms
20000

Source: Redis Active-Active, "Developing for Active-Active databases: expiration".
"""

from typing import ClassVar

from crdb import stamps
from crdb.crdts.register import Register, RegisterDelta
from crdb.dots import Dot

FOREVER = 1 << 50
"""Beyond every deadline: Redis Active-Active allows up to 2^49 milliseconds."""


class ExpiryDelta(RegisterDelta, frozen=True, gc=False):
    """A deadline, and the deadlines that it replaces."""


class Expiry(Register):
    """A deadline in milliseconds of Unix time, on the clock of whoever asks."""

    __slots__ = ()

    name: ClassVar[str] = "expiry"
    delta: ClassVar[type[RegisterDelta]] = ExpiryDelta

    def expire_at(self, deadline_ms: int, region: int, dot: Dot) -> RegisterDelta:
        return self.write(None, stamps.stamp(deadline_ms, region), dot)

    @property
    def deadline_ms(self) -> int:
        return self.order >> stamps.BITS if self.dot else FOREVER

    @property
    def owner(self) -> int | None:
        """The region that set the deadline in force."""
        return stamps.region(self.order) if self.dot else None

    def value(self) -> int | None:
        """The deadline in force, None for none."""
        deadline = self.deadline_ms
        return None if deadline == FOREVER else deadline


ExpiryDelta.crdt = Expiry
