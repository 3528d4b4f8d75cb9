"""Values on their way between Redis and Lua, as the documentation's two tables have them.

A number of Lua becomes an integer, cut off; an array ends at its first nil; ``true`` is 1, and
``false`` and nil are nil. A nil of Redis is ``false``, a status and an error are tables with ``ok``
and ``err``. A script that chose RESP3 gets maps and doubles as tables with ``map`` and ``double``.

Source: https://redis.io/docs/latest/develop/programmability/lua-api/#data-type-conversion
"""

from collections.abc import Callable
from typing import Any

from crdb.command import Reply
from crdb.decimals import INT_MAX, INT_MIN, show_double
from crdb.errors import CommandError, quoting
from crdb.replies import resp2

DEPTH_MAX = 100


class Values:
    """The conversions for one runtime."""

    def __init__(
        self,
        table: Callable[[Any], Any],
        type_of: Callable[[Any], str | None],
        rawget: Callable[[Any, Any], Any],
    ) -> None:
        self._table = table
        self._type_of = type_of
        self._rawget = rawget
        self.protocol = 2
        """Which replies the script that runs has asked for."""

    def to_lua(self, reply: Any) -> Any:
        return self._into(reply if self.protocol > 2 else resp2(reply))

    def _into(self, reply: Any) -> Any:
        if reply is None:
            return None if self.protocol > 2 else False
        if isinstance(reply, CommandError):
            return self._table({b"err": str(reply).encode()})
        if isinstance(reply, str):
            return self._table({b"ok": reply.encode()})
        if isinstance(reply, float):
            return self._table({b"double": reply})
        if isinstance(reply, dict):
            pairs = {self._into(key): self._into(value) for key, value in reply.items()}
            return self._table({b"map": self._table(pairs)})
        if isinstance(reply, list):
            return self._table([self._into(each) for each in reply])
        return reply

    def to_redis(self, value: Any, depth: int = 0) -> Reply:
        """Raises `CommandError` for a table that goes too deep, as one that contains itself."""
        if isinstance(value, bool):
            return 1 if value else None
        if isinstance(value, int | float):
            return whole(value)
        if isinstance(value, bytes):
            return value
        if value is None or self._type_of(value) != "table":
            return None
        if depth > DEPTH_MAX:
            raise CommandError("ERR reached lua stack limit")
        error, status = self._field(value, b"err", bytes), self._field(value, b"ok", bytes)
        if error is not None:
            return quoting(error)
        if status is not None:
            return quoting(status).args[0]  # type: ignore[no-any-return]
        return self._richer(value, depth)

    def _richer(self, value: Any, depth: int) -> Reply:
        """What only RESP3 has, or an array."""
        double = self._field(value, b"double", int | float)
        if double is not None:
            return float(double)
        mapped, members = (self._rawget(value, name) for name in (b"map", b"set"))
        if self._type_of(mapped) == "table":
            items = [(self.to_redis(key, depth + 1), each) for key, each in mapped.items()]
            return {key: self.to_redis(each, depth + 1) for key, each in items}
        if self._type_of(members) == "table":
            return [self.to_redis(member, depth + 1) for member in members]
        number: bytes | None = self._field(value, b"big_number", bytes)
        if number is not None:
            return number
        text = self._rawget(value, b"verbatim_string")
        if self._type_of(text) == "table":
            words: bytes | None = self._field(text, b"string", bytes)
            return words
        array: list[Reply] = []
        while (each := self._rawget(value, len(array) + 1)) is not None:
            array.append(self.to_redis(each, depth + 1))
        return array

    def _field(self, table: Any, name: bytes, kind: Any) -> Any:
        value = self._rawget(table, name)
        return value if isinstance(value, kind) and not isinstance(value, bool) else None


def whole(number: float) -> int:
    """A number as C makes it an integer: cut off, and the least of all if it does not fit."""
    fits = INT_MIN <= number <= INT_MAX and number == number
    return int(number) if fits else INT_MIN


def argument(value: Any) -> bytes | None:
    """A word of a command, as a script gives it; None for what may be none."""
    if isinstance(value, bytes):
        return value
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return show_double(float(value))
