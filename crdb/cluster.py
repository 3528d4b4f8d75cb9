"""What a cluster shows of itself to its clients, under the OSS clustering policy.

Plain values: whoever places the slots makes a `View`, and the CLUSTER commands write it down. A
server without one has cluster support disabled, as behind the proxy of the Enterprise policy.
"""

import msgspec


class Member(msgspec.Struct, frozen=True):
    """One process of a shard: it serves the shard's slots, or follows the one that does."""

    id: str
    """40 hexadecimal digits; CLUSTER MYID."""
    ip: str
    port: int
    host: str = ""
    up: bool = True
    zone: str = ""


class ShardView(msgspec.Struct, frozen=True):
    """A shard: its slots, as first and last of each run, and who serves them."""

    id: str
    slots: tuple[tuple[int, int], ...]
    primary: Member
    replicas: tuple[Member, ...] = ()


class View(msgspec.Struct, frozen=True):
    """A cluster, as one of its processes sees it."""

    me: str
    shards: tuple[ShardView, ...]
    epoch: int = 1
    """Counts the changes."""

    def mine(self) -> ShardView:
        """The shard of the process that was asked."""
        return next(
            each
            for each in self.shards
            if self.me in (each.primary.id, *(member.id for member in each.replicas))
        )
