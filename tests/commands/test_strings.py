"""Strings and counters at their edges, each with the reply of the real server."""

import pytest

from crdb.replica import Replica
from tests.commands.conftest import NOW_US, Run
from tests.regions import Regions

SYNTAX = "ERR syntax error"
INVALID = "ERR invalid expire time in 'set' command"
NOT_AN_INTEGER = "ERR value is not an integer or out of range"
NOT_A_FLOAT = "ERR value is not a valid float"
INFINITE = "ERR increment would produce NaN or Infinity"
OVERFLOW = "ERR increment or decrement would overflow"

INT_MAX, INT_MIN = str(2**63 - 1), str(-(2**63))


@pytest.mark.parametrize(
    ("options", "reply"),
    [
        ("NX XX", SYNTAX),
        ("EX", SYNTAX),
        ("EX 10 PX 10", SYNTAX),
        ("EX 10 KEEPTTL", SYNTAX),
        ("KEEPTTL EX 10", SYNTAX),
        ("bogus", SYNTAX),
        ("EX 0", INVALID),
        ("PX -1", INVALID),
        ("EXAT 0", INVALID),
        ("EX " + INT_MAX, INVALID),
        ("EX 1.5", NOT_AN_INTEGER),
        # All options are read before any is judged.
        ("EX -5 bogus", SYNTAX),
        ("EX ten NX XX", SYNTAX),
        ("EX 10 EX 20", "OK"),
        ("nx Nx kEEPttl keepttl", "OK"),
    ],
)
def test_options_of_set(run: Run, options: str, reply: str) -> None:
    assert run("SET k v " + options) == reply
    assert run("EXISTS k") == int(reply == "OK")


def test_a_repeated_deadline_is_the_last_one(run: Run) -> None:
    run("SET k v EX 10 EX 20")
    assert run("TTL k") == 20


@pytest.mark.parametrize("option", ["EX 2", "PX 2000", "EXAT 1700000002", "PXAT 1700000002000"])
def test_set_takes_a_deadline_in_four_units(run: Run, option: str) -> None:
    run("SET k v " + option)
    assert run("PTTL k") == 2000
    assert run("GET k", now_us=NOW_US + 1_999_999) == b"v"
    assert run("GET k", now_us=NOW_US + 2_000_000) is None


def test_set_with_a_past_deadline_removes_the_key(run: Run) -> None:
    run("SET k old")
    assert run("SET k new PXAT 1 GET") == b"old"
    assert run("DBSIZE") == 0


def test_deadlines_go_up_to_two_to_the_49(run: Run) -> None:
    assert run("SET k v PXAT " + str(2**49)) == "OK"
    assert run("SET k w PXAT " + str(2**49 + 1)) == INVALID
    assert run("GET k") == b"v"


def test_set_clears_the_deadline_unless_told_to_keep_it(run: Run) -> None:
    run("SET k v EX 10")
    run("SET k w KEEPTTL")
    assert run("TTL k") == 10
    run("MSET k x")
    assert run("TTL k") == -1


def test_keepttl_keeps_the_deadline_of_another_type(run: Run) -> None:
    run("SADD k x")
    run("EXPIRE k 10")
    assert run("SET k v KEEPTTL") == "OK"
    assert run("TTL k") == 10


@pytest.mark.parametrize("line", ["INCR n", "APPEND n 1", "INCRBYFLOAT n 0.5", "SETNX n 1"])
def test_changing_a_value_keeps_its_deadline(run: Run, line: str) -> None:
    run("SET n 1 EX 10")
    run(line)
    assert run("TTL n") == 10


def test_a_deadline_ends_with_its_key(run: Run) -> None:
    run("SET n 1 EX 10")
    run("GETDEL n")
    run("INCR n")
    assert run("TTL n") == -1


def test_an_expired_key_is_missing_to_every_condition(run: Run) -> None:
    later = NOW_US + 10_000_000
    run("SET k v EX 10")
    assert run("SET k w XX", now_us=later) is None
    assert run("SETNX k w", now_us=later) == 1
    assert run("INCRBY n 3") == 3
    run("EXPIRE n 10")
    assert run("INCR n", now_us=later) == 1


@pytest.mark.parametrize(
    ("line", "reply", "value"),
    [
        ("SET k new GET", b"old", b"new"),
        ("SET k new NX GET", b"old", b"old"),
        ("SET k new XX GET", b"old", b"new"),
        ("SET k new NX", None, b"old"),
        ("SET none new XX GET", None, b"old"),
        ("SET none new NX GET", None, b"old"),
    ],
)
def test_conditions_of_set(run: Run, line: str, reply: object, value: bytes) -> None:
    run("SET k old")
    assert run(line) == reply
    assert run("GET k") == value


