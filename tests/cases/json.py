"""JSON: a tree of nodes, each there unless it, or one that it is in, was removed.

Nodes are named here by the operation that made them and by their number in its value. What an
operation means depends on what its author saw: which nodes it removes, and under which it puts new
ones. So the meaning of a history is worked out operation by operation, each from the meaning of
what was seen.
"""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any, NamedTuple

from hypothesis import strategies as st

from crdb import stamps
from crdb.crdts.base import Delta
from crdb.crdts.json import Json
from crdb.crdts.jsonnodes import ROOT, JsonDelta, size
from crdb.crdts.sequence import HEAD
from tests.cases._case import Case, no_twin
from tests.scripts import Author, Call, Op

# ── the calls ───────────────────────────────────────────────────────────────────────────────────


def found(state: Json, path: Sequence[str | int]) -> int | None:
    node = state.at(ROOT, "")
    for step in path:
        if node is None:
            return None
        if isinstance(step, str):
            node = state.fields(node).get(step)
        else:
            items = state.items(node)
            node = items[step] if step < len(items) else None
    return node


def run(state: Json, call: Call, by: Author) -> Delta:
    region = stamps.region(by.stamp)
    if call == ("clear",):
        return state.clear(by.dot)
    kind, path, *rest = call
    node = found(state, path)
    match kind:
        case "set" if not path:
            return state.assign(ROOT, "", rest[0], region, by.dot)
        case "set" if isinstance(path[-1], int) and node is not None:
            return state.assign(state.nodes[node][0], "", rest[0], region, by.dot)
        case "set" if isinstance(path[-1], str):
            parent = found(state, path[:-1])
            if parent is not None and isinstance(state.plain(parent), dict):
                return state.assign(parent, path[-1], rest[0], region, by.dot)
        case "remove" if node is not None:
            return state.remove([node], by.dot)
        case "add" if node is not None and type(state.plain(node)) is int:
            return state.increment(node, rest[0], by.dot)
        case "insert" if node is not None and isinstance(state.plain(node), list):
            elements = state.elements(node)
            anchor = elements[rest[0] % len(elements)] if elements and rest[0] else HEAD
            return state.insert(node, anchor, rest[1], region, by.dot)
    return JsonDelta()


# ── the meaning ─────────────────────────────────────────────────────────────────────────────────

Name = tuple[int, int]
"""(operation, number in it)."""
TOP: Name = (-1, 0)


class Node(NamedTuple):
    name: Name
    parent: Name
    key: Any
    """A field; "" for the document and what is in an element; "+" for an increment."""
    region: int
    value: Any
    """``dict``, ``list``, "element", or the scalar itself in a tuple."""
    anchor: Name | None = None
    clock: int = 0


class Effect(NamedTuple):
    made: tuple[Node, ...] = ()
    removed: frozenset[Name] = frozenset()


class View:
    """What some operations mean together."""

    def __init__(self, effects: Sequence[Effect]) -> None:
        self.nodes = {node.name: node for effect in effects for node in effect.made}
        self.removed = {name for effect in effects for name in effect.removed}

    def under(self, parent: Name, key: Any) -> list[Node]:
        """What is there, the one that shows first."""
        there = [node for node in self.nodes.values() if (node.parent, node.key) == (parent, key)]
        return sorted(
            (node for node in there if node.name not in self.removed), key=lambda node: node.region
        )

    def keys(self, parent: Name) -> set[str]:
        return {
            node.key for node in self.nodes.values() if node.parent == parent and self.is_left(node)
        }

    def is_left(self, node: Node) -> bool:
        return node.name not in self.removed

    def behind(self, array: Name, anchor: Name | None) -> Iterator[Node]:
        """The elements behind that one, and behind these, removed ones too."""
        next_ = [
            node
            for node in self.nodes.values()
            if (node.parent, node.value, node.anchor) == (array, "element", anchor)
        ]
        for node in sorted(next_, key=lambda node: (-node.clock, node.region)):
            yield node
            yield from self.behind(array, node.name)

    def elements(self, array: Name) -> list[Node]:
        return [node for node in self.behind(array, None) if self.is_left(node)]

    def within(self, node: Node) -> Iterator[Name]:
        yield node.name
        for other in self.nodes.values():
            if other.parent == node.name and self.is_left(other):
                yield from self.within(other)

    def plain(self, node: Node) -> Any:
        if node.value is dict:
            shown = {key: self.under(node.name, key) for key in self.keys(node.name)}
            return {key: self.plain(nodes[0]) for key, nodes in shown.items()}
        if node.value is list:
            return [self.plain(self.under(each.name, "")[0]) for each in self.elements(node.name)]
        return (
            node.value[0] + sum(inc.value[0] for inc in self.under(node.name, "+"))
            if (type(node.value[0]) is int)
            else node.value[0]
        )

    def find(self, path: Sequence[str | int]) -> Node | None:
        here = self.under(TOP, "")
        for step in path:
            if not here:
                return None
            name = here[0].name
            if isinstance(step, str):
                here = self.under(name, step) if here[0].value is dict else []
            else:
                elements = self.elements(name)[step : step + 1]
                here = self.under(elements[0].name, "") if elements else []
        return here[0] if here else None


