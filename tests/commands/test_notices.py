"""Keyspace notifications: those of the real server, and what other regions' writes bring."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crdb.command import TABLE
from crdb.errors import CommandError
from crdb.pubsub import notifications
from crdb.replica import Replica, Settings
from crdb.session import Session
from tests.commands.families import FAMILIES
from tests.commands.families._family import Request
from tests.commands.requests import finished, prelude, proper
from tests.commands.test_differential import differs
from tests.oracle import Connection, Oracle, now_us
from tests.regions import Regions

FLAGS = "KEAmn"
NOTIFIED = Settings(notify_keyspace_events=FLAGS)
END = b"the end"

Told = tuple[bytes, bytes]
"""(key, event)."""

COMPARED = ["keys", "sets", "strings"]


class Listener:
    """A subscriber to everything, here and there."""

    def __init__(self, replica: Replica, now_us: int, there: Connection) -> None:
        self.replica, self.now_us, self.there = replica, now_us, there
        listener = Session()
        replica.execute(now_us, listener, [b"PSUBSCRIBE", b"__key*"], lambda n: 0)
        there.execute([b"PSUBSCRIBE", b"__key*"])
        there.execute([b"SUBSCRIBE", END])

    def ours(self) -> list[list[bytes]]:
        return [list(push) for _, push in self.replica.wake(self.now_us, lambda n: 0)]  # type: ignore[arg-type]

    def theirs(self, speaker: Connection) -> list[list[bytes]]:
        assert speaker.execute([b"PUBLISH", END, b""]) == 1
        told = []
        while (message := self.there._read()) != [b"message", END, b""]:
            told.append(message)
        return told  # type: ignore[return-value]


def adapted(request: Request, told: list[list[bytes]], failed: bool) -> list[list[bytes]]:
    """What the real server tells, as far as it is told here.

    A missing key is told of by commands that only read, and that succeed. SMOVE is left out: it
    writes to its target even if the member is there, for other regions to see, and says so.
    """
    found = TABLE.get(request[0].upper())
    if failed or (found is not None and found.write):
        told = [each for each in told if b"keymiss" not in b"".join(each)]
    # Of a deadline that is past already Redis says that the key was deleted.
    return [[word.replace(b"expired", b"del") for word in each] for each in told]


@pytest.fixture
def notifying(oracle: Oracle) -> object:
    with oracle.clients(1) as [client]:
        name = b"notify-keyspace-events"
        assert client.execute([b"CONFIG", b"SET", name, FLAGS.encode()]) == "OK"
        yield
        assert client.execute([b"CONFIG", b"SET", name, b""]) == "OK"


@pytest.mark.parametrize("name", COMPARED)
@pytest.mark.usefixtures("notifying")
def test_commands_tell_what_the_real_server_tells(oracle: Oracle, name: str) -> None:
    family = FAMILIES[name]

    @settings(max_examples=max(5, (settings.default or settings()).max_examples // 3))
    @given(script=st.lists(proper(family), min_size=10, max_size=30))
    def check(script: list[Request]) -> None:
        replica = Replica(1, settings=NOTIFIED)
        with oracle.clients(2) as [speaker, there]:
            start_us = now_us(speaker)
            listener = Listener(replica, start_us, there)
            listener.theirs(speaker)
            session = Session()
            requests = [*prelude(family), *script]
            for request in (
                each for position, one in enumerate(requests) for each in finished(one, position)
            ):
                if differs(request, queueing=False):
                    continue
                failed = isinstance(
                    replica.execute(start_us, session, list(request), lambda n: 0), CommandError
                )
                speaker.execute(request)
                ours, theirs = listener.ours(), listener.theirs(speaker)
                if request[0].upper() != b"SMOVE":
                    assert ours == adapted(request, theirs, failed), request

    check()


# ── which, and of what ──────────────────────────────────────────────────────────────────────────


class Region:
    """One region of several, with a subscriber to every notification."""

    def __init__(self, regions: Regions, region: int) -> None:
        self.regions, self.region = regions, region
        session, request = Session(), [b"PSUBSCRIBE", b"__keyevent*"]
        regions[region].execute(regions.now_us, session, request, lambda n: 0)

    def told(self) -> list[str]:
        """``event key``, in order."""
        woken = self.regions[self.region].wake(self.regions.now_us, lambda n: 0)
        pushes: Any = [push for _, push in woken]
        return [f"{push[2].decode()[15:]} {push[3].decode()}" for push in pushes]


def pair(flags: str = "KEA") -> tuple[Regions, Region, Region]:
    regions = Regions(2, Settings(notify_keyspace_events=flags))
    return regions, Region(regions, 1), Region(regions, 2)


def test_nothing_is_told_by_default() -> None:
    regions = Regions(1)
    region = Region(regions, 1)
    regions.say(1, "SET k v")
    assert region.told() == []


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        ("E$", ["set k", "set k"]),
        ("Eg", ["expire k", "del k"]),
        ("EA", ["set k", "set k", "expire k", "sadd s", "del k"]),
        ("En", ["new k", "new s"]),
        ("K$", []),
        ("Es", ["sadd s"]),
    ],
)
def test_each_letter_asks_for_its_class(flags: str, told: list[str]) -> None:
    regions, region, _ = pair(flags)
    for line in ("SET k v", "SET k w EX 9", "SADD s a", "SADD s a", "DEL k"):
        regions.say(1, line)
    assert region.told() == told


def test_an_unknown_letter_is_refused() -> None:
    with pytest.raises(ValueError, match="no event class 'Q'"):
        notifications("KQ")
    assert notifications("A") == frozenset(), "neither by key nor by event"


def test_a_transaction_tells_of_each_command_in_it_once() -> None:
    regions, region, _ = pair()
    for line in ("MULTI", "INCR n", "DEL n", "SET n 1", "EXEC"):
        regions.say(1, line)
    assert region.told() == ["incrby n", "del n", "set n"]


def test_a_script_tells_of_each_command_in_it_once() -> None:
    regions, region, _ = pair()
    script = b"redis.call('set', 'k', 'v') redis.call('get', 'k') redis.call('del', 'k')"
    regions.run(1, b"EVAL", script, b"0")
    assert region.told() == ["set k", "del k"]


def test_what_expires_is_told_once_on_sight_or_by_the_tick() -> None:
    regions, region, _ = pair()
    regions.say(1, "MSET seen 1 unseen 2")
    regions.say(1, "PEXPIRE seen 10")
    regions.say(1, "PEXPIRE unseen 10")
    region.told()
    regions.now_us += 20_000
    assert regions.say(1, "GET seen") is None
    assert region.told() == ["expired seen"]
    regions.tick([1])
    assert region.told() == ["expired unseen"]


def test_what_another_region_wrote_is_told_as_merged() -> None:
    regions, here, there = pair("KEAn")
    regions.say(1, "SET k v")
    regions.say(1, "SADD s a")
    assert here.told() == ["new k", "set k", "new s", "sadd s"]
    regions.settle()
    assert there.told() == ["new k", "merge k", "new s", "merge s"]
    for line in ("SADD s b", "EXPIRE s 100", "PERSIST s", "DEL k"):
        regions.say(1, line)
        regions.settle()
    assert there.told() == ["merge s", "expire s", "persist s", "del k"]
    regions.say(1, "PEXPIRE s 10")
    regions.settle()
    regions.now_us += 20_000
    regions.settle()
    assert "expired s" in here.told()
    assert there.told() == ["expire s", "expired s"]


def test_what_a_resync_brings_is_told_like_other_writes() -> None:
    regions, _, there = pair()
    regions.say(1, "SET k v")
    regions.settle()
    there.told()
    regions.restore(2)
    there = Region(regions, 2)
    regions.settle()
    assert there.told() == ["merge k"]


def test_notifications_stay_in_their_region() -> None:
    regions, here, there = pair()
    regions.say(1, "SET k v")
    regions.settle()
    assert (here.told(), there.told()) == (["set k"], ["merge k"])