def test_set_replaces_any_type_but_get_insists_on_a_string(run: Run) -> None:
    run("SADD s x")
    assert run("SET s v GET").startswith("WRONGTYPE")
    assert run("SET s v NX") is None
    assert run("SCARD s") == 1
    assert run("SET s v") == "OK"
    assert run("GET s") == b"v"


@pytest.mark.parametrize(
    ("value", "line", "reply"),
    [
        (INT_MAX, "INCR n", OVERFLOW),
        (INT_MIN, "DECR n", OVERFLOW),
        (INT_MAX, "DECRBY n -1", OVERFLOW),
        ("0", "DECRBY n " + INT_MIN, "ERR decrement would overflow"),
        ("0", "INCRBY n " + INT_MIN, int(INT_MIN)),
        ("0", f"INCRBY n {2**63}", NOT_AN_INTEGER),
        ("-0", "INCR n", NOT_AN_INTEGER),
        ("01", "INCR n", NOT_AN_INTEGER),
        ("+1", "INCR n", NOT_AN_INTEGER),
        ("1.0", "INCR n", NOT_AN_INTEGER),
        ("1", "INCRBY n +1", NOT_AN_INTEGER),
        ("1", "INCRBY n 0x10", NOT_AN_INTEGER),
    ],
)
def test_integers_at_their_edges(run: Run, value: str, line: str, reply: object) -> None:
    run("SET n", value.encode())
    assert run(line) == reply
    if isinstance(reply, str):
        assert run("GET n") == value.encode()


def test_an_empty_value_is_no_number(run: Run) -> None:
    run("SET n", b"")
    assert run("INCR n") == NOT_AN_INTEGER
    assert run("INCRBYFLOAT n 1") == NOT_A_FLOAT


@pytest.mark.parametrize(
    ("value", "amount", "reply"),
    [
        ("10.5", "0.1", b"10.6"),
        ("10.6", "1e3", b"1010.59999999999999998"),
        ("3.0e3", "0", b"3000"),
        ("-0.0", "0", b"0"),
        ("0", "-1e-20", b"0"),
        ("0.00000000000000002", "0.000000000000000005", b"0.00000000000000002"),
        ("18446744073709551616", "0.1", b"18446744073709551616"),
        (INT_MAX, "1", b"9223372036854775808"),
        ("0", "0x1.8p1", b"3"),
        ("0", "1e-4950", b"0"),
        ("0", "1e-4951", NOT_A_FLOAT),
        ("0", "1e4933", NOT_A_FLOAT),
        ("0", "0e99999999999999999999", b"0"),
        ("0", "1e", NOT_A_FLOAT),
        ("0", "nan", NOT_A_FLOAT),
        ("0", "1_000", NOT_A_FLOAT),
        ("1_000", "1", NOT_A_FLOAT),
        ("0", "-INF", INFINITE),
        ("infinity", "1", INFINITE),
        ("infinity", "one", NOT_A_FLOAT),
        ("1e4932", "1e4932", INFINITE),
    ],
)
def test_floats_at_their_edges(run: Run, value: str, amount: str, reply: object) -> None:
    run("SET f", value.encode())
    assert run("INCRBYFLOAT f", amount.encode()) == reply
    assert run("GET f") == (reply if isinstance(reply, bytes) else value.encode())


def test_a_float_of_four_thousand_digits(run: Run) -> None:
    """Python refuses to convert an int as long as this to text."""
    run("SET f 1e4500")
    assert len(run("INCRBYFLOAT f 1")) == 4500
    assert run("STRLEN f") == 4500
    assert len(run("INCRBYFLOAT f 1")) == 4500


def test_a_float_that_is_whole_counts_as_an_integer(run: Run) -> None:
    run("SET f 1.5")
    run("INCRBYFLOAT f 0.5")
    assert run("INCR f") == 3


@pytest.mark.parametrize("line", ["INCR f", "DECR f", "DECRBY f " + INT_MAX])
@pytest.mark.parametrize("amount", ["9223372036854775808", "1e4000"])
def test_a_float_past_64_bits_is_no_integer(run: Run, amount: str, line: str) -> None:
    run("INCRBYFLOAT f", amount)
    assert run(line) == NOT_AN_INTEGER


@pytest.mark.parametrize(
    ("line", "first"),
    [
        ("INCRBY s one", NOT_AN_INTEGER),
        ("INCRBYFLOAT s one", "WRONGTYPE"),
        ("SET s v EX 0 GET", INVALID),
        ("DECRBY s " + INT_MIN, "ERR decrement would overflow"),
    ],
)
def test_of_two_errors_the_one_redis_finds_first(run: Run, line: str, first: str) -> None:
    run("SADD s x")
    assert run(line).startswith(first)


