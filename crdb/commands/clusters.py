"""CLUSTER and its relatives: what a cluster-aware client asks before it finds its way.

Where slots are and who serves them is the `View` that the replica was given. Without one, all but
CLUSTER KEYSLOT and READONLY answer that cluster support is disabled.

Source: https://redis.io/docs/latest/commands/?group=cluster
"""

from collections.abc import Iterator

from crdb.cluster import Member, ShardView, View
from crdb.command import Reply, command
from crdb.commands._arguments import integer
from crdb.commands.keys import present
from crdb.errors import CommandError
from crdb.slots import SLOTS, slot
from crdb.transaction import Transaction

HELP = """\
CLUSTER <subcommand> [<arg> [value] [opt] ...]. Subcommands are:
COUNTKEYSINSLOT <slot>
    Return the number of keys in <slot>.
GETKEYSINSLOT <slot> <count>
    Return key names stored by current node in a slot.
INFO
    Return information about the cluster.
KEYSLOT <key>
    Return the hash slot for <key>.
MYID
    Return the node id.
MYSHARDID
    Return the node's shard id.
NODES
    Return cluster configuration seen by node. Output format:
    <id> <ip:port@bus-port[,hostname]> <flags> <primary> <pings> <pongs> <epoch> <link> <slot> ...
REPLICAS <node-id>
    Return <node-id> replicas.
SLOTS
    Return information about slots range mappings. Each range is made of:
    start, end, primary and replicas IP addresses, ports and ids
SHARDS
    Return information about slot range mappings and the nodes associated with them.
HELP
    Print this help.
"""

BUS = 10_000
"""A process of a cluster speaks with the others on its port and so many more."""


@command("cluster|keyslot", 3, "stale")
def keyslot(txn: Transaction, word: bytes, key: bytes) -> Reply:
    return slot(key)


@command("cluster|countkeysinslot", 3, "stale")
def countkeysinslot(txn: Transaction, word: bytes, number: bytes) -> Reply:
    return len(list(keys_in(txn, number)))


@command("cluster|getkeysinslot", 4, "stale")
def getkeysinslot(txn: Transaction, word: bytes, number: bytes, count: bytes) -> Reply:
    found = sorted(keys_in(txn, number))
    if integer(count) < 0:
        raise CommandError("ERR Invalid slot or number of keys")
    return found[: integer(count)]


@command("cluster|myid", 2, "loading", "stale")
def myid(txn: Transaction, word: bytes) -> Reply:
    return view(txn).me.encode()


@command("cluster|myshardid", 2, "loading", "stale")
def myshardid(txn: Transaction, word: bytes) -> Reply:
    return view(txn).mine().id.encode()


@command("cluster|slots", 2, "loading", "stale")
def slots(txn: Transaction, word: bytes) -> Reply:
    return [
        [first, last, *(contact(member) for member in (shard.primary, *shard.replicas))]
        for first, last, shard in sorted(runs(view(txn)), key=lambda run: run[0])
    ]


@command("cluster|shards", 2, "loading", "stale")
def shards(txn: Transaction, word: bytes) -> Reply:
    return [
        {
            b"slots": [end for run in shard.slots for end in run],
            b"nodes": [
                described(member, "master" if member is shard.primary else "replica")
                for member in (shard.primary, *shard.replicas)
            ],
        }
        for shard in view(txn).shards
    ]


@command("cluster|nodes", 2, "loading", "stale")
def nodes(txn: Transaction, word: bytes) -> Reply:
    seen = view(txn)
    lines = [line for shard in seen.shards for line in lines_of(seen, shard)]
    return "".join(f"{line}\n" for line in lines).encode()


@command("cluster|replicas", 3, "admin", "stale")
def replicas(txn: Transaction, word: bytes, name: bytes) -> Reply:
    seen = view(txn)
    for shard in seen.shards:
        if shard.primary.id.encode() == name:
            return [line.encode() for line in list(lines_of(seen, shard))[1:]]
        if any(member.id.encode() == name for member in shard.replicas):
            raise CommandError("ERR The specified node is not a master")
    raise CommandError(f"ERR Unknown node {name.decode(errors='replace')}")


