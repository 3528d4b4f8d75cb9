"""The lab: cuts, clocks and reasons, as a person who types commands meets them."""

from typing import Any

import pytest

from crdb.errors import CommandError
from sim.lab import Lab
from sim.topology import UnknownRegion
from sim.units import SECOND, NotADuration, clock

WEST, EAST = "West Europe", "East US"


@pytest.fixture
def lab() -> Lab:
    return Lab(WEST, EAST)


def written(lab: Lab, key: str, region: str | None = None) -> list[tuple[str, str, str]]:
    """Whether it shows, what it is and who wrote it, for each write behind a key."""
    return [
        (cells[0], cells[1], cells[4])
        for each in lab.why(key, region).siblings
        if (cells := each.cells())
    ]


# ── reading ───────────────────────────────────────────────────────────────────────────────────


def test_an_expired_key_reads_as_missing_everywhere(lab: Lab) -> None:
    lab[WEST]("SET k v PX 300")
    lab.converge()
    lab.cut()  # the owner's removal will not arrive
    lab.wait(10 * SECOND)
    assert lab[EAST]("GET k") is None
    assert lab.read("k") == {WEST: None, EAST: None}
    assert str(lab.why("k", EAST)).startswith("k in East US: nothing\n  expired: until +0.301")


def test_a_key_expires_by_the_clock_of_its_reader(lab: Lab) -> None:
    lab[WEST]("SET k v EX 60")
    lab.converge().cut()
    lab.skew(EAST, 61 * SECOND)
    assert lab.read("k") == {WEST: "v", EAST: None}


def test_a_clock_that_is_put_forward_wakes_its_region(lab: Lab) -> None:
    lab[WEST]("SET k v EX 60")
    lab.converge()
    lab.skew(WEST, 61 * SECOND)
    lab.wait(SECOND)
    assert lab[EAST]("GET k") is None  # the owner has removed it, long before 60 s


def test_a_transaction_with_an_error_inside_can_be_read_and_kept(lab: Lab) -> None:
    west = lab[WEST]
    west("SADD k a")
    west("MULTI"), west("INCR k"), west("SCARD k")
    reply = west("EXEC")
    assert reply[0].startswith("WRONGTYPE")
    assert reply[1] == 1
    assert len(lab.world.history.fingerprint()) == 32


def test_an_error_is_raised_and_entered(lab: Lab) -> None:
    with pytest.raises(CommandError, match="unknown command"):
        lab[WEST]("NONSENSE")
    assert lab.world.history.ops[-1].value.startswith("ERR unknown command")


# ── why ───────────────────────────────────────────────────────────────────────────────────────


def test_why_names_the_member_of_each_dot(lab: Lab) -> None:
    lab[WEST]("SADD s tea milk"), lab[EAST]("SADD s tea")
    lab.converge()
    assert written(lab, "s") == [
        ("shows", "'milk'", WEST),
        ("shows", "'tea'", WEST),
        ("shows", "'tea'", EAST),
    ]


def test_why_says_which_deadline_won_and_whose(lab: Lab) -> None:
    lab[WEST]("SET k v")
    lab.converge().cut()
    lab[WEST]("EXPIRE k 60"), lab[EAST]("EXPIRE k 100")
    lab.heal()
    _, won, lost = written(lab.converge(), "k")
    assert (won[0], lost[0]) == ("shows", "hidden")
    assert (won[1][:10], won[2]) == ("until +101", EAST)
    assert (lost[1][:9], lost[2]) == ("until +61", WEST)


def test_why_says_that_no_end_beats_an_end(lab: Lab) -> None:
    lab[WEST]("SET k v EX 60")
    lab.converge().cut()
    lab[WEST]("PERSIST k"), lab[EAST]("EXPIRE k 100")
    lab.heal()
    assert written(lab.converge(), "k")[1] == ("shows", "no end", WEST)


def test_why_is_silent_on_deadlines_that_nobody_set(lab: Lab) -> None:
    lab[WEST]("SET k v")
    assert written(lab.converge(), "k") == [("shows", "'v'", WEST)]