def test_append_makes_a_key_even_of_nothing(run: Run) -> None:
    assert run("APPEND k", b"") == 0
    assert run("EXISTS k") == 1


def test_getset_replaces_value_and_deadline(run: Run) -> None:
    assert run("GETSET k v") is None
    run("EXPIRE k 10")
    assert run("GETSET k w") == b"v"
    assert [run("GET k"), run("TTL k")] == [b"w", -1]
    run("SADD s x")
    assert run("GETSET s v").startswith("WRONGTYPE")


@pytest.mark.parametrize(
    ("options", "left"),
    [
        ("", 10),
        ("PERSIST", -1),
        ("EX 20", 20),
        ("EX 20 EX 30", 30),
        ("EXAT 1", -2),
    ],
)
def test_getex_reads_and_moves_the_deadline(run: Run, options: str, left: int) -> None:
    run("SET k v EX 10")
    assert run("GETEX k", options) == b"v"
    assert run("TTL k") == left


@pytest.mark.parametrize(
    ("options", "reply"),
    [
        ("EX", SYNTAX),
        ("EX 10 PX 10", SYNTAX),
        ("PERSIST EX 10", SYNTAX),
        ("KEEPTTL", SYNTAX),
        ("EX 0", "ERR invalid expire time in 'getex' command"),
        ("PX one", NOT_AN_INTEGER),
    ],
)
def test_errors_of_getex(run: Run, options: str, reply: str) -> None:
    run("SET k v EX 10")
    assert run("GETEX k", options) == reply
    assert run("TTL k") == 10


@pytest.mark.parametrize("line", ["GETEX k", "GETEX k PERSIST", "GETEX none EX 10"])
def test_getex_that_changes_nothing_writes_nothing(run: Run, replica: Replica, line: str) -> None:
    run("SET k v")
    writes = len(replica.backlog)
    run(line)
    assert len(replica.backlog) == writes


@pytest.mark.parametrize(("name", "amount"), [("SETEX", "0"), ("PSETEX", "-1"), ("SETEX", "one")])
def test_errors_of_setex(run: Run, name: str, amount: str) -> None:
    invalid = f"ERR invalid expire time in '{name.lower()}' command"
    assert run(name, "k", amount, "v") == (NOT_AN_INTEGER if amount == "one" else invalid)
    assert run("EXISTS k") == 0


def test_msetnx_sets_all_or_nothing(run: Run) -> None:
    assert run("MSETNX k 1 l 2 k 3") == 1
    assert run("MSETNX m 4 k 5") == 0
    assert run("MGET k l m") == [b"3", b"2", None]
    assert run("MSETNX m 4 n") == "ERR wrong number of arguments for 'msetnx' command"


def test_mset_with_a_key_twice_keeps_the_last(run: Run) -> None:
    assert run("MSET k 1 k 2") == "OK"
    assert run("MGET k none k") == [b"2", None, b"2"]
    assert run("MSET k 3 l") == "ERR wrong number of arguments for 'mset' command"
    assert run("GET k") == b"2"


def test_mget_shows_other_types_as_missing(run: Run) -> None:
    run("SADD s x")
    assert run("MGET s none") == [None, None]


def test_keys_and_values_are_bytes(run: Run) -> None:
    everything = bytes(range(256))
    assert run("SET", everything, everything) == "OK"
    assert run("GET", everything) == everything
    assert run("APPEND", everything, b"\0") == 257


def test_an_error_leaves_nothing_to_replicate(run: Run, replica: Replica) -> None:
    run("SET n", INT_MAX.encode())
    run("SADD s x")
    writes = len(replica.backlog)
    for line in ("INCR n", "INCR s", "MSET n", "SET n v NX XX", "APPEND s x", "GETDEL s"):
        assert isinstance(run(line), str), line
    assert len(replica.backlog) == writes


def test_append_to_a_key_of_two_types_keeps_its_expiry() -> None:
    regions = Regions(2)
    regions.say(1, "SET k v EX 100")
    regions.say(2, "SADD k m")
    regions.settle()
    assert regions.say(1, "APPEND k x") == 2
    assert regions.say(1, "TTL k") == 100
    regions.settle()
    assert regions.everywhere("GET k") == [b"vx"] * 2


def test_a_sum_past_64_bits_comes_back_whatever_it_began_with() -> None:
    regions = Regions(2)
    regions.say(1, "SET k 0")
    regions.settle()
    for region in (1, 2):
        regions.say(region, f"INCRBY k {2**63 - 8}")
    regions.settle()
    assert str(regions.say(1, "INCR k")) == "ERR increment or decrement would overflow"
    assert regions.say(1, f"DECRBY k {2**63 - 1}") == 2**63 - 15
