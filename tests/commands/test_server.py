"""PING, ECHO, TIME, what is refused, how unknown commands are named, and what the table says."""

import pytest

from crdb.command import Reply, entries
from crdb.commands.command_table import OUR_OWN
from crdb.commands.refused import REFUSED
from tests.commands.conftest import Run
from tests.oracle import Oracle


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


def test_what_is_refused_is_refused_whatever_follows(run: Run) -> None:
    refused = [entry for entry in entries() if entry.conflict == REFUSED]
    assert {"restore", "object|encoding", "memory|stats", "vadd"} <= {each.name for each in refused}
    for entry in refused:
        line = [*entry.name.encode().split(b"|"), b"1", b"2", b"3", b"4", b"5"]
        most = min(entry.words_max, len(line))
        said = f"ERR '{entry.name}' command is not supported in Active-Active databases"
        assert run(*line[:most]) == said


def test_of_what_the_real_server_has_arity_flags_and_keys_are_its_own(oracle: Oracle) -> None:
    def row(reply: list[Reply]) -> tuple[object, ...]:
        _, arity, flags, first, last, step = reply[:6]
        assert isinstance(arity, int)
        assert isinstance(flags, list)
        return arity, frozenset(flags) - {"movablekeys"}, (first, last, step)

    with oracle.clients(1) as [there]:
        for entry in entries():
            if entry.conflict == REFUSED:
                asked = there.execute([b"COMMAND", b"INFO", entry.name.encode()])
                if asked != [None]:
                    assert isinstance(asked, list)
                    theirs = row(asked[0])
                    arity = entry.words_min * (1 if entry.words_max == entry.words_min else -1)
                    assert (arity, entry.flags - OUR_OWN, entry.keys) == theirs, entry.name


def test_waiting_counts_what_a_server_without_replicas_does(oracle: Oracle, run: Run) -> None:
    numbers = ("0", "2", "-1", "x", str(2**63))
    times = ("1", "-1", "x", str(2**63 - 1))
    with oracle.clients(1) as [there]:
        for line in [
            *(f"WAIT {number} {time}" for number in numbers for time in times),
            *(f"WAITAOF 0 {number} {time}" for number in numbers for time in times),
            *(f"WAITAOF {number} 0 1" for number in (*numbers, "1")),
        ]:
            theirs = there.execute([word.encode() for word in line.split()])
            theirs = str(theirs) if isinstance(theirs, Exception) else theirs
            assert (line, run(line)) == (line, theirs)


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
