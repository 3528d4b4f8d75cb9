"""What a type's file says, and how two of its operations are made to meet."""

from collections.abc import Callable, Iterator, Sequence
from itertools import combinations_with_replacement
from typing import Any, NamedTuple

from crdb import registry
from crdb.command import Reply
from crdb.errors import CommandError
from crdb.keyspace import State
from crdb.replica import Replica
from crdb.session import Session
from sim.words import plain

START_US = 1_700_000_000_000_000
STEP_US = 1_000
ROUNDS = 8
"""More than two regions without loss need to hear everything and to say so."""

Pair = tuple[str, str]


class Story(NamedTuple):
    """One type."""

    title: str
    """The type's name."""
    rule: str
    """In one sentence."""
    begin: Sequence[str]
    """Commands before the regions are cut off from each other: both have seen them."""
    operations: Sequence[str]
    read: str
    """The command whose reply, the same in both regions, is shown."""
    source: str
    """The page of Redis' documentation, below operate/rs/databases/active-active/."""
    published: Sequence[Pair] = ()
    """Pairs whose outcome that page states or shows."""
    inferred: Sequence[Pair] = ()
    """Pairs whose outcome follows from what is published."""
    ours: Sequence[Pair] = ()
    """Pairs on which nothing is published: what loses least was chosen."""
    otherwise: str = "ours"
    """Which of the three all other pairs are."""
    show: Callable[[Any], str] | None = None
    """How to show the reply; None for `shown`."""

    def pairs(self) -> Iterator[Pair]:
        """Every two operations that can meet, an operation with itself included."""
        return combinations_with_replacement(self.operations, 2)

    def standing(self, pair: Pair) -> str:
        """Who says so: ``published``, ``inferred`` or ``ours``; nobody of other operations."""
        if not {*pair} <= {*self.operations}:
            return ""
        for name in ("published", "inferred", "ours"):
            if {pair, pair[::-1]} & {*getattr(self, name)}:
                return name
        return self.otherwise


def stories() -> dict[str, Story]:
    """By title."""
    return {module.STORY.title: module.STORY for module in registry.members("sim.conflicts")}


class Pen:
    """Two regions that hear each other when they are told to."""

    def __init__(self) -> None:
        self.replicas = {1: Replica(1, [2]), 2: Replica(2, [1])}
        self.now_us = START_US

    def run(self, region: int, line: str) -> Reply:
        """Run one command, a step later than the one before. Raises ValueError if it is refused."""
        reply = self.ask(region, line)
        if isinstance(reply, CommandError):
            raise ValueError(f"{line}: {reply}")
        return reply

    def ask(self, region: int, line: str) -> Reply:
        """The same; an error is a reply."""
        self.now_us += STEP_US
        request = [word.encode() for word in line.split()]
        return self.replicas[region].execute(self.now_us, Session(), request, lambda n: 0)

    def heal(self) -> None:
        """Let both hear everything."""
        for _ in range(ROUNDS):
            for region, replica in self.replicas.items():
                for _, message in replica.tick(self.now_us):
                    self.replicas[3 - region].receive(self.now_us, message)
            self.now_us += STEP_US


def begun(story: Story) -> list[State]:
    """What the keys of a story hold when the regions are cut off from each other."""
    pen = Pen()
    for line in story.begin:
        pen.run(1, line)
    return [each for _, entry in pen.replicas[1].keyspace.entries() for each in entry.values()]


def met(story: Story, first: Pair, where: int) -> str:
    """What both read after the first of a pair ran in region ``where``, then the second elsewhere.

    Raises ValueError for an operation that is refused, and if the regions do not agree.
    """
    pen = Pen()
    for line in story.begin:
        pen.run(1, line)
    pen.heal()
    for line, region in zip(first, (where, 3 - where), strict=True):
        pen.run(region, line)
    pen.heal()
    show, replies = story.show or shown, [pen.ask(region, story.read) for region in (1, 2)]
    here, there = (
        f"({reply})" if isinstance(reply, CommandError) else show(reply) for reply in replies
    )
    if here != there:
        raise ValueError(f"{story.title}, {first}: {here} in one region, {there} in the other")
    return here


def outcome(story: Story, one: str, other: str) -> str:
    """What both regions read after the two ran at once, and on what that depends."""
    by_clock = {
        later: [met(story, (earlier, later), where) for where in (1, 2)]
        for earlier, later in ((other, one), (one, other))
    }
    last_one, last_other = by_clock[one], by_clock[other]
    if one == other or len({*last_one, *last_other}) == 1:
        return last_one[0]
    if len({*last_one}) == len({*last_other}) == 1:
        return f"`{one}` later: {last_one[0]}; `{other}` later: {last_other[0]}"
    if last_one[1] == last_other[0] and last_one[0] == last_other[1]:
        return f"`{one}` in the smaller id: {last_other[0]}; `{other}` there: {last_one[0]}"
    cells = [
        f"`{later}` later, `{(earlier, later)[where - 1]}` in the smaller id: {read}"
        for earlier, later in ((other, one), (one, other))
        for where, read in enumerate(by_clock[later], start=1)
    ]
    return "; ".join(cells)


def shown(reply: Any) -> str:
    """A reply in a table: what is in no order in braces, what is in order in brackets.

    >>> shown([b"b", b"a"]), shown({b"f": b"1"}), shown(None)
    ('[b, a]', '{f: 1}', 'nothing')
    """
    value = plain(reply)
    if value is None or value in ([], {}):
        return "nothing"
    if isinstance(value, list):
        return f"[{', '.join(map(shown, value))}]"
    if isinstance(value, dict):
        return f"{{{', '.join(f'{key}: {shown(value[key])}' for key in sorted(value))}}}"
    return f"{value:g}" if isinstance(value, float) else str(value)


def members(reply: Any) -> str:
    """A reply whose order says nothing."""
    names = sorted(plain(reply))
    return f"{{{', '.join(names)}}}" if names else "nothing"
