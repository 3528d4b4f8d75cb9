"""Scripts over three sites: how tests reach states, so that every state is one replicas can reach.

A script is a list of steps, and each shrinks to a line of a story:

    Exec(site, call, clock)    the site makes a delta of its own state and merges it
    Pull(site, source)         full sync: the site joins the whole state of the source
    Hear(site, author, most)   the site applies the next deltas of that author's own stream

Streams of two authors are not ordered among each other, so by `Hear` a removal may come before
its add, as between replicas. A step that cannot do anything does nothing.

Every operation remembers which operations its author had applied: `seen`, on which the specs of
`tests.cases` are functions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from hypothesis import strategies as st

from crdb import stamps
from crdb.crdts.base import CRDT, Causal, Delta
from crdb.dots import Dot, actor_of, dot, seq_of

if TYPE_CHECKING:
    from tests.cases import Case

SITES = 3
OP_DOTS = 8
"""Every operation takes so many sequence numbers, used or not."""

Call = tuple[Any, ...]
"""(name of the operation, its arguments)."""


class Author(NamedTuple):
    """Who makes a delta."""

    dot: Dot
    """The first of `OP_DOTS` fresh ones."""
    stamp: int
    """Clock and region."""
    seen: Mapping[int, int]
    """Actor -> sequence number: what the author has applied, own writes included."""


class Op(NamedTuple):
    """One operation of a history, and the numbers of those its author had applied."""

    number: int
    region: int
    clock: int
    call: Call
    seen: frozenset[int]


def unseen(op: Op, others: Sequence[Op]) -> bool:
    """Whether none of the others was made knowing ``op``: nobody can have replaced it."""
    return not any(op.number in other.seen for other in others)


class Exec(NamedTuple):
    site: int
    call: Call
    clock: int


class Pull(NamedTuple):
    site: int
    source: int


class Hear(NamedTuple):
    site: int
    author: int
    most: int


Step = Exec | Pull | Hear


class Sent(NamedTuple):
    """One entry of an author's stream."""

    op: Op
    delta: Delta
    by: Author

    @property
    def last(self) -> Dot:
        return self.by.dot + OP_DOTS - 1


@dataclass
class Site:
    """A state with its context, the stream it wrote, and which operations it has applied."""

    region: int
    causal: Causal[Any]
    stream: list[Sent]
    applied: frozenset[int] = frozenset()

    @property
    def state(self) -> Any:
        return self.causal.state

    def apply(self, sent: Sent) -> None:
        """Merge what comes next in a stream, as a replica does: only hearsay is too late."""
        residue = self.causal.state.merge(sent.delta, self.causal.seen.cloud)
        for missed in residue.missed if residue is not None else ():
            self.causal.seen.add(missed)
        self.causal.seen.advance(actor_of(sent.last), seq_of(sent.last))
        self.applied |= {sent.op.number}


class World:
    """Three sites and the history that they made."""

    def __init__(self, case: "Case") -> None:
        self.case = case
        self.history: list[Op] = []
        self.sites = [Site(n + 1, Causal(case.kind()), []) for n in range(SITES)]

    def play(self, script: Sequence[Step]) -> "World":
        for step in script:
            self.step(step)
        return self

    def step(self, step: Step) -> None:
        site = self.sites[step.site]
        if isinstance(step, Exec):
            site.apply(self.make(site, step.call, step.clock))
        elif isinstance(step, Pull):
            source = self.sites[step.source]
            site.causal |= source.causal
            site.applied |= source.applied
        else:
            stream = self.sites[step.author].stream
            new = [sent for sent in stream if sent.op.number not in site.applied]
            for sent in new[: step.most]:
                site.apply(sent)

    def make(self, site: Site, call: Call, clock: int) -> Sent:
        """The next entry of a site's stream, not yet merged anywhere."""
        first = dot(site.region, len(site.stream) * OP_DOTS + 1)
        seen = dict(site.causal.seen.vector)
        by = Author(first, stamps.stamp(clock, site.region), seen)
        call = self.case.meant(site.state, call, by)
        op = Op(len(self.history), site.region, clock, call, site.applied)
        sent = Sent(op, self.case.run(site.state, call, by), by)
        self.history.append(op)
        site.stream.append(sent)
        return sent

    def visible(self, site: Site) -> list[Op]:
        """The part of the history that a site has applied."""
        return [op for op in self.history if op.number in site.applied]

    def quiesce(self) -> None:
        """Everybody hears everything."""
        for site in range(SITES):
            for author in range(SITES):
                self.step(Hear(site, author, len(self.history)))


def read(state: CRDT[Any]) -> Any:
    """The value a client sees, None for a key that does not exist."""
    return state.value() if state.alive() else None


def scripts(case: "Case", steps_max: int = 14) -> st.SearchStrategy[list[Step]]:
    site = st.integers(0, SITES - 1)
    exec_ = st.builds(Exec, site, case.calls, st.integers(0, 30))
    hear = st.builds(Hear, site, site, st.integers(1, 3))
    pull = st.builds(Pull, site, site)
    return st.lists(st.one_of(exec_, exec_, hear, pull), max_size=steps_max)
