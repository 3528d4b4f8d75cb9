"""OBJECT, and how a command of two words is found."""

import pytest

from tests.commands.conftest import Run


def test_what_is_known_of_a_value(run: Run) -> None:
    run("SET k v")
    assert [run("OBJECT", word, "k") for word in ("REFCOUNT", "IdleTime")] == [1, 0]
    assert run("OBJECT FREQ k").startswith("ERR An LFU maxmemory policy is not selected")
    assert [run("OBJECT", word, "none") for word in ("REFCOUNT", "IDLETIME", "FREQ")] == [None] * 3


@pytest.mark.parametrize(
    ("line", "reply"),
    [
        ("OBJECT", "ERR wrong number of arguments for 'object' command"),
        ("object freq", "ERR wrong number of arguments for 'object|freq' command"),
        ("OBJECT HELP k", "ERR wrong number of arguments for 'object|help' command"),
        ("object bogus k", "ERR unknown subcommand 'bogus'. Try OBJECT HELP."),
        ("object|freq k", "ERR unknown command 'object|freq', with args beginning with: 'k' "),
        (
            "OBJECT ENCODING k",
            "ERR 'object|encoding' command is not supported in Active-Active databases",
        ),
    ],
)
def test_errors_of_object(run: Run, line: str, reply: str) -> None:
    run("SET k v")
    assert run(line) == reply


def test_a_wrong_second_word_spoils_a_transaction_when_it_is_queued(run: Run) -> None:
    run("SET k v")
    run("MULTI")
    assert run("OBJECT REFCOUNT k") == "QUEUED"
    assert run("EXEC") == [1]
    run("MULTI")
    assert run("OBJECT bogus k").startswith("ERR unknown subcommand")
    assert run("EXEC").startswith("EXECABORT")
