"""What a type brings to the machine: requests, and what they mean in the words of its spec."""

from collections.abc import Callable
from typing import Any, NamedTuple

from hypothesis import strategies as st

from crdb.command import Reply
from tests.scripts import Call

Request = tuple[bytes, ...]


class Kind(NamedTuple):
    requests: Callable[[st.SearchStrategy[bytes]], st.SearchStrategy[Request]]
    """Draws a write to one of these keys."""
    case: str = ""
    """Whose spec of `tests.cases` holds. Without one, regions must only hold the same."""
    read: Request = ()
    """The command that shows a key; ``k`` stands for the key."""
    operation: Callable[[Request, Reply, Reply], Call | None] = lambda *_: None
    """(request, what was read before, reply) -> what it meant; None where it did nothing."""
    value: Callable[[Reply], Any] = lambda reply: reply
    """A reply to ``read`` as the spec says it."""
    by_itself: frozenset[bytes] = frozenset()
    """Commands whose meaning depends on the value before: not inside of a transaction."""


def of(name: bytes, *arguments: st.SearchStrategy[bytes]) -> st.SearchStrategy[Request]:
    return st.tuples(st.just(name), *arguments)


def many(
    name: bytes, key: st.SearchStrategy[bytes], *rest: st.SearchStrategy[list[bytes]]
) -> st.SearchStrategy[Request]:
    """A command with any number of words behind its key."""
    return st.builds(
        lambda key, *parts: (name, key, *[word for part in parts for word in part]), key, *rest
    )
