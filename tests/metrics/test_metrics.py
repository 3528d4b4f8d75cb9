"""The metrics on histories written by hand, worked out on paper."""

import pytest

from sim.history import History
from sim.metrics import payments as payments_metric
from sim.metrics import percentile, tables
from sim.metrics.availability import in_faults, over_time, within
from sim.trial import Trial
from sim.units import SECOND
from sim.windows import Window, windows
from tests.told import EAST, WEST, Told, at


def trial(told, protocol="set-nx"):
    return Trial("partition", protocol, told.history)


@pytest.mark.parametrize(
    ("share", "expected"), [(0, 1), (0.01, 1), (0.5, 50), (0.99, 99), (0.991, 100), (1, 100)]
)
def test_a_percentile_is_the_nearest_rank(share, expected):
    assert percentile(range(100, 0, -1), share) == expected


def test_a_percentile_does_not_round_its_share():
    # In floats 0.07 * 100 is 7.000000000000001, whose next rank would be 8.
    assert percentile(range(1, 101), 0.07) == 7


def test_windows_are_from_fault_to_heal():
    told = Told().fault(1, 5, "outage", WEST).fault(2, None, "slow", "between").capture("a", 9)
    assert windows(told.history) == [
        Window(at(1), at(5), "outage", WEST),
        Window(at(2), at(9), "slow", "between"),
    ]


class TestAvailability:
    def told(self):
        told = Told().event("objective", 0, "pay", place="", within_us=at(10))
        told.pay("a", 1, 2).pay("b", 2, 13).pay("c", 31, 32, "fail").pay("d", 35, 36)
        return told.pay("e", 95, None, "info")

    def test_late_refused_and_open_are_not_available(self):
        bins = over_time(self.told().history, "pay", 30 * SECOND)
        assert [(each.begin_us, each.good, each.asked) for each in bins] == [
            (0, 1, 2),
            (at(30), 1, 2),
            (at(60), 0, 0),
            (at(90), 0, 1),
        ]
        assert bins[2].share is None

    def test_it_counts_when_it_was_asked(self):
        # b was asked inside the window and answered outside of it.
        share = within(self.told().history, "pay", [Window(at(1.5), at(12))])
        assert (share.good, share.asked) == (0, 1)

    def test_in_faults(self):
        told = self.told().fault(0, 2).fault(30, 33)
        assert in_faults(told.history, "pay").share == 0.5

    def test_without_faults_there_is_no_share(self):
        assert in_faults(self.told().history, "pay").share is None


def test_a_row_of_payments():
    told = Told().fault(0, 10).event("objective", 0, "pay", place="", within_us=at(10))
    told.pay("once", 1, 1.25).capture("once", 1.1)
    told.pay("twice", 2, 8).capture("twice", 2.1).capture("twice", 7.5)
    told.pay("refused", 3, 3.5, "fail")
    told.pay("charged and refused", 4, 4.5, "fail").capture("charged and refused", 4.1)
    told.pay("open", 5, None, "info").event("phase", 15, "read", place="")
    assert tables([trial(told)])["payments"] == [
        {
            "variant": "partition",
            "protocol": "set-nx",
            "payments": 5,
            "duplicates": 1,
            "never_captured": 1,
            "refused": 1,
            "charged_unanswered": 1,
            "availability_incident": 0.4,
            "latency_ms_p50": 500.0,
            "latency_ms_p99": 10000.0,
        }
    ]


def test_no_payments_no_table():
    assert payments_metric.rows([trial(Told().op("INCR k", 1))]) == []
    assert tables([Trial("base", "", History())]) == {}


def test_latency_is_what_the_client_waited():
    told = Told().op("GET k", 1, 1.002).op("GET k", 2, 3, outcome="info").op("INCR k", 4, 4.5)
    rows = tables([trial(told)])["latency"]
    assert [(row["operation"], row["count"], row["unanswered"]) for row in rows] == [
        ("GET", 2, 1),
        ("INCR", 1, 0),
    ]
    assert [rows[0][f"latency_ms_{name}"] for name in ("p50", "p90", "max")] == [
        2.0,
        1000.0,
        1000.0,
    ]


def test_lag_by_direction():
    told = Told().lag(1, 1.05).lag(2, 2.5, writes=3).lag(1, 1.04, source=EAST, target=WEST)
    rows = tables([trial(told)])["lag"]
    assert [(row["source"], row["messages"], row["writes"]) for row in rows] == [
        (EAST, 1, 1),
        (WEST, 2, 4),
    ]
    assert (rows[1]["lag_ms_p50"], rows[1]["lag_ms_max"]) == (50.0, 500.0)


def test_resync_by_direction():
    told = Told()
    told.event("resync", 1, "digest", place=WEST, to=EAST, bytes=100)
    told.event("resync", 2, "difference", place=EAST, to=WEST, bytes=7)
    told.event("resync", 3, "difference", place=EAST, to=WEST, bytes=5)
    west = {"source": WEST, "digests": 1, "digest_bytes": 100, "differences": 0}
    east = {"source": EAST, "digests": 0, "differences": 2, "difference_bytes": 12}
    rows = tables([trial(told)])["resync"]
    assert [row.items() >= part.items() for row, part in zip(rows, (east, west), strict=True)] == [
        True,
        True,
    ]
