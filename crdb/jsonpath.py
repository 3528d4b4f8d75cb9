"""JSONPath as RedisJSON reads it: a path as a list of steps, and the nodes that they lead to.

    $.name  $['name','other']  $[0,-1]  $[1:5:2]  $.*  $..name  $[?(@.price<10 && $.open==true)]

A path that does not begin so is of the older form, ``.name`` or ``name``: it means one value. This
file knows nothing of documents: it asks a `Tree` for what is in a node, so that the same path gives
places to write to. Well-kept libraries of JSONPath exist; none reads this dialect, whose blanks,
bare names, indexes, comparisons and older form differ from RFC 9535, nor gives its errors.

>>> parse("$.shelf[0]..['name']").steps
(Names(('shelf',)), Indexes((0,)), Names(('name',), deep))
>>> parse(".shelf").legacy, parse(".shelf").text
(True, '$.shelf')
>>> parse("$.shelf[")
Traceback (most recent call last):
crdb.jsonpath.PathError: Error occurred on position 8, "$.shelf[ <<<<----", expected one of the \
following: '<string>[,<string>,...]', '<number>', ['start:end:steps'], '*'.

Source: https://redis.io/docs/latest/develop/data-types/json/path/
"""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from operator import eq, ge, gt, le, lt, ne
from typing import Any, NamedTuple, Protocol, TypeVar

N = TypeVar("N")

MISSING, MANY = object(), object()
"""The value of a path in a filter that leads to no node, or to several."""


class PathError(ValueError):
    """The text is no path; the message is that of RedisJSON."""


class Tree(Protocol[N]):
    """A document: what is in a node."""

    def fields(self, node: N) -> Mapping[str, N]:
        """Of an object; nothing for any other."""
        ...

    def field(self, node: N, name: str) -> N | None: ...

    def items(self, node: N) -> Sequence[N]:
        """Of an array; nothing for any other."""
        ...

    def plain(self, node: N) -> Any: ...


class Step:
    """From one node to some of those in it; a deep one does so at every node below too."""

    def __init__(self, wanted: Any = None) -> None:
        self.wanted = wanted
        self.deep = False

    def select(self, tree: Tree[N], root: N, node: N) -> Iterator[N]:
        """Every child, unless a subclass is choosier."""
        yield from tree.fields(node).values()
        yield from tree.items(node)

    def __repr__(self) -> str:
        wanted = "" if self.wanted is None else repr(self.wanted)
        return f"{type(self).__name__}({wanted}{', deep' if self.deep else ''})"


class Names(Step):
    def select(self, tree: Tree[N], root: N, node: N) -> Iterator[N]:
        found = (tree.field(node, name) for name in self.wanted)
        yield from (child for child in found if child is not None)


class Indexes(Step):
    def select(self, tree: Tree[N], root: N, node: N) -> Iterator[N]:
        items = tree.items(node)
        for index in self.wanted:
            # One below the first means the first; one beyond the last means nothing.
            place = index if index >= 0 else max(index + len(items), 0)
            if place < len(items):
                yield items[place]


class Slice(Step):
    def select(self, tree: Tree[N], root: N, node: N) -> Iterator[N]:
        yield from tree.items(node)[slice(*self.wanted)]


class Filter(Step):
    """Of the children those that fit; a node that can have none is asked itself."""

    def select(self, tree: Tree[N], root: N, node: N) -> Iterator[N]:
        nodes = list(super().select(tree, root, node))
        if not nodes and not isinstance(tree.plain(node), dict | list):
            nodes = [node]
        yield from (each for each in nodes if self.wanted(tree, root, each))


class Path(NamedTuple):
    text: str
    """In the newer form."""
    legacy: bool
    steps: tuple[Step, ...]

    def is_static(self) -> bool:
        """Whether it leads to one place at most, whatever the document."""
        one = (Names, Indexes)
        return all(isinstance(s, one) and not s.deep and len(s.wanted) == 1 for s in self.steps)


def find(steps: Sequence[Step], tree: Tree[N], root: N) -> list[N]:
    """The nodes that the steps lead to, in order; one may come twice."""
    return _follow(steps, tree, root, root)


def _follow(steps: Sequence[Step], tree: Tree[N], root: N, start: N) -> list[N]:
    nodes = [start]
    for step in steps:
        nodes = [
            found
            for node in nodes
            for at in (_below(tree, node) if step.deep else (node,))
            for found in step.select(tree, root, at)
        ]
    return nodes


def _below(tree: Tree[N], node: N) -> Iterator[N]:
    yield node
    for child in (*tree.fields(node).values(), *tree.items(node)):
        yield from _below(tree, child)


def parse(text: str) -> Path:
    """Read a path of either form. Raises `PathError`."""
    newer = re.match(r"\$(?:[.\[]|$)", text) is not None
    if not newer:
        text = "$" if text == "." else f"${text}" if text.startswith(".") else f"$.{text}"
    return Path(text, not newer, _Reader(text).path())


Condition = Callable[[Tree[Any], Any, Any], bool]
Operand = Callable[[Tree[Any], Any, Any], Any]

_NAME = re.compile(r"[-_$A-Za-z0-9]+")
_STRING = re.compile(r"\"([^\"\\]*)\"|'([^'\\]*)'")
_INDEX = re.compile(r"-?[0-9]+")
_SLICE = re.compile(r" *(-?[0-9]+)? *: *(-?[0-9]+)? *(?:: *(0*[1-9][0-9]*)?)? *\]")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_COMPARISON = re.compile(r">=|>|<=|<|==|!=|=~")
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">=": ge, ">": gt, "<=": le, "<": lt, "==": eq, "!=": ne,
}  # fmt: skip

