"""Settings of a scenario, table by table of its file, each with what a value means and its unit."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from crdb.slots import SLOTS
from sim.units import Duration, Offset, Period

Count = Annotated[int, Meta(ge=1)]


class Strict(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """No key may be misspelt."""


class NetworkSettings(Strict, frozen=True):
    """How packets travel, on every channel."""

    jitter: Annotated[float, Meta(ge=0, le=1)] = 0.03
    """Standard deviation of the one-way time, as a share of it."""
    hold_window: Count = 10_000
    """Packets that a held connection keeps before it closes."""
    hold_timeout: Duration = Duration(60_000_000)
    """How long it keeps them before it closes."""


class SyncSettings(Strict, frozen=True):
    """How writes leave a region."""

    batch_interval: Duration = Duration(10_000)
    """The least time between two batches of a region."""
    batch_writes_max: Count = 2_000
    """Writes in one message."""
    backlog_writes_max: Count = 1_000_000
    """Own writes that are kept for a peer that lags; beyond, it gets a difference."""
    resend_after: Period = Period(1_000_000)
    """Without acknowledgement for so long, a region asks its peer; doubled each time in vain."""
    causal: bool = False
    """Causal consistency: what an author had seen shows everywhere before what it wrote. Every
    region then passes on what it hears, N-2 times the traffic more."""
    delay: str = ""
    """What a batch waits beyond the interval: a store by name, as `sim.latency.pbs` knows them,
    or nothing."""


class DiskSettings(Strict, frozen=True):
    """The disk of every region, if something is kept on it."""

    fsync: Duration = Duration(1_000)
    """How long an fsync takes besides its bytes."""
    jitter: Annotated[float, Meta(ge=0, le=1)] = 0.1
    """Standard deviation of that, as a share of it."""
    mb_per_s: Count = 500
    """Megabytes read or written in a second."""
    capacity_mb: Annotated[int, Meta(ge=0)] = 0
    """Megabytes that it holds; 0 for no limit."""


class PersistenceSettings(Strict, frozen=True):
    """What every region keeps on its disk, for when its power fails."""

    policy: Literal["none", "rdb", "aof"] = "none"
    """Nothing, snapshots, or an append-only log."""
    interval: Duration = Duration(0)
    """From one snapshot to the next (the product has 1h, 6h and 12h), or from a write to its fsync;
    ``0s`` means 1h, and 1s."""
    fsync: Literal["always", "interval", "never"] = "interval"
    """Of a log: before a reply, every interval, or when the system finds the time."""
    rewrite_percent: Count = 100
    """A log is rewritten when it has grown by so much …"""
    rewrite_bytes: Count = 64 << 20
    """… and is at least so large."""


class ClockSettings(Strict, frozen=True):
    """How wrong a region's clock is."""

    offset: Offset = Offset(0)
    """Ahead of true time; negative behind it."""
    drift_ppm: Annotated[int, Meta(ge=-500_000, le=500_000)] = 0
    """Microseconds that it gains in a second; negative loses."""


class ClientSettings(Strict, frozen=True):
    """How patient clients are."""

    timeout: Period = Period(1_000_000)
    """Without reply for so long, a call has failed."""
    attempts: Count = 4
    """How often a call is tried, the first time included."""
    backoff_base: Duration = Duration(10_000)
    """Longest wait before the second attempt; doubled before each further one …"""
    backoff_cap: Duration = Duration(1_000_000)
    """… up to this."""
    backoff: Literal["full-jitter", "exponential", "fixed"] = "full-jitter"
    """A random share of that wait, as redis-py does by default; all of it; or always the base."""


class ClusterSettings(Strict, frozen=True):
    """What each region is made of, and how its clients see it. For the lifetime of a database."""

    policy: Literal["none", "oss", "enterprise"] = "none"
    """Clustering policy: none for a region of one piece, ``oss`` for clients that see every shard,
    ``enterprise`` for one endpoint with a proxy behind it."""
    ranges: Annotated[int, Meta(ge=1, le=SLOTS)] = 16
    """Slot ranges, the same in all regions: what moves when a cluster is scaled."""
    capacity: Annotated[int, Meta(ge=2, multiple_of=2)] = 2
    """Nodes of a region, in pairs; each node has the primary of one shard."""
    zones: Annotated[int, Meta(ge=0, le=3)] = 3
    """Availability zones that they are spread over, 2 or 3; 0 for none. At creation only."""
    failover_after: Duration = Duration(2_000_000)
    """How long after the loss of a node its shards' copies are promoted."""
    copy_lag: Duration = Duration(1_000)
    """How far the copy on the other node of a pair trails behind."""
    proxy: Duration = Duration(100)
    """What a request takes longer by way of the proxy."""
    command_ns: Annotated[int, Meta(ge=0)] = 0
    """How long a shard is busy with a command, in nanoseconds; …"""
    byte_ns: Annotated[int, Meta(ge=0)] = 0
    """… so much longer for each byte of it and of its reply, …"""
    element_ns: Annotated[int, Meta(ge=0)] = 0
    """… and for each element of a reply that is a list."""
    provision: Duration = Duration(5_000_000)
    """Until nodes that are added are there."""
    keys_per_step: Count = 100
    """Keys that a range moves at once, …"""
    step: Period = Period(10_000)
    """… to rest for so long; …"""
    move_ns: Annotated[int, Meta(ge=0)] = 0
    """… how long both shards are busy with each of these keys, in nanoseconds; …"""
    range_takes: Duration = Duration(100_000)
    """… and the least time that a range is on its way."""
    node_takes: Duration = Duration(10_000_000)
    """How long a node is away for a patch or for a change of its size."""
