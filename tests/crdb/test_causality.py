"""Causal consistency: off, an answer may be read before its question; on, nowhere and never."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdb.causality import RELAYS_MAX
from crdb.messages import Difference, Relay
from crdb.replica import Settings
from tests.regions import Regions, said

CAUSAL = Settings(causal=True)
SMALL = Settings(causal=True, batch_writes_max=2, backlog_writes_max=4, resend_after_us=1_000)


def answer_without_question(settings: Settings) -> list[object]:
    """What region 3, whose link to region 1 is slow, reads of a question and the answer to it."""
    regions = Regions(3, settings)
    regions.say(1, "SET question why")
    regions.hear(2, 1)
    assert regions.say(2, "GET question") == b"why"
    regions.say(2, "SET answer because")
    for message in said(regions, 2):
        regions[3].receive(regions.clock_us(3), message)
    return [regions.say(3, "GET question"), regions.say(3, "GET answer")]


def test_by_default_an_answer_may_come_before_its_question() -> None:
    assert answer_without_question(Settings()) == [None, b"because"]


def test_with_causal_consistency_the_question_is_passed_on_first() -> None:
    assert answer_without_question(CAUSAL) == [b"why", b"because"]


def test_each_write_crosses_n_minus_2_links_more() -> None:
    for count in (2, 3, 4, 5):
        regions = Regions(count, CAUSAL)
        regions.say(1, "SET k v")
        crossed = 0
        for _ in range(4):
            regions.tick()
            crossed += sum(bool(getattr(message, "writes", ())) for _, message in regions.flight)
            while regions.flight:
                regions.deliver()
        assert crossed == (count - 1) * (count - 1)


def test_what_a_peer_says_that_it_has_is_not_passed_on() -> None:
    regions = Regions(3, CAUSAL)
    regions.say(1, "SET k v")
    for to, message in regions[1].tick(regions.clock_us(1)):
        regions[to].receive(regions.clock_us(to), message)
    regions.hear(2, 3)
    assert not [each for each in said(regions, 2) if isinstance(each, Relay)]


def test_a_relay_that_was_lost_is_made_good_by_the_difference() -> None:
    regions = Regions(3, CAUSAL)
    regions.say(1, "SET question why")
    regions.hear(2, 1)
    said(regions, 2)
    regions.say(2, "SET answer because")
    for _ in range(4):
        regions.tick()
        while regions.flight:
            to, message = regions.flight[0]
            if {to, message.region} == {1, 3}:
                regions.flight.pop(0)
            else:
                regions.deliver()
            answer, question = regions.say(3, "GET answer"), regions.say(3, "GET question")
            assert answer is None or question == b"why"
    assert regions.say(3, "GET answer") == b"because"


def test_relays_that_nobody_takes_do_not_pile_up() -> None:
    regions = Regions(3, CAUSAL)
    for _ in range(2 * RELAYS_MAX):
        regions.say(1, "INCR n")
        # Region 2 receives and never gets to speak.
        [message] = [each for to, each in regions[1].tick(regions.clock_us(1)) if to == 2]
        regions[2].receive(regions.clock_us(2), message)
    assert not regions[2].links[3].relays
    regions.settle()
    assert regions.everywhere("GET n") == [b"%d" % (2 * RELAYS_MAX)] * 3


class Record:
    """What each author had applied when it wrote, to be held against what others have applied."""

    def __init__(self, regions: Regions) -> None:
        self.regions = regions
        self.written: list[tuple[int, int, dict[int, int]]] = []

    def write(self, region: int) -> None:
        replica = self.regions[region]
        before = dict(replica.context.vector)
        self.regions.run(region, b"INCR", b"key:%d" % region)
        self.written.append((replica.actor, replica.seq, before))

    def violations(self) -> Iterator[tuple[int, int, int]]:
        for replica in self.regions.replicas.values():
            have = replica.context.vector
            for author, seq, seen in self.written:
                if author != replica.actor and have.get(author, 0) >= seq:
                    for actor, least in seen.items():
                        if actor != replica.actor and have.get(actor, 0) < least:
                            yield replica.region, author, actor


steps = st.lists(
    st.tuples(
        st.sampled_from(["write", "write", "tick", "tick", "deliver", "deliver", "lose", "repeat"]),
        st.integers(0, 11),
    ),
    max_size=60,
)


@pytest.mark.parametrize("count", [3, 4])
@given(steps=steps)
def test_whatever_the_network_does_no_write_shows_before_what_its_author_saw(
    count: int, steps: list[tuple[str, int]]
) -> None:
    regions = Regions(count, SMALL)
    record = Record(regions)
    for what, number in steps:
        region, flight = 1 + number % count, regions.flight
        if what == "write":
            record.write(region)
        elif what == "tick":
            regions.now_us += 500
            regions.tick([region])
        elif flight:
            index = number % len(flight)
            if what == "lose":
                flight.pop(index)
            elif what == "repeat":
                flight.append(flight[index])
            else:
                regions.deliver(index)
        assert not list(record.violations())
    regions.settle()
    regions.assert_converged()
    assert not any(isinstance(message, Difference) for _, message in regions.flight)
