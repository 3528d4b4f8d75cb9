"""JSON documents as a whole: set, got, removed, merged, cleared.

A write through a path of several places takes each by itself. What is refused is refused before
anything is written. JSON.DEBUG MEMORY counts the bytes of the values' text: what a document takes
in memory here says nothing of what it takes in a server.

Source: https://redis.io/docs/latest/commands/?group=json
"""

from typing import Any

from crdb import jsontext
from crdb.command import ONE_KEY, Reply, command
from crdb.commands._documents import (
    DEFAULT,
    DIES,
    UPDATES,
    Found,
    assign,
    document_at,
    found,
    found_in,
    kind,
    made_of,
    no_path,
    path_of,
    remove,
    replace,
    text_of,
    value_of,
)
from crdb.crdts.json import Json
from crdb.dots import Dot
from crdb.errors import CommandError, syntax, wrong_number_of_arguments
from crdb.jsonpath import Indexes, Names, find
from crdb.keyspace import Key
from crdb.transaction import Transaction

SMALLER = "the smaller region's value; what was changed inside the old one is gone"
EACH = (1, -1, 3)


# ── writing ─────────────────────────────────────────────────────────────────────────────────────


@command("json.set", -4, "write", "denyoom", keys=ONE_KEY, conflict=SMALLER)
def set_(txn: Transaction, key: Key, path: bytes, word: bytes, *options: bytes) -> Reply:
    condition = options[0].upper() if options else b""
    if len(options) > 1 or condition not in (b"", b"NX", b"XX"):
        raise syntax()
    plain, document = value_of(word), document_at(txn, key)
    if document is None:
        if condition == b"XX":
            return None
        check_root(path)
        txn.write(key, made_of(txn, plain))
        return "OK"
    at = found_in(document, path)
    if condition == b"NX" and at.nodes:
        check_static(at)
        return None
    if condition == b"XX" and not at.nodes:
        return None
    places = where(at)
    for place in places:
        if place[0] == 0 or place[0] in document.nodes:
            assign(txn, key, document, place, plain)
    return "OK" if places else None


def check_root(path: bytes) -> None:
    if path_of(path).steps:
        raise CommandError("ERR new objects must be created at the root")


def check_static(at: Found) -> None:
    """What may make a new field has to lead to one place."""
    if not at.path.is_static():
        raise CommandError("Err wrong static path")


def where(at: Found) -> list[tuple[Dot, str]]:
    """(parent, key) of the places that a path leads to; the last field may be new."""
    document, path = at.document, at.path
    if at.nodes:
        return [document.nodes[node][:2] for node in dict.fromkeys(at.nodes)]
    check_static(at)
    last = path.steps[-1]
    if isinstance(last, Indexes):
        raise CommandError("ERR array index out of range")
    assert isinstance(last, Names)
    parents = find(path.steps[:-1], document, document.root())
    return [(each, last.wanted[0]) for each in parents if kind(document, each) == "object"]


@command("json.mset", -4, "write", "denyoom", keys=EACH, conflict=SMALLER)
def mset(txn: Transaction, *words: bytes) -> Reply:
    if len(words) % 3:
        raise wrong_number_of_arguments("json.mset")
    plan: list[tuple[Key, Json | None, list[tuple[Dot, str]], Any]] = []
    for key, path, word in zip(words[::3], words[1::3], words[2::3], strict=True):
        plain, document = value_of(word), document_at(txn, key)
        if document is None:
            check_root(path)
        places = [] if document is None else where(found_in(document, path))
        plan.append((key, document, places, plain))
    for key, document, places, plain in plan:
        if document is None:
            set_(txn, key, b"$", jsontext.write(plain).encode())
            continue
        for place in places:
            if place[0] == 0 or place[0] in document.nodes:
                assign(txn, key, document, place, plain)
    return "OK"


@command("json.merge", -4, "write", "denyoom", keys=ONE_KEY, conflict=f"field by field: {UPDATES}")
def merge(txn: Transaction, key: Key, path: bytes, word: bytes) -> Reply:
    patch, document = value_of(word), document_at(txn, key)
    if document is None:
        check_root(path)
        txn.write(key, made_of(txn, patch))
        return "OK"
    at = found_in(document, path)
    if at.nodes:
        for node in at.nodes:
            if node in document.nodes:
                patched(txn, key, document, node, patch)
        return "OK"
    places = where(at)
    for place in places:
        assign(txn, key, document, place, patch)
    return "OK" if places else None


def patched(txn: Transaction, key: Key, document: Json, node: Dot, patch: Any) -> None:
    """RFC 7396: fields are merged into an object, null removes one, anything else replaces."""
    parent = document.nodes[node][0]
    if patch is None and parent in document.nodes and kind(document, parent) == "object":
        remove(txn, key, document, [node])
    elif not isinstance(patch, dict) or kind(document, node) != "object":
        replace(txn, key, document, node, without_nulls(patch))
    else:
        fields = document.fields(node)
        for name, inner in patch.items():
            if name in fields:
                patched(txn, key, document, fields[name], inner)
            elif inner is not None:
                assign(txn, key, document, (node, name), without_nulls(inner))


