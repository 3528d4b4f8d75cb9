"""Replies and errors of JSON commands are those of the real RedisJSON.

`redisjson.jsonl` was recorded once from the module of Redis Stack 7.4.0 under Redis 8.2, over
RESP2, since no server with it comes in a wheel that runs everywhere. Each line is a request and its
reply; a third part says why the reply here is another. Beside it, examples from the pages of the
commands, which say what is meant to be so.
"""

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crdb.command import Reply
from crdb.errors import CommandError
from crdb.replica import Replica
from crdb.replies import resp2
from crdb.session import Session
from tests.commands.conftest import NOW_US

RECORD = Path(__file__).with_name("redisjson.jsonl")

Line = tuple[str, Any, str | None]


def stories() -> Iterator[list[Line]]:
    """The record, from one empty database to the next."""
    story: list[Line] = []
    for line in RECORD.read_text(encoding="utf-8").splitlines():
        request, reply, *why = json.loads(line)
        if request == "FLUSHALL" and story:
            yield story
            story = []
        elif request != "FLUSHALL":
            story.append((request, reply, why[0] if why else None))
    yield story


def shown(reply: Reply) -> Any:
    """A reply as the record has it."""
    if isinstance(reply, CommandError):
        return {"error": str(reply)}
    if isinstance(reply, bytes):
        return reply.decode()
    return [shown(each) for each in reply] if isinstance(reply, list) else reply


class Client:
    def __init__(self) -> None:
        self.replica, self.session = Replica(region=1), Session()

    def say(self, line: str) -> Any:
        request = [word.encode() for word in shlex.split(line)]
        return shown(resp2(self.replica.execute(NOW_US, self.session, request, lambda n: 0)))


@pytest.mark.parametrize("story", list(stories()), ids=lambda story: story[1][0].split()[0])
def test_replies_are_those_of_redisjson(story: list[Line]) -> None:
    client = Client()
    for line, reply, why in story:
        ours = client.say(line)
        assert (ours != reply) == (why is not None), (line, ours, reply)


PAGES = "https://redis.io/docs/latest/commands/json."
EXAMPLES: dict[str, list[tuple[str, Any]]] = {
    "set": [
        ("JSON.SET doc $ '{\"a\":2}'", "OK"),
        ("JSON.SET doc $.a '3'", "OK"),
        ("JSON.GET doc $", '[{"a":3}]'),
        ("JSON.SET doc $.b '8'", "OK"),
        ("JSON.GET doc $", '[{"a":3,"b":8}]'),
    ],
    "get": [
        ('JSON.SET doc $ \'{"a":2, "b": 3, "nested": {"a": 4, "b": null}}\'', "OK"),
        ("JSON.GET doc $..b", "[3,null]"),
        ("JSON.GET doc ..a $..b", '{"..a":[2,4],"$..b":[3,null]}'),
        (
            'JSON.GET doc INDENT "\t" NEWLINE "|" SPACE " " $..b',
            "[|\t3,|\tnull|]",
        ),
    ],
    "numincrby": [
        ('JSON.SET doc . \'{"a":"b","b":[{"a":2}, {"a":5}, {"a":"c"}]}\'', "OK"),
        ("JSON.NUMINCRBY doc $.a 2", "[null]"),
        ("JSON.NUMINCRBY doc $..a 2", "[null,4,7,null]"),
    ],
    "arrinsert": [
        (
            'JSON.SET item:1 $ \'{"colors":["black","silver"],"max_level":[80, 100, 120]}\'',
            "OK",
        ),
        ("JSON.ARRAPPEND item:1 $.colors '\"blue\"'", [3]),
        ("JSON.ARRINSERT item:1 $.colors 2 '\"yellow\"' '\"gold\"'", [5]),
        ("JSON.GET item:1 $.colors", '[["black","silver","yellow","gold","blue"]]'),
    ],
    "arrindex": [
        ('JSON.SET item:1 $ \'{"colors":["black","silver"]}\'', "OK"),
        ("JSON.ARRINSERT item:1 $.colors 2 '\"gold\"' '\"silver\"'", [4]),
        ("JSON.ARRINDEX item:1 $..colors '\"silver\"'", [1]),
        ("JSON.ARRINDEX item:1 $..colors '\"silver\"' 2 0", [3]),
    ],
    "arrtrim": [
        ('JSON.SET k $ \'["a","b","c","d"]\'', "OK"),
        ("JSON.ARRTRIM k $ 1 -2", [2]),
        ("JSON.GET k $", '[["b","c"]]'),
    ],
    "clear": [
        (
            'JSON.SET doc $ \'{"obj":{"a":1, "b":2}, "arr":[1,2,3], "str": "foo", '
            '"bool": true, "int": 42, "float": 3.14}\'',
            "OK",
        ),
        ("JSON.CLEAR doc $.*", 4),
        (
            "JSON.GET doc $",
            '[{"obj":{},"arr":[],"str":"foo","bool":true,"int":0,"float":0}]',
        ),
    ],
    "merge": [
        ("JSON.SET doc $ '{\"a\":2}'", "OK"),
        ("JSON.MERGE doc $.b '8'", "OK"),
        ("JSON.MERGE doc $.a 'null'", "OK"),
        ("JSON.GET doc $", '[{"b":8}]'),
    ],
    "mset": [
        ('JSON.MSET doc1 $ \'{"a":2}\' doc2 $ \'{"f":{"a":3}}\' doc3 $ \'{"f1":{"a":1}}\'', "OK"),
        ("JSON.MGET doc1 doc2 doc3 $..a", ["[2]", "[3]", "[1]"]),
    ],
    "toggle": [
        ("JSON.SET doc $ '{\"bool\": true}'", "OK"),
        ("JSON.TOGGLE doc $.bool", [0]),
        ("JSON.GET doc $", '[{"bool":false}]'),
    ],
    "strappend": [
        ('JSON.SET doc $ \'{"a":"foo", "nested": {"a": "hello"}, "nested2": {"a": 31}}\'', "OK"),
        ("JSON.STRAPPEND doc $..a '\"baz\"'", [6, 8, None]),
        ("JSON.STRLEN doc $..a", [6, 8, None]),
    ],
    "objkeys": [
        ('JSON.SET doc $ \'{"a":[3], "nested": {"a": {"b":2, "c": 1}}}\'', "OK"),
        ("JSON.OBJKEYS doc $..a", [None, ["b", "c"]]),
        ("JSON.OBJLEN doc $..a", [None, 2]),
    ],
    "del": [
        ('JSON.SET doc $ \'{"a": 1, "nested": {"a": 2, "b": 3}}\'', "OK"),
        ("JSON.DEL doc $..a", 2),
        ("JSON.GET doc $", '[{"nested":{"b":3}}]'),
    ],
}
"""Page -> requests and replies."""


@pytest.mark.parametrize("page", EXAMPLES)
def test_examples_of_the_pages(page: str) -> None:
    client = Client()
    assert [client.say(line) for line, _ in EXAMPLES[page]] == [r for _, r in EXAMPLES[page]], (
        f"{PAGES}{page}/"
    )
