"""Redis' string: a register times a counter.

SET assigns the register and resets the counter; INCR adds to the counter and leaves the register
alone. The value is the register's number plus the counter's sum, or the register's text where it
is no number. So concurrent increments all count, and the later of two concurrent SETs wins as a
whole value.

>>> from crdb.crdts.base import NOTHING
>>> from crdb.dots import dot
>>> rome, lima = String(), String()
>>> base = rome.assign(b"10", order=1, dot=dot(1, 1))
>>> for city in (rome, lima):
...     _ = city.merge(base, NOTHING)
>>> assign = rome.assign(b"100", order=2, dot=dot(1, 3))    # Rome sets 100 ...
>>> add = lima.increment(5, dot(2, 1))                      # ... while Lima adds 5 to 10
>>> for city in (rome, lima):
...     _, _ = city.merge(assign, NOTHING), city.merge(add, NOTHING)
>>> rome.value(), lima.value()
(b'105', b'105')

Published: concurrent SETs by the author's clock, concurrent INCRs add up. Our choice, since no
page says it: SET or DEL concurrent with INCR takes away only the increments that it saw; while
the register holds text, increments concurrent with it do not show.

Source: Redis Active-Active, "Conflict resolution: strings and counters".
"""

from collections.abc import Container, Iterator
from typing import Any, ClassVar

from crdb.crdts.base import CRDT, Delta, Residue, Written, together
from crdb.crdts.counter import Amount, Counter, CounterDelta, Part, as_counter_delta
from crdb.crdts.register import Register, RegisterDelta
from crdb.decimals import INT_MAX, INT_MIN, parse_decimal, parse_int, show
from crdb.dots import Dot

Factor = RegisterDelta | CounterDelta | Part

NOT_COUNTED = CounterDelta()
"""Of a string that was only ever assigned, as most are."""


class StringDelta(Delta, frozen=True, gc=False):
    """Both factors at once. A write to one of them travels as that factor's own delta."""

    register: RegisterDelta
    counter: CounterDelta

    def dots(self) -> Iterator[Dot]:
        yield from self.register.dots()
        yield from self.counter.dots()


def as_string_delta(delta: StringDelta | Factor) -> StringDelta:
    """A factor's delta as one of the product."""
    if isinstance(delta, StringDelta):
        return delta
    if isinstance(delta, RegisterDelta):
        return StringDelta(delta, CounterDelta())
    return StringDelta(RegisterDelta(), as_counter_delta(delta))


class String(CRDT[Any]):
    """Bytes or a number. The register is made when first assigned."""

    __slots__ = ("counter", "register")

    name: ClassVar[str] = "string"
    rank: ClassVar[int] = 10

    DOTS = 2
    """How many dots an assignment takes: the value's and the reset's."""

    def __init__(self) -> None:
        self.register: Register | None = None
        self.counter = Counter()

    def assign(self, value: bytes, order: int, dot: Dot) -> StringDelta | RegisterDelta:
        """SET: ``order`` is the author's stamp; takes the dots ``dot`` and ``dot + 1``."""
        register, counter = self.register, self.counter
        delta = RegisterDelta(dot, order, value, None if register is None else register.held())
        if not counter.parts:
            return delta
        return StringDelta(delta, counter.clear(dot + 1))

    def increment(self, amount: Amount, dot: Dot) -> Part:
        return self.counter.increment(amount, dot)

    def clear(self, dot: Dot) -> StringDelta:
        register = self.register or Register()
        return StringDelta(register.clear(dot), self.counter.clear(dot))

    @classmethod
    def join(cls, first: StringDelta | Factor, second: StringDelta | Factor) -> StringDelta:
        one, two = as_string_delta(first), as_string_delta(second)
        return StringDelta(
            Register.join(one.register, two.register), Counter.join(one.counter, two.counter)
        )

    def merge(self, delta: StringDelta | Factor, seen: Container[Dot]) -> Residue | None:
        if type(delta) is RegisterDelta:
            register = self.register
            if register is None:
                register = self.register = Register()
            return register.merge(delta, seen)
        counter = self.counter
        if type(delta) is Part or type(delta) is CounterDelta:
            return counter.merge(delta, seen)
        assert type(delta) is StringDelta
        if delta.counter == NOT_COUNTED:
            return self.merge(delta.register, seen)
        return together((self.merge(delta.register, seen), counter.merge(delta.counter, seen)))

    def forget(self, dot: Dot) -> None:
        self.counter.forget(dot)

    def beyond(self, seen: Container[Dot]) -> StringDelta:
        register = self.register or Register()
        return StringDelta(register.beyond(seen), self.counter.beyond(seen))

    def covered(self, whole: StringDelta | Factor, gone: Container[Dot]) -> StringDelta:
        register, there = self.register or Register(), as_string_delta(whole)
        return StringDelta(
            register.covered(there.register, gone), self.counter.covered(there.counter, gone)
        )

    def dots(self) -> Iterator[Dot]:
        if self.register is not None:
            yield from self.register.dots()
        yield from self.counter.dots()

    def alive(self) -> bool:
        register = self.register
        return bool(self.counter.parts) or (register is not None and register.dot != 0)

    def empty(self) -> bool:
        return not self.alive() and self.counter.empty()

    def value(self) -> bytes | None:
        register, counter = self.register, self.counter
        text: bytes | None = None if register is None else register.top
        if not counter.parts:
            return text
        base = number(text)
        return text if base is None else show(base + counter.total)

    def integer(self) -> int | None:
        """The value as an integer; None where it is not one, 0 for bottom.

        After concurrent increments it may be beyond 64 bits: a decrement can bring it back. After
        INCRBYFLOAT it may not, as one region can get there alone, where Redis refuses.
        """
        register, counter = self.register, self.counter
        total = counter.total
        if register is not None and register.dot:
            base = parse_int(register.top)
            if not counter.parts:
                return base
            if base is None:
                base = parse_decimal(register.top)  # type: ignore[assignment]
                if base is None:
                    return None
            total = base + total
        if total.__class__ is int:
            return total
        return int(total) if INT_MIN <= total <= INT_MAX and total == int(total) else None

    def written(self) -> Iterator[Written]:
        """The increments do not show while a text hides them."""
        if self.register is not None:
            yield from self.register.written()
        counts = self.register is None or number(self.register.top) is not None
        for each in self.counter.written():
            yield each._replace(shows=counts)

    def rules(self) -> Iterator[str]:
        register, parts = self.register, self.counter.parts
        if register is not None:
            yield from register.rules()
        if parts and register is not None and number(register.top) is None:
            yield "a text hides the increments that it did not see (our choice)"
        elif len(parts) > 1:
            yield "increments add up (published)"

    def __repr__(self) -> str:
        return f"String({self.value()!r}, {self.register!r}, {self.counter!r})"


def number(text: bytes | None) -> Amount | None:
    """What increments add to: nothing counts as 0, text that is no number as None."""
    if text is None:
        return 0
    whole = parse_int(text)
    return whole if whole is not None else parse_decimal(text)


# At a key, a fragment of one factor is a fragment of the product.
StringDelta.crdt = RegisterDelta.crdt = CounterDelta.crdt = Part.crdt = String