AFTER_DOT = "<string>, '*'"
AFTER_STEP = "EOI, '..'"
AFTER_OPERAND = "ge, gt, le, lt, eq, ne, re, and, or, '..'"
AFTER_CONDITION = "and, or"
IN_BRACKETS = "'<string>[,<string>,...]', '<number>', ['start:end:steps'], '*'"
AN_OPERAND = "decimal, from_current, from_root, boolean_true, boolean_false, null"


class _Reader:
    """Reads a path from left to right; blanks may stand between all its parts."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 1
        self.after_condition = AFTER_CONDITION

    def path(self) -> tuple[Step, ...]:
        steps = self.steps()
        if self.at < len(self.text):
            raise self.error(AFTER_STEP)
        return steps

    def steps(self) -> tuple[Step, ...]:
        found = []
        while self.skips("."):
            deep = self.takes(".")
            step = self.brackets() if self.skips("[") else self.name()
            step.deep = deep
            found.append(step)
        return tuple(found)

    def skips(self, sign: str) -> bool:
        """Whether this, or a step in brackets, comes next. A dot is passed over."""
        self.blanks()
        if sign == "." and self.takes("."):
            return True
        return self.text.startswith("[", self.at)

    def blanks(self) -> None:
        while self.text.startswith(" ", self.at):
            self.at += 1

    def takes(self, sign: str) -> bool:
        if not self.text.startswith(sign, self.at):
            return False
        self.at += len(sign)
        return True

    def match(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        self.blanks()
        found = pattern.match(self.text, self.at)
        if found is not None:
            self.at = found.end()
        return found

    def name(self) -> Step:
        self.blanks()
        if self.takes("*"):
            return Step()
        found = self.match(_NAME)
        if found is None:
            raise self.error(AFTER_DOT)
        return Names((found[0],))

    def brackets(self) -> Step:
        self.at += 1
        start = self.at
        self.blanks()
        if self.takes("?"):
            return self.closed(Filter(self.any_of()), self.after_condition)
        if (found := self.match(_SLICE)) is not None:
            return Slice([int(part) if part else None for part in found.groups()])
        if self.takes("*"):
            return self.closed(Step(), IN_BRACKETS)
        step: Step
        if strings := self.listed(_STRING):
            step = Names(tuple(found[1] or found[2] or "" for found in strings))
        else:
            step = Indexes(tuple(int(found[0]) for found in self.listed(_INDEX)))
        self.blanks()
        if not step.wanted or not self.takes("]"):
            self.at = start
            raise self.error(IN_BRACKETS)
        return step

    def closed(self, step: Step, expected: str) -> Step:
        self.blanks()
        if not self.takes("]"):
            raise self.error(expected)
        return step

    def listed(self, pattern: re.Pattern[str]) -> list[re.Match[str]]:
        found = []
        while (each := self.match(pattern)) is not None:
            found.append(each)
            self.blanks()
            if not self.takes(","):
                break
        return found

    # ── filters ─────────────────────────────────────────────────────────────────────────────

    def any_of(self) -> Condition:
        conditions = [self.all_of()]
        while self.after("||"):
            conditions.append(self.all_of())
        return lambda *at: any(condition(*at) for condition in conditions)

    def all_of(self) -> Condition:
        conditions = [self.condition()]
        while self.after("&&"):
            conditions.append(self.condition())
        return lambda *at: all(condition(*at) for condition in conditions)

    def after(self, sign: str) -> bool:
        self.blanks()
        return self.takes(sign)

    def condition(self) -> Condition:
        if self.after("("):
            inner = self.any_of()
            if not self.after(")"):
                raise self.error(self.after_condition)
            return inner
        left = self.operand()
        sign = self.match(_COMPARISON)
        self.after_condition = AFTER_OPERAND if sign is None else AFTER_CONDITION
        if sign is None:
            return lambda *at: left(*at) is not MISSING
        right, operator = self.operand(), sign[0]
        return lambda *at: compare(operator, left(*at), right(*at))

    def operand(self) -> Operand:
        self.blanks()
        if self.takes("@"):
            return self.inner(from_root=False)
        if self.takes("$"):
            return self.inner(from_root=True)
        if (number := self.match(_NUMBER)) is not None:
            return _constant(float(number[0]) if number[1] else int(number[0]))
        if (string := self.match(_STRING)) is not None:
            return _constant(string[1] or string[2] or "")
        for word, value in (("true", True), ("false", False), ("null", None)):
            if self.takes(word):
                return _constant(value)
        raise self.error(AN_OPERAND)

    def inner(self, from_root: bool) -> Operand:
        steps = self.steps()

        def value(tree: Tree[Any], root: Any, node: Any) -> Any:
            nodes = _follow(steps, tree, root, root if from_root else node)
            return tree.plain(nodes[0]) if len(nodes) == 1 else MANY if nodes else MISSING

        return value

    def error(self, expected: str) -> PathError:
        before, after = self.text[: self.at], self.text[self.at :]
        shown = f"{before} ---->>>> {after}" if after else f"{before} <<<<----"
        return PathError(
            f'Error occurred on position {self.at}, "{shown}", '
            f"expected one of the following: {expected}."
        )


def _constant(value: object) -> Operand:
    return lambda *at: value


def compare(operator: str, left: Any, right: Any) -> bool:
    """What a filter says of two values: those of two kinds are different, and nothing else."""
    if _kind(left) is not _kind(right) or type(left) is object:
        return operator == "!="
    if operator == "=~":
        return isinstance(left, str) and _searched(right, left)
    if operator in ("==", "!=") or isinstance(left, int | float | str):
        return _COMPARE[operator](left, right)
    return False


def _kind(value: object) -> type:
    return float if type(value) is int else type(value)


def _searched(pattern: str, text: str) -> bool:
    try:
        return re.search(pattern, text) is not None
    except re.error:
        return False
