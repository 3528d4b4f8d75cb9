"""Numbers, strings, booleans and objects in JSON documents.

JSON.NUMINCRBY adds to the number that is there, so that increments of several regions add up; the
sum is of the base and of what each author has added, so that the last digit of a double may differ
from that of a server. Whatever else changes a value assigns a new one. Where 64 bits do not hold an
integer it becomes a double, as in RedisJSON from 2.10 on; before, it wraps around.

Source: https://redis.io/docs/latest/commands/?group=json
"""

from collections.abc import Callable
from math import isfinite
from operator import add, mul

from crdb import jsontext
from crdb.command import ONE_KEY, Reply, command
from crdb.commands._documents import (
    DEFAULT,
    Found,
    answer,
    document_at,
    found,
    kind,
    no_document,
    no_path,
    one,
    read_in,
    replace,
    value_of,
    wrong_kind,
)
from crdb.commands.documents import SMALLER
from crdb.decimals import INT_MAX, INT_MIN
from crdb.dots import Dot
from crdb.errors import CommandError
from crdb.keyspace import Key
from crdb.transaction import Transaction

Number = int | float


@command("json.numincrby", -4, "write", keys=ONE_KEY, conflict="the increments add up")
def numincrby(txn: Transaction, key: Key, path: bytes, word: bytes) -> Reply:
    return calculated(txn, key, path, word, add)


@command("json.nummultby", -4, "write", keys=ONE_KEY, conflict=SMALLER)
def nummultby(txn: Transaction, key: Key, path: bytes, word: bytes) -> Reply:
    return calculated(txn, key, path, word, mul)


def calculated(
    txn: Transaction,
    key: Key,
    path: bytes,
    word: bytes,
    operation: Callable[[Number, Number], Number],
) -> Reply:
    at = found(txn, key, path)
    nodes = at.of("integer", "number")
    chosen = one(at, nodes, no_path(at.path.text, " or does not contains a number"))
    amount = amount_of(word) if any(nodes) else 0
    results = [
        None if node is None else fitting(operation(at.document.plain(node), amount))
        for node in nodes
    ]
    for node, result in zip(nodes, results, strict=True):
        if node is not None:
            if operation is add and type(at.document.plain(node) + amount) is type(result):
                txn.write(key, at.document.increment(node, amount, txn.take(1)))
            else:
                replace(txn, key, at.document, node, result)
    return jsontext.write(results[chosen] if at.path.legacy else results).encode()


def amount_of(word: bytes) -> Number:
    amount = value_of(word, "ERR ")
    if isinstance(amount, bool) or not isinstance(amount, int | float):
        raise CommandError("bad input number")
    return amount


def fitting(result: Number) -> Number:
    """What becomes of a result: a double where 64 bits do not hold it."""
    if isinstance(result, int):
        return result if INT_MIN <= result <= INT_MAX else float(result)
    if not isfinite(result):
        raise CommandError("ERR result is not a number")
    return result


@command("json.strappend", -3, "write", "denyoom", keys=ONE_KEY, conflict=SMALLER)
def strappend(txn: Transaction, key: Key, *words: bytes) -> Reply:
    path, word = (words[0], words[1]) if len(words) > 1 else (DEFAULT, words[0])
    at = found(txn, key, path)
    nodes = at.of("string")
    one(at, nodes, no_path(at.path.text, " or not a string"))
    more = value_of(word, "ERR ") if any(nodes) else ""
    if not isinstance(more, str):
        raise wrong_kind("string", jsontext.write(more))
    texts = [None if node is None else at.document.plain(node) + more for node in nodes]
    for node, text in zip(nodes, texts, strict=True):
        if node is not None:
            replace(txn, key, at.document, node, text)
    lengths = [None if text is None else len(text.encode()) for text in texts]
    return answer(at, nodes, lengths, no_path(at.path.text))


@command("json.strlen", -2, "readonly", keys=ONE_KEY)
def strlen(txn: Transaction, key: Key, path: bytes = DEFAULT) -> Reply:
    document = document_at(txn, key)
    if document is None:
        return nothing(path, no_document())
    at = read_in(document, path)
    nodes = at.of("string")
    lengths = [None if node is None else len(document.plain(node).encode()) for node in nodes]
    return answer(at, nodes, lengths, not_of(at, "string") or no_path(at.path.text))


def nothing(path: bytes, why: CommandError) -> Reply:
    """What reading a missing key gives: nil by the older form of paths, an error by the newer."""
    if path.startswith(b"$"):
        raise why
    return None


def not_of(at: Found, expected: str) -> CommandError | None:
    """The error for a path that leads to something of another type; None if it leads nowhere."""
    return wrong_kind(expected, kind(at.document, at.nodes[0])) if at.nodes else None


@command("json.toggle", -3, "write", "denyoom", keys=ONE_KEY, conflict=SMALLER)
def toggle(txn: Transaction, key: Key, path: bytes) -> Reply:
    at = found(txn, key, path)
    nodes = at.of("boolean")
    one(at, nodes, no_path(at.path.text, " or not a bool"))
    values = [None if node is None else not at.document.plain(node) for node in nodes]
    for node, value in zip(nodes, values, strict=True):
        if node is not None:
            replace(txn, key, at.document, node, value)
    if at.path.legacy:
        return answer(at, nodes, [jsontext.write(each).encode() for each in values], no_document())
    return [None if each is None else int(each) for each in values]


# ── objects ─────────────────────────────────────────────────────────────────────────────────────


@command("json.objkeys", -2, "readonly", keys=ONE_KEY)
def objkeys(txn: Transaction, key: Key, path: bytes = DEFAULT, *ignored: bytes) -> Reply:
    document = document_at(txn, key)
    if document is None:
        return nothing(path, no_document())
    at = read_in(document, path)
    if at.path.legacy and not at.nodes:
        return None
    nodes = at.of("object")
    names: list[Reply] = [None if node is None else keys_in(at, node) for node in nodes]
    return answer(at, nodes, names, no_path(at.path.text, " or not an object"))


def keys_in(at: Found, node: Dot) -> list[bytes]:
    return [name.encode() for name in at.document.fields(node)]


@command("json.objlen", -2, "readonly", keys=ONE_KEY)
def objlen(txn: Transaction, key: Key, path: bytes = DEFAULT) -> Reply:
    document = document_at(txn, key)
    if document is None:
        return nothing(path, no_path(path.decode(errors="replace"), " or not an object"))
    at = read_in(document, path)
    if at.path.legacy and not at.nodes:
        return None
    nodes = at.of("object")
    lengths: list[Reply] = [None if node is None else len(keys_in(at, node)) for node in nodes]
    return answer(at, nodes, lengths, not_of(at, "object") or no_path(at.path.text))
