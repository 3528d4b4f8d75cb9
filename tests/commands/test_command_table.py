"""COMMAND: what the table says of itself is what the real server says of its commands."""

from typing import Any

import pytest

from crdb.command import entries
from crdb.commands.command_table import described, documented
from tests.commands.conftest import Run
from tests.oracle import Connection, Oracle

NAMES = [entry.name for entry in entries()]

DIFFERENCES = {
    "exec": "any number of words, as too many end the transaction; and Valkey renamed a flag",
    "migrate": "refused, so nobody is told of the keys behind its word KEYS",
}
"""Commands whose line differs on purpose, and why."""


def line(described: Any) -> tuple[Any, ...]:
    """Arity, flags and key positions."""
    return described[1], sorted(described[2]), *described[3:6]


def there(server: Connection, name: str) -> Any:
    reply = server.execute([b"COMMAND", b"INFO", name.encode()])
    assert isinstance(reply, list)
    return reply[0]


def test_arity_flags_and_keys_are_those_of_the_real_server(oracle: Oracle) -> None:
    wrong, shared = {}, 0
    with oracle.clients(1) as [server]:
        for name in NAMES:
            theirs = there(server, name)
            if theirs is not None and name not in DIFFERENCES:
                shared += 1
                if line(described(name.encode())) != line(theirs):
                    wrong[name] = line(described(name.encode())), line(theirs)
    assert not wrong
    assert shared > 70


def test_the_group_is_that_of_the_real_server(oracle: Oracle) -> None:
    wrong = {}
    with oracle.clients(1) as [server]:
        for name in NAMES:
            reply = server.execute([b"COMMAND", b"DOCS", name.encode()])
            assert isinstance(reply, list)
            if reply:
                of_server = dict(zip(reply[1][::2], reply[1][1::2], strict=True))
                ours = documented(name.encode())[b"group"]
                if ours != of_server[b"group"]:
                    wrong[name] = ours, of_server[b"group"]
    assert not wrong


REQUESTS = [
    "GET a",
    "GET",
    "get a b",
    "MSET a 1 b 2",
    "RENAME a b",
    "SUNIONSTORE a b c",
    "SINTERCARD 2 a b",
    "SINTERCARD 2 a b LIMIT 1",
    "OBJECT FREQ k",
    "OBJECT",
    "OBJECT nope k",
    "PING",
    "nope",
    "WATCH a b",
    "COMMAND",
    "COMMAND COUNT",
]


@pytest.mark.parametrize("request_", REQUESTS)
def test_keys_are_found_as_at_the_real_server(oracle: Oracle, run: Run, request_: str) -> None:
    with oracle.clients(1) as [server]:
        theirs = server.execute([b"COMMAND", b"GETKEYS", *request_.encode().split()])
    ours = run(f"COMMAND GETKEYS {request_}")
    assert ours == (theirs if isinstance(theirs, list) else str(theirs))


@pytest.mark.parametrize(
    "request_",
    [
        *("COUNT x", "nope", "LIST x", "LIST FILTERBY", "LIST FILTERBY a b", "GETKEYS", "HELP"),
        *("HELP x", "LIST FILTERBY MODULE x", "LIST FILTERBY PATTERN object*", "DOCS nope"),
        *("LIST FILTERBY ACLCAT nope", "INFO nope", "INFO OBJECT|HELP nope"),
    ],
)
def test_the_rest_answers_as_the_real_server(oracle: Oracle, run: Run, request_: str) -> None:
    with oracle.clients(1) as [server]:
        theirs = server.execute([b"COMMAND", *request_.encode().split()])
    ours = run(f"COMMAND {request_}")
    if request_.startswith("INFO"):
        assert isinstance(theirs, list)
        assert [each and each[1:6] for each in ours] == [each and each[1:6] for each in theirs]
    elif ours == {}:
        assert theirs == []
    else:
        assert ours == (theirs if isinstance(theirs, list) else str(theirs))


def test_every_command_is_counted_once_and_listed_with_its_second_words(run: Run) -> None:
    names = [line[0] for line in run("COMMAND")]
    assert len(set(names)) == len(names) == run("COMMAND COUNT") == len(run("COMMAND INFO"))
    listed = run("COMMAND LIST")
    assert {b"object", b"object|freq", b"command", b"command|count", b"get"} <= set(listed)
    assert run("COMMAND LIST FILTERBY PATTERN s?dd") == [b"sadd"]
    assert b"sadd" in run("COMMAND LIST FILTERBY ACLCAT Set")
    assert b"sadd" not in run("COMMAND LIST FILTERBY ACLCAT read")


def test_our_own_flag_does_not_show(run: Run) -> None:
    for found in run("COMMAND"):
        assert "immediate" not in found[2]


def test_a_command_says_what_two_regions_read_afterwards(run: Run) -> None:
    said = run("COMMAND DOCS INCR unlink Object")
    assert said[b"incr"][b"summary"].endswith(b"in two regions at once: both count.")
    assert said[b"incr"][b"group"] == b"string"
    assert said[b"unlink"][b"summary"].startswith(b"DEL: in an active-active database")
    assert b"object|freq" in said[b"object"][b"subcommands"]


def test_keys_come_with_how_they_are_used(run: Run) -> None:
    assert run("COMMAND GETKEYSANDFLAGS GET a") == [[b"a", ["RO", "access"]]]
    assert run("COMMAND GETKEYSANDFLAGS RENAME a b") == [
        [b"a", ["RW", "access", "update"]],
        [b"b", ["RW", "access", "update"]],
    ]


def test_every_command_has_a_summary_of_one_line() -> None:
    for name in NAMES:
        assert documented(name.encode())[b"summary"].endswith((b".", b":", b"!")), name