def test_why_shows_the_hidden_type_of_a_key_of_two(lab: Lab) -> None:
    lab.cut()
    lab[WEST]("SET k v"), lab[EAST]("SADD k m")
    lab.heal()
    assert written(lab.converge(), "k") == [("shows", "'v'", WEST), ("hidden", "set 'm'", EAST)]


def test_why_hides_increments_behind_a_text(lab: Lab) -> None:
    lab.cut()
    lab[WEST]("SET k v"), lab[EAST]("INCRBYFLOAT k 1.5")
    lab.heal()
    assert written(lab.converge(), "k") == [("shows", "'v'", WEST), ("hidden", "+1.5", EAST)]


def test_why_tells_an_actor_that_no_region_has_any_more_by_number(lab: Lab) -> None:
    lab[WEST]("SADD s tea"), lab[WEST]("INCR n"), lab[WEST]("SET t v")
    lab.converge()
    lab.world.regions[WEST].replica.actor = 7  # as after a reseed
    assert written(lab, "s") == [("shows", "'tea'", "actor 1")]
    assert written(lab, "n") == [("shows", "+1", "actor 1")]
    assert written(lab, "t") == [("shows", "'v'", WEST)]  # its stamp knows the region


def rules(lab: Lab, key: str, region: str = EAST) -> str:
    return " ".join(lab.why(key, region).rules)


def test_why_says_what_removed_a_key_where_the_removal_is_known(lab: Lab) -> None:
    for line in ("SET k v", "SADD s tea", "SET t v EX 1"):
        lab[WEST](line)
    lab.converge()
    lab.wait(2 * SECOND)
    for line in ("DEL k", "SREM s tea", "SET t v", "GETDEL t"):
        lab[WEST](line)
    assert lab.read("k")[EAST] == "v"  # it has not heard
    assert rules(lab, "k", WEST).startswith("removed by DEL k in West Europe at +3.004")
    lab.converge()
    assert rules(lab, "k").startswith("removed by DEL k in West Europe")
    assert rules(lab, "s").startswith("removed by SREM s tea in West Europe")
    assert rules(lab, "t").startswith("removed by GETDEL t in West Europe")
    assert rules(lab, "never") == "no write of it has arrived here"


def test_why_tells_an_expiry_from_an_earlier_removal(lab: Lab) -> None:
    for line in ("SET k v", "DEL k", "SET k w EX 1"):
        lab[WEST](line)
    lab.converge()
    lab.wait(2 * SECOND)
    lab[WEST]("SET other v")
    assert rules(lab.converge(), "k").startswith("expired: until +1.003")


def test_why_names_the_rule_and_its_source(lab: Lab) -> None:
    lab.cut()
    lab.skew(EAST, -1_000)
    lab[WEST]("SET tie w"), lab[EAST]("SET tie e")
    lab[EAST]("SET c e"), lab[WEST]("SET c w")
    lab[WEST]("INCR n"), lab[EAST]("INCR n")
    lab[WEST]("SET x v"), lab[EAST]("INCR x")
    lab[WEST]("SADD s tea"), lab[WEST]("SET both v"), lab[EAST]("SADD both v")
    lab.heal()
    lab.converge()
    assert rules(lab, "c") == "concurrent writes: the later clock shows (published)"
    assert rules(lab, "n") == "increments add up (published)"
    assert rules(lab, "x") == "a text hides the increments that it did not see (our choice)"
    assert "no remove has seen (published)" in rules(lab, "s")
    assert rules(lab, "both").startswith("two types")
    equal = "concurrent writes of equal clocks: the smaller region shows (our choice)"
    assert rules(lab, "tie") == equal


# ── cutting ───────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("pair", "line"),
    [
        ((EAST,), "expected two regions, or none for all"),
        ((EAST, WEST, EAST), "expected two regions, or none for all"),
        ((EAST, EAST), "twice"),
    ],
)
def test_a_cut_needs_two_regions(lab: Lab, pair: tuple[str, ...], line: str) -> None:
    with pytest.raises(ValueError, match=line):
        lab.cut(*pair)


