"""Conformance: timed vectors, run on bare replicas in a virtual time of their own.

A vector tells a story of a few regions: commands with the replies that the documentation gives,
and when the regions exchanged what they had. Rules
- Every command comes a millisecond after the one before, unless it ties with it.
- Nothing is replicated but by a ``sync`` step, which goes on until the regions it names have
  nothing more to say to each other. What they say to others meanwhile is held, in order.
- A vector with a command or a setting that does not exist yet is skipped, and says why.

>>> story = [
...     {"region": "A", "cmd": ["INCR", "visits"], "expect": 1},
...     {"region": "B", "cmd": ["INCRBY", "visits", "10"], "expect": 10},
...     {"sync": True},
...     {"converge": ["GET", "visits"], "expect": "11"},
... ]
>>> cities = {"name": "two cities", "type": "counter", "regions": ["A", "B"], "steps": story}
>>> run(decode([cities])[0])
Result(name='two cities', outcome='passed', reasons=())
"""

from collections import deque
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args, get_type_hints

import msgspec

from crdb.command import Reply, entries
from crdb.errors import CommandError
from crdb.messages import Message
from crdb.replica import Replica, Settings
from crdb.replies import resp2
from crdb.session import Session
from sim.expected import matches, why_not_a_form
from sim.words import plain, refusal

START_US = 1_700_000_000_000_000
STEP_US = 1_000
SYNC_ROUNDS_MAX = 100
IDS = {"A": 1, "B": 2, "C": 3}

XADD_IDS = "crdt_xadd_id_uniqueness_mode"
XADD_IDS_MODES = get_args(get_type_hints(Settings)["xadd_ids"])

UNORDERED = frozenset({"SMEMBERS", "SINTER", "SUNION", "SDIFF", "KEYS", "HKEYS", "HVALS"})
"""Commands whose lists may come in another order from every region."""


class NotVectors(ValueError):
    """The file holds no vectors; one line says where it parts from the format."""


class Step(msgspec.Struct, frozen=True):
    """One step: a command, a sync, an advance of the clock, or a converge."""

    region: str | None = None
    cmd: list[str | int | float] | None = None
    expect: Any = None
    tie: bool = False
    """Same time as the command before."""
    bind: str | None = None
    """Name under which later steps get the reply, as ``$name``."""
    sync: bool | list[str] | None = None
    advance_ms: int | None = None
    converge: list[str | int | float] | None = None

    def verb(self) -> str | None:
        """Which of the four it is; None unless it is exactly one."""
        verbs = [
            name
            for name in ("cmd", "sync", "advance_ms", "converge")
            if getattr(self, name) is not None
        ]
        return verbs[0] if len(verbs) == 1 else None


class Vector(msgspec.Struct, frozen=True):
    """One story with its expected replies."""

    name: str
    type: str
    regions: list[str]
    steps: list[Step]
    config: dict[str, Any] = {}
    notes: str = ""


class Result(NamedTuple):
    """What became of a vector, and why: the failing steps, or what it is skipped for."""

    name: str
    outcome: Literal["passed", "failed", "skipped"]
    reasons: tuple[str, ...] = ()


def load(path: Path) -> list[Vector]:
    """Read a vector file. Raises `NotVectors`."""
    try:
        return decode(msgspec.json.decode(path.read_bytes()))
    except OSError as error:
        raise NotVectors(f"{path}: {(error.strerror or str(error)).lower()}") from None
    except (msgspec.DecodeError, NotVectors) as error:
        raise NotVectors(f"{path}: not a vector file: {refusal(str(error))}") from None


def decode(rows: Any) -> list[Vector]:
    """Return the vectors of a decoded JSON file. Raises `NotVectors`."""
    try:
        vectors = msgspec.convert(rows, list[Vector])
    except msgspec.ValidationError as error:
        raise NotVectors(refusal(str(error))) from None
    if not vectors:
        raise NotVectors("expected a list of vectors, found none")
    for vector in vectors:
        wrong = _wrong(vector)
        if wrong:
            raise NotVectors(f"vector {vector.name!r}: {wrong}")
    return vectors


