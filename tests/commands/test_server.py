"""PING, ECHO, TIME, what is refused, how unknown commands are named, and what the table says."""

import pytest

from crdb.command import entries
from tests.commands.conftest import Run


def test_ping_and_echo(run: Run) -> None:
    assert run("PING") == "PONG"
    assert run("ping", b"\xff") == b"\xff"
    assert run("PING a b") == "ERR wrong number of arguments for 'ping' command"
    assert run("ECHO", b"") == b""


@pytest.mark.parametrize("line", ["FLUSHALL", "FLUSHDB", "FLUSHALL ASYNC", "flushdb a b"])
def test_flushing_is_refused(run: Run, line: str) -> None:
    run("SET k v")
    assert run(line) == (
        f"ERR '{line.split()[0].lower()}' command is not supported in Active-Active databases"
    )
    assert run("GET k") == b"v"


def test_a_wrong_number_of_words_names_the_command_in_lower_case(run: Run) -> None:
    assert run("GeT a b") == "ERR wrong number of arguments for 'get' command"


@pytest.mark.parametrize(
    ("request_", "name", "args"),
    [
        ([b"nonsense"], "nonsense", ""),
        ([b"GETX", b"a", b"b"], "GETX", "'a' 'b' "),
        ([b""], "", ""),
        ([b"a\r\nb", b"c\n"], "a  b", "'c ' "),
        ([b"a\0b", b"c\0d", b"e"], "a", "'c' 'e' "),
        ([b"\xff", b"\xfe"], "\ufffd", "'\ufffd' "),
        ([b"n" * 200], "n" * 128, ""),
        # 130 characters for the first word with its quotes: no room is left for the second.
        ([b"n", b"a" * 200, b"b"], "n", f"'{'a' * 128}' "),
        ([b"n", b"a" * 100, b"b" * 100], "n", f"'{'a' * 100}' '{'b' * 25}' "),
    ],
)
def test_an_unknown_command_is_quoted_in_one_line(
    run: Run, request_: list[bytes], name: str, args: str
) -> None:
    assert run(*request_) == f"ERR unknown command '{name}', with args beginning with: {args}"


def test_time_is_the_clock_of_the_region(run: Run) -> None:
    assert run("TIME", now_us=1_700_000_000_000_042) == [b"1700000000", b"42"]


def test_every_write_says_how_it_conflicts() -> None:
    silent = [entry.name for entry in entries() if entry.write and not entry.conflict]
    assert not silent