@pytest.mark.parametrize("pair", [("Est US", WEST), (WEST, "Est US")])
def test_a_cut_of_an_unknown_region_names_the_known(lab: Lab, pair: tuple[str, str]) -> None:
    with pytest.raises(UnknownRegion, match="did you mean 'East US'"):
        lab.cut(*pair)


def test_one_healing_heals_all_cuts(lab: Lab) -> None:
    lab.cut()
    lab.cut(WEST, EAST)
    lab[WEST]("SET k v")
    lab.heal()
    assert lab.converge().read("k").agree()
    lab.heal()  # of nothing is no error


# ── other faults, times and lines ─────────────────────────────────────────────────────────────


def test_one_pair_is_healed_and_the_other_is_not() -> None:
    lab = Lab(WEST, EAST, "Japan East")
    lab.cut()
    lab.heal(EAST, WEST)
    lab[WEST]("SET k v")
    lab.wait("1s")
    assert lab.read("k") == {WEST: "v", EAST: "v", "Japan East": None}


def test_a_region_that_is_down_answers_nobody_until_it_is_healed(lab: Lab) -> None:
    lab.begin("outage", region=EAST)
    lab[WEST]("SET k v")
    with pytest.raises(ConnectionError, match="East US is down"):
        lab[EAST]("GET k")
    lab.heal(EAST)
    assert lab.converge()[EAST]("GET k") == "v"


def test_slow_and_lossy_ways(lab: Lab) -> None:
    lab.begin("slow", regions=[WEST, EAST], extra="2s", lasts="10s")
    lab.begin("loss", share=1.0, channels=["sync"], lasts="1s")
    lab[WEST]("SET k v")
    lab.wait("1900ms")
    assert lab.read("k")[EAST] is None
    assert lab.converge().read("k").agree()


@pytest.mark.parametrize(
    ("kind", "settings", "line"),
    [
        ("outrage", {}, "kind: unknown 'outrage'; expected one of amnesia, "),
        ("outage", {"regin": EAST}, "unknown key 'regin'; did you mean 'region'"),
        ("outage", {"region": "Est US"}, "did you mean 'East US'"),
        ("loss", {"share": 2}, "share 2.0: expected 0 to 1"),
    ],
)
def test_a_fault_that_cannot_be_is_refused(
    lab: Lab, kind: str, settings: dict[str, Any], line: str
) -> None:
    with pytest.raises(ValueError, match=line):
        lab.begin(kind, **settings)


def test_time_is_told_with_its_unit(lab: Lab) -> None:
    lab.wait("1s")
    lab.wait(1, "s")
    lab.wait(1)
    assert lab.world.engine.now == 2 * SECOND + 1
    with pytest.raises(NotADuration, match="expected 0s or more"):
        lab.wait(-1)


def test_what_is_no_command_is_refused_in_words(lab: Lab) -> None:
    with pytest.raises(ValueError, match="expected a command, as in"):
        lab[WEST](" ")
    with pytest.raises(ValueError, match="no closing quotation"):
        lab[WEST]("SET k 'v")


def test_a_lab_shows_its_clocks_and_what_is_down(lab: Lab) -> None:
    assert lab.regions == (WEST, EAST)
    lab.skew(WEST, "-500ms")
    lab[WEST]("SET k v")
    lab.begin("outage", region=EAST)
    assert repr(lab) == "<Lab at 2 ms: West Europe: 1 key, clock -0.500 s; East US: 0 keys, down>"


# ── drawing ───────────────────────────────────────────────────────────────────────────────────


