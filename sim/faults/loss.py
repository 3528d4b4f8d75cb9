"""Loss: a share of the packets on some channels never arrives."""

from typing import Any

from sim.faults import Fault
from sim.rules import Loss, Where


class LossFault(Fault, frozen=True, tag="loss", kw_only=True):
    share: float
    channels: tuple[str, ...] = ("client",)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not 0 <= self.share <= 1:
            raise ValueError(f"share {self.share}: expected 0 to 1")

    def start(self, world: Any) -> None:
        where = Where(channels=frozenset(self.channels))
        dice = world.streams[f"loss {self.channels}"]
        world.heals[self] = world.network.add(Loss(self.share, dice, where))

    def stop(self, world: Any) -> None:
        world.heals.pop(self)()

    def place(self) -> str:
        return ", ".join(self.channels)
