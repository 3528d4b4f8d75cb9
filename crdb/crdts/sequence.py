"""Sequence: the order of a replicated list or array, whoever inserts where at once.

An element stands behind an *anchor*: another element, or the head. Of several behind one anchor the
greater *order* comes first, which is a Lamport clock and the region: whoever had seen more of that
place, and then the smaller region id. What stands behind an element follows it at once, before
what its own anchor has further on. So elements form a tree, read from the top down; an insert
whose author saw a place is the first there, a run by one author stays together, and the order is
a function of what was inserted, not of how it travelled.

>>> from crdb.dots import dot
>>> oslo, cairo = Sequence(), Sequence()
>>> x = (dot(1, 1), oslo.order_behind(HEAD, region=1), HEAD, 0, 0)
>>> for city in (oslo, cairo):
...     city.show(city.place(x), True)
>>> y1 = (dot(1, 2), oslo.order_behind(x[0], region=1), x[0], 0, 0)    # Oslo and Cairo both ...
>>> y2 = (dot(2, 1), cairo.order_behind(x[0], region=2), x[0], 0, 0)   # ... insert behind x
>>> for city, places in ((oslo, (y1, y2)), (cairo, (y2, y1))):
...     for each in places:
...         city.show(city.place(each), True)
>>> [[name(element.dot) for element in city] for city in (oslo, cairo)]
[['1:1', '1:2', '2:1'], ['1:1', '1:2', '2:1']]

Rules for the owner, the data type that has a sequence
- ``held`` is what it keeps at an element: a value, a record of its removal. It says with `show`
  which elements a client sees, and inserts behind those only.
- An element whose place, or whose anchor's place, is not known yet waits unseen.
- An element that was removed keeps its place until every region has seen it and its removal. Then
  nobody inserts behind it any more, and what was inserted before is here: hold nothing there, and
  `release` it. Its dot says that its *place* was seen, so it must not be the dot of a value that a
  removal covers: who hears of the removal first would pass for one who knows the place.
- A difference for another replica brings an element's place with those of the anchors up to one
  that is live here and was seen there: others may have been released there.

SUBTLE: what stands behind a released element must stay where it is, and where it still is for
those who have not released it. So an element is compared by its *top*: the element at which its
branch leaves its anchor, though that may be gone. A released element between two others goes, and
the one behind it inherits its anchor and its top. Where branches part, it stays, with nothing
held, until only one of them is left. So there are never more of those than of other elements, and
a queue that is filled at one end and emptied at the other does not grow.

SUBTLE: along a branch orders only grow. That alone tells, reading on from an element, whether what
comes next is behind it, and of two anchors that two replicas name for an element the nearer one.

Our choice, as no page says more than "arbitrarily, and everywhere alike". It gives what all
published tables of lists and JSON arrays show.

Source: Roh et al., "Replicated abstract data types" (2011), on RGA; Redis Active-Active,
"Conflict resolution: lists".
"""

from collections.abc import Iterable, Iterator
from typing import Any

from crdb.dots import Dot, name
from crdb.stamps import clock_us, stamp

Place = tuple[Dot, int, Dot, Dot, int]
"""(element, its order, its anchor, and the top of its branch with its order: 0 for itself)."""

HEAD: Dot = 0
UNKNOWN: Dot = -1
"""For the anchor of an element whose place is not known."""

PAGE_MAX = 2_000
"""Elements on a `Page`: about the root of a million, since both are walked along."""


class Element:
    """One place. ``parent`` is the nearest anchor that is left, None while that is not known."""

    __slots__ = (
        "dot", "held", "kids", "live", "next", "order", "page", "parent", "prev", "top"
    )  # fmt: skip

    def __init__(self, dot: Dot) -> None:
        self.dot = dot
        self.order = 0
        self.parent: Element | None = None
        self.top: tuple[int, Dot] | None = None
        """(order, dot) of the released element at which this branch begins; None for itself."""
        self.kids: Element | list[Element] | None = None
        """What stands behind it, in no order; mostly that is one."""
        self.prev: Element | None = None
        self.next: Element | None = None
        """Neighbours in the sequence, seen or not. Without ``prev`` it is not in there yet."""
        self.page: Page | None = None
        self.live = False
        self.held: Any = None

    @property
    def key(self) -> tuple[int, Dot]:
        """What it is compared by with others behind the same anchor: the greater comes first."""
        return self.top or (self.order, self.dot)

    def children(self) -> list["Element"]:
        kids = self.kids
        return kids if isinstance(kids, list) else [] if kids is None else [kids]

    def adopt(self, kid: "Element") -> None:
        kid.parent = self
        kids = self.kids
        if isinstance(kids, list):
            kids.append(kid)
        else:
            self.kids = kid if kids is None else [kids, kid]

    def disown(self, kid: "Element") -> None:
        left = [each for each in self.children() if each is not kid]
        self.kids = left if len(left) > 1 else left[0] if left else None

    def place(self) -> Place:
        order, top = self.top or (0, 0)
        anchor = UNKNOWN if self.parent is None else self.parent.dot
        return self.dot, self.order, anchor, top, order


