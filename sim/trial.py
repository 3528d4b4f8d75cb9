"""A trial: the history of one protocol in one variant of a scenario, where several are compared."""

from typing import NamedTuple

from sim.history import History


class Trial(NamedTuple):
    """One history with the names that a table or a figure gives it."""

    variant: str
    protocol: str
    """The protocol, empty where the scenario compares none."""
    history: History
