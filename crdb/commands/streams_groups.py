"""Consumer groups: their existence is replicated, what they have delivered is each region's own.

XGROUP CREATE and DESTROY travel, and a deletion wins. SETID, consumers and pending entries do not
travel. Of XACK travels only up to where everything has been delivered and acknowledged.

Source: https://redis.io/docs/latest/commands/?group=stream; Redis Active-Active, "Streams".
"""

from collections.abc import Sequence

from crdb.command import ONE_KEY, Reply, command
from crdb.commands._arguments import integer
from crdb.commands._stream_ids import LAST, entry_id
from crdb.commands.streams import BOTTOM, LOCAL, of_id
from crdb.crdts.consumers import ZERO, Group, Id
from crdb.crdts.stream import Stream
from crdb.dots import actor_of
from crdb.errors import CommandError, quoted, quoting
from crdb.keyspace import Key as Name
from crdb.transaction import Transaction

SECOND = (2, 2, 1)
DELETE_WINS = "one group; a deletion wins over a creation that it did not see"
ACKNOWLEDGED = "what one has acknowledged without gaps, the other does not deliver"

HELP = """\
XGROUP <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
CREATE <key> <groupname> <id|$> [option]
    Create a new consumer group. Options are:
    * MKSTREAM
      Create the empty stream if it does not exist.
    * ENTRIESREAD entries_read
      Set the group's entries_read counter (internal use).
CREATECONSUMER <key> <groupname> <consumer>
    Create a new consumer in the specified group.
DELCONSUMER <key> <groupname> <consumer>
    Remove the specified consumer.
DESTROY <key> <groupname>
    Remove the specified group.
SETID <key> <groupname> <id|$> [ENTRIESREAD entries_read]
    Set the current group ID and entries_read counter.
HELP
    Print this help.
"""


def stream_at(txn: Transaction, key: Name) -> Stream:
    found = txn.read(key, Stream)
    if found is None:
        raise CommandError(
            "ERR The XGROUP subcommand requires the key to exist. Note that for CREATE you may "
            "want to use the MKSTREAM option to create an empty stream automatically."
        )
    return found


def group_of(txn: Transaction, key: Name, name: bytes) -> Group:
    group = stream_at(txn, key).groups.get(name)
    if group is None:
        raise no_group(key, name)
    return group


def no_group(key: Name, name: bytes) -> CommandError:
    text = b"NOGROUP No such consumer group '%s' for key name '%s'"
    return quoting(text % (quoted(name), quoted(key)))


def options(word: bytes, words: Sequence[bytes], creating: bool) -> tuple[bool, int | None]:
    """Whether to make the stream, and how many entries the group has read; None: nobody knows."""
    make, read, at = False, None, 0
    while at < len(words):
        option = words[at].upper()
        if option == b"MKSTREAM" and creating:
            make = True
        elif option == b"ENTRIESREAD" and at + 1 < len(words):
            at += 1
            number = integer(words[at])
            if number < -1:
                raise CommandError("ERR value for ENTRIESREAD must be positive or -1")
            read = None if number == -1 else number
        else:
            raise subcommand_syntax(b"XGROUP", word)
        at += 1
    return make, read


def subcommand_syntax(name: bytes, word: bytes) -> CommandError:
    text = b"ERR unknown subcommand or wrong number of arguments for '%s'. Try %s HELP."
    return quoting(text % (quoted(word, 128), name))


def position(word: bytes, found: Stream | None) -> Id:
    if word == b"$":
        return ZERO if found is None else found.last
    return entry_id(word)


@command("xgroup|create", -5, "write", "denyoom", keys=SECOND, conflict=DELETE_WINS)
def create(
    txn: Transaction, word: bytes, key: Name, name: bytes, at: bytes, *words: bytes
) -> Reply:
    make, read = options(word, words, creating=True)
    found = txn.read(key, Stream) if make else stream_at(txn, key)
    if len(words) > 3:
        raise subcommand_syntax(b"XGROUP", word)
    start = position(at, found)
    if found is not None and name in found.groups:
        raise CommandError("BUSYGROUP Consumer Group name already exists")
    seen = txn.seen()
    txn.write(key, BOTTOM.create(name, start, txn.take(1), seen))
    group_of(txn, key, name).entries_read = read
    return "OK"


@command("xgroup|setid", -5, "write", keys=SECOND, conflict=LOCAL)
def setid(txn: Transaction, word: bytes, key: Name, name: bytes, at: bytes, *words: bytes) -> Reply:
    _, read = options(word, words, creating=False)
    group = group_of(txn, key, name)
    if len(words) > 2:
        raise subcommand_syntax(b"XGROUP", word)
    # Unlike CREATE it takes the ends of all ids, too, as at the server.
    ends = {b"-": ZERO, b"+": LAST}
    group.set_to(ends[at] if at in ends else position(at, stream_at(txn, key)))
    group.entries_read = read
    return "OK"


@command("xgroup|destroy", 4, "write", keys=SECOND, conflict=DELETE_WINS)
def destroy(txn: Transaction, word: bytes, key: Name, name: bytes) -> Reply:
    found = stream_at(txn, key)
    if name not in found.groups:
        return 0
    txn.write(key, found.destroy(name, txn.take(1)))
    return 1


@command("xgroup|createconsumer", 5, "write", "denyoom", keys=SECOND, conflict=LOCAL)
def createconsumer(txn: Transaction, word: bytes, key: Name, name: bytes, consumer: bytes) -> Reply:
    group = group_of(txn, key, name)
    if consumer in group.consumers:
        return 0
    group.consumer(consumer, txn.now_ms)
    return 1


@command("xgroup|delconsumer", 5, "write", keys=SECOND, conflict=LOCAL)
def delconsumer(txn: Transaction, word: bytes, key: Name, name: bytes, consumer: bytes) -> Reply:
    group = group_of(txn, key, name)
    found = group.consumers.get(consumer)
    return 0 if found is None else group.drop(found)


@command("xgroup|help", 2, "loading", "stale")
def help_(txn: Transaction, word: bytes) -> Reply:
    return list(HELP.splitlines())


@command("xack", -4, "write", "fast", keys=ONE_KEY, conflict=ACKNOWLEDGED)
def xack(txn: Transaction, key: Name, name: bytes, *words: bytes) -> Reply:
    found = txn.read(key, Stream)
    group = None if found is None else found.groups.get(name)
    if found is None or group is None:
        return 0
    ids = list(map(entry_id, words))
    acknowledged = sum(group.take(each) for wanted in ids for each in of_id(group.pending, wanted))
    if acknowledged:
        tell(txn, key, name, found, group)
    return acknowledged


def tell(txn: Transaction, key: Name, name: bytes, found: Stream, group: Group) -> None:
    """Let the peers know up to where this region is done, if that is further than before."""
    done, actor = group.done(found.entries, found.last), actor_of(txn.fresh)
    before = found.acknowledged(name, actor)
    if done > before:
        seen = txn.seen()
        txn.write(key, found.acknowledge(name, done, txn.take(1), seen))
