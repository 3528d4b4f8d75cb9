"""How a replica replicates."""

from typing import Literal

import msgspec


class Settings(msgspec.Struct, frozen=True):
    """Durations in microseconds of the region's clock."""

    batch_writes_max: int = 2_000
    """Writes in one message."""
    backlog_writes_max: int = 1_000_000
    """Own writes kept for peers that lag; beyond it they get a difference."""
    resend_after_us: int = 1_000_000
    """Without acknowledgement for so long, ask the peer; doubled each time in vain."""
    owner_grace_us: int = 60_000_000
    """An owner not heard for so long may have its expired keys removed by others."""
    notify_keyspace_events: str = ""
    """Which keyspace notifications are sent, in the letters of Redis: see `crdb.pubsub`."""
    causal: bool = False
    """Causal consistency: what an author had seen is shown before what it wrote, everywhere."""
    xadd_ids: Literal["strict", "semi-strict", "liberal"] = "strict"
    """Which ids XADD takes: the product's crdt_xadd_id_uniqueness_mode."""
    slots: tuple[int, int] | None = None
    """First and last slot of the range, where commands are checked for slots; None elsewhere."""
