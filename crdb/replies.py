"""Shapes of replies: what RESP3 tells apart and RESP2 flattens.

A command returns the richer form: a dict for a map, a float for a double, `Pairs` for scored
members. `resp2` is what a client of the older protocol gets.

>>> resp2({b"field": 1.5})
[b'field', b'1.5']
>>> resp2([Pairs([[b"member", 2.0]])])
[[b'member', b'2']]

Source: https://redis.io/docs/latest/develop/reference/protocol-spec/
"""

from typing import Any

from crdb.decimals import show_double


class Pairs(list[list[Any]]):
    """Pairs in order, as of a member and its score: in RESP2 one flat list."""


def resp2(reply: Any) -> Any:
    """The reply with maps and pairs as flat lists, and doubles as text."""
    if isinstance(reply, float):
        return show_double(reply)
    if isinstance(reply, dict):
        return [resp2(each) for pair in reply.items() for each in pair]
    if isinstance(reply, Pairs):
        return [resp2(each) for pair in reply for each in pair]
    if isinstance(reply, list):
        return [resp2(each) for each in reply]
    return reply
