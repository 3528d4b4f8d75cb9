"""Random commands in three regions at once: afterwards all of them hold and read the same."""

from hypothesis import given
from hypothesis import strategies as st

from crdb.errors import CommandError
from tests.commands.requests import PRELUDE, Request, finished, proper
from tests.regions import Regions

REGIONS = 3
SPEECHLESS = (b"MULTI", b"EXEC", b"DISCARD", b"WATCH", b"UNWATCH")
"""What is about one session says nothing of convergence, and MULTI would only queue the rest."""
READS = (b"TYPE", b"GET", b"SCARD", b"PTTL", b"EXISTS")

steps = st.lists(
    st.tuples(
        st.integers(1, REGIONS),
        proper.filter(lambda request: request[0].upper() not in SPEECHLESS),
        st.sampled_from([0, 0, 0, 1, 2, REGIONS]),
    ),
    max_size=30,
)
"""(region, request, the region that speaks afterwards; 0 for none)."""


@given(steps=steps)
def test_regions_converge_whatever_the_commands(steps: list[tuple[int, Request, int]]) -> None:
    regions = Regions(REGIONS)
    for request in PRELUDE:
        regions.run(1, *request)
    regions.settle()
    for position, (region, words, speaker) in enumerate(steps):
        for each in finished(words, position):
            writes = len(regions[region].backlog)
            reply = regions.run(region, *each)
            if isinstance(reply, CommandError):
                assert len(regions[region].backlog) == writes, "an error changes nothing"
        regions.now_us += 1
        if speaker:
            regions.hear(1 + speaker % REGIONS, speaker)
    regions.settle()
    regions.assert_converged()
    keys = sorted(regions[1].keyspace.keys)
    first, *others = [
        [repr(regions.run(region, name, key)) for key in keys for name in READS]
        for region in regions.replicas
    ]
    assert others == [first] * len(others)
