"""The face for notebooks: a world from region names, and commands typed into it.

>>> lab = Lab("West Europe", "East US")
>>> lab.cut()
>>> lab["West Europe"]("SET claim berlin NX"), lab["East US"]("SET claim boston NX")
('OK', 'OK')
>>> lab.heal()
>>> lab.converge().read("claim")
{'West Europe': 'boston', 'East US': 'boston'}
>>> print(lab.why("claim"))
claim in West Europe: string 'boston'
  shows  'boston'  dot 2:1  clock +0.002000 s  by East US
  hidden 'berlin'  dot 1:1  clock +0.001000 s  by West Europe
  concurrent writes: the later clock shows (published)

In a notebook a lab, a reading and a reason show themselves as tables; `Lab.diagram` draws what was
typed and what travelled.
"""

import shlex
from collections.abc import Callable, Coroutine, Mapping, Sequence
from html import escape
from io import BytesIO
from itertools import combinations
from math import comb
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from matplotlib.figure import Figure

from crdb.command import Reply, keys_of, lookup
from crdb.errors import CommandError
from crdb.keyspace import Entry
from crdb.session import Request, Session, Waiter
from sim.history import FAIL, OK, Op
from sim.plots.spacetime import Point, Span, diagram
from sim.region import Region
from sim.scenario import Scenario, Variant, check, fault
from sim.settings import ClusterSettings
from sim.slot_range import SlotRange
from sim.topology import UnknownRegion
from sim.typed import Typed, arrows, held, why_gone
from sim.units import Duration, Offset, decode, human
from sim.why import Reason, rules, siblings
from sim.windows import Window, windows
from sim.words import plain
from sim.workloads import Workload
from sim.world import World

if TYPE_CHECKING:
    import redis

T = TypeVar("T")

STEP_US = 1_000
"""Every command is typed so much later than the one before."""


class Place:
    """One region, as a person at its keyboard sees it; call it with a command line."""

    def __init__(self, lab: "Lab", region: Region) -> None:
        self._lab = lab
        self._region = region
        self._session = Session()
        self._session.protocol = 3  # Who listens may go on typing, as in the newer protocol.

    def __call__(self, line: str) -> Any:
        """Run a command, typed as in redis-cli.

        One that blocks gives ``(blocked)``; its reply, and what is published on channels that were
        subscribed to, come later: see `heard`. Raises `CommandError` for an error reply,
        ConnectionError from a region that is down, RuntimeError while a command blocks, and
        ValueError for a line that is no command.
        """
        name, *words = _words(line)
        if not self._region.up:
            raise ConnectionError(f"{self._region.name} is down, and answers nobody")
        if self._region.waits(self._session):
            raise RuntimeError(
                f"{self._region.name} still waits in a command that blocks: write to its key "
                "elsewhere, or let time pass with wait(); heard() then gives the late reply"
            )
        self._lab.wait(STEP_US)
        request = [name.encode(), *(word.encode() for word in words)]
        now_us = self._lab.world.engine.now
        reply = self._execute(line, request)
        failed = isinstance(reply, CommandError)
        self._lab.world.history.op(
            Op(
                process=self._region.number,
                place=self._region.name,
                name=name.upper(),
                args=tuple(words),
                invoked_us=now_us,
                completed_us=now_us,
                outcome=FAIL if failed else OK,
                value=_told(reply),
            )
        )
        if isinstance(reply, CommandError):
            raise reply
        return _told(reply)

    def heard(self) -> list[Any]:
        """What has been said without being asked, since this was last called: messages of
        channels, and replies of commands that had blocked."""
        return [_told(reply) for reply in self._region.late.pop(self._session, [])]

    def _execute(self, line: str, request: Request) -> Reply:
        """Run a request, and keep it if it wrote something."""
        region, replica = self._region, self._range_of(request).replica
        group, before = replica.seq + 1, held(replica, region.clock.now())
        reply = region.execute(self._session, request)
        if replica.seq >= group:
            after = held(replica, region.clock.now())
            removed = frozenset(before.keys() - after.keys())
            now_us = self._lab.world.engine.now
            self._lab.typed.append(
                Typed(line, region.name, replica.actor, group, now_us, after, removed)
            )
        return reply

    def _range_of(self, request: Request) -> SlotRange:
        """The slot range that a request is about, if it is about one."""
        try:
            keys = keys_of(lookup(request), request)
        except CommandError:
            keys = []
        return self._region.range_of(keys[0]) if keys else self._region.desk

    def __repr__(self) -> str:
        return f"<{self.about()}>"

    def about(self) -> str:
        """The region's name, its keys, and what is wrong with it."""
        count, ahead_us = len(list(self._region.entries())), self._region.clock.ahead_us()
        told = [f"{self._region.name}: {count} {'key' if count == 1 else 'keys'}"]
        told += [f"clock {ahead_us / 1e6:+.3f} s"] if ahead_us else []
        return ", ".join(told if self._region.up else [*told, "down"])


