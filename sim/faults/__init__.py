"""The faults, one file each: a struct with its parameters, and what starts and stops it."""

from typing import Any

import msgspec

from sim.units import Duration


class Fault(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True
):
    """Something that goes wrong at a time, for a time. ``0s`` means until the work is over."""

    at: Duration
    lasts: Duration = Duration(0)

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible value."""
        if self.at < 0 or self.lasts < 0:
            raise ValueError("at, lasts: expected 0s or more")

    def regions_named(self) -> tuple[str, ...]:
        """The regions that have to be in the world."""
        return ()

    def start(self, world: Any) -> None:
        raise NotImplementedError

    def stop(self, world: Any) -> None:
        raise NotImplementedError

    def place(self) -> str:
        """Where it strikes, for the history."""
        raise NotImplementedError
