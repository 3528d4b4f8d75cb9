"""Each checker on histories written by hand: what it must find, and what it must let pass."""

import pytest

from sim.checkers import EVIDENCE_LINES_MAX, checkers, judge, verdict
from sim.history import History
from tests.told import EAST, WEST, Told


def found(name, told):
    return judge(name, told.history)


def test_the_checkers_are_found_by_name():
    assert list(checkers()) == [
        "convergence",
        "duplicate-capture",
        "duplicate-claim",
        "no-lost-write",
        "no-errors",
        "not-vacuous",
    ]


@pytest.mark.parametrize("name", ["convergence", "duplicate-capture", "duplicate-claim"])
def test_an_empty_history_proves_nothing(name):
    assert judge(name, History()).verdict == "unknown"


def test_a_checker_that_crashes_says_unknown():
    broken = Told().event("capture", 1, "p")  # A capture without its token.
    broken.event("capture", 2, "p")
    assert found("duplicate-capture", broken).verdict == "unknown"


def test_evidence_is_cut_short():
    many = verdict("any", [str(number) for number in range(100)], "right")
    assert len(many.evidence) == EVIDENCE_LINES_MAX + 1
    assert many.evidence[-1] == "… and 88 more"


class TestConvergence:
    def test_equal_regions_converged(self):
        assert found("convergence", Told().reads(k="1")).verdict == "valid"

    def test_a_missing_key_is_a_difference(self):
        told = Told().reads(k="1")
        told.history.readings[EAST] = {}
        one = found("convergence", told)
        assert one.verdict == "invalid"
        assert one.evidence == ["k: West Europe has string '1', East US has nothing"]

    def test_regions_that_were_read_too_early_prove_nothing(self):
        told = Told().reads(k="1").event("phase", 9, "not quiet", place="")
        told.history.readings[EAST] = {}
        assert found("convergence", told).verdict == "unknown"

    def test_another_deadline_is_a_difference(self):
        told = Told().reads(k="1")
        told.history.readings[EAST]["k"]["deadline_us"] = 5
        assert found("convergence", told).verdict == "invalid"


class TestDuplicateCapture:
    def test_each_once(self):
        assert found("duplicate-capture", Told().capture("a", 1).capture("b", 2)).verdict == "valid"

    def test_twice(self):
        one = found("duplicate-capture", Told().capture("a", 61, "x").capture("a", 62.5, "y"))
        assert one.verdict == "invalid"
        assert one.evidence == [
            "payment a was captured 2 times: at 1:01.000 for x, at 1:02.500 for y"
        ]


class TestDuplicateClaim:
    def test_a_claim_that_has_run_out_may_be_taken_over(self):
        told = Told().claim("a", 1, "x", until=61).claim("a", 61, "y", until=121)
        assert found("duplicate-claim", told).verdict == "valid"

    def test_two_at_a_time(self):
        told = Told().claim("a", 1, "x", until=61).claim("a", 7, "y", until=67, place=EAST)
        one = found("duplicate-claim", told)
        assert one.verdict == "invalid"
        assert "West Europe granted it to x at 0:01.000" in one.evidence[0]
        assert "East US to y at 0:07.000" in one.evidence[0]

    def test_a_token_that_asks_again_elsewhere_is_no_second_claim(self):
        told = Told().claim("a", 1, "x", until=61).claim("a", 2, "x", until=61, place=EAST)
        assert found("duplicate-claim", told).verdict == "valid"

    def test_a_payment_that_is_done_stays_claimed(self):
        told = Told().claim("a", 1, "x", until=61).event("done", 2, "a", token="x")
        assert found("duplicate-claim", told.claim("a", 500, "y", until=560)).verdict == "invalid"


