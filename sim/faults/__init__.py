"""The faults, one file each: a struct with its parameters, and what starts and undoes it."""

from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Literal

import msgspec

from sim.rng import Dice
from sim.units import Duration, human
from sim.wires import Listener

Undo = Callable[[], object]
"""What ends one fault that was started, and no other, even if that one is equal to it."""

Channel = Literal["sync", "client", "provider"]
"""Between regions; between clients and regions; between payers and the payment provider."""

Channels = Annotated[tuple[Channel, ...], msgspec.Meta(min_length=1)]


class Fault(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="kind", kw_only=True
):
    """Something that goes wrong at a time, for a time."""

    needs_cluster: ClassVar[bool] = False
    """Whether its region has to be one with nodes and shards."""

    at: Duration
    """From the beginning of the run."""
    lasts: Duration = Duration(0)
    """``0s`` means until the work is over."""

    def regions_named(self) -> tuple[str, ...]:
        """The regions that have to be in the world."""
        return ()

    def prepare(self, world: Any) -> None:
        """Arrange, at the beginning of the run, what it will need when it starts."""

    def start(self, world: Any, dice: Dice) -> Undo:
        """Let it go wrong; returns what ends it, to be called once. The dice are its own."""
        raise NotImplementedError

    def place(self) -> str:
        """Where it strikes, for the history."""
        raise NotImplementedError


class PairFault(Fault, frozen=True, kw_only=True):
    """A fault on what goes between two regions."""

    regions: tuple[str, str]
    channels: Channels = ("sync",)
    """Between regions; between clients and regions; between payers and the payment provider."""

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible value."""
        if self.regions[0] == self.regions[1]:
            raise ValueError(f"regions: expected two, got {self.regions[0]!r} twice")

    def regions_named(self) -> tuple[str, ...]:
        return self.regions

    def place(self) -> str:
        return " | ".join(self.regions)


class ShareFault(Fault, frozen=True, kw_only=True):
    """A fault that befalls a share of the packets on some channels, each by chance."""

    share: float
    """0 to 1."""
    channels: Channels = ("client",)
    """Between regions; between clients and regions; between payers and the payment provider."""

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible value."""
        if not 0 <= self.share <= 1:
            raise ValueError(f"share {self.share}: expected 0 to 1")

    def place(self) -> str:
        return ", ".join(self.channels)


class RegionFault(Fault, frozen=True, kw_only=True):
    """A fault of one region."""

    region: str

    def regions_named(self) -> tuple[str, ...]:
        return (self.region,)

    def place(self) -> str:
        return self.region


class DoorFault(RegionFault, frozen=True, kw_only=True):
    """A fault of a region's door, where real clients call. Model clients have no connections that
    could be refused or cut, and notice nothing."""

    def listeners(self, world: Any) -> list[Listener]:
        """Who takes the region's calls."""
        return list(world.doors[self.region].listeners)


class MemoryFault(RegionFault, frozen=True, kw_only=True):
    """A region goes down and comes back without what it did last, or with nothing at all.

    It comes back under a new actor, and refuses writes until a peer has brought it up to date.
    """

    def behind_us(self) -> int | None:
        """How old the state is that it comes back with; None if it comes back with nothing."""
        raise NotImplementedError

    def __post_init__(self) -> None:
        """Raises ValueError for an impossible value."""
        behind_us = self.behind_us()
        if behind_us is not None and behind_us > self.at:
            raise ValueError(
                f"{human(behind_us)} before {human(self.at)}: expected a time after the start"
            )

    def prepare(self, world: Any) -> None:
        behind_us = self.behind_us()
        if behind_us is not None:
            world.engine.call_at(self.at - behind_us, world.regions[self.region].back_up)

    def start(self, world: Any, dice: Dice) -> Undo:
        """Raises ValueError if it was not planned: then there is no backup."""
        region, behind_us = world.regions[self.region], self.behind_us()
        backup_us = None if behind_us is None else self.at - behind_us
        if backup_us is not None and backup_us not in region.desk.backups:
            raise ValueError("no backup was taken: this fault has to be planned in a scenario")
        region.crash()
        region.lose_memory(world.new_actor, backup_us)
        undo: Undo = region.restart
        return undo


class Operation(RegionFault, frozen=True, kw_only=True):
    """Something that an operator does to a cluster; it ends when it is done."""

    needs_cluster: ClassVar[bool] = True

    def work(self, operator: Any) -> Any:
        """The process that does it."""
        raise NotImplementedError

    def start(self, world: Any, dice: Dice) -> Undo:
        operator = world.operators[self.region]
        operator.begin(str(type(self).__struct_config__.tag), self.work(operator))
        return lambda: None


class NodesFault(RegionFault, frozen=True, kw_only=True):
    """Some nodes of a cluster are lost, and come back."""

    needs_cluster: ClassVar[bool] = True

    silent: bool = False
    """Nobody there can say that connections are closed: as without power."""

    def nodes(self, region: Any) -> list[int]:
        """Which; raises ValueError if there are none."""
        raise NotImplementedError

    def start(self, world: Any, dice: Dice) -> Undo:
        region = world.regions[self.region]
        numbers = self.nodes(region)
        for number in numbers:
            region.stop_node(number, self.silent)
        return lambda: [region.start_node(number) for number in numbers]
