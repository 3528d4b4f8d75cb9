"""Keys of any type at their edges: removal, types, patterns."""

import pytest

from tests.commands.conftest import Run


def test_del_counts_keys_and_exists_counts_words(run: Run) -> None:
    run("MSET a 1 b 2")
    run("SADD s x")
    assert run("EXISTS a a none s") == 3
    assert run("DEL a a none s") == 2
    assert run("EXISTS a b s") == 1


def test_type(run: Run) -> None:
    run("SET k v")
    run("INCR n")
    run("SADD s x")
    assert [run("TYPE", key) for key in (b"k", b"n", b"s", b"none")] == [
        "string",
        "string",
        "set",
        "none",
    ]


def test_a_key_that_changes_its_type_keeps_nothing(run: Run) -> None:
    run("SADD k x")
    run("EXPIRE k 10")
    run("SET k v")
    assert run("TYPE k") == "string"
    assert run("TTL k") == -1
    run("DEL k")
    run("SADD k y")
    assert run("SMEMBERS k") == [b"y"]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        (b"*", [b"", b"[a]", b"a*c", b"abc", b"adc"]),
        (b"**", [b"[a]", b"a*c", b"abc", b"adc"]),
        (b"", [b""]),
        (b"a?c", [b"a*c", b"abc", b"adc"]),
        (rb"a\*c", [b"a*c"]),
        (b"a[b-c]c", [b"abc"]),
        (b"a[c-b]c", [b"abc"]),
        (b"a[^b]c", [b"a*c", b"adc"]),
        (b"a[!b]c", [b"abc"]),
        (b"a[]c", []),
        (b"a[^]c", [b"a*c", b"abc", b"adc"]),
        (b"ab[c", [b"abc"]),
        (rb"\[a]", [b"[a]"]),
        (rb"[\[]*", [b"[a]"]),
        (b"abc\\", []),
        (b"*" + b"*b" * 30, []),
    ],
)
def test_patterns_of_keys(run: Run, pattern: bytes, found: list[bytes]) -> None:
    run("MSET abc 1 a*c 1 adc 1 [a] 1", b"", b"1")
    assert run("KEYS", pattern) == found
