"""CRDB.*: the world that a region is part of, steered from any of its ports.

A fault that begins here is one of `sim.faults`, and is in the recording as if it had been planned.
"""

from itertools import combinations
from pathlib import Path

from crdb.command import Reply
from crdb.decimals import parse_int
from crdb.errors import CommandError, not_an_integer, syntax
from crdb.transaction import Transaction
from sim.scenario import NAME
from sim.serve.answers import answers
from sim.serve.front import Front
from sim.serve.merged import merged
from sim.serve.recorder import Outgrown
from sim.serve.saved import save
from sim.topology import UnknownRegion
from sim.words import plain

HELP = """\
CRDB.<command> [<arg> ...]. A region is its name, in quotes if it has a space. Commands are:
REGIONS
    Return name, host, port, up, keys and clock of each region.
PARTITION <region> <region> [ONEWAY] [DROP]
    Cut what goes between two regions, or only from the first to the second;
    it is held as by TCP, or lost with DROP.
LATENCY <region> <region> <milliseconds>
    Let what goes between two regions take so much longer; 0 takes that back.
CRASH <region>
    Stop a region: connections break, what was acknowledged stays.
RESTART <region>
    Undo CRASH.
SKEW <region> <milliseconds>
    Set a region's clock forward, or back.
HEAL [<region> [<region>]]
    End what goes wrong, everywhere, in a region or between two.
LAG
    Return for each pair how long the last writes took to show.
CONVERGED
    Return 1 if no region has anything left to send or to learn.
CONFLICTS [<key>]
    Return the keys under which concurrent writes met, or of one key
    which those were and what each region made of them.
HISTORY [<count>]
    Return what happened last: time, kind, place, what.
SAVE <name>
    Keep the run, to be played again in virtual time with crdb replay.
ROTATE <number> [<key>]
    Change the first or the second access key; returns the new one.
TOKEN <user> <seconds>
    Return a token with which a user may come in for so long.
HELP
    Print this help.
"""

SHOWN = 20
"""Happenings that HISTORY shows by default."""


@answers("crdb.help")
def help_(front: Front, txn: Transaction) -> Reply:
    return HELP.splitlines()


@answers("crdb.regions")
def regions(front: Front, txn: Transaction) -> Reply:
    return [
        {
            b"name": region.name.encode(),
            b"host": front.server.address.encode(),
            b"port": front.server.ports[region.name],
            b"up": int(region.up),
            b"clock_ahead_ms": region.clock.ahead_us() // 1000,
            b"clients": len(front.server.fronts[region.name].connections),
        }
        for region in front.server.world.regions.values()
    ]


@answers("crdb.partition")
def partition(front: Front, txn: Transaction, one: bytes, other: bytes, *how: bytes) -> Reply:
    options = {each.upper() for each in how}
    if options - {b"ONEWAY", b"DROP"}:
        raise syntax()
    front.server.begin(
        "partition",
        regions=_pair(front, one, other),
        one_way=b"ONEWAY" in options,
        drop=b"DROP" in options,
    )
    return "OK"


@answers("crdb.latency")
def latency(front: Front, txn: Transaction, one: bytes, other: bytes, more: bytes) -> Reply:
    pair, milliseconds = _pair(front, one, other), _integer(more)
    if milliseconds < 0:
        raise CommandError("ERR expected 0 milliseconds or more")
    front.server.world.nemesis.heal_at(pair, "slow")
    if milliseconds:
        front.server.begin("slow", regions=pair, extra=f"{milliseconds}ms")
    return "OK"


@answers("crdb.crash")
def crash(front: Front, txn: Transaction, name: bytes) -> Reply:
    """Whoever asks this of the region itself may get no answer."""
    front.server.begin("outage", region=_region(front, name))
    return "OK"


@answers("crdb.restart")
def restart(front: Front, txn: Transaction, name: bytes) -> Reply:
    region = _region(front, name)
    if not front.server.world.nemesis.heal_at([region], "outage"):
        raise CommandError(f"ERR {region} has not been crashed; CRDB.CRASH does so")
    return "OK"


