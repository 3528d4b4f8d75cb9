"""Typed: the commands of a lab that wrote, and what became of them: how they travelled, what they
removed.

A state keeps nothing of what was removed, so a key that is gone cannot say why. Its commands can:
each is kept with the keys that its region held after it and those that it took away.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from crdb.keyspace import NEVER_US, Key
from crdb.replica import Replica
from sim.clock import EPOCH_US
from sim.history import Lag
from sim.plots.spacetime import Arrow


class Typed(NamedTuple):
    """A command that wrote something."""

    line: str
    place: str
    actor: int
    group: int
    """The number under which its writes travel."""
    at_us: int
    held: Mapping[Key, int]
    """What its region held after it: key -> deadline in microseconds since 1970."""
    removed: frozenset[Key]

    def seen_by(self, replica: Replica) -> bool:
        """Whether its writes are there."""
        own = self.actor == replica.actor
        return own or replica.context.vector.get(self.actor, 0) >= self.group


def held(replica: Replica, now_us: int) -> dict[Key, int]:
    """The keys that a client would find, each with its deadline."""
    keys = replica.keyspace.keys
    return {key: entry.deadline_us for key, entry in keys.items() if entry.deadline_us > now_us}


def why_gone(typed: Iterable[Typed], key: Key, replica: Replica, now_us: int) -> str:
    """What removed a key that a replica does not hold at ``now_us`` of its own clock.

    Of several removals it names the last that was typed.
    """
    here = [each for each in typed if each.seen_by(replica)]
    last = max((n for n, each in enumerate(here) if key in each.removed), default=-1)
    deadlines = [each.held[key] for each in here[last + 1 :] if key in each.held]
    if deadlines and deadlines[-1] <= now_us < NEVER_US:
        until = f"until {(deadlines[-1] - EPOCH_US) / 1e6:+.6f} s"
        return f"expired: {until}, by the clock of whoever asks (published)"
    if last < 0:
        return "no write of it has arrived here"
    found = here[last]
    return (
        f"removed by {found.line} in {found.place} at {found.at_us / 1e6:+.6f} s, "
        "which had seen all that was here (published; for strings our choice)"
    )


def arrows(typed: Sequence[Typed], lags: Sequence[Lag]) -> Iterator[Arrow]:
    """The ways of all that was written."""
    yield from _news(typed, lags)
    yield from _removals(typed, lags)


def _news(typed: Iterable[Typed], lags: Sequence[Lag]) -> Iterator[Arrow]:
    """One for each command and region that learnt of it by a message of its stream."""
    for each in typed:
        arrived: dict[str, int] = {}
        for lag in lags:
            made_us = lag.at_us - lag.lag_us
            if lag.source == each.place and made_us <= each.at_us and lag.last >= each.group:
                arrived.setdefault(lag.target, lag.at_us)
        for target, at_us in arrived.items():
            yield Arrow(each.place, each.at_us, target, at_us)


def _removals(typed: Iterable[Typed], lags: Iterable[Lag]) -> Iterator[Arrow]:
    """One for each message of what nobody typed: the region removed what had expired."""
    begun = {(each.place, each.at_us) for each in typed}
    for lag in lags:
        made_us = lag.at_us - lag.lag_us
        if (lag.source, made_us) not in begun:
            yield Arrow(lag.source, made_us, lag.target, lag.at_us, "expired")
