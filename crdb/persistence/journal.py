"""The journal: what goes through a replica's doors, as the records of its log.

A replica calls nobody. Whoever holds it asks the journal after `execute` and `tick` what it wrote,
and hands over each message with what `receive` said of it. What was not asked for yet stays in the
replica's backlog, whatever its peers have acknowledged.

>>> from crdb.session import Session
>>> here = Replica(region=1, peers=[])
>>> journal = Journal(here)
>>> here.execute(0, Session(), [b"INCR", b"k"], lambda n: 0), here.tick(1)
(1, [])
>>> [(each.after, each.last, len(each.writes)) for each in journal.wrote()], list(journal.wrote())
([(0, 1, 1)], [])
"""

from collections.abc import Iterator

from crdb.messages import Deltas, Difference, Message, Relay
from crdb.persistence.aof import Applied, Closed, Joined, Record
from crdb.replica import Received, Replica


class Journal:
    """Follows one replica from now on: what it holds by now is for a snapshot."""

    def __init__(self, replica: Replica) -> None:
        self._replica = replica
        self._vector = dict(replica.context.vector)
        """How much of each author's stream is in the log, or in the snapshot before it."""
        self.seq = replica.backlog.unlogged_after = replica.seq

    def wrote(self) -> Iterator[Applied]:
        """The replica's own writes since this was last asked: one record, or none."""
        replica, after = self._replica, self.seq
        if replica.seq > after:
            found = replica.backlog.slice(after, replica.seq)
            assert found is not None, "the backlog keeps what is not in the log"
            self.seq = replica.backlog.unlogged_after = replica.seq
            yield Applied(replica.actor, after, replica.seq, found[0])

    def received(self, message: Message, received: Received) -> Iterator[Record]:
        """What a message changed. Own writes from before it must have been asked for."""
        if isinstance(message, Difference):
            yield from self._joined(message, received)
            return
        author = message.author if isinstance(message, Relay) else message.actor
        after, last = self._vector.get(author, 0), self._replica.context.vector.get(author, 0)
        if isinstance(message, Deltas | Relay) and last > after:
            self._vector[author] = last
            yield Applied(author, after, last, received.applied)

    def _joined(self, message: Difference, received: Received) -> Iterator[Joined]:
        """A difference that was not joined leaves no trace, and its context is not here."""
        context = self._replica.context
        if context.includes(message.seen()):
            self._vector = dict(context.vector)
            writes = tuple((key, delta) for _, key, delta in received.applied)
            yield Joined(message.vector, message.cloud, writes)

    def closed(self) -> Closed:
        """What ends a log in which all is."""
        return Closed(self._replica.seq)
