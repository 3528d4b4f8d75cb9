"""The face for notebooks: a world from region names, and commands typed into it.

>>> lab = Lab("West Europe", "East US")
>>> lab.cut()
>>> lab["West Europe"]("SET claim berlin NX"), lab["East US"]("SET claim boston NX")
('OK', 'OK')
>>> lab.heal()
>>> lab.converge().read("claim")
{'West Europe': 'boston', 'East US': 'boston'}
>>> print(lab.why("claim"))
claim in West Europe: string
  wins   boston  dot 2:1  clock 1700000000.002000  by East US
  loses  berlin  dot 1:1  clock 1700000000.001000  by West Europe
"""

import shlex
from typing import Any

from crdb import stamps
from crdb.crdts.string import String
from crdb.dots import name as dot_name
from crdb.errors import CommandError
from crdb.session import Session
from sim.faults.partition import PartitionFault
from sim.region import Region
from sim.scenario import Scenario, Variant
from sim.units import Duration
from sim.workloads.payments import Payments
from sim.world import World

STEP_US = 1_000
"""Every command is typed so much later than the one before."""


class Place:
    """One region, as a person at its keyboard sees it."""

    def __init__(self, lab: "Lab", region: Region) -> None:
        self._lab = lab
        self._region = region
        self._session = Session()

    def __call__(self, line: str) -> Any:
        """Run a command, typed as in redis-cli; an error reply is raised."""
        self._lab.wait(STEP_US)
        request = [word.encode() for word in shlex.split(line)]
        reply = plain(self._region.execute(self._session, request))
        if isinstance(reply, CommandError):
            raise reply
        return reply

    def __repr__(self) -> str:
        keys = len(self._region.replica.keyspace.keys)
        return f"<{self._region.name}: {keys} keys>"


class Lab:
    """Regions on the real inter-region latencies, and no clients but you."""

    def __init__(self, *regions: str, seed: int = 1) -> None:
        """Raises `sim.topology.UnknownRegion`, naming close matches."""
        scenario = Scenario("lab", list(regions), Payments())
        self.world = World(scenario, Variant("lab"), seed=seed)
        self._places = {name: Place(self, region) for name, region in self.world.regions.items()}
        self._cuts: list[PartitionFault] = []

    def __getitem__(self, name: str) -> Place:
        return self._places[name]

    def wait(self, us: int) -> None:
        """Let time pass."""
        self.world.engine.run(until=self.world.engine.now + us)

    def cut(self, *pair: str) -> None:
        """Cut two regions from each other; without names, all of them."""
        names = list(self._places)
        pairs = [pair] if pair else [(a, b) for a in names for b in names if a < b]
        for near, far in pairs:
            fault = PartitionFault(at=Duration(0), regions=(near, far))
            fault.start(self.world)
            self._cuts.append(fault)

    def heal(self) -> None:
        """Undo all cuts."""
        for fault in self._cuts:
            fault.stop(self.world)
        self._cuts.clear()

    def converge(self) -> "Lab":
        """Run until every region has what the others have; raises RuntimeError if it cannot."""
        if not self.world.quiesce():
            raise RuntimeError("the regions do not converge: is there a cut that was not healed?")
        return self

    def read(self, key: str) -> dict[str, Any]:
        """What each region holds under a key."""
        found = {}
        for name, region in self.world.regions.items():
            entry = region.replica.keyspace.keys.get(key.encode())
            found[name] = (
                None if entry is None or entry.value is None else plain(entry.value.value())
            )
        return found

    def why(self, key: str) -> str:
        """Why a string has its value: the concurrent writes, with dots, clocks and authors."""
        name, region = next(iter(self.world.regions.items()))
        entry = region.replica.keyspace.keys.get(key.encode())
        if entry is None or entry.value is None:
            return f"{key} in {name}: no such key"
        lines = [f"{key} in {name}: {entry.value.name}"]
        names = list(self.world.regions)
        if isinstance(entry.value, String) and entry.value.register is not None:
            for dot, (order, value) in entry.value.register.siblings().items():
                verb = "wins " if len(lines) == 1 else "loses"
                clock = stamps.clock_us(order)
                author = names[stamps.region(order) - 1]
                seconds = f"{clock // 1_000_000}.{clock % 1_000_000:06}"
                lines.append(
                    f"  {verb}  {plain(value)}  dot {dot_name(dot)}  clock {seconds}  by {author}"
                )
        else:
            lines.append(f"  live dots {', '.join(map(dot_name, sorted(entry.value.dots())))}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        now_ms = self.world.engine.now / 1000
        return f"<Lab at {now_ms} ms: {', '.join(map(repr, self._places.values()))}>"


def plain(reply: Any) -> Any:
    """A reply with text for bytes, and sets in order."""
    if isinstance(reply, bytes):
        return reply.decode(errors="backslashreplace")
    if isinstance(reply, set):
        return sorted(map(plain, reply))
    return [plain(each) for each in reply] if isinstance(reply, list) else reply
