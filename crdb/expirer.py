"""The expirer: turns what has expired into removals that travel.

The owner of a deadline removes its key, each key in a group of its own. Others ask the owner first,
and only if it then says nothing for the grace time may they: a clock that runs ahead must not rob
an owner that is there.

A deadline whose key is gone (set concurrently with a DEL) is its owner's to remove as well, at
once, or after the grace time somebody else's.

Fields of hashes that have deadlines of their own go the same way, each in a group of its own.
"""

from collections.abc import Mapping
from heapq import heappop, heappush

from crdb.crdts.expiry import Expiry
from crdb.keyspace import Key
from crdb.link import Link
from crdb.session import Session
from crdb.transaction import Transaction, no_dice


class Expirer:
    """Watches the deadlines of one replica. Times are on its region's clock, in microseconds."""

    def __init__(
        self, transaction: Transaction, links: Mapping[int, Link], region: int, grace_us: int
    ) -> None:
        self._transaction = transaction
        self._keyspace = transaction.keyspace
        self._links = links
        self._region = region
        self._grace_us = grace_us
        self._orphans: set[Key] = set()
        """Keys that are gone, whose deadline is for this region to remove …"""
        self._foundlings: set[Key] = set()
        """… and those whose deadline is another region's, which may never do so."""

    def wake_at(self, now_us: int) -> int | None:
        """When `expire` will next have something to do."""
        if self._orphans:
            return now_us
        keyspace = self._keyspace
        times = [heap[0][0] for heap in (keyspace.deadlines, keyspace.endings) if heap]
        return min(times, default=None)

    def adopt(self, now_us: int, key: Key) -> None:
        """A merge may have left a deadline without its key: see to it."""
        ghost = self._keyspace.ghosts.get(key)
        if ghost is None or ghost.expiry is None:
            return
        if ghost.expiry.owner == self._region:
            self._orphans.add(key)
        elif key not in self._foundlings:
            self._foundlings.add(key)
            heappush(self._keyspace.deadlines, (now_us + self._grace_us, key))

    def expire(self, now_us: int) -> None:
        """Remove what may be removed by now."""
        transaction, deadlines = self._transaction, self._keyspace.deadlines
        while deadlines and deadlines[0][0] <= now_us:
            at_us, key = heappop(deadlines)
            self._foundlings.discard(key)
            entry = self._keyspace.keys.get(key)
            if entry is None or entry.deadline_us > now_us:
                entry = self._keyspace.ghosts.get(key)
            if entry is None or entry.expiry is None:
                continue
            if self._may_remove(entry.expiry, entry.deadline_us, at_us):
                transaction.begin(now_us, Session(), no_dice)
                if transaction.remove(key):
                    transaction.broker.event("x", "expired", key)
                else:
                    transaction.drop_orphan(key)
            else:
                heappush(deadlines, (now_us + self._grace_us, key))
        for key in sorted(self._orphans):
            transaction.begin(now_us, Session(), no_dice)
            transaction.drop_orphan(key)
        self._orphans.clear()
        self._expire_fields(now_us)

    def _expire_fields(self, now_us: int) -> None:
        transaction, endings = self._transaction, self._keyspace.endings
        while endings and endings[0][0] <= now_us:
            at_us, key, name = heappop(endings)
            found = self._keyspace.hash_at(key)
            if found is None or found.ends_ms(name) * 1000 > now_us:
                continue
            expiry = found.field(name).expiry
            assert expiry is not None
            if self._may_remove(expiry, found.ends_ms(name) * 1000, at_us):
                transaction.begin(now_us, Session(), no_dice)
                dots = max(1, found.resets([name]))
                transaction.write(key, found.remove([name], transaction.take(dots)))
            else:
                heappush(endings, (now_us + self._grace_us, key, name))

    def _may_remove(self, expiry: Expiry, deadline_us: int, at_us: int) -> bool:
        """Whether this region may remove what has expired, now that its time ``at_us`` has come."""
        link = self._links.get(expiry.owner or 0)
        if link is None:
            return True
        asked_us = at_us - self._grace_us
        link.doubted = at_us == deadline_us or link.heard_at_us >= asked_us
        return not link.doubted
