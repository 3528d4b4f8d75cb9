"""Commands about connections and the process: answered by whoever holds them, see `crdb.host`.

Arity and flags are those of the real server; the commands that begin with CRDB are ours, and steer
the world that a region is part of.

Source: https://redis.io/docs/latest/commands/?group=server
"""

from collections.abc import Callable

from crdb.command import Reply, command
from crdb.errors import CommandError
from crdb.transaction import Transaction

LINES = """
    info -1 loading stale
    monitor 1 admin noscript loading stale
    config|get -3 admin noscript loading stale
    config|help 2 loading stale
    config|rewrite 2 admin noscript loading stale
    config|set -4 admin noscript loading stale
    memory|help 2 loading stale
    memory|usage -3 readonly @2
    acl|cat -2 noscript loading stale
    acl|dryrun -4 admin noscript loading stale
    acl|getuser 3 admin noscript loading stale
    acl|help 2 loading stale
    acl|list 2 admin noscript loading stale
    acl|users 2 admin noscript loading stale
    acl|whoami 2 noscript loading stale
    latency|help 2 loading stale
    module|help 2 loading stale
    module|list 2 admin noscript
    slowlog|get -2 admin loading stale
    slowlog|help 2 loading stale
    slowlog|len 2 admin loading stale
    slowlog|reset 2 admin loading stale
    client|caching 3 noscript loading stale allow_busy
    client|help 2 loading stale
    client|kill -3 admin noscript loading stale
    client|list -2 admin noscript loading stale
    client|reply 3 noscript loading stale no_multi allow_busy
    client|tracking -3 noscript loading stale
    client|trackinginfo 2 noscript loading stale
    client|unblock -3 admin noscript loading stale
    crdb.conflicts -1 admin noscript
    crdb.converged 1 admin noscript
    crdb.crash 2 admin noscript
    crdb.heal -1 admin noscript
    crdb.help 1 admin noscript
    crdb.history -1 admin noscript
    crdb.lag 1 admin noscript
    crdb.latency 4 admin noscript
    crdb.partition -3 admin noscript
    crdb.regions 1 admin noscript
    crdb.restart 2 admin noscript
    crdb.rotate -2 admin noscript
    crdb.save 2 admin noscript
    crdb.skew 3 admin noscript
    crdb.token 3 admin noscript
"""


def enter(name: str, arity: int, *flags: str) -> None:
    """One line of the table. A flag ``@2`` says where the key is."""
    key = next((int(flag[1:]) for flag in flags if flag.startswith("@")), 0)
    flags = tuple(flag for flag in flags if not flag.startswith("@"))
    keys = (key, key, 1) if key else (0, 0, 0)
    command(name, arity, *flags, keys=keys)(asking(name))


def asking(name: str) -> Callable[..., Reply]:
    def ask(txn: Transaction, *words: bytes) -> Reply:
        host = txn.session.host
        if host is None or name not in host.commands:
            shown = name.replace("|", " ").upper()
            raise CommandError(f"ERR {shown} is answered only where a region has a host")
        reply: Reply = host.commands[name](txn, *words)
        return reply

    return ask


for line in LINES.split("\n"):
    if line.strip():
        first, arity, *rest = line.split()
        enter(first, int(arity), *rest)