class Page:
    """Some elements that a client sees, in order: positions are counted by pages."""

    __slots__ = ("elements", "next", "prev")

    def __init__(self, elements: list[Element]) -> None:
        self.elements = elements
        self.prev: Page = self
        self.next: Page = self

    def insert_behind(self, page: "Page") -> None:
        self.prev, self.next = page, page.next
        page.next.prev = page.next = self


class Sequence:
    """Elements by their dots, and in order. Inserting at a known place costs O(1) and a page.

    An insert that was concurrent to others at its place costs a step for each of those.
    """

    __slots__ = ("_pages", "elements", "head", "loose", "size")

    def __init__(self) -> None:
        self.head = Element(HEAD)
        self.elements: dict[Dot, Element] = {}
        """All but the head, with those that wait for their place."""
        self.loose: list[Element] = []
        """Elements that have lost what was behind them: to be released with others."""
        self.size = 0
        """Number of those that a client sees."""
        self._pages = Page([])
        """A ring; this one stays empty, between the last and the first."""

    # ── where things stand ──────────────────────────────────────────────────────────────────

    def order_behind(self, anchor: Dot, region: int) -> int:
        """The order of what this region inserts now directly behind an element."""
        element = self.elements[anchor] if anchor else self.head
        first, order = element.next, element.order
        if first is not None and first.parent is element:
            order = max(order, first.key[0])
        return stamp(clock_us(order) + 1, region)

    def element(self, dot: Dot) -> Element:
        """That element, made without a place if it is not here."""
        found = self.elements.get(dot)
        if found is None:
            found = self.elements[dot] = Element(dot)
        return found

    def place(self, place: Place) -> Element:
        """Put an element where it belongs, and what waited for it. Known places stay."""
        dot, order, anchor, top, top_order = place
        element = self.element(dot)
        if anchor == UNKNOWN:
            return element
        key = (top_order, top) if top else None
        parent, other = element.parent, self.element(anchor) if anchor else self.head
        if parent is None:
            element.order = order
            self._hang(element, other, key)
        elif parent is not other:
            if self._knows(other) and (other.order > parent.order or not self._knows(parent)):
                self._rehang(element, other, key)
            self.loose.append(other)
        elif (key or (order, dot)) < element.key:
            self._rehang(element, parent, key)
        return element

    def _knows(self, anchor: Element) -> bool:
        return anchor is self.head or anchor.parent is not None

    def _hang(self, element: Element, anchor: Element, top: tuple[int, Dot] | None) -> None:
        if top is not None and top[1] in self.elements:
            head = self.place((top[1], top[0], anchor.dot, 0, 0))
            anchor, top = head, None
        element.top = top
        anchor.adopt(element)
        if anchor.prev is not None or anchor is self.head:
            waiting = [element]
            while waiting:
                each = waiting.pop()
                if each.prev is None:
                    self._enter(each)
                    waiting += each.children()

    def _rehang(self, element: Element, anchor: Element, top: tuple[int, Dot] | None) -> None:
        assert element.parent is not None
        moving = [element]
        while moving:
            each = moving.pop()
            self._leave(each)
            moving += each.children()
        element.parent.disown(element)
        self.loose.append(element.parent)
        self._hang(element, anchor, top)

    def _enter(self, element: Element) -> None:
        """Link an element whose anchor is in the sequence; its order says where."""
        anchor, key, twin = element.parent, element.key, None
        assert anchor is not None
        before, at = anchor, anchor.next
        while at is not None:
            assert at.parent is not None
            if at.parent is anchor:
                if at.key <= key:
                    twin = at if at.key == key else None
                    break
            elif at.parent.order <= anchor.order:
                break
            before, at = at, at.next
        element.prev, element.next, before.next = before, at, element
        if at is not None:
            at.prev = element
        if element.live:
            self._show(element)
        if twin is not None:
            self._part(element, twin)

    def _part(self, element: Element, twin: Element) -> None:
        """Two branches have one top: both stand behind it."""
        order, dot = element.key
        anchor = element.parent
        assert anchor is not None
        if twin.top is not None:
            top = self.place((dot, order, anchor.dot, 0, 0)) if element.top else element
            self._rehang(twin, top, None)
        if element.top is not None:
            self._rehang(element, self.elements[dot], None)

    def _leave(self, element: Element) -> None:
        if element.prev is None:
            return
        if element.live:
            self._hide(element)
        element.prev.next = element.next
        if element.next is not None:
            element.next.prev = element.prev
        element.prev = element.next = None

    def release(self, elements: Iterable[Element]) -> None:
        """Let those go at which nothing is held, if nothing needs their place.

        After all that came together has been placed: an anchor comes before what is behind it.
        """
        for element in elements:
            self._release(element)
        while self.loose:
            self._release(self.loose.pop())

    def _release(self, element: Element) -> None:
        while element.held is None and self.elements.get(element.dot) is element:
            kids, parent = element.children(), element.parent
            if len(kids) > (parent is not None):
                return
            self._leave(element)
            del self.elements[element.dot]
            if parent is None:
                return
            parent.disown(element)
            if kids:
                kids[0].top = element.key
                parent.adopt(kids[0])
                return
            element = parent

    # ── what a client sees ──────────────────────────────────────────────────────────────────

    def show(self, element: Element, live: bool) -> None:
        """Say whether a client sees an element, once it is in its place."""
        if live != element.live:
            element.live = live
            if element.prev is not None:
                (self._show if live else self._hide)(element)

    def _show(self, element: Element) -> None:
        self.size += 1
        before = element.prev
        while before is not None and before.page is None:
            before = before.prev
        if before is None:
            page, at = self._pages.next, 0
        else:
            assert before.page is not None
            page, at = before.page, _index(before.page, before) + 1
        if page is self._pages:
            page = Page([])
            page.insert_behind(self._pages)
        page.elements.insert(at, element)
        element.page = page
        if len(page.elements) > PAGE_MAX:
            self._split(page, at)

    def _split(self, page: Page, at: int) -> None:
        """In halves; but a list that grows at one end leaves full pages behind."""
        half = len(page.elements) // 2
        cut = {0: 1, len(page.elements) - 1: -1}.get(at, half)
        other = Page(page.elements[cut:])
        del page.elements[cut:]
        other.insert_behind(page)
        for each in other.elements:
            each.page = other

    def _hide(self, element: Element) -> None:
        self.size -= 1
        page = element.page
        assert page is not None
        element.page = None
        del page.elements[_index(page, element)]
        if not page.elements:
            page.prev.next, page.next.prev = page.next, page.prev

    def at(self, index: int) -> Element:
        """The element at that position, which is in range; negative counts from the end."""
        if index < 0:
            index += self.size
        page, back = self._pages.next, self.size - index
        if index <= back:
            while index >= len(page.elements):
                index -= len(page.elements)
                page = page.next
            return page.elements[index]
        page = self._pages.prev
        while back > len(page.elements):
            back -= len(page.elements)
            page = page.prev
        return page.elements[-back]

    def onward(self, element: Element, step: int = 1) -> Iterator[Element]:
        """From this element on, or back; nothing may change meanwhile."""
        page = element.page
        assert page is not None
        at = _index(page, element)
        while page is not self._pages:
            elements = page.elements
            for place in range(at, len(elements)) if step > 0 else range(at, -1, -1):
                yield elements[place]
            page = page.next if step > 0 else page.prev
            at = 0 if step > 0 else len(page.elements) - 1

    def __iter__(self) -> Iterator[Element]:
        page = self._pages.next
        while page is not self._pages:
            yield from page.elements
            page = page.next

    # ── the whole ───────────────────────────────────────────────────────────────────────────

    def all(self) -> Iterator[Element]:
        """Every element, seen or not, an anchor before what stands behind it; last what waits."""
        at = self.head.next
        while at is not None:
            yield at
            at = at.next
        for dot in sorted(dot for dot, each in self.elements.items() if each.prev is None):
            yield self.elements[dot]

    def __repr__(self) -> str:
        return f"Sequence({', '.join(name(each.dot) for each in self)})"


def _index(page: Page, element: Element) -> int:
    elements = page.elements
    if elements[-1] is element:
        return len(elements) - 1
    return elements.index(element)