def drawn(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> tuple[list[str], list[str]]:
    """Points and arrows of the lab's diagram in words."""
    given: list[tuple[Any, ...]] = []
    monkeypatch.setattr("sim.lab.diagram", lambda *args: given.append(args))
    lab.diagram()
    [(_, points, arrows, *_)] = given
    return (
        [f"{clock(each.at_us)} {each.lane}: {each.label}" for each in points],
        [f"{clock(each.sent_us)} {each.source}: {each.label}" for each in arrows],
    )


def test_every_write_of_a_batch_has_its_arrow(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab[WEST]("SADD s tea"), lab[WEST]("SADD s milk"), lab[WEST]("SCARD s")
    lab[WEST]("SET k v EX 60")
    lab.converge()
    arrows = ["0:00.001 West Europe: ", "0:00.002 West Europe: ", "0:00.004 West Europe: "]
    assert drawn(lab, monkeypatch)[1] == arrows


def test_no_arrow_for_what_has_not_arrived(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab[WEST]("SET k v")
    lab.wait(20_000)  # it has left, and has not arrived
    lab.cut()
    lab[WEST]("SET k w")
    lab.wait(SECOND)
    assert drawn(lab, monkeypatch)[1] == ["0:00.001 West Europe: "]


def test_what_expires_is_drawn_as_removed_then(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab[WEST]("SET k v")
    lab.converge()[WEST]("EXPIRE k 3")
    lab.wait(5 * SECOND)
    assert drawn(lab, monkeypatch)[1] == [
        "0:00.001 West Europe: ",
        "0:01.002 West Europe: ",
        "0:04.002 West Europe: expired",
    ]


def test_a_clock_that_is_set_is_drawn(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    lab[WEST]("SET k v")
    lab.skew(WEST, -500_000)
    assert drawn(lab, monkeypatch)[0][1] == "0:00.002 West Europe: clock -0.500 s"


def test_what_is_published_is_heard_in_every_region() -> None:
    lab = Lab("West Europe", "East US")
    eu, us = lab["West Europe"], lab["East US"]
    assert us("SUBSCRIBE news") == [["subscribe", "news", 1]]
    assert eu("PUBLISH news hello") == 0
    assert us.heard() == []
    lab.wait("1s")
    assert us.heard() == [["message", "news", "hello"]]
    assert us.heard() == eu.heard() == []
    assert us("GET k") is None, "who listens may go on typing"


def test_regions_in_which_nothing_was_written_have_converged() -> None:
    assert Lab("West Europe", "East US", "Japan East").converge().read("k").agree()


def test_a_command_that_blocks_is_answered_by_a_write_in_another_region() -> None:
    lab = Lab("West Europe", "East US")
    eu, us = lab["West Europe"], lab["East US"]
    assert eu("BLPOP jobs 0") == "(blocked)"
    with pytest.raises(RuntimeError, match="still waits in a command that blocks"):
        eu("GET k")
    us("RPUSH jobs first")
    lab.converge()
    assert eu.heard() == [["jobs", "first"]]
    assert eu("BLPOP jobs 1.5") == "(blocked)"
    lab.wait("2s")
    assert eu.heard() == [None]
    assert lab.converge().read("jobs").agree()


def test_what_is_in_a_hidden_json_value_is_hidden() -> None:
    lab = Lab("West Europe", "East US")
    lab.cut()
    lab["West Europe"]("""JSON.SET d $ '{"a":[1]}'"""), lab["East US"]("""JSON.SET d $ '{"b":2}'""")
    lab.heal()
    told = {each.value: each.shows for each in lab.converge().why("d").siblings}
    assert told["'$.a[]': 1"]
    assert not told["'$.b': 2"]


@pytest.mark.parametrize("policy", ["oss", "enterprise"])
def test_a_lab_may_have_clusters(policy: str) -> None:
    lab = Lab(WEST, EAST, cluster=policy)  # type: ignore[arg-type]
    lab.cut()
    for number in range(8):
        lab[WEST](f"SET k{number} west")
        lab[EAST](f"SET k{number} east")
    with pytest.raises(CommandError, match="CROSSSLOT"):
        lab[WEST]("MSET a 1 b 2")
    lab.heal()
    assert all(lab.converge().read(f"k{number}").agree() for number in range(8))
    assert "8 keys" in repr(lab)
    assert "east" in repr(lab.why("k3"))
    lab.diagram()._repr_png_()
