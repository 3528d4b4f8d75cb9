"""What a command sees and does: keys as they are now, and the writes it makes.

One transaction serves one replica, command after command. `begin` gives it the time and the dice,
each write goes into the backlog under the number of its group. MULTI runs several commands in one
transaction, so its group is atomic at every peer; that is our choice, as no Redis page says what
peers see of a transaction.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from crdb import stamps
from crdb.cluster import View
from crdb.crdts.base import CRDT, NOTHING, Delta, Residue
from crdb.crdts.expiry import FOREVER, Expiry
from crdb.crdts.hash import Hash
from crdb.dots import SEQ_BITS, SEQ_MASK, Dot
from crdb.errors import wrong_type
from crdb.keyspace import NEVER_US, Entry, Key, Keyspace
from crdb.messages import Write
from crdb.pubsub import Broker
from crdb.session import Request, Session, Waiter
from crdb.settings import Settings

Draw = Callable[[int], int]
"""``draw(n)`` gives a number in [0, n): the dice of SPOP and RANDOMKEY."""

S = TypeVar("S", bound=CRDT)  # type: ignore[type-arg]


def no_dice(n: int) -> int:
    """For what must not depend on chance, as expiry."""
    raise RuntimeError("this transaction was begun without dice")


class Transaction:
    """The one way to read and to change a keyspace from inside its region."""

    def __init__(
        self,
        keyspace: Keyspace,
        region: int,
        actor: int,
        log: list[Write],
        vector: Mapping[int, int],
        remember: Callable[[Key, Residue], None],
        broker: Broker,
        settings: Settings | None = None,
    ) -> None:
        self.keyspace = keyspace
        self.broker = broker
        self.region = region
        self.settings = settings or Settings()
        self.now_us = 0
        self.draw: Draw = no_dice
        self.session = Session()
        self.writing = False
        """Whether the command that runs may write: it then removes expired keys that it meets."""
        self.waiters: dict[Session, Waiter] = {}
        """Blocked clients, the one that waits longest first."""
        self.shelf: list[Any] = []
        """`crdb.lua.scripts.Scripts`, once they are used; ranges of one region share them."""
        self.cluster: View | None = None
        """What the CLUSTER commands show; None where cluster support is disabled."""
        self._may_wait = True
        self.stale = False
        """The replica was restored, and what it holds may be out of date. Nothing is removed then:
        what has expired in an old backup may have been renewed since."""
        self._group = 1
        self.fresh = (actor << SEQ_BITS) + 1
        """The next dot that nobody has; whoever uses it says so with `take` or `wrote`."""
        self.tie = stamps.stamp(0, region)
        self._forever = stamps.stamp(FOREVER, region)
        self.log = log
        """What was written, for the peers; the backlog cuts it off at the front, between groups."""
        self._actor = actor
        self._vector = vector
        self._remember = remember
        self._keys = keyspace.keys

    @property
    def scripts(self) -> Any:
        return self.shelf[0] if self.shelf else None

    @property
    def seq(self) -> int:
        """Sequence number of the last dot taken."""
        return (self.fresh & SEQ_MASK) - 1

    def begin(self, now_us: int, session: Session, draw: Draw, writing: bool = False) -> None:
        """Start a group. One that writes nothing leaves no trace, even if it took dots."""
        self.now_us = now_us
        self.session = session
        self.draw = draw
        self.writing = writing
        self._group = self.fresh & SEQ_MASK

    def take(self, dots: int) -> Dot:
        """The first of so many fresh dots."""
        first = self.fresh
        self.fresh = first + dots
        return first

    def stamp(self) -> int:
        """What a value assigned now is ordered by."""
        return self.now_us << stamps.BITS | self.tie

    def seen(self) -> dict[int, int]:
        """What this region has applied, own writes included: actor -> sequence number.

        A write of a type whose deletion wins says so with it: a deletion kills what did not see it.
        """
        return {**self._vector, self._actor: self.seq} if self.seq else dict(self._vector)

    @property
    def now_ms(self) -> int:
        return self.now_us // 1000

    def wait(self, request: Request, keys: Sequence[Key], timeout_us: int) -> Waiter | None:
        """What a blocking command that found nothing returns: ``request`` runs again later.

        It does so whenever one of ``keys`` changes, and gets nil after the time-out; 0 for none.
        Inside MULTI or a script nobody can wait: nil at once.
        """
        if not self._may_wait:
            return None
        waiter = self.waiters.get(self.session)
        if waiter is None:
            deadline_us = self.now_us + timeout_us if timeout_us else None
            waiter = self.waiters[self.session] = Waiter(self.session, request, deadline_us)
            for key in keys:
                self.keyspace.watch(waiter, key)
        return waiter

    @contextmanager
    def undivided(self) -> Iterator[None]:
        """Several commands run as one: none of them may wait."""
        before, self._may_wait = self._may_wait, False
        try:
            yield
        finally:
            self._may_wait = before

    def find(self, key: Key) -> Entry | None:
        """What a key holds now; an expired key reads as missing.

        The owner removes it on sight, and so does whoever is about to write to it.
        """
        entry = self._keys.get(key)
        if entry is None:
            return None
        if entry.deadline_us > self.now_us:
            value = entry.value
            if type(value) is Hash and value.ended(self.now_ms):
                return self._without(key, value)
            return entry
        assert entry.expiry is not None
        if not self.stale and (self.writing or entry.expiry.owner == self.region):
            self.remove(key)
            self.broker.event("x", "expired", key)
        return None

    def _without(self, key: Key, ended: Hash) -> Entry | None:
        """What a key holds if not for that value, whose fields have all expired."""
        if self.stale or not self.writing:
            return None
        self.write(key, ended.clear(self.take(ended.clear_dots())))
        return self.find(key)

    def read(self, key: Key, kind: type[S]) -> S | None:
        """The state of a key; None if it is missing. Raises `CommandError` for another type."""
        entry = self._keys.get(key)
        if entry is None or (entry.deadline_us <= self.now_us and self.find(key) is None):
            return None
        value = entry.value
        if type(value) is not kind:
            if isinstance(value, Hash) and value.ended(self.now_ms):
                return None if self.find(key) is None else self.read(key, kind)
            raise wrong_type()
        return value

    def write(self, key: Key, delta: Delta) -> None:
        """Merge a delta here and send it to the peers."""
        keyspace = self.keyspace
        if keyspace.ghosts:
            self.drop_orphan(key)
        residue = keyspace.merge(key, delta, NOTHING)
        self.log.append((self._group, key, delta))
        if residue is not None:
            self._remember(key, residue)
            if keyspace.ghosts:
                self.drop_orphan(key)

    def wrote(self, key: Key, delta: Delta, dots: int) -> None:
        """Send a delta that a ``_now`` mutator has merged, with so many dots from `fresh` on."""
        self.fresh += dots
        self.log.append((self._group, key, delta))
        if self.keyspace.watchers:
            self.keyspace.touch(key)

    def overwrote(self, key: Key, delta: Delta, expiry: Expiry) -> None:
        """`wrote` with one dot, and once more no deadline for a key that has none.

        In one step, since SET does so each time: its FOREVER has to win against deadlines that are
        set elsewhere at the same time.
        """
        dot = self.fresh + 1
        self.fresh = dot + 1
        forever = expiry.write_now(None, self._forever, dot)
        self.log.append((self._group, key, delta))
        self.log.append((self._group, key, forever))
        if self.keyspace.watchers:
            self.keyspace.touch(key)

    def drop_orphan(self, key: Key) -> None:
        """A deadline ends with its key: a new key of that name must not inherit it."""
        ghost = self.keyspace.ghosts.get(key)
        if ghost is not None and ghost.expiry is not None:
            delta = ghost.expiry.clear(self.take(1))
            self.log.append((self._group, key, delta))
            self.keyspace.merge(key, delta, NOTHING)

    def remove(self, key: Key) -> bool:
        """Observed removal of all that the key holds. False if it did not exist."""
        entry = self._keys.get(key)
        if entry is None:
            return False
        for state in list(entry.values()):
            if state.alive():
                self.write(key, state.clear(self.take(state.clear_dots())))
        return True

    def expire_at(self, key: Key, deadline_ms: int | None) -> None:
        """Set the deadline of an existing key, in Unix time; None lets it live for ever."""
        expiry = self._keys[key].expiry or Expiry()
        deadline = FOREVER if deadline_ms is None else deadline_ms
        self.write(key, expiry.expire_at(deadline, self.region, self.take(1)))

    def deadline_ms(self, key: Key) -> int | None:
        """When an existing key expires, None for never."""
        deadline_us = self._keys[key].deadline_us
        return None if deadline_us == NEVER_US else deadline_us // 1000
