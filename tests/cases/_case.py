"""What one entry says of its type."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from hypothesis import strategies as st

from crdb.crdts.base import CRDT, Delta
from tests.scripts import Author, Call, Op

MEMBERS = (b"a", b"b", b"c")


def as_drawn(state: object, call: Call, by: Author) -> Call:
    """For a type whose operations mean the same whatever the state."""
    return call


class Case(NamedTuple):
    kind: type[CRDT[Any]]
    calls: st.SearchStrategy[Call]
    alphabet: Sequence[Call]
    """A few calls that meet in every way there is; the two that differ most come first."""
    run: Callable[[Any, Call, Author], Delta]
    """(state, call, who makes it) -> delta."""
    run_now: Callable[[Any, Call, Author], Delta | None]
    """The same by the call's ``_now`` twin, which also merges; None without a change: no twin."""
    spec: Callable[[Sequence[Op]], Any]
    """What a client reads after these operations; None where the key does not exist."""
    records: Callable[[Any], int]
    """Dots and records in a state."""
    bound: Callable[[int, int], int]
    """(authors, members) -> most records."""
    meant: Callable[[Any, Call, Author], Call] = as_drawn
    """What a call means where it is made: of a position, which element that is."""


def no_twin(state: object, call: Call, by: Author) -> None:
    """For a type whose mutators have no ``_now`` twin."""
