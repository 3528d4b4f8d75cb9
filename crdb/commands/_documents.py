"""JSON documents as commands find and change them: the places that a path leads to.

A path of the newer form, ``$...``, may lead to any number of places, and the reply is a list with
nil for those of the wrong type. A path of the older form means one value: the reply is that of one
of the places, and an error where none is of the right type.
"""

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from crdb import jsontext
from crdb.command import Reply
from crdb.commands._copies import copies
from crdb.crdts.base import Delta
from crdb.crdts.json import Json
from crdb.crdts.jsonnodes import ARRAY, OBJECT, ROOT, is_number, size
from crdb.dots import Dot
from crdb.errors import CommandError, WrongType
from crdb.jsonpath import Path, PathError, find, parse
from crdb.keyspace import Key
from crdb.transaction import Transaction

UPDATES = "updates inside add up; of two values for one place, the smaller region's"
DIES = "what was removed is gone, with all that others changed in it meanwhile"

DEFAULT = b"."

BOTTOM = Json()
"""What a missing key holds. Mutators only read it; it is never merged into."""


@copies(Json)
def copy(txn: Transaction, found: Json) -> Delta:
    return made_of(txn, found.value())


def made_of(txn: Transaction, plain: Any) -> Delta:
    """A document, where nothing is."""
    return BOTTOM.assign(ROOT, "", plain, txn.region, txn.take(size(plain) + 1))


class Found(NamedTuple):
    """Where a path leads to, in order; a place may come twice."""

    document: Json
    path: Path
    said: str
    """The path as the request has it."""
    nodes: list[Dot]

    def of(self, *kinds: str) -> list[Dot | None]:
        """The nodes of these types, and None for each other."""
        return [node if kind(self.document, node) in kinds else None for node in self.nodes]


def kind(document: Json, node: Dot) -> str:
    """What JSON.TYPE answers."""
    value = document.nodes[node][3]
    if value == OBJECT:
        return "object"
    if value == ARRAY:
        return "array"
    if is_number(value):
        return "integer" if isinstance(document.plain(node), int) else "number"
    return "null" if value is None else "boolean" if isinstance(value, bool) else "string"


def document_at(txn: Transaction, key: Key) -> Json | None:
    try:
        return txn.read(key, Json)
    except WrongType:
        raise CommandError("Existing key has wrong Redis type") from None


def path_of(word: bytes) -> Path:
    try:
        return parse(word.decode(errors="replace"))
    except PathError as error:
        raise CommandError(str(error)) from None


def found_in(document: Json, word: bytes) -> Found:
    path = path_of(word)
    nodes = find(path.steps, document, document.root())
    return Found(document, path, word.decode(errors="replace"), nodes)


def read_in(document: Json, word: bytes) -> Found:
    """The same for a command that reads: of the older form only the first place counts."""
    at = found_in(document, word)
    return at._replace(nodes=at.nodes[:1]) if at.path.legacy else at


def found(txn: Transaction, key: Key, word: bytes) -> Found:
    """Where a path leads to in a document that has to exist."""
    document = document_at(txn, key)
    if document is None:
        raise no_document()
    return found_in(document, word)


def no_document() -> CommandError:
    return CommandError("ERR could not perform this operation on a key that doesn't exist")


def no_path(text: str, or_what: str = "") -> CommandError:
    return CommandError(f"ERR Path '{text}' does not exist{or_what}")


def wrong_kind(expected: str, but_found: str) -> CommandError:
    text = f"wrong type of path value - expected {expected} but found {but_found}"
    return CommandError(f"WRONGTYPE {text}")


def value_of(word: bytes, code: str = "") -> Any:
    """The JSON value that a word says; the ``code`` stands before the error."""
    try:
        return jsontext.read(word)
    except CommandError as error:
        raise CommandError(f"{code}{error}") from None


def text_of(document: Json, node: Dot) -> bytes:
    return jsontext.write(document.plain(node)).encode()


def answer(
    at: Found, nodes: Sequence[Dot | None], replies: Sequence[Reply], why: CommandError
) -> Reply:
    """The reply for nodes of the right type, or None, and what each answers."""
    if not at.path.legacy:
        return list(replies)
    return replies[one(at, nodes, why)]


def one(at: Found, nodes: Sequence[Dot | None], why: CommandError) -> int:
    """The last of the nodes that is of the right type; for the older form there has to be one."""
    places = [place for place, node in enumerate(nodes) if node is not None]
    if not places and at.path.legacy:
        raise why
    return places[-1] if places else -1


def assign(txn: Transaction, key: Key, document: Json, at: tuple[Dot, str], plain: Any) -> None:
    """A new value at (parent, key)."""
    dot = txn.take(size(plain) + 1)
    txn.write(key, document.assign(*at, plain, txn.region, dot))


def replace(txn: Transaction, key: Key, document: Json, node: Dot, plain: Any) -> None:
    """A new value where this node is, unless it went with one that was replaced before it."""
    if node in document.nodes:
        assign(txn, key, document, document.nodes[node][:2], plain)


def remove(txn: Transaction, key: Key, document: Json, nodes: Iterable[Dot]) -> None:
    """Remove values; none of them is in another."""
    some = list(nodes)
    if some:
        txn.write(key, document.remove(some, txn.take(1)))
