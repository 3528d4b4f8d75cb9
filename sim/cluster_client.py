"""A model client that finds its way in a cluster, as redis-py's `RedisCluster` does.

It asks for the slots once, and then takes MOVED for a hint: it goes where it is sent, and asks for
the slots again. ASK is followed once, with ASKING. A client that takes MOVED for an error
(``moved_is_fatal``) returns it.
"""

from collections.abc import Generator
from typing import Any

from crdb.command import Reply, keys_of, lookup
from crdb.errors import CommandError
from crdb.slots import slot
from sim.client import Client, Unknown
from sim.cluster.clustered import Clustered
from sim.region import Endpoint as AnyEnd

REDIRECTIONS_MAX = 16
"""As many as redis-py follows before it gives up."""

Calling = Generator[Any, Any, Reply]


class ClusterClient(Client):
    """One session at every process that it needs."""

    moved_is_fatal = False

    def __init__(self, *args: Any) -> None:
        super().__init__(*args)
        self._slots: dict[Clustered, list[tuple[int, int, str, int]]] = {}
        """First, last, address: as they were when they were asked for."""

    def call(self, region: AnyEnd, *request: bytes) -> Calling:
        """Send one request to whoever has its keys. Raises `Unknown` without reply."""
        if not isinstance(region, Clustered):
            return (yield from super().call(region, *request))
        keys = keys_of(lookup(request), request)
        end = (yield from self._process_of(region, slot(keys[0]))) if keys else region.gate()
        for _ in range(REDIRECTIONS_MAX):
            reply = yield from self._ask(end, request)
            kind, *where = str(reply).split() if isinstance(reply, CommandError) else [""]
            if kind not in ("MOVED", "ASK") or self.moved_is_fatal:
                return reply
            ip, _, port = where[1].rpartition(":")
            end = region.at(ip, int(port)) or region.gate()
            if kind == "ASK":
                yield from super().call(end, b"ASKING")
            else:
                self._slots.pop(region, None)
        return reply

    def _ask(self, end: AnyEnd, request: tuple[bytes, ...]) -> Calling:
        """Ask one process; if it does not answer, the slots may have moved."""
        try:
            return (yield from super().call(end, *request))
        except Unknown:
            self._slots.clear()
            raise

    def _process_of(self, region: Clustered, number: int) -> Generator[Any, Any, AnyEnd]:
        known = self._slots
        if region not in known:
            reply: Any = yield from super().call(region.gate(), b"CLUSTER", b"SLOTS")
            known[region] = [
                (first, last, primary[0].decode(), primary[1]) for first, last, primary, *_ in reply
            ]
        for first, last, ip, port in known[region]:
            if first <= number <= last:
                return region.at(ip, port) or region.gate()
        return region.gate()
