"""Recovery: a replica from what its disk has kept.

What was merged is merged again, in the order in which it was; each record has to go on where the
stream of its author ended. A replica that cannot prove that it holds all that it ever wrote comes
back under a new actor, and is stale until a peer has brought it up to date; one that closed its log
goes on as who it was. Alone, a region serves what it has at once.

>>> from crdb.persistence import snapshot
>>> from crdb.session import Session
>>> before = Replica(region=1, peers=[2])
>>> before.execute(0, Session(), [b"SADD", b"s", b"a", b"b"], lambda n: 0)
2
>>> after = recovered(aof.read(snapshot.written(before.snapshot())), 1, [2], actor=3)
>>> after.actor, after.stale, after.execute(0, Session(), [b"SCARD", b"s"], lambda n: 0)
(3, True, 2)
"""

from collections.abc import Iterable

from crdb.crdts.base import NOTHING
from crdb.dots import CausalContext, VersionVector
from crdb.messages import Difference
from crdb.persistence import aof
from crdb.persistence.reader import Unreadable
from crdb.replica import Replica, Settings


def recovered(
    log: aof.Log, region: int, peers: Iterable[int], actor: int, settings: Settings | None = None
) -> Replica:
    """The replica of a log, or of a snapshot, which is a log without records.

    ``actor`` is a new one, as in `Replica.restored`; after an orderly shutdown it is not used.
    Raises `Unreadable` where a record is missing.
    """
    if log.closed:
        actor = log.base.actor
    replica = Replica.restored(region, peers, actor, None, settings)
    _load(replica, log.base)
    for record in log.records:
        if isinstance(record, aof.Applied):
            _apply(replica, record)
        elif isinstance(record, aof.Joined):
            _join(replica, record)
        elif log.closed:
            replica.resume(record.seq)
    for key in replica.keyspace.ghosts:
        replica.expirer.adopt(0, key)
    return replica


def _load(replica: Replica, base: Difference) -> None:
    for key, whole in base.states.items():
        for delta in whole:
            replica.remerge(key, delta, NOTHING)
    replica.context.merge(base.seen())


def _apply(replica: Replica, record: aof.Applied) -> None:
    context = replica.context
    have = context.vector.get(record.author, 0)
    if record.after != have:
        raise Unreadable(
            f"a record continues the writes of actor {record.author} after {record.after}, and "
            f"what stands before it ends at {have}: something is missing"
        )
    for _, key, delta in record.writes:
        replica.remerge(key, delta, context.cloud)
    context.advance(record.author, record.last)


def _join(replica: Replica, record: aof.Joined) -> None:
    seen = CausalContext(VersionVector(record.vector), record.cloud)
    for key, delta in record.writes:
        replica.remerge(key, delta, replica.context)
    replica.context.merge(seen)
