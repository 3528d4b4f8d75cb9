"""CLIENT: who is connected, and what is done to them.

Client-side caching is not here: TRACKING is refused, as the product refuses it for Active-Active.

Source: https://redis.io/docs/latest/commands/?group=connection
"""

from collections.abc import Callable, Iterator

from crdb.command import Reply
from crdb.commands.connections import described
from crdb.decimals import parse_int
from crdb.errors import CommandError, not_an_integer, quoted, quoting, syntax
from crdb.transaction import Transaction
from sim.serve.answers import answers
from sim.serve.connection import Connection
from sim.serve.front import Front

Test = Callable[[Connection], bool]

KINDS = (b"normal", b"master", b"replica", b"slave", b"pubsub")


@answers("client|info")
def info(front: Front, txn: Transaction) -> Reply:
    return told(front, front.of(txn))


@answers("client|list")
def list_(front: Front, txn: Transaction, *words: bytes) -> Reply:
    chosen = list(front.connections.values())
    if words:
        option, rest = words[0].upper(), words[1:]
        if option == b"TYPE" and len(rest) == 1:
            wanted = _kind(rest[0])
            chosen = [each for each in chosen if kind_of(each) == wanted]
        elif option == b"ID" and rest:
            numbers = [parse_int(each) for each in rest]
            if not all(number is not None and number > 0 for number in numbers):
                raise CommandError("ERR Invalid client ID")
            chosen = [each for each in chosen if each.session.number in numbers]
        else:
            raise syntax()
    return b"".join(told(front, each) for each in chosen)


