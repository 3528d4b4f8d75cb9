"""SCAN and SSCAN: the keys, and a set's members, in pieces.

Source: https://redis.io/docs/latest/commands/scan/
"""

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._scans import Options, cursor, matching, piece
from crdb.commands.keys import present
from crdb.commands.sets import members
from crdb.crdts.orset import ORSet
from crdb.keyspace import Key
from crdb.transaction import Transaction


@command("scan", -2, "readonly")
def scan(txn: Transaction, start: bytes, *words: bytes) -> Reply:
    after = cursor(start)
    options = Options.of(words, of_keys=True)
    kinds = {key: entry.value.name for key, entry in present(txn) if entry.value is not None}
    following, keys = piece(kinds, after, options.wanted)
    if options.kind is not None:
        keys = [key for key in keys if kinds[key] == options.kind]
    return [b"%d" % following, matching(keys, options)]


@command("sscan", -3, "readonly", keys=ONE_KEY)
def sscan(txn: Transaction, key: Key, start: bytes, *words: bytes) -> Reply:
    after = cursor(start)
    # Of a missing key the options are not even read, as in Redis.
    if txn.read(key, ORSet) is None:
        return [b"0", []]
    options = Options.of(words)
    following, names = piece(members(txn, key), after, options.wanted)
    return [b"%d" % following, matching(names, options)]
