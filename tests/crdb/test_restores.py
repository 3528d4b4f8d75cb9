"""Random lives of regions that lose their memory, or come back from old backups, again and again.

Whatever is lost, dropped, repeated or overtaken: in the end all agree, nothing that a region that
kept its memory has added is missing, and nothing is left of what was removed.
"""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from crdb.replica import Settings
from tests.regions import Regions

WORDS = ["SADD s {n}", "INCRBY n 1", "SET k {n}", "APPEND k x", "DEL k", "PERSIST k", "PEXPIRE k 5"]

regions_ = st.integers(1, 3)
steps = st.one_of(
    st.tuples(st.just("say"), regions_, st.sampled_from(WORDS)),
    st.tuples(st.just("tick"), regions_),
    st.tuples(st.just("deliver"), st.integers(0, 5)),
    st.tuples(st.just("repeat"), st.integers(0, 5)),
    st.tuples(st.just("drop"), st.integers(0, 5)),
    st.tuples(st.just("back up"), regions_),
    st.tuples(st.just("restore"), st.integers(1, 2), st.booleans()),
    st.tuples(st.just("leave or join"), st.just(1)),
    st.tuples(st.just("step the clock"), regions_, st.integers(-5_000, 5_000)),
)


class Life:
    """Three regions; the third never loses its memory."""

    def __init__(self) -> None:
        self.regions = Regions(3, Settings(backlog_writes_max=3, resend_after_us=1_000))
        self.backups: dict[int, Any] = {}
        self.kept: set[bytes] = set()
        self.number = 0

    def step(self, verb: str, *args: Any) -> None:
        regions, flight = self.regions, self.regions.flight
        if (
            verb not in ("deliver", "repeat", "drop", "leave or join")
            and args[0] not in regions.replicas
        ):
            return
        if verb == "say":
            region, line = args
            self.number += 1
            regions.say(region, line.format(n=self.number))
            if region == 3 and line.startswith("SADD"):
                self.kept.add(b"%d" % self.number)
        elif verb == "tick":
            regions.tick([args[0]])
        elif verb == "back up":
            self.backups[args[0]] = regions[args[0]].snapshot()
        elif verb == "restore":
            region, from_backup = args
            regions.restore(region, self.backups.get(region) if from_backup else None)
        elif verb == "leave or join":
            if 1 in regions.replicas:
                regions.remove(1)
            else:
                regions.add(1)
        elif verb == "step the clock":
            regions.skew_us[args[0]] += args[1]
        elif args[0] < len(flight):
            if verb == "deliver":
                regions.deliver(args[0])
            elif verb == "repeat":
                flight.append(flight[args[0]])
            else:
                del flight[args[0]]


@given(st.lists(steps, max_size=60))
def test_restored_regions_agree_and_lose_nothing_of_others(story: list[Any]) -> None:
    life = Life()
    for step in story:
        life.step(*step)
    regions = life.regions
    if 1 not in regions.replicas:
        regions.add(1)
    regions.settle(round_us=20_000)
    regions.settle(round_us=20_000)
    regions.assert_converged()
    assert life.kept <= set(regions.say(1, "SMEMBERS s"))  # type: ignore[arg-type]
    regions.say(1, "DEL s n k")
    regions.settle(round_us=20_000)
    assert regions.everywhere("EXISTS s n k") == [0, 0, 0]
    assert not any(replica.keyspace.ghosts for replica in regions.replicas.values())
