"""What an operator does with a running cluster: scale out and in, scale up, patch.

One range moves at a time, so many keys a step, as a rebalance on a live database is slowed down on
purpose. A move that loses one of its two processes is given up, and tried again when both are back.
Before a node is taken away, its shards' primaries are handed over, with all they have.
"""

from collections.abc import Generator
from typing import Any

import msgspec

from sim.cluster.clustered import Clustered
from sim.cluster.moves import Move
from sim.cluster.parts import Shard
from sim.slot_range import SlotRange

Work = Generator[Any, Any, None]


class Pace(msgspec.Struct, frozen=True):
    """How fast an operation goes."""

    provision_us: int = 5_000_000
    """Until new nodes are there."""
    keys_per_step: int = 100
    step_us: int = 10_000
    """So many keys move at once, and then nothing for so long."""
    move_ns: int = 0
    """How long both shards are busy with one of these keys."""
    range_takes_us: int = 100_000
    """The least that a range is on its way."""
    node_takes_us: int = 10_000_000
    """How long a node is down for a patch or a change of its size."""

    @classmethod
    def of(cls, settings: Any) -> "Pace":
        """What a scenario's cluster settings say."""
        return cls(
            int(settings.provision),
            settings.keys_per_step,
            int(settings.step),
            settings.move_ns,
            int(settings.range_takes),
            int(settings.node_takes),
        )


class Operator:
    """Carries out one operation after the other on one cluster."""

    def __init__(self, region: Clustered, pace: Pace) -> None:
        self._region = region
        self._pace = pace
        self._busy = False

    def begin(self, what: str, work: Work) -> None:
        """Begin an operation, behind those that are under way."""
        self._region.engine.process(self._run(what, work))

    def _run(self, what: str, work: Work) -> Work:
        region = self._region
        region.operations += 1
        while self._busy:
            yield from self._wait(1_000_000)
        self._busy = True
        region.tell("operation", f"{what} begins")
        yield from work
        region.tell("operation", f"{what} done")
        region.operations -= 1
        self._busy = False

    def scale_to(self, capacity: int) -> Work:
        """Add or remove pairs of nodes until there are so many nodes, and spread the ranges."""
        region = self._region
        yield from self._wait(self._pace.provision_us)
        while len(region.nodes) < capacity:
            region.add_pair()
        numbers = sorted(region.nodes)
        staying = [region.shards[number] for number in numbers[:capacity]]
        leaving = [region.shards[number] for number in numbers[capacity:]]
        for shard in leaving:
            while shard.ranges:
                yield from self.move(shard.ranges[-1], min(staying, key=_fill))
        yield from self._spread(staying)
        for number in numbers[capacity::2]:
            region.remove_pair(number)

    def _spread(self, shards: list[Shard]) -> Work:
        while True:
            fullest = max(shards, key=lambda shard: (len(shard.ranges), -shard.number))
            emptiest = min(shards, key=_fill)
            if len(fullest.ranges) - len(emptiest.ranges) < 2:
                return
            yield from self.move(fullest.ranges[-1], emptiest)

    def move(self, place: SlotRange, target: Shard) -> Work:
        """Bring one range to another shard, however often it takes."""
        region = self._region
        while True:
            yield from self._living(region.owner(place), target)
            move = Move(place, region.owner(place), target)
            region.begin_move(move)
            arrived = yield from self._carry(move)
            region.end_move(move, arrived)
            if arrived:
                region.tell("move", f"range {place.index} to shard {target.number}")
                return

    def _carry(self, move: Move) -> Generator[Any, Any, bool]:
        """Bring the keys over; False if one of the two shards was lost on the way."""
        region, begin_us = self._region, self._region.engine.now
        while keys := move.step(self._pace.keys_per_step):
            self._occupy(move, keys)
            yield from self._wait(self._pace.step_us)
            if not (move.source.primary.up and move.target.primary.up):
                return False
        yield from self._wait(begin_us + self._pace.range_takes_us - region.engine.now)
        return move.source.primary.up and move.target.primary.up

    def _occupy(self, move: Move, keys: int) -> None:
        """Keys are packed at one end and unpacked at the other; requests wait meanwhile."""
        cost_us = -(-keys * self._pace.move_ns // 1000)
        for shard in (move.source, move.target):
            if cost_us and shard.primary.up:
                shard.primary.thread.submit(lambda: (cost_us, _nothing))

    def _living(self, *shards: Shard) -> Work:
        while not all(shard.primary.up for shard in shards):
            yield from self._wait(100_000)

    def roll(self, speed: int | None = None) -> Work:
        """Take the nodes away one after the other and bring them back: patched, or of another size.

        ``speed``: how fast they are then, in per cent of what they were made with.
        """
        region = self._region
        for number, node in sorted(region.nodes.items()):
            for shard in region.shards.values():
                while shard.primary.node is node:
                    yield from self._hand_over(shard)
            region.stop_node(number)
            yield from self._wait(self._pace.node_takes_us)
            for process in region.processes():
                if process.node is node and speed is not None:
                    process.thread.speed = speed
            region.start_node(number)
        for shard in region.shards.values():
            while shard.primary is not shard.processes[0]:
                yield from self._hand_over(shard)

    def _hand_over(self, shard: Shard) -> Work:
        """Let the replica take over, if both are there and it has a copy of all; or wait a bit."""
        if self._region.ready(shard):
            self._region.switch_over(shard, planned=True)
        else:
            yield from self._wait(100_000)

    def _wait(self, wait_us: int) -> Work:
        if wait_us > 0:
            yield self._region.engine.timeout(wait_us)


def _nothing() -> None:
    """What follows a move of keys for those who wait: their turn."""


def _fill(shard: Shard) -> tuple[int, int]:
    return len(shard.ranges), shard.number
