"""Lists: inserts keep their place, a removal takes what it saw, and pops are local.

Source: https://redis.io/docs/latest/commands/?group=list
"""

from collections.abc import Iterator, Sequence
from itertools import islice

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._arguments import integer
from crdb.commands._copies import copies
from crdb.commands._dumps import dumped, dumps, length, string
from crdb.commands._sortable import sortable
from crdb.crdts.base import Delta
from crdb.crdts.list import DOTS, HEAD, List, value_of
from crdb.crdts.sequence import Element
from crdb.decimals import INT_MAX, parse_int
from crdb.errors import CommandError, syntax, wrong_number_of_arguments
from crdb.keyspace import Key
from crdb.transaction import Transaction

KEPT = "all are inserted, at one place the smaller region's first"
BOTH_POP = "both may pop the same element"
OBSERVED = "a removal takes only what it saw"

BOTTOM = List()
"""What a missing key holds. Mutators only read it; it is never merged into."""


@copies(List)
def copy(txn: Transaction, found: List) -> Delta:
    return made_of(txn, found.value())


@dumps(List)
def dump(found: List) -> bytes:
    return dumped(1, length(len(found)) + b"".join(map(string, found.value())))


@sortable(List, ordered=True)
def elements(found: List) -> Sequence[bytes]:
    return found.value()


def made_of(txn: Transaction, values: Sequence[bytes]) -> Delta:
    """A list of these, where nothing is."""
    return BOTTOM.insert(values, HEAD, txn.region, txn.take(DOTS * len(values)))


def to_insert(txn: Transaction, key: Key) -> List:
    """The state that an insert goes into.

    A key that a client does not see may have places left of what was removed: what comes now comes
    before what others may be inserting there.
    """
    found = txn.read(key, List)
    if found is not None:
        return found
    ghost = txn.keyspace.ghosts.get(key)
    states = () if ghost is None else ghost.values()
    return next((state for state in states if isinstance(state, List)), BOTTOM)


def from_end(found: List, left: bool) -> Iterator[Element]:
    """The elements in order from the left or from the right."""
    order = found.order
    return iter(order) if left else order.onward(order.at(-1), -1)


def insert(txn: Transaction, key: Key, found: List, anchor: int, values: Sequence[bytes]) -> None:
    txn.write(key, found.insert(values, anchor, txn.region, txn.take(DOTS * len(values))))


def push(txn: Transaction, key: Key, values: Sequence[bytes], left: bool) -> int:
    """Add values at one end, one after the other; returns how many there are then."""
    found = to_insert(txn, key)
    before = len(found)
    anchor = HEAD if left or not before else found.order.at(-1).dot
    insert(txn, key, found, anchor, values[::-1] if left else values)
    return before + len(values)


def take(txn: Transaction, key: Key, found: List, elements: Sequence[Element]) -> None:
    if elements:
        txn.write(key, found.take(elements, txn.take(1)))


def pop(txn: Transaction, key: Key, found: List, count: int, left: bool) -> list[bytes]:
    """Remove up to so many elements at one end; returns their values."""
    elements = list(islice(from_end(found, left), min(count, len(found))))
    values = [value_of(element) for element in elements]
    take(txn, key, found, elements)
    return values


@command("lpush", -3, "write", "denyoom", "fast", keys=ONE_KEY, conflict=KEPT)
def lpush(txn: Transaction, key: Key, *values: bytes) -> Reply:
    return push(txn, key, values, left=True)


@command("rpush", -3, "write", "denyoom", "fast", keys=ONE_KEY, conflict=KEPT)
def rpush(txn: Transaction, key: Key, *values: bytes) -> Reply:
    return push(txn, key, values, left=False)


@command("lpushx", -3, "write", "denyoom", "fast", keys=ONE_KEY, conflict=KEPT)
def lpushx(txn: Transaction, key: Key, *values: bytes) -> Reply:
    return push(txn, key, values, left=True) if txn.read(key, List) is not None else 0


@command("rpushx", -3, "write", "denyoom", "fast", keys=ONE_KEY, conflict=KEPT)
def rpushx(txn: Transaction, key: Key, *values: bytes) -> Reply:
    return push(txn, key, values, left=False) if txn.read(key, List) is not None else 0


@command("lpop", -2, "write", "fast", keys=ONE_KEY, conflict=BOTH_POP)
def lpop(txn: Transaction, key: Key, *words: bytes) -> Reply:
    return popped(txn, key, words, "lpop", left=True)


@command("rpop", -2, "write", "fast", keys=ONE_KEY, conflict=BOTH_POP)
def rpop(txn: Transaction, key: Key, *words: bytes) -> Reply:
    return popped(txn, key, words, "rpop", left=False)


def popped(txn: Transaction, key: Key, words: Sequence[bytes], name: str, left: bool) -> Reply:
    if len(words) > 1:
        raise wrong_number_of_arguments(name)
    count = parse_int(words[0]) if words else 1
    if count is None or count < 0:
        raise CommandError("ERR value is out of range, must be positive")
    found = txn.read(key, List)
    if found is None:
        return None
    values = pop(txn, key, found, count, left)
    return values if words else values[0]


