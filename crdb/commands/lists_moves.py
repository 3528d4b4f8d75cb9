"""Elements that go from list to list, or come from the first list that has any; with waiting.

A move is a push beside a pop: two regions that move the same element each push one. A client that
waits is served when an element arrives, from a peer too; who waits longest comes first. Each region
serves its own clients, so one element may serve one of each.

Source: https://redis.io/docs/latest/commands/?group=list
"""

from collections.abc import Sequence

from crdb.command import Reply, command, counted
from crdb.commands._timeouts import timeout_us
from crdb.commands.lists import BOTH_POP, pop, push, take
from crdb.commands.lists import at as element_at
from crdb.crdts.list import List, value_of
from crdb.decimals import parse_int
from crdb.errors import CommandError, WrongType, syntax
from crdb.keyspace import Key
from crdb.transaction import Transaction

BOTH_MOVE = "both may move the same element, which is then there twice"

TWO_KEYS = (1, 2, 1)


def is_left(word: bytes) -> bool:
    end = word.upper()
    if end not in (b"LEFT", b"RIGHT"):
        raise syntax()
    return end == b"LEFT"


def move(txn: Transaction, source: Key, target: Key, left: bool, to_left: bool) -> bytes | None:
    """The value that was moved, None if there is nothing to move.

    Pushed before it is popped: a list that turns on itself never ends, and keeps its deadline.
    """
    found = txn.read(source, List)
    if found is None:
        return None
    try:
        txn.read(target, List)
    except WrongType as wrong:
        # A plain error: of a `WrongType` a blocked client is not told, as its source may change.
        raise CommandError(str(wrong)) from None
    element = element_at(found, 0 if left else -1)
    assert element is not None
    value = value_of(element)
    push(txn, target, (value,), to_left)
    take(txn, source, found, (element,))
    return value


@command("lmove", 5, "write", "denyoom", keys=TWO_KEYS, conflict=BOTH_MOVE)
def lmove(txn: Transaction, source: Key, target: Key, start: bytes, end: bytes) -> Reply:
    return move(txn, source, target, is_left(start), is_left(end))


@command("rpoplpush", 3, "write", "denyoom", keys=TWO_KEYS, conflict=BOTH_MOVE)
def rpoplpush(txn: Transaction, source: Key, target: Key) -> Reply:
    return move(txn, source, target, left=False, to_left=True)


@command("blmove", 6, "write", "denyoom", "blocking", keys=TWO_KEYS, conflict=BOTH_MOVE)
def blmove(
    txn: Transaction, source: Key, target: Key, start: bytes, end: bytes, timeout: bytes
) -> Reply:
    left, to_left, patience_us = is_left(start), is_left(end), timeout_us(txn, timeout)
    value = move(txn, source, target, left, to_left)
    if value is None:
        return txn.wait((b"BLMOVE", source, target, start, end, timeout), (source,), patience_us)
    return value


@command("brpoplpush", 4, "write", "denyoom", "blocking", keys=TWO_KEYS, conflict=BOTH_MOVE)
def brpoplpush(txn: Transaction, source: Key, target: Key, timeout: bytes) -> Reply:
    return blmove(txn, source, target, b"RIGHT", b"LEFT", timeout)


def first_popped(
    txn: Transaction, keys: Sequence[Key], count: int, left: bool
) -> tuple[Key, list[bytes]] | None:
    """What is popped from the first of these lists that has anything."""
    for key in keys:
        found = txn.read(key, List)
        if found is not None:
            return key, pop(txn, key, found, count, left)
    return None


@command("blpop", -3, "write", "blocking", keys=(1, -2, 1), conflict=BOTH_POP)
def blpop(txn: Transaction, *words: bytes) -> Reply:
    return popped_or_waiting(txn, b"BLPOP", words, left=True)


@command("brpop", -3, "write", "blocking", keys=(1, -2, 1), conflict=BOTH_POP)
def brpop(txn: Transaction, *words: bytes) -> Reply:
    return popped_or_waiting(txn, b"BRPOP", words, left=False)


def popped_or_waiting(txn: Transaction, name: bytes, words: Sequence[bytes], left: bool) -> Reply:
    *keys, timeout = words
    patience_us = timeout_us(txn, timeout)
    popped = first_popped(txn, keys, 1, left)
    if popped is None:
        return txn.wait((name, *words), keys, patience_us)
    key, [value] = popped
    return [key, value]


@command("lmpop", -4, "write", "movablekeys", also=counted(1), conflict=BOTH_POP)
def lmpop(txn: Transaction, *words: bytes) -> Reply:
    popped = first_popped(txn, *multiple(words))
    return None if popped is None else list(popped)


@command("blmpop", -5, "write", "blocking", "movablekeys", also=counted(2), conflict=BOTH_POP)
def blmpop(txn: Transaction, timeout: bytes, *words: bytes) -> Reply:
    keys, count, left = multiple(words)
    patience_us = timeout_us(txn, timeout)
    popped = first_popped(txn, keys, count, left)
    if popped is None:
        return txn.wait((b"BLMPOP", timeout, *words), keys, patience_us)
    return list(popped)


def multiple(words: Sequence[bytes]) -> tuple[Sequence[Key], int, bool]:
    """(keys, how many elements, whether from the left)."""
    number = parse_int(words[0])
    if number is None or number <= 0:
        raise CommandError("ERR numkeys should be greater than 0")
    if len(words) < number + 2:
        raise syntax()
    keys, where, options = words[1 : number + 1], words[number + 1], words[number + 2 :]
    left = is_left(where)
    if not options:
        return keys, 1, left
    if options[0].upper() != b"COUNT" or len(options) == 1:
        raise syntax()
    count = parse_int(options[1])
    if count is None or count <= 0:
        raise CommandError("ERR count should be greater than 0")
    if len(options) > 2:
        raise syntax()
    return keys, count, left
