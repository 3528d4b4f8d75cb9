"""One field of a hash: a string, and the deadlines that end it.

A deadline is a register as a key's is (`crdb.crdts.expiry`): the longest of concurrent ones wins,
HPERSIST above all. An HSET clears those that it saw, and lets the field live for ever against
those it did not; but unlike SET it writes nothing for that, or each field would pay for it. Instead
a deadline says which assignments it *saw*, and it ends no other: so an assignment is an
infinite deadline until a deadline or a removal has seen it.

>>> from crdb import stamps
>>> from crdb.dots import dot
>>> field = Field(Written(dot(1, 1), 10, b"v"))
>>> _ = field.merge(field.expire_at(stamps.stamp(5_000, 1), dot(1, 2)), NOTHING)
>>> field.ends_ms
5000
>>> unaware = as_field_delta(Written(dot(2, 1), 20, b"w"), covers=dot(1, 1))  # of that deadline
>>> _ = field.merge(unaware, NOTHING)
>>> field.string.value(), field.ends_ms == FOREVER
(b'w', True)

The rules are those of a key's string and deadline, by our choice: no page has any for fields.
"""

from collections.abc import Container, Iterator

from crdb.crdts.base import NOTHING, Delta, Residue, together
from crdb.crdts.causal import Dots, each
from crdb.crdts.counter import CounterDelta, Part
from crdb.crdts.expiry import FOREVER, Expiry, ExpiryDelta
from crdb.crdts.register import RegisterDelta
from crdb.crdts.string import String, StringDelta
from crdb.dots import Dot


class Written(Delta, frozen=True, gc=False):
    """The usual field: one assignment, and nothing else. State and delta at once."""

    dot: Dot
    order: int
    value: bytes

    def dots(self) -> Iterator[Dot]:
        yield self.dot


class FieldDelta(Delta, frozen=True, gc=False):
    """Of one field: both factors of its value, and its deadlines."""

    string: StringDelta
    expiry: ExpiryDelta

    def dots(self) -> Iterator[Dot]:
        yield from self.string.dots()
        yield from self.expiry.dots()


NO_STRING = StringDelta(RegisterDelta(), CounterDelta())
NO_EXPIRY = ExpiryDelta()
NOTHING_OF_IT = FieldDelta(NO_STRING, NO_EXPIRY)


def as_field_delta(
    part: Written | Part | FieldDelta | None, covers: Dots | None = None
) -> FieldDelta:
    if isinstance(part, FieldDelta):
        return part
    if isinstance(part, Part):
        return FieldDelta(StringDelta(RegisterDelta(), CounterDelta((part,))), NO_EXPIRY)
    register = RegisterDelta(covers=covers)
    if part is not None:
        register = RegisterDelta(part.dot, part.order, part.value, covers)
    return FieldDelta(StringDelta(register, CounterDelta()), NO_EXPIRY)


class Field:
    """A field that is more than one assignment."""

    __slots__ = ("ends_ms", "expiry", "string")

    def __init__(self, written: Written | None = None) -> None:
        self.string = String()
        self.expiry: Expiry | None = None
        self.ends_ms = FOREVER
        """When it reads as missing. 0 for a deadline whose field is gone."""
        if written is not None:
            self.string.merge(as_field_delta(written).string.register, NOTHING)

    def assign(self, written: Written, reset: Dot) -> FieldDelta:
        """``reset`` is used if there are increments."""
        register, expiry = self.string.register, self.expiry
        covers = None if register is None else register.held()
        return FieldDelta(
            StringDelta(
                RegisterDelta(written.dot, written.order, written.value, covers),
                self.string.counter.clear(reset),
            ),
            NO_EXPIRY if expiry is None else ExpiryDelta(covers=expiry.held()),
        )

    def expire_at(self, order: int, dot: Dot) -> FieldDelta:
        """``order``: a stamp with the deadline for its clock."""
        register, expiry = self.string.register, self.expiry
        return FieldDelta(
            NO_STRING,
            ExpiryDelta(
                dot,
                order,
                None if register is None else register.held(),
                None if expiry is None else expiry.held(),
            ),
        )

    def clear(self, reset: Dot) -> FieldDelta:
        return FieldDelta(
            self.string.clear(reset),
            NO_EXPIRY if self.expiry is None else ExpiryDelta(covers=self.expiry.held()),
        )

    def merge(self, delta: FieldDelta, seen: Container[Dot]) -> Residue | None:
        # Most deltas are about one of the three.
        residues = []
        if delta.string.register != NO_STRING.register:
            residues.append(self.string.merge(delta.string.register, seen))
        if delta.string.counter != NO_STRING.counter:
            residues.append(self.string.merge(delta.string.counter, seen))
        if delta.expiry != NO_EXPIRY:
            expiry = self.expiry or Expiry()
            residues.append(expiry.merge(delta.expiry, seen))
            self.expiry = expiry if expiry.alive() else None
        self.ends_ms = self._ends_ms()
        return together(residues)

    def _ends_ms(self) -> int:
        expiry, register = self.expiry, self.string.register
        if expiry is None:
            return FOREVER
        if not self.string.alive():
            return 0
        if register is not None:
            deadlines = expiry.siblings().values()
            ended = {dot for _, assigned in deadlines for dot in each(assigned)}
            if not ended.issuperset(register.dots()):
                return FOREVER
        return expiry.deadline_ms

    def beyond(self, seen: Container[Dot]) -> FieldDelta:
        expiry = self.expiry or Expiry()
        return FieldDelta(self.string.beyond(seen), expiry.beyond(seen))  # type: ignore[arg-type]

    def covered(self, whole: FieldDelta, gone: Container[Dot]) -> FieldDelta:
        deadlines = (self.expiry or Expiry()).covered(whole.expiry, gone)
        return FieldDelta(self.string.covered(whole.string, gone), deadlines)  # type: ignore[arg-type]

    def dots(self) -> Iterator[Dot]:
        yield from self.string.dots()
        if self.expiry is not None:
            yield from self.expiry.dots()

    def empty(self) -> bool:
        return self.expiry is None and self.string.empty()

    def usual(self) -> Written | None:
        """In short, if one assignment is all that it holds."""
        register = self.string.register
        if self.expiry is not None or not self.string.counter.empty():
            return None
        if register is None or not register.dot or register.losers is not None:
            return None
        return Written(register.dot, register.order, register.top)

    def __repr__(self) -> str:
        return f"Field({self.string!r}, {self.expiry!r})"


def text(field: Written | Field) -> bytes:
    """The value of a field that exists."""
    return field.value if isinstance(field, Written) else field.string.value() or b""
