"""DELIFEQ and MSETEX: deletes and sets under a condition, which this region's copy decides.

So two regions may both succeed at once, as with SET NX: a lock that its holder deletes by DELIFEQ
may be another's in the other region.

Source: https://valkey.io/commands/delifeq/ and https://redis.io/docs/latest/commands/msetex/
"""

from crdb.command import ONE_KEY, Reply, command, counted
from crdb.commands._deadlines import deadline_ms
from crdb.commands.keys import C_INT_END, OBSERVED
from crdb.commands.strings import BOTH_SET, SetOptions, assign, shown
from crdb.decimals import parse_int
from crdb.errors import CommandError, syntax
from crdb.keyspace import Key
from crdb.session import Request
from crdb.transaction import Transaction


@command("delifeq", 3, "write", "fast", keys=ONE_KEY, conflict=OBSERVED)
def delifeq(txn: Transaction, key: Key, value: bytes) -> Reply:
    if shown(txn, key) != value:
        return 0
    return int(txn.remove(key))


def paired(request: Request) -> list[Key]:
    """The keys of MSETEX: every other word behind their number."""
    number = parse_int(request[1]) if len(request) > 1 else None
    doubled = [*request[:1], b"%d" % (2 * (number or 0)), *request[2:]]
    return counted(1)(doubled)[::2]


@command("msetex", -4, "write", "denyoom", also=paired, conflict=BOTH_SET)
def msetex(txn: Transaction, count: bytes, *words: bytes) -> Reply:
    number = parse_int(count)
    if number is None or not 0 < number < C_INT_END:
        raise CommandError("ERR invalid numkeys value or out of range")
    if 2 * number > len(words):
        raise syntax()
    pairs, rest = words[: 2 * number], words[2 * number :]
    options, deadline = SetOptions.of(iter(rest)), None
    if options.get or options.only_if == b"IFEQ":
        raise syntax()
    if options.expiry is not None:
        deadline = deadline_ms(txn, options.expiry, options.amount, "msetex")
    keys = pairs[::2]
    if not all(options.holds(txn.find(key) is not None, None) for key in keys):
        return 0
    for key, value in zip(keys, pairs[1::2], strict=True):
        # Past its deadline already it is there all the same, and expires, as in the real server.
        assign(txn, key, value)
        if not options.keep_ttl:
            txn.expire_at(key, deadline)
    return 1