def grown(op: Op, parent: Name, key: Any, plain: Any, first: int) -> tuple[Node, ...]:
    """A value as new nodes."""
    name = (op.number, first)
    if isinstance(plain, dict):
        made: tuple[Node, ...] = (Node(name, parent, key, op.region, dict),)
        for field, inner in plain.items():
            made += grown(op, name, field, inner, first + len(made))
        return made
    if isinstance(plain, list):
        top = Node(name, parent, key, op.region, list)
        return (top, *inserted(op, name, None, 1, plain, first + 1))
    return (Node(name, parent, key, op.region, (plain,)),)


def inserted(
    op: Op, array: Name, anchor: Name | None, clock: int, values: Sequence[Any], first: int
) -> tuple[Node, ...]:
    made: tuple[Node, ...] = ()
    for place, plain in enumerate(values):
        name = (op.number, first + len(made))
        made += (Node(name, array, None, op.region, "element", anchor, clock + place),)
        made += grown(op, name, "", plain, first + len(made))
        anchor = name
    return made


def effect(op: Op, view: View) -> Effect:
    if op.call == ("clear",):
        return Effect(
            (), frozenset(name for node in view.under(TOP, "") for name in view.within(node))
        )
    kind, path, *rest = op.call
    node = view.find(path)
    at: tuple[Name, Any] | None = None
    if node is not None:
        at = node.parent, node.key
    elif not path:
        at = TOP, ""
    elif isinstance(path[-1], str):
        parent = view.find(path[:-1])
        at = (parent.name, path[-1]) if parent is not None and parent.value is dict else None
    there = view.under(*at) if at else []
    removed = frozenset(name for each in there for name in view.within(each))
    if kind == "set" and at:
        return Effect(grown(op, *at, rest[0], 0), removed)
    if node is None:
        return Effect()
    if kind == "remove":
        if path and isinstance(path[-1], int):
            return Effect((), frozenset(view.within(view.nodes[node.parent])))
        return Effect((), removed)
    if kind == "add" and type(node.value) is tuple and type(node.value[0]) is int:
        return Effect((Node((op.number, 0), node.name, "+", op.region, (rest[0],)),))
    if kind == "insert" and node.value is list:
        elements = view.elements(node.name)
        anchor = elements[rest[0] % len(elements)] if elements and rest[0] else None
        name = anchor.name if anchor else None
        clocks = [each.clock for each in view.behind(node.name, name) if each.anchor == name]
        clock = max([anchor.clock if anchor else 0, *clocks]) + 1
        return Effect(inserted(op, node.name, name, clock, rest[1], 0))
    return Effect()


def spec(history: Sequence[Op]) -> Any:
    by_number = {op.number: op for op in history}

    @cache
    def meaning(number: int) -> Effect:
        op = by_number[number]
        return effect(op, View([meaning(seen) for seen in sorted(op.seen)]))

    view = View([meaning(number) for number in sorted(by_number)])
    shown = view.under(TOP, "")
    return view.plain(shown[0]) if shown else None


def records(state: Json) -> int:
    """Nodes that do not show, beside increments, once all removals are stable."""
    copy = Json()
    copy.merge(state.complete(), ())
    for dot in list(copy.dots()):
        copy.forget(dot)
    shown = size(copy.value()) if copy.alive() else 0
    return sum(1 for node in copy.nodes.values() if node[2]) - shown + len(copy.shadows)


PATHS = st.sampled_from([(), ("a",), ("a",), ("b",), ("a", "a"), ("a", 0), ("a", 1), ("a", 0, "a")])
VALUES = st.sampled_from([1, "s", {}, [], {"a": 1}, {"a": [1]}, {"a": {"a": 2}}, [{"a": 3}]])

CASE = Case(
    kind=Json,
    calls=st.one_of(
        st.tuples(st.just("set"), PATHS, VALUES),
        st.tuples(st.just("set"), st.just(()), st.sampled_from([{"a": [1]}, {"a": {"a": 2}}])),
        st.tuples(st.just("remove"), PATHS),
        st.tuples(st.just("add"), PATHS, st.integers(-3, 3)),
        st.tuples(
            st.just("insert"),
            PATHS,
            st.integers(0, 3),
            st.sampled_from([(7,), (8, 9), ({"a": 1},)]),
        ),
        st.just(("clear",)),
    ),
    alphabet=[
        ("set", (), {"a": [1]}),
        ("remove", ("a",)),
        ("set", ("a",), 2),
        ("insert", ("a",), 0, (7,)),
    ],
    run=run,
    run_now=no_twin,
    spec=spec,
    records=records,
    bound=lambda authors, members: 30 * max(0, authors - 1),
)
