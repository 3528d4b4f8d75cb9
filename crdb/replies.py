"""Shapes of replies: what RESP3 tells apart and RESP2 flattens.

A command returns the richer form: a dict for a map, a float for a double, `Pairs` for scored
members. `resp2` is what a client of the older protocol gets.

>>> resp2({b"field": 1.5})
[b'field', b'1.5']
>>> resp2([Pairs([[b"member", 2.0]])])
[[b'member', b'2']]

Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

from collections.abc import Iterable, Iterator
from typing import Any

from crdb.decimals import show_double


class Pairs(list[list[Any]]):
    """Pairs in order, as of a member and its score: in RESP2 one flat list."""


class Push(list[Any]):
    """What a client gets without having asked; in the older protocol it looks like an array."""


class Pushes(list[Push]):
    """The reply to SUBSCRIBE and its relatives: a push for each channel, and nothing else.

    Inside the reply to EXEC they stand one after the other. A client that asked for two channels
    in one command finds more replies there than commands, as with Redis.
    """


class Fixed(list[Any]):
    """An array that never changes, and is long: its bytes are put together once."""

    def __init__(self, items: Iterable[Any] = ()) -> None:
        super().__init__(items)
        self.frames: dict[int, bytes] = {}
        """By version of the protocol."""


class Table(list[list[Any]]):
    """Pairs in order, where RESP3 shows a map and RESP2 a list of pairs: what XREAD answers."""


def resp2(reply: Any) -> Any:
    """The reply with maps and pairs as flat lists, and doubles as text."""
    if isinstance(reply, float):
        return show_double(reply)
    if isinstance(reply, dict):
        return [resp2(each) for pair in reply.items() for each in pair]
    if isinstance(reply, Pairs):
        return [resp2(each) for pair in reply for each in pair]
    if isinstance(reply, Pushes):
        return Pushes(Push(map(resp2, push)) for push in reply)
    if isinstance(reply, list):
        return [resp2(each) for each in spliced(reply)]
    return reply


def spliced(replies: list[Any]) -> Iterator[Any]:
    """The items of an array, with those of `Pushes` among them."""
    for reply in replies:
        if isinstance(reply, Pushes):
            yield from reply
        else:
            yield reply
