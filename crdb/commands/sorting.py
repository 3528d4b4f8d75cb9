"""SORT: the elements of a list or a set in the order of numbers or texts, also of other keys.

What it stores is a new list, as with other STORE commands. Which elements it sees, and what BY and
GET find, is what this region has.

Source: https://redis.io/docs/latest/commands/sort/
"""

from collections.abc import Sequence
from typing import NamedTuple

from crdb.command import ONE_KEY, TABLE, Reply, command
from crdb.commands._arguments import integer
from crdb.commands._copies import put
from crdb.commands._sortable import SORTABLE
from crdb.commands.lists import made_of
from crdb.decimals import is_infinity, parse_decimal
from crdb.errors import CommandError, WrongType, syntax, wrong_type
from crdb.keyspace import Key
from crdb.session import Request
from crdb.transaction import Transaction

NORMAL_MIN = 2.0**-1022
"""A number nearer to nought is out of the range of a double, for ``strtod``."""

STORED = "as for DEL and RPUSH of the result"


class Options(NamedTuple):
    """How a request wants it."""

    by: bytes | None = None
    unsorted: bool = False
    """Once a BY names no key, it is so, whatever the next one says."""
    skipped: int = 0
    wanted: int = -1
    gets: tuple[bytes, ...] = ()
    descending: bool = False
    alpha: bool = False
    store: Key | None = None


OPERANDS = {b"LIMIT": 2, b"BY": 1, b"GET": 1, b"STORE": 1}


def parsed(words: Sequence[bytes], storing: bool) -> Options:
    options, at = Options(), 0
    while at < len(words):
        name = words[at].upper()
        operands = words[at + 1 : at + 1 + OPERANDS.get(name, 0)]
        if len(operands) < OPERANDS.get(name, 0):
            raise syntax()
        match name:
            case b"ASC" | b"DESC":
                options = options._replace(descending=name == b"DESC")
            case b"ALPHA":
                options = options._replace(alpha=True)
            case b"LIMIT":
                skipped, wanted = map(integer, operands)
                options = options._replace(skipped=skipped, wanted=wanted)
            case b"BY":
                unsorted = options.unsorted or b"*" not in operands[0]
                options = options._replace(by=operands[0], unsorted=unsorted)
            case b"GET":
                options = options._replace(gets=(*options.gets, operands[0]))
            case b"STORE" if storing:
                options = options._replace(store=operands[0])
            case _:
                raise syntax()
        at += 1 + len(operands)
    return options


def stored_at(request: Request) -> list[bytes]:
    """The key that SORT stores to: the last one named."""
    at, found = 2, list[bytes]()
    while at < len(request):
        name = request[at].upper()
        if name == b"STORE" and at + 1 < len(request):
            found = [request[at + 1]]
        at += 1 + OPERANDS.get(name, 0)
    return found


@command(
    "sort", -2, "write", "denyoom", "movablekeys", keys=ONE_KEY, also=stored_at, conflict=STORED
)
def sort(txn: Transaction, key: Key, *words: bytes) -> Reply:
    options = parsed(words, storing=True)
    found = results(txn, key, options)
    if options.store is None:
        return found
    if not found:
        txn.remove(options.store)
        return 0
    put(txn, options.store, [made_of(txn, [each or b"" for each in found])])
    return len(found)


@command("sort_ro", -2, "readonly", "movablekeys", keys=ONE_KEY)
def sort_ro(txn: Transaction, key: Key, *words: bytes) -> Reply:
    return results(txn, key, parsed(words, storing=False))


def results(txn: Transaction, key: Key, options: Options) -> list[bytes | None]:
    """What SORT answers, or stores."""
    entry = txn.find(key)
    if entry is None:
        return []
    value = entry.value
    if value is None or type(value) not in SORTABLE:
        raise wrong_type()
    elements_of, ordered = SORTABLE[type(value)]
    elements = list(elements_of(value))
    if not options.unsorted:
        elements = in_order(txn, elements, options)
    elif not ordered and options.store is not None:
        # What is stored must not depend on how a set happens to be kept.
        elements = in_order(txn, elements, options._replace(by=None, alpha=True))
    elif options.descending:
        elements.reverse()
    start = max(options.skipped, 0)
    end = len(elements) if options.wanted < 0 else start + options.wanted
    chosen = elements[start:end]
    gets = options.gets or (b"#",)
    return [looked_up(txn, pattern, element) for element in chosen for pattern in gets]


def in_order(txn: Transaction, elements: Sequence[bytes], options: Options) -> list[bytes]:
    by = options.by
    weights = [each if by is None else looked_up(txn, by, each) for each in elements]
    pairs = zip(weights, elements, strict=True)
    keys: Sequence[tuple[object, ...]]
    if options.alpha:
        keys = [(weight is not None, weight or b"", each) for weight, each in pairs]
    else:
        keys = [(number(weight), each) for weight, each in pairs]
    places = sorted(range(len(elements)), key=keys.__getitem__, reverse=options.descending)
    return [elements[place] for place in places]


def number(weight: bytes | None) -> float:
    """As ``strtod`` reads it; nothing is nought. Raises `CommandError`."""
    text = b"" if weight is None else weight.partition(b"\0")[0]
    if not text:
        return 0.0
    text = text.lstrip(b" \t\n\v\f\r")
    if is_infinity(text):
        return float("-inf") if text.startswith(b"-") else float("inf")
    exact = parse_decimal(text)
    try:
        value = float("nan") if exact is None else float(exact)
    except OverflowError:
        value = float("nan")
    if value != value or (exact and abs(value) < NORMAL_MIN):
        raise CommandError("ERR One or more scores can't be converted into double")
    return value


def looked_up(txn: Transaction, pattern: bytes, element: bytes) -> bytes | None:
    """What BY or GET mean by a pattern: a string, a field of a hash, or the element itself."""
    if pattern == b"#":
        return element
    before, star, after = pattern.partition(b"*")
    if not star:
        return None
    rest, arrow, field = after.partition(b"->")
    try:
        if arrow and field:
            return read(txn, b"HGET", before + element + rest, field)
        return read(txn, b"GET", before + element + after)
    except WrongType:
        return None


def read(txn: Transaction, name: bytes, *words: bytes) -> bytes | None:
    """What another family's command answers."""
    other = TABLE.get(name)
    found = None if other is None else other.run(txn, *words)
    assert found is None or isinstance(found, bytes)
    return found