@command("llen", 2, "readonly", "fast", keys=ONE_KEY)
def llen(txn: Transaction, key: Key) -> Reply:
    found = txn.read(key, List)
    return 0 if found is None else len(found)


def at(found: List, index: int) -> Element | None:
    """The element at a position, negative from the end; None if there is none."""
    return found.order.at(index) if -len(found) <= index < len(found) else None


@command("lindex", 3, "readonly", keys=ONE_KEY)
def lindex(txn: Transaction, key: Key, index: bytes) -> Reply:
    found = txn.read(key, List)
    element = None if found is None else at(found, integer(index))
    return None if element is None else value_of(element)


def within(start: int, stop: int, length: int) -> tuple[int, int]:
    """From where up to before where: both ends as clients say them, negative from the end."""
    first = max(0, start + length if start < 0 else start)
    last = min(length - 1, stop + length if stop < 0 else stop)
    return (first, last + 1) if first <= last else (0, 0)


@command("lrange", 4, "readonly", keys=ONE_KEY)
def lrange(txn: Transaction, key: Key, start: bytes, stop: bytes) -> Reply:
    ends = integer(start), integer(stop)
    found = txn.read(key, List)
    if found is None:
        return []
    first, end = within(*ends, len(found))
    if first == end:
        return []
    elements = found.order.onward(found.order.at(first))
    return [value_of(element) for element in islice(elements, end - first)]


@command("lset", 4, "write", "denyoom", keys=ONE_KEY, conflict="later clock; else smaller region")
def lset(txn: Transaction, key: Key, index: bytes, value: bytes) -> Reply:
    found = txn.read(key, List)
    if found is None:
        raise CommandError("ERR no such key")
    element = at(found, integer(index))
    if element is None:
        raise CommandError("ERR index out of range")
    txn.write(key, found.put(element, value, txn.stamp(), txn.take(1)))
    return "OK"


@command("linsert", 5, "write", "denyoom", keys=ONE_KEY, conflict=KEPT)
def linsert(txn: Transaction, key: Key, where: bytes, pivot: bytes, value: bytes) -> Reply:
    if where.upper() not in (b"BEFORE", b"AFTER"):
        raise syntax()
    found = txn.read(key, List)
    if found is None:
        return 0
    anchor = HEAD
    for element in found.order:
        if value_of(element) == pivot:
            break
        anchor = element.dot
    else:
        return -1
    insert(txn, key, found, element.dot if where.upper() == b"AFTER" else anchor, (value,))
    return len(found)


@command("lrem", 4, "write", keys=ONE_KEY, conflict=OBSERVED)
def lrem(txn: Transaction, key: Key, count: bytes, value: bytes) -> Reply:
    wanted = signed(count)
    found = txn.read(key, List)
    if found is None:
        return 0
    same = (each for each in from_end(found, wanted >= 0) if value_of(each) == value)
    elements = list(islice(same, abs(wanted) or INT_MAX))
    take(txn, key, found, elements)
    return len(elements)


@command("ltrim", 4, "write", keys=ONE_KEY, conflict=OBSERVED)
def ltrim(txn: Transaction, key: Key, start: bytes, stop: bytes) -> Reply:
    ends = integer(start), integer(stop)
    found = txn.read(key, List)
    if found is None:
        return "OK"
    first, end = within(*ends, len(found))
    outside = list(islice(from_end(found, left=True), first))
    outside += islice(from_end(found, left=False), len(found) - end)
    take(txn, key, found, outside)
    return "OK"


@command("lpos", -3, "readonly", keys=ONE_KEY)
def lpos(txn: Transaction, key: Key, value: bytes, *words: bytes) -> Reply:
    rank, count, compared_max = lpos_options(words)
    found = txn.read(key, List)
    if found is None:
        return None if count is None else []
    left, size = rank > 0, len(found)
    places = [
        place if left else size - 1 - place
        for place, element in enumerate(islice(from_end(found, left), compared_max or size))
        if value_of(element) == value
    ][abs(rank) - 1 :]
    if count is None:
        return places[0] if places else None
    return places[: count or size]


def lpos_options(words: Sequence[bytes]) -> tuple[int, int | None, int]:
    """(RANK, COUNT, MAXLEN); 0 stands for all."""
    rank, count, compared_max = 1, None, 0
    for option, word in zip(words[::2], words[1::2], strict=False):
        name = option.upper()
        if name == b"RANK":
            rank = rank_of(word)
        elif name in (b"COUNT", b"MAXLEN"):
            number = parse_int(word)
            if number is None or number < 0:
                raise CommandError(f"ERR {name.decode()} can't be negative")
            if name == b"COUNT":
                count = number
            else:
                compared_max = number
        else:
            raise syntax()
    if len(words) % 2:
        raise syntax()
    return rank, count, compared_max


def rank_of(word: bytes) -> int:
    rank = signed(word)
    if rank == 0:
        raise CommandError(
            "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... "
            "or use negative to start from the end of the list"
        )
    return rank


def signed(word: bytes) -> int:
    """A number whose sign says from which end."""
    number = integer(word)
    if number < -INT_MAX:
        text = f"ERR value is out of range, value must between {-INT_MAX} and {INT_MAX}"
        raise CommandError(text)
    return number
