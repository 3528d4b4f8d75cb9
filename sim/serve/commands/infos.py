"""INFO: what a region says of itself.

All regions are one process here, so its memory and its processor time are theirs together. Fields
that speak of what is not here, as forks and fragmentation, are left out. The section ``crdt`` is
ours, after what the product calls its replicas.

Source: https://redis.io/docs/latest/commands/info/
"""

import os
import platform
import resource
import sys
from collections.abc import Callable, Iterator

from crdb.command import Reply
from crdb.commands.connections import VERSION
from crdb.session import Session
from crdb.transaction import Transaction
from sim.serve.answers import answers
from sim.serve.front import Front
from sim.serve.process import human, memory_bytes

Fields = Iterator[tuple[str, object]]


def server(front: Front) -> Fields:
    up_s = (front.region.engine.now - front.begun_us) // 1_000_000
    yield "redis_version", VERSION
    yield "redis_mode", "standalone"
    yield "os", f"{platform.system()} {platform.release()} {platform.machine()}"
    yield "arch_bits", 64
    yield "multiplexing_api", "asyncio"
    yield "process_id", os.getpid()
    yield "run_id", front.run_id
    yield "tcp_port", front.port
    yield "server_time_usec", front.region.clock.now()
    yield "uptime_in_seconds", up_s
    yield "uptime_in_days", up_s // 86_400
    yield "hz", front.config.values["hz"]
    yield "executable", sys.executable
    yield "config_file", ""


def clients(front: Front) -> Fields:
    yield "connected_clients", len(front.connections)
    yield "cluster_connections", 0
    yield "maxclients", front.config.values["maxclients"]
    yield "blocked_clients", sum(each.blocked for each in front.connections.values())
    yield "tracking_clients", 0


def memory(front: Front) -> Fields:
    now, peak = memory_bytes()
    for name, size in (("used_memory", now), ("used_memory_rss", now), ("used_memory_peak", peak)):
        yield name, size
        yield f"{name}_human", human(size)
    yield "maxmemory", front.config.values["maxmemory"]
    yield "maxmemory_human", human(front.config.number("maxmemory"))
    yield "maxmemory_policy", front.config.values["maxmemory-policy"]
    yield "mem_fragmentation_ratio", "1.00"
    yield "mem_allocator", "python"
    yield "active_defrag_running", 0
    yield "lazyfree_pending_objects", 0


def persistence(front: Front) -> Fields:
    yield "loading", 0
    yield "async_loading", 0
    yield "rdb_changes_since_last_save", front.region.replica.seq
    yield "rdb_bgsave_in_progress", 0
    yield "rdb_last_bgsave_status", "ok"
    yield "aof_enabled", int(front.config.values["appendonly"] == "yes")
    yield "aof_rewrite_in_progress", 0
    yield "aof_last_bgrewrite_status", "ok"
    yield "aof_last_write_status", "ok"


def stats(front: Front) -> Fields:
    counts, listeners = front.counts, front.region.replica.broker.listeners
    yield "total_connections_received", counts.connections
    yield "total_commands_processed", counts.calls
    yield "instantaneous_ops_per_sec", counts.per_second(front.region.engine.now)
    yield "total_net_output_bytes", counts.bytes_out
    yield "rejected_connections", counts.rejected
    yield "expired_keys", 0
    yield "evicted_keys", 0
    yield "pubsub_channels", len(listeners[""])
    yield "pubsub_patterns", len(listeners["p"])
    yield "pubsubshard_channels", len(listeners["s"])
    yield "total_error_replies", sum(counts.replies_of_errors.values())


def replication(front: Front) -> Fields:
    yield "role", "master"
    yield "connected_slaves", 0
    yield "master_failover_state", "no-failover"
    yield "master_replid", front.run_id
    yield "master_repl_offset", front.region.replica.seq


def cpu(front: Front) -> Fields:
    used = resource.getrusage(resource.RUSAGE_SELF)
    yield "used_cpu_sys", f"{used.ru_stime:.6f}"
    yield "used_cpu_user", f"{used.ru_utime:.6f}"


def modules(front: Front) -> Fields:
    yield from ()


def commandstats(front: Front) -> Fields:
    for name, cost in front.counts.by_command().items():
        each_us = cost.us / cost.calls
        shown = f"calls={cost.calls},usec={cost.us:.0f},usec_per_call={each_us:.2f}"
        yield f"cmdstat_{name.decode(errors='replace')}", shown


def errorstats(front: Front) -> Fields:
    for name, count in sorted(front.counts.replies_of_errors.items()):
        yield f"errorstat_{name}", f"count={count}"


def cluster(front: Front) -> Fields:
    yield "cluster_enabled", 0


def keyspace(front: Front) -> Fields:
    keys = front.region.execute(Session(), [b"DBSIZE"])
    if isinstance(keys, int) and keys:
        yield "db0", f"keys={keys},expires={front.expires()},avg_ttl=0"


def crdt(front: Front) -> Fields:
    """Ours: who this region is, and how far its peers are."""
    region = front.region
    yield "crdt_region", region.name
    yield "crdt_region_id", region.number
    yield "crdt_clock_ahead_us", region.clock.ahead_us()
    yield "crdt_settled", int(region.settled())
    for source, lag_us in front.server.lags(region.name).items():
        yield f"crdt_peer_{source.replace(' ', '_')}", f"last_lag_us={lag_us}"


SECTIONS: dict[str, Callable[[Front], Fields]] = {
    each.__name__: each
    for each in (
        *(server, clients, memory, persistence, stats, replication, cpu, modules, commandstats),
        *(errorstats, cluster, keyspace, crdt),
    )
}

TITLES = {"cpu": "CPU"}

USUAL = [name for name in SECTIONS if name != "commandstats"]
"""What INFO shows that is asked for nothing."""


@answers("info")
def info(front: Front, txn: Transaction, *words: bytes) -> Reply:
    wanted: list[str] = []
    for word in [each.decode(errors="replace").lower() for each in words] or ["default"]:
        all_of = {"default": USUAL, "all": list(SECTIONS), "everything": list(SECTIONS)}
        wanted += all_of.get(word, [word])
    told = []
    for name in dict.fromkeys(wanted):
        if name in SECTIONS:
            lines = [f"{field}:{value}\r\n" for field, value in SECTIONS[name](front)]
            told.append(f"# {TITLES.get(name, name.capitalize())}\r\n{''.join(lines)}")
    return "\r\n".join(told).encode()
