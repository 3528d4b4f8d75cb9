"""What SORT sorts: types that are made of elements. Each enters itself in its family."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from crdb.keyspace import State

Elements = Callable[[Any], Sequence[bytes]]


class Sortable(NamedTuple):
    elements: Elements
    """The elements of a state."""
    ordered: bool
    """Whether they have an order of their own, for SORT when it is told not to sort."""


SORTABLE: dict[type[State], Sortable] = {}


def sortable(kind: type[State], ordered: bool) -> Callable[[Elements], Elements]:
    """Enter the function that gives the elements of such a state."""

    def enter(elements: Elements) -> Elements:
        SORTABLE[kind] = Sortable(elements, ordered)
        return elements

    return enter
