"""LCS, with the replies of the real server."""

import pytest

from tests.commands.conftest import Run

FIRST, SECOND = [[4, 7], [5, 8]], [[2, 3], [0, 1]]


@pytest.mark.parametrize(
    ("options", "reply"),
    [
        ("", b"mytext"),
        ("LEN", 6),
        ("IDX", {b"matches": [FIRST, SECOND], b"len": 6}),
        ("idx minmatchlen 4", {b"matches": [FIRST], b"len": 6}),
        ("IDX WITHMATCHLEN", {b"matches": [[*FIRST, 4], [*SECOND, 2]], b"len": 6}),
        ("MINMATCHLEN -5 WITHMATCHLEN", b"mytext"),
        ("IDX LEN", "ERR If you want both the length and indexes, please just use IDX."),
        ("MINMATCHLEN", "ERR syntax error"),
        ("MINMATCHLEN x", "ERR value is not an integer or out of range"),
    ],
)
def test_what_two_strings_have_in_common(run: Run, options: str, reply: object) -> None:
    run("MSET a ohmytext b mynewtext")
    assert run(f"LCS a b {options}") == reply


def test_only_strings_are_compared(run: Run) -> None:
    run("SET a x"), run("SADD s x"), run("PFADD h x")
    assert run("LCS a none") == b""
    for other in "sh":
        assert run(f"LCS a {other} bad") == "ERR The specified keys must contain string values"


def test_a_table_beyond_the_limit_is_refused(run: Run) -> None:
    run("SET a", b"x" * 12_000)
    assert run("LCS a a LEN").startswith("ERR Insufficient memory, transient memory for LCS")