class Reading(dict[str, Any]):
    """Region -> what it holds under one key."""

    def agree(self) -> bool:
        """Whether all regions hold the same."""
        return all(value == next(iter(self.values())) for value in self.values())

    def _repr_html_(self) -> str:
        tint = "" if self.agree() else " style='color:#d55e00'"
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td{tint}>{escape(repr(value))}</td></tr>"
            for name, value in self.items()
        )
        return f"<table>{rows}</table>"


class Drawing:
    """A figure that shows itself in a notebook."""

    def __init__(self, figure: Figure) -> None:
        self.figure = figure

    def save(self, path: str) -> None:
        """Write it as PNG, SVG or PDF, by the name's ending."""
        self.figure.savefig(path)

    def _repr_png_(self) -> bytes:
        png = BytesIO()
        self.figure.savefig(png, format="png", metadata={"Software": None})
        return png.getvalue()

    def __repr__(self) -> str:
        return "<Drawing: shows itself in a notebook; save(path) writes it>"


class Lab:
    """Regions at their real distances, and no clients but you."""

    def __init__(
        self,
        *regions: str,
        seed: int = 1,
        private: Mapping[str, Sequence[str]] | None = None,
        cluster: Literal["none", "oss", "enterprise"] = "none",
    ) -> None:
        """Regions by their Azure names. Those of ``private`` are found by real clients in their own
        place only and in those listed: ``private={"East US": ["West Europe"]}``. ``cluster`` is the
        clustering policy, of regions with two nodes each.

        Raises `sim.topology.UnknownRegion` with close matches (`sim.topology.azure_regions` has
        them all), and ValueError for none or for one that is named twice.
        """
        hidden = {name: list(near) for name, near in (private or {}).items()}
        scenario = Scenario(
            "lab", list(regions), Workload(), private=hidden, cluster=ClusterSettings(cluster)
        )
        check(scenario)
        self.world = World(scenario, Variant("lab"), seed=seed)
        self._places = {name: Place(self, region) for name, region in self.world.regions.items()}
        self.typed: list[Typed] = []
        """What wrote, in order; for the diagram."""

    @property
    def regions(self) -> tuple[str, ...]:
        """The names of the regions; of those with equal clocks the first wins."""
        return tuple(self._places)

    def __getitem__(self, name: str) -> Place:
        if name not in self._places:
            raise UnknownRegion(name, self._places)
        return self._places[name]

    def host(self, name: str) -> str:
        """The name under which clients find a region; raises `UnknownRegion`."""
        self[name]
        return self.world.doors[name].host

    def run(self, main: Coroutine[Any, Any, T], place: str = "") -> T:
        """Run ordinary asyncio code, as of an unmodified `redis.asyncio.Redis`, in virtual time.

        From a region's place, by default the first's. Raises `sim.aio.Deadlock` if it waits for
        what cannot come.
        """
        return self.world.play(main, place)

    def run_sync(self, function: Callable[[], T], place: str = "") -> T:
        """Run an ordinary function that blocks, as one with a client of `redis` does, like `run`.

        `time.sleep` and time-outs are in virtual time; threads that it starts are not.
        """
        return self.world.play_sync(function, place)

    def redis(self, name: str, **options: Any) -> "redis.Redis":
        """A synchronous client of a region, for use in `run_sync`: a `redis.Redis` with its own
        defaults and these options, on simulated sockets. Raises `UnknownRegion`."""
        import redis  # An extra, as is greenlet.

        from sim.aio.sync import Connection

        client = redis.Redis(host=self.host(name), **options)
        client.connection_pool.connection_class = Connection
        return client

    def wait(self, duration: str | int, unit: str = "us") -> None:
        """Let time pass: ``wait("1s")``, or ``wait(1, "s")``. Raises `sim.units.NotADuration`."""
        wait_us = _us(Duration, duration, unit)
        self.world.engine.run(until=self.world.engine.now + wait_us)

    def skew(self, name: str, by: str | int, unit: str = "us") -> None:
        """Set a region's clock forward, or back (``"-500ms"``), a millisecond after what was done
        before. Raises `sim.units.NotADuration`."""
        by_us = _us(Offset, by, unit)
        self.wait(STEP_US)
        self[name]._region.step_clock(by_us)

    def cut(self, *pair: str) -> None:
        """Cut two regions from each other; without names, all of them. Raises ValueError for one
        region or more than two, and `UnknownRegion`."""
        if len(pair) not in (0, 2):
            raise ValueError(f"cut: expected two regions, or none for all, not {list(pair)}")
        for ends in [pair] if pair else combinations(self._places, 2):
            self.begin("partition", regions=ends)

    def begin(self, kind: str, **settings: Any) -> None:
        """Let a fault begin, with the keys that a scenario file gives it.

        ``begin("outage", region="East US", lasts="5s")``, ``begin("loss", share=0.5,
        channels=["sync"])``. Raises ValueError for one that there is not, and `UnknownRegion`.
        """
        found = fault(kind=kind, **settings)
        for name in found.regions_named():
            self[name]  # raises for one that is not here
        self.world.nemesis.begin(found)

    def heal(self, *regions: str) -> None:
        """Undo what goes wrong between two regions, or in one; without names, everything."""
        for name in regions:
            self[name]  # raises for one that is not here
        if regions:
            self.world.nemesis.heal_at(regions)
        else:
            self.world.nemesis.heal()

    def converge(self) -> "Lab":
        """Run until every region has what the others have; raises RuntimeError if it cannot."""
        if not self.world.quiesce():
            raise RuntimeError("the regions do not converge: is there a cut that was not healed?")
        return self

    def read(self, key: str) -> Reading:
        """What each region holds under a key; None for nothing."""
        return Reading((name, _value(self._entry(name, key))) for name in self._places)

    def why(self, key: str, region: str | None = None) -> Reason:
        """Why a key has its value in a region, by default in the first, or what removed it."""
        name = region or next(iter(self._places))
        entry = self._entry(name, key)
        if entry is None or entry.value is None:
            place = self[name]._region
            gone = why_gone(
                self.typed, key.encode(), place.range_of(key.encode()).replica, place.clock.now()
            )
            return Reason(key, name, "nothing", None, (), (gone,))
        authors = {each.number: each.name for each in self.world.regions.values()}
        actors = {
            each.range_of(key.encode()).replica.actor: each.name
            for each in self.world.regions.values()
        }
        found = tuple(siblings(entry, authors, actors))
        return Reason(key, name, entry.value.name, _value(entry), found, tuple(rules(entry)))

    def diagram(self, title: str = "") -> Drawing:
        """Draw what was typed where, and when writes became visible elsewhere."""
        history = self.world.history
        points = [
            Point(op.place, op.invoked_us, f"{op.name} {' '.join(op.args)} → {op.value}")
            for op in history.ops
        ]
        points += [
            Point(each.place, each.at_us, f"clock {ahead / 1e6:+.3f} s", "orange")
            for each in history.of_kind("clock")
            for ahead in [each.detail["offset_us"]]
        ]
        # A cluster's ranges number their writes each for itself: which arrived cannot be told.
        parted = any(each.parted for each in self.world.regions.values())
        ways = [] if parted else list(arrows(self.typed, history.lags))
        faults = windows(history)
        spans = [Span(each.begin_us, each.end_us, self._wrong(each, faults)) for each in faults]
        return Drawing(diagram(list(self._places), points, ways, title, spans))

    def _wrong(self, window: Window, all_of_them: Sequence[Window]) -> str:
        """What a window is called: a cut of all from all needs no names."""
        pairs = [each.place for each in all_of_them if each._replace(place=window.place) == window]
        if window.what == "partition" and len(set(pairs)) == comb(len(self._places), 2):
            return "cut"
        return f"{window.what}: {window.place}"

    def _entry(self, name: str, key: str) -> Entry | None:
        """What a region's clients would find: an expired key is missing, removed or not."""
        region = self[name]._region
        entry = region.range_of(key.encode()).replica.keyspace.keys.get(key.encode())
        if entry is None or entry.deadline_us <= region.clock.now():
            return None
        return entry

    def __repr__(self) -> str:
        now = human(self.world.engine.now)
        return f"<Lab at {now}: {'; '.join(each.about() for each in self._places.values())}>"

    def _repr_html_(self) -> str:
        keys = sorted(
            {key for region in self.world.regions.values() for key, _ in region.entries()}
        )
        heads = "".join(f"<th>{escape(each.about())}</th>" for each in self._places.values())
        rows = "".join(
            f"<tr><th>{escape(plain(key))}</th>"
            + "".join(f"<td>{escape(repr(each))}</td>" for each in self.read(plain(key)).values())
            + "</tr>"
            for key in keys
        )
        return f"<table><tr><th></th>{heads}</tr>{rows}</table>"


def _words(line: str) -> list[str]:
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise ValueError(f"{line!r}: {str(error).lower()}") from None
    if not words:
        raise ValueError(f"{line!r}: expected a command, as in 'SET key value'")
    return words


def _us(kind: type[Offset], duration: str | int, unit: str) -> int:
    return int(decode(kind, duration if isinstance(duration, str) else f"{duration}{unit}"))


def _told(reply: Reply) -> Any:
    """A reply as text; an error inside of EXEC's is told, not raised."""
    if isinstance(reply, CommandError):
        return str(reply)
    if isinstance(reply, Waiter):
        return "(blocked)"
    return [_told(each) for each in reply] if isinstance(reply, list) else plain(reply)


def _value(entry: Entry | None) -> Any:
    return None if entry is None or entry.value is None else plain(entry.value.told())
