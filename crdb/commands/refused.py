"""What an active-active database refuses, by name, and why.

That these are refused is documented. No Redis page gives the error's text; it is ours. Of commands
that the real server beside the tests has, arity and flags are its own; of the others they say only
that a word is a name.

Source: "Compatibility with open-source Redis", the tables of commands; "Stack with Enterprise".
"""

from collections.abc import Callable

from crdb.command import Reply, command
from crdb.errors import CommandError
from crdb.transaction import Transaction

REFUSED = "refused in every region"

CAUSES = {
    "flushing is an operator's action on all regions at once": """
        flushall -1 write
        flushdb -1 write
    """,
    "a dump has no history that could be merged": """
        restore -4 write denyoom @1
        restore-asking -4 write denyoom asking @1
        migrate -6 write @3
    """,
    "the database has no others beside it": """
        move 3 write fast @1
        swapdb 3 write fast
    """,
    "how a value is held differs from the open-source server": """
        object|encoding 3 readonly @2
        pfdebug 3 write denyoom admin @2
        pfselftest 1 admin
        debug -2 admin noscript loading stale
        script|debug -3 noscript
    """,
    "these are old names": """
        substr 4 readonly @1
        stralgo -2 readonly
    """,
    "regions, replicas, shards and disks are the operator's": """
        replicaof 3 admin noscript stale no_async_loading
        slaveof 3 admin noscript stale no_async_loading
        replconf -1 admin noscript loading stale allow_busy
        sync 1 admin noscript no_async_loading no_multi
        psync -3 admin noscript no_async_loading no_multi
        role 1 noscript loading stale fast
        failover -1 admin noscript stale
        save 1 admin noscript no_async_loading no_multi
        bgsave -1 admin noscript no_async_loading
        bgrewriteaof 1 admin noscript no_async_loading
        lastsave 1 loading stale fast
        shutdown -1 admin noscript loading stale no_multi allow_busy
        cluster|addslots -3 admin stale no_async_loading
        cluster|addslotsrange -4 admin stale no_async_loading
        cluster|bumpepoch 2 admin stale no_async_loading
        cluster|count-failure-reports 3 admin stale
        cluster|delslots -3 admin stale no_async_loading
        cluster|delslotsrange -4 admin stale no_async_loading
        cluster|failover -2 admin stale no_async_loading
        cluster|flushslots 2 admin stale no_async_loading
        cluster|forget 3 admin stale no_async_loading
        cluster|links 2 stale
        cluster|meet -4 admin stale no_async_loading
        cluster|replicate -3 admin stale no_async_loading
        cluster|reset -2 admin noscript stale
        cluster|saveconfig 2 admin stale no_async_loading
        cluster|set-config-epoch 3 admin stale no_async_loading
        cluster|setslot -4 admin stale no_async_loading
        cluster|slaves 3 admin stale
    """,
    "settings, users and measurements are the operator's": """
        module|load -3 admin noscript no_async_loading
        module|loadex -3 admin noscript no_async_loading
        module|unload 3 admin noscript no_async_loading
        acl|setuser -3 admin noscript loading stale
        acl|deluser -3 admin noscript loading stale
        acl|log -2 admin noscript loading stale
        acl|save 2 admin noscript loading stale
        acl|load 2 admin noscript loading stale
        acl|genpass -2 noscript loading stale
        config|resetstat 2 admin noscript loading stale
        latency|doctor 2 admin noscript loading stale
        latency|graph 3 admin noscript loading stale
        latency|histogram -2 admin noscript loading stale
        latency|history 3 admin noscript loading stale
        latency|latest 2 admin noscript loading stale
        latency|reset -2 admin noscript loading stale
        memory|doctor 2
        memory|stats 2
        memory|purge 2 loading
        memory|malloc-stats 2 loading
    """,
    "the proxy holds the connection": """
        reset 1 immediate noscript loading stale fast no_auth allow_busy
        client|pause -3 admin noscript loading stale
        client|unpause 2 admin noscript loading stale
        client|getredir 2 noscript loading stale allow_busy
        client|no-evict 3 admin noscript loading stale allow_busy
    """,
}

UNKNOWN_FORM = {
    "the product does not have them yet": """
        blmovem increx lmovem sdiffcard sunioncard xidmprecord xnack
    """,
    "their type is not replicated between regions": """
        vadd vcard vdim vemb vgetattr vinfo vismember vlinks vrandmember vrange vrem vsetattr vsim
        bf.add bf.card bf.exists bf.info bf.insert bf.loadchunk bf.madd bf.mexists bf.reserve
        bf.scandump cf.add cf.addnx cf.count cf.del cf.exists cf.info cf.insert cf.insertnx
        cf.loadchunk cf.mexists cf.reserve cf.scandump
        cms.incrby cms.info cms.initbydim cms.initbyprob cms.merge cms.query
        topk.add topk.count topk.incrby topk.info topk.list topk.query topk.reserve
        tdigest.add tdigest.byrank tdigest.byrevrank tdigest.cdf tdigest.create tdigest.info
        tdigest.max tdigest.merge tdigest.min tdigest.quantile tdigest.rank tdigest.reset
        tdigest.revrank tdigest.trimmed_mean
        ts.add ts.alter ts.create ts.createrule ts.decrby ts.del ts.deleterule ts.get ts.incrby
        ts.info ts.madd ts.mget ts.mrange ts.mrevrange ts.queryindex ts.range ts.revrange
    """,
    "a search index is each region's own": """
        ft.dropindex ft.sugadd ft.sugdel ft.sugget ft.suglen
    """,
}


def refusal(name: str) -> CommandError:
    return CommandError(f"ERR '{name}' command is not supported in Active-Active databases")


def refusing(name: str) -> Callable[..., Reply]:
    """Refuses, unless whoever holds the connection is the operator (see `crdb.host`)."""

    def refuse(txn: Transaction, *words: bytes) -> Reply:
        host = txn.session.host
        if host is None or name not in host.commands:
            raise refusal(name)
        reply: Reply = host.commands[name](txn, *words)
        return reply

    return refuse


def enter(name: str, arity: int = -1, *flags: str) -> None:
    """One line of the table. A flag ``@2`` says where the key is."""
    key = next((int(flag[1:]) for flag in flags if flag.startswith("@")), 0)
    flags = tuple(flag for flag in flags if not flag.startswith("@"))
    keys = (key, key, 1) if key else (0, 0, 0)
    command(name, arity, *flags, keys=keys, conflict=REFUSED)(refusing(name))


for lines in CAUSES.values():
    for line in lines.split("\n"):
        if line.strip():
            first, arity, *rest = line.split()
            enter(first, int(arity), *rest)

for names in UNKNOWN_FORM.values():
    for each in names.split():
        enter(each)