@answers("crdb.skew")
def skew(front: Front, txn: Transaction, name: bytes, by: bytes) -> Reply:
    front.server.begin("clock-step", region=_region(front, name), by=f"{_integer(by)}ms")
    return "OK"


@answers("crdb.heal")
def heal(front: Front, txn: Transaction, *names: bytes) -> Reply:
    if len(names) > 2:
        raise syntax()
    found = [_region(front, name) for name in names]
    if found:
        front.server.world.nemesis.heal_at(found)
    else:
        front.server.world.nemesis.heal()
    return "OK"


@answers("crdb.lag")
def lag(front: Front, txn: Transaction) -> Reply:
    """In milliseconds, of the last message that came; nil where none ever did."""
    return [
        [source.encode(), target.encode(), front.server.lag_ms(source, target)]
        for one, other in combinations(front.server.world.regions, 2)
        for source, target in ((one, other), (other, one))
    ]


@answers("crdb.converged")
def converged(front: Front, txn: Transaction) -> Reply:
    return int(all(each.up and each.settled() for each in front.server.world.regions.values()))


@answers("crdb.conflicts")
def conflicts(front: Front, txn: Transaction, *keys: bytes) -> Reply:
    if len(keys) > 1:
        raise syntax()
    return merged(front.server.world, *keys)


@answers("crdb.history")
def history(front: Front, txn: Transaction, *count: bytes) -> Reply:
    if len(count) > 1 or (count and _integer(count[0]) < 1):
        raise syntax()
    last = _integer(count[0]) if count else SHOWN
    return [
        [
            f"{each.at_us / 1e6:.6f}".encode(),
            each.kind.encode(),
            each.place.encode(),
            each.what.encode(),
        ]
        for each in front.server.world.history.happenings[-last:]
    ]


@answers("crdb.save")
def save_(front: Front, txn: Transaction, name: bytes) -> Reply:
    """The reply names the folder that `crdb replay` takes. Until it comes, the world stands still:
    the run is played once, to know its fingerprint."""
    text = plain(name)
    if not NAME.fullmatch(text):
        raise CommandError(f"ERR {text!r}: expected letters, digits and any of _ . -")
    if front.recorder is None:
        raise CommandError("ERR nothing is recorded; start again without --no-record")
    try:
        scenario = front.recorder.scenario(text)
        return str(save(scenario, front.server.world.seed, Path(front.server.folder))).encode()
    except Outgrown as error:
        raise CommandError(f"ERR {error}; start again and save earlier") from None
    except (OSError, ValueError) as error:
        raise CommandError(f"ERR {error}") from None


@answers("crdb.rotate")
def rotate(front: Front, txn: Transaction, number: bytes, *key: bytes) -> Reply:
    try:
        return front.access.rotate(_integer(number) - 1, *map(plain, key)).encode()
    except ValueError as error:
        raise CommandError(f"ERR {error}") from None


@answers("crdb.token")
def token(front: Front, txn: Transaction, user: bytes, seconds: bytes) -> Reply:
    return front.access.issue(user, front.pace.seconds() + _integer(seconds)).encode()


def _integer(word: bytes) -> int:
    number = parse_int(word)
    if number is None:
        raise not_an_integer()
    return number


def _region(front: Front, name: bytes) -> str:
    """The region's name, if it is one; case does not matter."""
    known = front.server.world.regions
    text = plain(name)
    found = next((each for each in known if each.lower() == text.lower()), None)
    if found is None:
        raise CommandError(f"ERR {UnknownRegion(text, known)}")
    return found


def _pair(front: Front, one: bytes, other: bytes) -> list[str]:
    pair = [_region(front, one), _region(front, other)]
    if pair[0] == pair[1]:
        raise CommandError(f"ERR expected two regions, got {pair[0]!r} twice")
    return pair
