"""Publish and subscribe: messages to whoever listens, in every region.

What PUBLISH says is delivered in all regions; its reply counts the receivers in this one. PUBSUB
speaks of this region's subscribers. A sharded channel is one of its own beside a channel of the
same name; as a replica is one slot range, it needs no more.

Source: https://redis.io/docs/latest/develop/pubsub/
"""

from collections.abc import Iterable

from crdb.command import ALL_KEYS, ONE_KEY, Reply, command
from crdb.errors import quoted, quoting
from crdb.pubsub import Kind, matches
from crdb.replies import Push, Pushes
from crdb.transaction import Transaction

HELP = """\
PUBSUB <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
CHANNELS [<pattern>]
    Return the currently active channels matching a <pattern> (default: '*').
NUMPAT
    Return number of subscriptions to patterns.
NUMSUB [<channel> ...]
    Return the number of subscribers for the specified channels, excluding
    pattern subscriptions(default: no channels).
SHARDCHANNELS [<pattern>]
    Return the currently active shard level channels matching a <pattern> (default: '*').
SHARDNUMSUB [<shardchannel> ...]
    Return the number of subscribers for the specified shard level channel(s)
HELP
    Print this help.
"""

LISTEN = ("pubsub", "noscript", "loading", "stale")
SPEAK = ("pubsub", "loading", "stale", "fast")
ASK = ("pubsub", "loading", "stale")


@command("subscribe", -2, *LISTEN)
def subscribe(txn: Transaction, *channels: bytes) -> Reply:
    return listen(txn, "", channels)


@command("psubscribe", -2, *LISTEN)
def psubscribe(txn: Transaction, *patterns: bytes) -> Reply:
    return listen(txn, "p", patterns)


@command("ssubscribe", -2, *LISTEN, keys=ALL_KEYS)
def ssubscribe(txn: Transaction, *channels: bytes) -> Reply:
    return listen(txn, "s", channels)


@command("unsubscribe", -1, *LISTEN)
def unsubscribe(txn: Transaction, *channels: bytes) -> Reply:
    return leave(txn, "", channels)


@command("punsubscribe", -1, *LISTEN)
def punsubscribe(txn: Transaction, *patterns: bytes) -> Reply:
    return leave(txn, "p", patterns)


@command("sunsubscribe", -1, *LISTEN, keys=ALL_KEYS)
def sunsubscribe(txn: Transaction, *channels: bytes) -> Reply:
    return leave(txn, "s", channels)


@command("publish", 3, *SPEAK)
def publish(txn: Transaction, channel: bytes, message: bytes) -> Reply:
    return txn.broker.publish(False, channel, message)


@command("spublish", 3, *SPEAK, keys=ONE_KEY)
def spublish(txn: Transaction, channel: bytes, message: bytes) -> Reply:
    return txn.broker.publish(True, channel, message)


@command("pubsub|channels", -2, *ASK)
def channels(txn: Transaction, word: bytes, *patterns: bytes) -> Reply:
    return active(txn, "", word, patterns)


@command("pubsub|shardchannels", -2, *ASK)
def shardchannels(txn: Transaction, word: bytes, *patterns: bytes) -> Reply:
    return active(txn, "s", word, patterns)


@command("pubsub|numsub", -2, *ASK)
def numsub(txn: Transaction, word: bytes, *channels: bytes) -> Reply:
    return counted(txn, "", channels)


@command("pubsub|shardnumsub", -2, *ASK)
def shardnumsub(txn: Transaction, word: bytes, *channels: bytes) -> Reply:
    return counted(txn, "s", channels)


@command("pubsub|numpat", 2, *ASK)
def numpat(txn: Transaction, word: bytes) -> Reply:
    return len(txn.broker.listeners["p"])


@command("pubsub|help", 2, "loading", "stale")
def help_(txn: Transaction, word: bytes) -> Reply:
    return HELP.splitlines()


def listen(txn: Transaction, kind: Kind, names: Iterable[bytes]) -> Reply:
    told = Pushes()
    for name in names:
        txn.broker.subscribe(txn.session, kind, name)
        told.append(confirmed(txn, kind, b"subscribe", name))
    return told


def leave(txn: Transaction, kind: Kind, names: tuple[bytes, ...]) -> Reply:
    """Without names, all of this kind; and if there are none, that is said too."""
    told = Pushes()
    for name in names or tuple(txn.session.subscriptions.get(kind, ())):
        txn.broker.unsubscribe(txn.session, kind, name)
        told.append(confirmed(txn, kind, b"unsubscribe", name))
    return told or Pushes([confirmed(txn, kind, b"unsubscribe", None)])


def confirmed(txn: Transaction, kind: Kind, verb: bytes, name: bytes | None) -> Push:
    """With the number of subscriptions left; those to slots' channels are counted apart."""
    subscriptions = txn.session.subscriptions
    kinds: tuple[Kind, ...] = ("s",) if kind == "s" else ("", "p")
    left = sum(len(subscriptions.get(each, ())) for each in kinds)
    return Push([kind.encode() + verb, name, left])


def active(txn: Transaction, kind: Kind, word: bytes, patterns: tuple[bytes, ...]) -> Reply:
    """The channels that somebody listens to, in order of their names."""
    if len(patterns) > 1:
        text = b"ERR unknown subcommand or wrong number of arguments for '%s'. Try PUBSUB HELP."
        raise quoting(text % quoted(word))
    names = sorted(txn.broker.listeners[kind])
    return [name for name in names if not patterns or matches(patterns[0], name)]


def counted(txn: Transaction, kind: Kind, names: Iterable[bytes]) -> Reply:
    listeners = txn.broker.listeners[kind]
    return [part for name in names for part in (name, len(listeners.get(name, ())))]