def without_nulls(patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    return {name: without_nulls(inner) for name, inner in patch.items() if inner is not None}


@command("json.del", -2, "write", keys=ONE_KEY, conflict=DIES)
def del_(txn: Transaction, key: Key, path: bytes = DEFAULT, *ignored: bytes) -> Reply:
    document = document_at(txn, key)
    if document is None:
        return 0
    nodes = found_in(document, path).nodes
    removed = 0
    for node in nodes:
        if node in document.nodes:
            remove(txn, key, document, [node])
            removed += 1
    return removed


@command("json.forget", -2, "write", keys=ONE_KEY, conflict=DIES)
def forget(txn: Transaction, *words: bytes) -> Reply:
    return del_(txn, *words)


@command("json.clear", -2, "write", keys=ONE_KEY, conflict="what was added meanwhile stays")
def clear(txn: Transaction, key: Key, path: bytes = DEFAULT) -> Reply:
    """Containers become empty, by the removal of what was seen in them; numbers become 0."""
    at = found(txn, key, path)
    document, cleared = at.document, 0
    for node in at.nodes:
        if node not in document.nodes:
            continue
        inner = [*document.fields(node).values(), *document.items(node)]
        if inner:
            remove(txn, key, document, inner)
        elif kind(document, node) in ("integer", "number") and document.plain(node) != 0:
            replace(txn, key, document, node, 0)
        else:
            continue
        cleared += 1
    return cleared


# ── reading ─────────────────────────────────────────────────────────────────────────────────────


@command("json.get", -2, "readonly", keys=ONE_KEY)
def get(txn: Transaction, key: Key, *words: bytes) -> Reply:
    layout, paths = layout_of(words)
    document = document_at(txn, key)
    if document is None:
        return None
    places = [found_in(document, path) for path in paths or [DEFAULT]]
    shown: Any
    if len(places) == 1:
        shown = shown_at(places[0], places[0].path.legacy, places[0].path.text)
    else:
        legacy = all(each.path.legacy for each in places)
        shown = {each.said: shown_at(each, legacy, each.said) for each in places}
    return jsontext.write(shown, layout).encode()


def layout_of(words: tuple[bytes, ...]) -> tuple[jsontext.Layout, list[bytes]]:
    """The options of JSON.GET, and its paths."""
    options: dict[str, str] = {}
    paths = []
    rest = iter(words)
    for word in rest:
        option = word.upper()
        if option in (b"INDENT", b"NEWLINE", b"SPACE"):
            value = next(rest, None)
            if value is None:
                raise wrong_number_of_arguments("json.get")
            options[option.decode().lower()] = value.decode(errors="replace")
        elif option == b"FORMAT":
            raise CommandError("ERR FORMAT argument is not supported on RESP2")
        elif option != b"NOESCAPE":
            paths.append(word)
    return jsontext.Layout(**options), paths


def shown_at(at: Found, legacy: bool, text: str) -> Any:
    if not legacy:
        return [at.document.plain(node) for node in at.nodes]
    if not at.nodes:
        raise no_path(text)
    return at.document.plain(at.nodes[0])


@command("json.mget", -3, "readonly", keys=(1, -2, 1))
def mget(txn: Transaction, *words: bytes) -> Reply:
    *keys, path = words
    return [got(txn, key, path) for key in keys]


def got(txn: Transaction, key: Key, path: bytes) -> bytes | None:
    """JSON.GET, with nil for whatever is not there."""
    entry = txn.find(key)
    if entry is None or not isinstance(entry.value, Json):
        return None
    try:
        at = found_in(entry.value, path)
        return jsontext.write(shown_at(at, at.path.legacy, at.said)).encode()
    except CommandError:
        return None


@command("json.type", -2, "readonly", keys=ONE_KEY)
def type_(txn: Transaction, key: Key, path: bytes = DEFAULT, *ignored: bytes) -> Reply:
    document = document_at(txn, key)
    if document is None:
        return None
    at = found_in(document, path)
    kinds: list[Any] = [kind(document, node).encode() for node in at.nodes]
    return kinds if not at.path.legacy else kinds[0] if kinds else None


@command("json.resp", -2, "readonly", keys=ONE_KEY)
def resp(txn: Transaction, key: Key, path: bytes = DEFAULT) -> Reply:
    document = document_at(txn, key)
    if document is None:
        return None
    at = found_in(document, path)
    replies = [as_reply(document.plain(node)) for node in at.nodes]
    if not at.path.legacy:
        return replies
    if not replies:
        raise no_path(at.path.text)
    return replies[0]


def as_reply(plain: Any) -> Reply:
    if isinstance(plain, dict):
        return ["{", *(each for name in plain for each in (name.encode(), as_reply(plain[name])))]
    if isinstance(plain, list):
        return ["[", *map(as_reply, plain)]
    if isinstance(plain, bool):
        return "true" if plain else "false"
    return plain.encode() if isinstance(plain, str) else plain


@command("json.debug", -2, "readonly", keys=(2, 2, 1))
def debug(txn: Transaction, what: bytes, *words: bytes) -> Reply:
    if what.upper() == b"HELP":
        return [
            b"MEMORY <key> [path] - reports memory usage",
            b"HELP                - this message",
        ]
    if what.upper() != b"MEMORY":
        raise CommandError("ERR unknown subcommand - try `JSON.DEBUG HELP`")
    if not words:
        raise wrong_number_of_arguments("json.debug")
    key, path = words[0], words[1] if len(words) > 1 else DEFAULT
    document = document_at(txn, key)
    if document is None:
        return [] if not path_of(path).legacy else 0
    at = found_in(document, path)
    sizes: list[Any] = [len(text_of(document, node)) for node in at.nodes]
    if not at.path.legacy:
        return sizes
    if not sizes:
        raise no_path(at.path.text)
    return sizes[0]  # type: ignore[no-any-return]