class TestLostWrite:
    def test_the_last_write_is_there(self):
        told = Told().op("SET k 1", 1).op("SET k 2", 2).reads(k="2")
        assert found("no-lost-write", told).verdict == "valid"

    def test_a_told_write_is_gone(self):
        one = found("no-lost-write", Told().op("SET k 1", 1).reads(k=None))
        assert one.verdict == "invalid"
        assert (
            one.evidence[0] == "k in West Europe: '1' was stored at 0:01.000, but nothing is there"
        )

    def test_an_older_value_came_back(self):
        told = Told().op("SET k 1", 1).op("SET k 2", 2).reads(k="1")
        assert found("no-lost-write", told).verdict == "invalid"

    def test_a_write_that_may_have_been_replaced_is_no_loss(self):
        told = Told().op("SET k 1", 1).op("SET k 2", 2, 3, outcome="info", value=None)
        assert found("no-lost-write", told.reads(k="2")).verdict == "valid"
        assert found("no-lost-write", told.reads(k="1")).verdict == "valid"

    def test_concurrent_writes_excuse_each_other(self):
        told = Told().op("SET k 1", 1, 3).op("SET k 2", 2, 4, place=EAST)
        assert found("no-lost-write", told.reads(k="1")).verdict == "valid"

    def test_nobody_misses_what_expired_or_was_refused(self):
        told = Told().op("SET k 1 NX GET EX 60", 1, value=None).op("GET other", 120, value=None)
        assert found("no-lost-write", told.reads(k=None)).verdict == "valid"
        told.op("SET k 2 NX", 130, value=None).op("SET k 2 NX GET", 131, value=b"1")
        assert found("no-lost-write", told.reads(k=None)).verdict == "valid"

    def test_a_granted_claim_is_a_write(self):
        told = Told().op("SET k 1 NX GET", 1, value=None).reads(k=None)
        assert found("no-lost-write", told).verdict == "invalid"

    def test_a_counter_counts_what_was_told_and_perhaps_what_was_not(self):
        told = Told().op("INCR k", 1, value=1).op("INCRBY k 5", 2, outcome="info", value=None)
        told.op("DECR k", 3, value=0)
        for count, outcome in (("0", "valid"), ("5", "valid"), ("6", "invalid"), ("-1", "invalid")):
            assert found("no-lost-write", told.reads(k=count)).verdict == outcome

    def test_a_set_holds_what_was_added(self):
        told = Told().op("SADD k a b", 1, value=2).reads(k=["a"])
        one = found("no-lost-write", told)
        assert one.evidence[0] == "k in West Europe: b, added at 0:01.000, is missing"

    def test_a_key_with_removals_is_not_judged(self):
        told = Told().op("SADD k a", 1, value=1).op("DEL k", 2, value=1).reads(k=None)
        assert found("no-lost-write", told).verdict == "unknown"

    def test_a_store_that_nobody_reads_at_the_end_has_lost_nothing(self):
        told = Told().op("SET k 1", 1, place="database in East US").op("SET j 1", 2)
        assert found("no-lost-write", told.reads(j="1")).verdict == "valid"

    @pytest.mark.parametrize("expiry", ["PXAT 5000", "EXAT 5", "KEEPTTL"])
    def test_a_key_with_a_deadline_that_the_history_does_not_tell_is_not_judged(self, expiry):
        told = Told().op("SET k 1 PX 5000", 1).op(f"SET k 2 {expiry}", 2).op("GET j", 9)
        assert found("no-lost-write", told.reads(k=None)).verdict == "unknown"

    @pytest.mark.parametrize("request_line", ["DEL j k", "MSET j 1 k 2"])
    def test_every_key_of_a_command_counts(self, request_line):
        told = Told().op("SET k 1", 1).op("SET other 1", 1).op(request_line, 2)
        assert found("no-lost-write", told.reads(other="1")).verdict == "valid"

    def test_what_a_transaction_queued_is_not_judged(self):
        told = Told().op("MULTI", 1).op("SET k 1", 2, value="QUEUED").op("DISCARD", 3)
        assert found("no-lost-write", told.reads(k=None)).verdict == "unknown"

    @pytest.mark.parametrize(
        ("second", "verdict"),
        # East US wrote first and hears of it 2 s later; its clock is ahead, so its write stays.
        [(2.5, "valid"), (3.5, "invalid")],
    )
    def test_a_write_that_had_not_arrived_may_beat_a_later_one(self, second, verdict):
        told = Told().op("SET k 1", 1, place=EAST).lag(1, 3, source=EAST, target=WEST)
        assert found("no-lost-write", told.op("SET k 2", second).reads(k="1")).verdict == verdict

    @pytest.mark.parametrize(("place", "verdict"), [(WEST, "invalid"), (EAST, "valid")])
    def test_writes_in_one_partition_excuse_each_other_across_it_only(self, place, verdict):
        told = Told().fault(0, 60).op("SET k 1", 1, place=place).op("SET k 2", 50)
        assert found("no-lost-write", told.reads(k="1")).verdict == verdict

    @pytest.mark.parametrize(("ahead", "verdict"), [(0, "invalid"), (2_000_000, "valid")])
    def test_a_region_whose_clock_is_ahead_lets_a_key_expire_early(self, ahead, verdict):
        told = Told().event("clock", 0, "offset", place=WEST, offset_us=0)
        told.event("clock", 0, "offset", place=EAST, offset_us=ahead)
        told.op("SET k 1 EX 10", 1).op("GET j", 10)
        assert found("no-lost-write", told.reads(k=None)).verdict == verdict