def told(front: Front, connection: Connection) -> bytes:
    """A line of CLIENT LIST."""
    now_us, session = front.region.engine.now, connection.session
    ages = [(now_us - at_us) // 1_000_000 for at_us in (connection.since_us, connection.seen_us)]
    line = described(session).rstrip(b"\n")
    if connection in front.monitors:
        line = line.replace(b" flags=N", b" flags=O")
    waits = connection.transport.get_write_buffer_size()
    last = connection.last.lower()[:64] or b"NULL"
    more = b"laddr=%b age=%d idle=%d omem=%d cmd=%b" % (front.here, ages[0], ages[1], waits, last)
    return b"%b %b\n" % (line, more)


def kind_of(connection: Connection) -> bytes:
    return b"pubsub" if connection.session.subscriptions else b"normal"


def _kind(word: bytes) -> bytes:
    kind = word.lower()
    if kind not in KINDS:
        raise quoting(b"ERR Unknown client type '%b'" % quoted(word))
    return kind


@answers("client|kill")
def kill(front: Front, txn: Transaction, *words: bytes) -> Reply:
    mine = front.of(txn)
    if len(words) == 1:
        found = [each for each in front.connections.values() if each.session.address == words[0]]
        if not found:
            raise CommandError("ERR No such client")
        _end(found[0], mine)
        return "OK"
    victims = list(_victims(front, mine, words))
    for each in victims:
        _end(each, mine)
    return len(victims)


def _end(victim: Connection, mine: Connection) -> None:
    """One that ends itself is answered first."""
    if victim is mine:
        victim.session.closing = True
    else:
        victim.transport.abort()


def _victims(front: Front, mine: Connection, words: tuple[bytes, ...]) -> Iterator[Connection]:
    if len(words) % 2:
        raise syntax()
    now_us = front.region.engine.now
    skips_me, tests = True, list[Test]()
    for option, value in zip(words[::2], words[1::2], strict=True):
        name = option.upper()
        if name == b"SKIPME" and value.lower() in (b"yes", b"no"):
            skips_me = value.lower() == b"yes"
        elif name in CHOICES:
            tests.append(CHOICES[name](value, front, now_us))
        else:
            raise syntax()
    for each in list(front.connections.values()):
        if all(test(each) for test in tests) and not (skips_me and each is mine):
            yield each


def _by_id(value: bytes, front: Front, now_us: int) -> Test:
    number = _positive(value, "client-id")
    return lambda each: each.session.number == number


def _by_age(value: bytes, front: Front, now_us: int) -> Test:
    age_us = _positive(value, "maxage") * 1_000_000
    return lambda each: now_us - each.since_us >= age_us


def _by_type(value: bytes, front: Front, now_us: int) -> Test:
    wanted = _kind(value)
    return lambda each: kind_of(each) == wanted


def _positive(value: bytes, what: str) -> int:
    number = parse_int(value)
    if number is None or number < 1:
        raise CommandError(f"ERR {what} should be greater than 0")
    return number


CHOICES: dict[bytes, Callable[[bytes, Front, int], Test]] = {
    b"ID": _by_id,
    b"MAXAGE": _by_age,
    b"TYPE": _by_type,
    b"ADDR": lambda value, front, now_us: lambda each: each.session.address == value,
    b"LADDR": lambda value, front, now_us: lambda each: value == front.here,
    b"USER": lambda value, front, now_us: lambda each: each.session.user == value,
}


@answers("client|pause")
def pause(front: Front, txn: Transaction, time: bytes, *mode: bytes) -> Reply:
    if mode and (len(mode) > 1 or mode[0].upper() not in (b"WRITE", b"ALL")):
        raise CommandError("ERR CLIENT PAUSE mode must be WRITE or ALL")
    milliseconds = parse_int(time)
    if milliseconds is None:
        raise CommandError("ERR timeout is not an integer or out of range")
    if milliseconds < 0:
        raise CommandError("ERR timeout is negative")
    front.pause(milliseconds, writes_only=bool(mode) and mode[0].upper() == b"WRITE")
    return "OK"


@answers("client|unpause")
def unpause(front: Front, txn: Transaction) -> Reply:
    front.resume()
    return "OK"


@answers("client|unblock")
def unblock(front: Front, txn: Transaction, number: bytes, *how: bytes) -> Reply:
    if how and (len(how) > 1 or how[0].upper() not in (b"TIMEOUT", b"ERROR")):
        raise CommandError("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
    wanted = parse_int(number)
    if wanted is None:
        raise not_an_integer()
    found = front.connections.get(wanted)
    if found is None or not found.blocked:
        return 0
    front.unblock(found, error=bool(how) and how[0].upper() == b"ERROR")
    return 1


@answers("client|reply")
def reply(front: Front, txn: Transaction, mode: bytes) -> Reply:
    mine, wanted = front.of(txn), mode.upper()
    if wanted not in (b"ON", b"OFF", b"SKIP"):
        raise syntax()
    if wanted == b"SKIP":
        mine.skip = 0 if mine.silent else 2  # Its own reply, and the next.
    else:
        mine.silent = wanted == b"OFF"
    mine.reconsider()
    return "OK"


@answers("client|no-evict")
def no_evict(front: Front, txn: Transaction, switch: bytes) -> Reply:
    """No client is evicted here: only the word is checked."""
    if switch.upper() not in (b"ON", b"OFF"):
        raise syntax()
    return "OK"


@answers("client|tracking")
def tracking(front: Front, txn: Transaction, switch: bytes, *options: bytes) -> Reply:
    if switch.upper() == b"OFF":
        return "OK"
    if switch.upper() != b"ON":
        raise syntax()
    raise CommandError("ERR client-side caching is not supported in Active-Active databases")


@answers("client|trackinginfo")
def trackinginfo(front: Front, txn: Transaction) -> Reply:
    return {b"flags": [b"off"], b"redirect": -1, b"prefixes": []}


@answers("client|caching")
def caching(front: Front, txn: Transaction, switch: bytes) -> Reply:
    if switch.upper() not in (b"YES", b"NO"):
        raise syntax()
    raise CommandError(
        "ERR CLIENT CACHING can be called only when the client is in tracking mode with OPTIN or "
        "OPTOUT mode enabled"
    )


@answers("client|getredir")
def getredir(front: Front, txn: Transaction) -> Reply:
    return -1


@answers("reset")
def reset(front: Front, txn: Transaction) -> Reply:
    front.begin_anew(front.of(txn))
    return "RESET"


HELP = """\
CLIENT <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
GETNAME
    Return the name of the current connection.
ID
    Return the ID of the current connection.
INFO
    Return information about the current client connection.
KILL <ip:port>
    Kill connection made from <ip:port>.
KILL <option> <value> [<option> <value> [...]]
    Kill connections. Options are: ADDR, LADDR, TYPE, USER, SKIPME, ID, MAXAGE.
LIST [options ...]
    Return information about client connections. Options: TYPE, ID.
PAUSE <timeout> [WRITE|ALL]
    Suspend all, or just write, clients for <timeout> milliseconds.
UNPAUSE
    Stop the current client pause, resuming traffic.
REPLY (ON|OFF|SKIP)
    Control the replies sent to the current connection.
SETNAME <name>
    Assign the name <name> to the current connection.
SETINFO <option> <value>
    Set client meta attr. Options are: lib-name, lib-ver.
UNBLOCK <clientid> [TIMEOUT|ERROR]
    Unblock the specified blocked client.
NO-EVICT (ON|OFF)
    Protect current client connection from eviction.
NO-TOUCH (ON|OFF)
    Will not touch LRU/LFU stats when this mode is on.
HELP
    Print this help.
"""


@answers("client|help")
def help_(front: Front, txn: Transaction) -> Reply:
    return HELP.splitlines()
