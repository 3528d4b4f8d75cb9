"""Arrays in JSON documents: elements are inserted and removed by themselves.

So what several regions insert is all there, and each region's run stays together; a removal takes
the elements that it saw, with all that others changed in them.

Source: https://redis.io/docs/latest/commands/?group=json
"""

import json
from typing import Any

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._documents import (
    DEFAULT,
    DIES,
    Found,
    answer,
    document_at,
    found,
    no_document,
    no_path,
    one,
    read_in,
    remove,
    text_of,
    value_of,
)
from crdb.commands.documents_values import not_of, nothing
from crdb.crdts.jsonnodes import size
from crdb.crdts.sequence import HEAD
from crdb.decimals import parse_int
from crdb.dots import Dot
from crdb.errors import CommandError
from crdb.keyspace import Key
from crdb.transaction import Transaction

RUNS = "both regions' elements, each region's together"
OR_NO_ARRAY = " or not an array"


@command("json.arrappend", -4, "write", "denyoom", keys=ONE_KEY, conflict=RUNS)
def arrappend(txn: Transaction, key: Key, path: bytes, *words: bytes) -> Reply:
    values = [value_of(word) for word in words]
    at = found(txn, key, path)
    nodes, why = at.of("array"), no_path(at.said, OR_NO_ARRAY)
    one(at, nodes, why)
    for node in nodes:
        if node is not None:
            insert(txn, key, at, node, len(at.document.elements(node)), values)
    return answer(at, nodes, lengths(at, nodes), why)


@command("json.arrinsert", -5, "write", "denyoom", keys=ONE_KEY, conflict=RUNS)
def arrinsert(txn: Transaction, key: Key, path: bytes, index: bytes, *words: bytes) -> Reply:
    place, values = number(index), [value_of(word) for word in words]
    at = found(txn, key, path)
    nodes, why = at.of("array"), no_path(at.path.text, OR_NO_ARRAY)
    one(at, nodes, why)
    for length in lengths(at, nodes):
        if length is not None and not -length <= place <= length:
            raise CommandError("ERR index out of bounds")
    for node in nodes:
        if node is not None:
            length = len(at.document.elements(node))
            insert(txn, key, at, node, place if place >= 0 else place + length, values)
    return answer(at, nodes, lengths(at, nodes), why)


def insert(txn: Transaction, key: Key, at: Found, node: Dot, place: int, values: list[Any]) -> None:
    anchor = at.document.elements(node)[place - 1] if place else HEAD
    dots = sum(map(size, values)) + len(values)
    txn.write(key, at.document.insert(node, anchor, values, txn.region, txn.take(dots)))


def lengths(at: Found, nodes: list[Dot | None]) -> list[int | None]:
    return [None if node is None else len(at.document.elements(node)) for node in nodes]


def number(word: bytes) -> int:
    value = parse_int(word)
    if value is None:
        raise CommandError("Couldn't parse as integer")
    return value


@command("json.arrlen", -2, "readonly", keys=ONE_KEY)
def arrlen(txn: Transaction, key: Key, path: bytes = DEFAULT) -> Reply:
    document = document_at(txn, key)
    if document is None:
        return nothing(path, no_document())
    at = read_in(document, path)
    nodes = at.of("array")
    why = no_path(at.said, OR_NO_ARRAY if at.nodes else "")
    return answer(at, nodes, lengths(at, nodes), why)


@command("json.arrindex", -4, "readonly", keys=ONE_KEY)
def arrindex(txn: Transaction, key: Key, path: bytes, word: bytes, *range_: bytes) -> Reply:
    value = value_of(word, "ERR ")
    start, stop = (*map(number, range_[:2]), *(0, 0)[len(range_) :])
    document = document_at(txn, key)
    if document is None:
        raise no_path(path.decode(errors="replace"))
    at = read_in(document, path)
    nodes = at.of("array")
    places = [
        None if node is None else position(document.plain(node), value, start, stop)
        for node in nodes
    ]
    return answer(at, nodes, places, not_of(at, "array") or no_path(at.path.text))


def position(items: list[Any], value: Any, start: int, stop: int) -> int:
    """Where a value is, from the one place to before the other; 0 and -1 stand for the end."""
    length, wanted = len(items), canonical(value)
    first = max(start + length, 0) if start < 0 else start
    last = length if stop in (0, -1) else stop + length if stop < 0 else min(stop, length)
    places = range(first, last)
    return next((place for place in places if canonical(items[place]) == wanted), -1)


def canonical(value: Any) -> str:
    """Equal for equal values only: Python takes 1, 1.0 and True for one."""
    return json.dumps(value, sort_keys=True)


@command("json.arrpop", -2, "write", keys=ONE_KEY, conflict="both may pop the same element")
def arrpop(
    txn: Transaction, key: Key, path: bytes = DEFAULT, index: bytes = b"-1", *ignored: bytes
) -> Reply:
    """A position beyond an end means that end; one that is no number, the last."""
    at = found(txn, key, path)
    nodes, why = at.of("array"), no_path(at.path.text, OR_NO_ARRAY)
    one(at, nodes, why)
    wanted = parse_int(index)
    popped: list[Reply] = []
    for node in nodes:
        items = [] if node is None or node not in at.document.nodes else at.document.items(node)
        if not items:
            popped.append(None)
            continue
        place = -1 if wanted is None else max(-len(items), min(wanted, len(items) - 1))
        popped.append(text_of(at.document, items[place]))
        remove(txn, key, at.document, [items[place]])
    return answer(at, nodes, popped, why)


@command("json.arrtrim", -5, "write", keys=ONE_KEY, conflict=DIES)
def arrtrim(txn: Transaction, key: Key, path: bytes, start: bytes, stop: bytes) -> Reply:
    first, last = number(start), number(stop)
    at = found(txn, key, path)
    nodes, why = at.of("array"), no_path(at.path.text, OR_NO_ARRAY)
    one(at, nodes, why)
    sizes: list[Reply] = []
    for node in nodes:
        items = [] if node is None or node not in at.document.nodes else at.document.items(node)
        begin = max(first + len(items), 0) if first < 0 else first
        end = last + len(items) if last < 0 else last
        kept = set(items[begin : max(end + 1, 0)])
        remove(txn, key, at.document, [item for item in items if item not in kept])
        sizes.append(None if node is None else len(kept))
    return answer(at, nodes, sizes, why)