def _wrong(vector: Vector) -> str | None:
    """What is wrong with a vector beyond its types, or None."""
    if not vector.regions or not set(vector.regions) <= IDS.keys():
        return f"regions {vector.regions}: expected some of {list(IDS)}"
    offsets = vector.config.get("clock_offset_ms", {})
    if not isinstance(offsets, dict) or not all(type(each) is int for each in offsets.values()):
        return "config.clock_offset_ms: expected an object of integers by region"
    if vector.config.get(XADD_IDS, "strict") not in XADD_IDS_MODES:
        return f"config.{XADD_IDS}: expected one of {', '.join(XADD_IDS_MODES)}"
    for number, step in enumerate(vector.steps, start=1):
        verb = step.verb()
        named = {step.region} if verb == "cmd" else set()
        if isinstance(step.sync, list):
            named = set(step.sync)
        wrong = None
        if verb is None:
            wrong = "expected one of 'cmd', 'sync', 'advance_ms', 'converge'"
        elif verb in ("cmd", "converge") and not getattr(step, verb):
            wrong = f"{verb}: expected a command"
        elif not named <= set(vector.regions):
            wrong = f"{verb}: expected regions among {vector.regions}"
        elif verb == "advance_ms" and (step.advance_ms or 0) < 0:
            wrong = "advance_ms: expected 0 or more"
        elif why := why_not_a_form(step.expect):
            wrong = f"expect: expected {why}"
        if wrong:
            return f"step {number}: {wrong}"
    return None


def run(vector: Vector) -> Result:
    """Run one vector from an empty database."""
    missing = _missing(vector)
    if missing:
        return Result(vector.name, "skipped", (missing,))
    stage = _Stage(vector)
    reasons = [
        f"step {number}, {reason}"
        for number, step in enumerate(vector.steps, start=1)
        for reason in stage.play(step)
    ]
    return Result(vector.name, "failed" if reasons else "passed", tuple(reasons))


def summary(results: Sequence[Result]) -> str:
    """Count the outcomes.

    >>> summary([Result("a", "passed"), Result("b", "skipped", ("no command XADD",))])
    '1 passed, 0 failed, 1 skipped'
    """
    passed, failed, skipped = (
        sum(result.outcome == outcome for result in results)
        for outcome in ("passed", "failed", "skipped")
    )
    return f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else "")


def _missing(vector: Vector) -> str | None:
    """What the vector needs and does not exist yet."""
    names = {
        str((step.cmd or step.converge or [""])[0]).upper()
        for step in vector.steps
        if step.cmd or step.converge
    }
    known = {entry.name.partition("|")[0].upper() for entry in entries()}
    unknown = sorted(names - known)
    if unknown:
        return f"type {vector.type}: no command {', '.join(unknown)}"
    settings = sorted(set(vector.config) - {"clock_offset_ms", "causal_consistency", XADD_IDS})
    needed = [name for name in settings if vector.config[name]]
    return f"no setting {', '.join(needed)}" if needed else None