class TestNotVacuous:
    def busy(self):
        """Two clients on one key, seconds apart, with a usual lag of 50 ms."""
        told = Told().reads(k="2").lag(0.5, 0.55)
        return told.op("SET k 1", 10, process=1).op("SET k 2", 12, process=2, place=EAST)

    def test_two_clients_met_in_a_fault_that_held_a_write(self):
        assert found("not-vacuous", self.busy().fault(9, 20).lag(10, 20.1)).verdict == "valid"

    def test_they_never_met(self):
        one = found("not-vacuous", self.busy())
        assert one.verdict == "invalid"
        assert one.evidence == ["vacuous: no two clients worked on one key at the same time"]

    def test_they_overlapped(self):
        told = (
            Told().reads().op("INCR k", 1, 3, process=1).op("INCR k", 2, 4, process=2, place=EAST)
        )
        assert found("not-vacuous", told).verdict == "valid"

    def test_one_client_is_no_meeting(self):
        told = Told().reads().op("INCR k", 1, 3, process=1).op("INCR k", 2, 4, process=1)
        assert found("not-vacuous", told).verdict == "invalid"

    @pytest.mark.parametrize(("place", "verdict"), [(WEST, "invalid"), (EAST, "valid")])
    def test_one_after_the_other_in_one_region_is_no_meeting(self, place, verdict):
        told = Told().reads().lag(0.5, 0.55)
        told.op("SET k 1", 0, 0.01, process=1).op("GET k", 0.02, 0.03, process=2, place=place)
        assert found("not-vacuous", told).verdict == verdict

    def test_a_client_does_not_work_on_a_key_between_two_visits(self):
        told = Told().reads().op("INCR k", 1, 2, process=1).op("INCR k", 5, 6, process=2)
        assert found("not-vacuous", told.op("INCR k", 9, 10, process=1)).verdict == "invalid"

    def test_a_meeting_at_the_provider_is_none(self):
        told = Told().reads()
        told.op("CAPTURE k", 1, 3, process=1).op("CAPTURE k", 2, 4, process=2, place=EAST)
        assert found("not-vacuous", told).verdict == "invalid"

    def test_a_meeting_on_the_second_key_of_a_command_is_one(self):
        told = Told().reads().op("DEL j k", 1, 3, process=1).op("INCR k", 2, 4, process=2)
        assert found("not-vacuous", told).verdict == "valid"

    def test_a_fault_that_changed_nothing(self):
        one = found("not-vacuous", self.busy().fault(9, 20))
        assert one.evidence == ["vacuous: partition at between changed nothing"]

    def test_operations_that_failed_in_a_fault(self):
        told = self.busy().fault(9, 20, what="outage", place=WEST)
        for second in range(4):
            told.op("GET other", 21 + second, value=None)
        told.op("GET other", 13, 14, outcome="info", value=None)
        assert found("not-vacuous", told).verdict == "valid"
