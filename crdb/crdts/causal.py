"""The one causal join: what two replicas that saw different things hold together.

A dot that both hold stays. A dot that one holds and the other has never seen is new, and stays. A
dot that one holds and the other has seen but lacks was removed there, and goes.

A delta spells out the last case: it *covers* the dots that it removed. So the join of my dots
with a delta's is (mine - covered) + (theirs - seen), where ``seen`` is what my context knows.

Types that keep a set of dots under a name (a member, a field) use `Dots`: the usual single dot is
a bare int, and only concurrent writes make it a sorted tuple. Ten thousand members then cost ten
thousand ints, not ten thousand sets.

>>> join(mine=5, theirs=9, covered=5, seen=())         # 9 saw 5 and replaced it
9
>>> join(mine=5, theirs=9, covered=None, seen=())      # concurrent: both stay
(5, 9)
>>> join(mine=None, theirs=9, covered=None, seen={9})  # 9 was removed before it arrived
"""

from collections.abc import Container, Iterable

from crdb.dots import Dot

Dots = int | tuple[int, ...]


def each(dots: Dots | None) -> tuple[Dot, ...]:
    """The dots one by one."""
    if dots is None:
        return ()
    return (dots,) if isinstance(dots, int) else dots


def pack(dots: Iterable[Dot]) -> Dots | None:
    """The canonical form: None, one int, or a sorted tuple of several."""
    ordered = tuple(sorted(set(dots)))
    return (ordered[0] if len(ordered) == 1 else ordered) if ordered else None


def join(
    mine: Dots | None, theirs: Dots | None, covered: Dots | None, seen: Container[Dot]
) -> Dots | None:
    """(mine - covered) + (theirs - seen), in canonical form."""
    gone = each(covered)
    kept = [dot for dot in each(mine) if dot not in gone]
    new = [dot for dot in each(theirs) if dot not in seen]
    return pack(kept + new)


def lacking(covered: Dots | None, mine: Dots | None) -> tuple[Dot, ...]:
    """The covered dots that were not here: removed already, or not yet arrived."""
    here = each(mine)
    return tuple(dot for dot in each(covered) if dot not in here)


def removed(mine: Dots | None, theirs: Dots | None, seen: Container[Dot]) -> Dots | None:
    """The dots here that the other side has seen and no longer holds."""
    if theirs is None and mine.__class__ is int:
        return mine if mine in seen else None
    there = each(theirs)
    return pack(dot for dot in each(mine) if dot not in there and dot in seen)