class _Stage:
    """The regions of one vector, their clock, and what is on its way between them."""

    def __init__(self, vector: Vector) -> None:
        self._names = vector.regions
        ids = {name: IDS[name] for name in vector.regions}
        self._of_id = {number: name for name, number in ids.items()}
        settings = Settings(
            causal=bool(vector.config.get("causal_consistency")),
            xadd_ids=vector.config.get(XADD_IDS, "strict"),
        )
        self._replicas = {
            name: Replica(number, [peer for peer in ids.values() if peer != number], None, settings)
            for name, number in ids.items()
        }
        self._sessions = {name: Session() for name in ids}
        offsets: dict[str, int] = vector.config.get("clock_offset_ms", {})
        self._offset_us = {name: 1_000 * offsets.get(name, 0) for name in ids}
        self._now_us = START_US
        self._bound: dict[str, Any] = {}
        self._held: dict[tuple[str, str], deque[Message]] = {
            (source, target): deque() for source in ids for target in ids
        }

    def play(self, step: Step) -> list[str]:
        """Take one step; returns what was not as expected."""
        if step.cmd is not None and step.region is not None:
            return self._command(step, step.region, step.cmd)
        if step.converge is not None:
            return self._converge(step, step.converge)
        if step.advance_ms is not None:
            self._now_us += 1_000 * step.advance_ms
        elif step.sync:
            self._sync(self._names if step.sync is True else step.sync)
        return []

    def _command(self, step: Step, region: str, words: Sequence[object]) -> list[str]:
        if not step.tie:
            self._now_us += STEP_US
        reply = self._execute(region, words)
        if step.bind is not None:
            self._bound[f"${step.bind}"] = plain(reply)
        return self._compare(region, words, step.expect, reply)

    def _converge(self, step: Step, words: Sequence[object]) -> list[str]:
        self._now_us += STEP_US
        replies = {name: self._execute(name, words) for name in self._names}
        first = self._names[0]
        wrong = []
        for name, reply in replies.items():
            wrong += self._compare(name, words, step.expect, reply)
            if _comparable(words, reply) != _comparable(words, replies[first]):
                expected = f"as in {first}, {show(replies[first])}"
                wrong.append(f"{name}: {_line(words)}: expected {expected}, got {show(reply)}")
        return wrong

    def _execute(self, region: str, words: Sequence[object]) -> Reply:
        request = [str(self._named(word)).encode() for word in words]
        session, now_us = self._sessions[region], self._clock_us(region)
        reply = self._replicas[region].execute(now_us, session, request, lambda n: 0)
        flat: Reply = resp2(reply)
        return flat

    def _compare(
        self, region: str, words: Sequence[object], expect: Any, reply: Reply
    ) -> list[str]:
        expect = self._named(expect)
        if matches(expect, reply):
            return []
        wanted = msgspec.json.encode(expect).decode()
        return [f"{region}: {_line(words)}: expected {wanted}, got {show(reply)}"]

    def _named(self, value: Any) -> Any:
        """Put in bound replies. What looks like a name and is none stays: JSON paths do too."""
        if isinstance(value, str):
            return self._bound.get(value, value)
        if isinstance(value, list):
            return [self._named(each) for each in value]
        if isinstance(value, dict):
            return {key: self._named(each) for key, each in value.items()}
        return value

    def _clock_us(self, region: str) -> int:
        return self._now_us + self._offset_us[region]

    def _sync(self, names: Sequence[str]) -> None:
        """Let these regions talk until they are quiet."""
        for _ in range(SYNC_ROUNDS_MAX):
            for name in names:
                self._hold(name, self._replicas[name].tick(self._clock_us(name)))
            on_their_way = [
                (target, queue)
                for (source, target), queue in self._held.items()
                if queue and source in names and target in names
            ]
            if not on_their_way:
                return
            for target, queue in on_their_way:
                while queue:
                    replica, now_us = self._replicas[target], self._clock_us(target)
                    self._hold(target, replica.receive(now_us, queue.popleft()).answers)
        raise RuntimeError(f"regions {', '.join(names)} still talk after {SYNC_ROUNDS_MAX} rounds")

    def _hold(self, source: str, letters: Sequence[tuple[int, Message]]) -> None:
        for peer, message in letters:
            self._held[source, self._of_id[peer]].append(message)


def show(reply: Reply) -> str:
    """A reply as redis-cli would say it, on one line.

    >>> show([b"a", 1, None])
    '["a", 1, (nil)]'
    """
    if reply is None:
        return "(nil)"
    if isinstance(reply, CommandError):
        return f"(error) {reply}"
    if isinstance(reply, list):
        return f"[{', '.join(map(show, reply))}]"
    return msgspec.json.encode(plain(reply)).decode()


def _line(words: Sequence[object]) -> str:
    return " ".join(map(str, words))


def _comparable(words: Sequence[object], reply: Reply) -> Any:
    if isinstance(reply, CommandError):
        return str(reply)
    value = plain(reply)
    if str(words[0]).upper() in UNORDERED and isinstance(value, list):
        return sorted(value)
    return value
