"""Random commands in three regions at once: afterwards all of them hold and read the same."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdb.command import Reply
from crdb.errors import CommandError
from crdb.session import Waiter
from tests.commands.families import FAMILIES, READS, UNORDERED, Family
from tests.commands.families._family import Request, reading
from tests.commands.requests import finished, prelude, proper
from tests.regions import Regions

REGIONS = 3
SPEECHLESS = (b"MULTI", b"EXEC", b"DISCARD", b"WATCH", b"UNWATCH")
"""What is about one session says nothing of convergence, and MULTI would only queue the rest."""

Step = tuple[int, Request, int]
"""(region, request, the region that speaks afterwards; 0 for none)."""


def steps(family: Family) -> st.SearchStrategy[list[Step]]:
    request = proper(family).filter(lambda request: request[0].upper() not in SPEECHLESS)
    speaker = st.sampled_from([0, 0, 0, 1, 2, REGIONS])
    return st.lists(st.tuples(st.integers(1, REGIONS), request, speaker), max_size=30)


def shown(name: bytes, reply: Reply) -> str:
    """A reply without what its order says nothing about."""
    if isinstance(reply, dict):
        return repr(sorted(reply.items()))
    return repr(sorted(reply) if isinstance(reply, list) and name in UNORDERED else reply)


@pytest.mark.parametrize("name", [name for name in FAMILIES if name != "sessions"])
@given(data=st.data())
def test_regions_converge_whatever_the_commands(name: str, data: st.DataObject) -> None:
    family = FAMILIES[name]
    regions = Regions(REGIONS, family.settings)
    for request in prelude(family):
        regions.run(1, *request)
    regions.settle()
    for position, (region, words, speaker) in enumerate(data.draw(steps(family))):
        for each in finished(words, position):
            writes = len(regions[region].backlog)
            reply = regions.run(region, *each)
            if isinstance(reply, Waiter):
                regions[region].close(reply.session)
            if isinstance(reply, CommandError):
                assert len(regions[region].backlog) == writes, "an error changes nothing"
        regions.now_us += 1
        if speaker:
            regions.hear(1 + speaker % REGIONS, speaker)
    regions.settle()
    regions.assert_converged()
    keys = sorted(regions[1].keyspace.keys)
    first, *others = [
        [shown(read, regions.run(region, *reading(read, key))) for key in keys for read in READS]
        for region in regions.replicas
    ]
    assert others == [first] * len(others)