@command("cluster|info", 2, "loading", "stale")
def info(txn: Transaction, word: bytes) -> Reply:
    seen = view(txn)
    assigned = sum(last - first + 1 for first, last, _ in runs(seen))
    lost = sum(last - first + 1 for first, last, shard in runs(seen) if not shard.primary.up)
    members = sum(1 + len(shard.replicas) for shard in seen.shards)
    facts = {
        "state": "ok" if assigned == SLOTS and not lost else "fail",
        "slots_assigned": assigned,
        "slots_ok": assigned - lost,
        "slots_pfail": 0,
        "slots_fail": lost,
        "known_nodes": members,
        "size": sum(1 for shard in seen.shards if shard.slots),
        "current_epoch": seen.epoch,
        "my_epoch": seen.epoch,
    }
    return "".join(f"cluster_{name}:{value}\r\n" for name, value in facts.items()).encode()


@command("cluster|help", 2, "loading", "stale")
def help_(txn: Transaction, word: bytes) -> Reply:
    view(txn)
    return HELP.splitlines()


@command("asking", 1, "fast")
def asking(txn: Transaction) -> Reply:
    """The next command is for a slot that is on its way here."""
    view(txn)
    txn.session.asking = True
    return "OK"


@command("readonly", 1, "loading", "stale", "fast")
def readonly(txn: Transaction) -> Reply:
    """What a replica holds will do, even if it is late."""
    txn.session.readonly = True
    return "OK"


@command("readwrite", 1, "loading", "stale", "fast")
def readwrite(txn: Transaction) -> Reply:
    txn.session.readonly = False
    return "OK"


def view(txn: Transaction) -> View:
    if txn.cluster is None:
        raise CommandError("ERR This instance has cluster support disabled")
    return txn.cluster


def keys_in(txn: Transaction, word: bytes) -> Iterator[bytes]:
    view(txn)
    number = integer(word)
    if not 0 <= number < SLOTS:
        raise CommandError("ERR Invalid slot")
    return (key for key, _ in present(txn) if slot(key) == number)


def runs(seen: View) -> Iterator[tuple[int, int, ShardView]]:
    for shard in seen.shards:
        for first, last in shard.slots:
            yield first, last, shard


def contact(member: Member) -> Reply:
    about = [b"hostname", member.host.encode()] if member.host else []
    return [member.ip.encode(), member.port, member.id.encode(), about]


def described(member: Member, role: str) -> dict[bytes, Reply]:
    facts: dict[str, str | int] = {
        "id": member.id,
        "port": member.port,
        "ip": member.ip,
        "endpoint": member.ip,
        "hostname": member.host,
        "role": role,
        "replication-offset": 0,
        "health": "online" if member.up else "failed",
        "availability-zone": member.zone,
    }
    return {
        name.encode(): value if isinstance(value, int) else value.encode()
        for name, value in facts.items()
        if value != ""
    }


def lines_of(seen: View, shard: ShardView) -> Iterator[str]:
    """A shard's part of CLUSTER NODES: its primary, then its replicas."""
    held = [f"{first}-{last}" if last > first else f"{first}" for first, last in shard.slots]
    for member in (shard.primary, *shard.replicas):
        flags = ["myself"] if member.id == seen.me else []
        flags += ["master" if member is shard.primary else "slave"]
        flags += [] if member.up else ["fail"]
        address = f"{member.ip}:{member.port}@{member.port + BUS}"
        address += f",{member.host}" if member.host else ""
        above = "-" if member is shard.primary else shard.primary.id
        state = "connected" if member.up else "disconnected"
        words = [member.id, address, ",".join(flags), above, "0", "0", str(seen.epoch), state]
        yield " ".join(words + (held if member is shard.primary else []))
