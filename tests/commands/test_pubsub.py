"""Publish and subscribe: in one region as the real server, and from region to region."""

from typing import Any

import hiredis
from hypothesis import given
from hypothesis import strategies as st

from crdb.messages import Deltas
from crdb.replica import Replica
from crdb.replies import Push, Pushes, resp2
from crdb.session import Session
from tests.commands.conftest import NOW_US, Run
from tests.oracle import Connection, Oracle
from tests.regions import Regions, said

CLIENTS = 3

names = st.sampled_from([b"a", b"b", b"ab", b"", b"\xff"])
patterns = st.sampled_from([b"a*", b"*", b"[ab]", b"b", b""])
messages = st.sampled_from([b"m", b"", b"\r\n"])


def line(name: bytes, *words: st.SearchStrategy[list[bytes]]) -> st.SearchStrategy[list[bytes]]:
    return st.tuples(*words).map(lambda parts: [name, *(word for part in parts for word in part)])


def some(words: st.SearchStrategy[bytes], least: int) -> st.SearchStrategy[list[bytes]]:
    return st.lists(words, min_size=least, max_size=3)


one_name, one_message = names.map(lambda name: [name]), messages.map(lambda name: [name])
requests = st.one_of(
    line(b"SUBSCRIBE", some(names, 1)),
    line(b"PSUBSCRIBE", some(patterns, 1)),
    line(b"SSUBSCRIBE", some(names, 1)),
    line(b"UNSUBSCRIBE", some(names, 0)),
    line(b"PUNSUBSCRIBE", some(patterns, 0)),
    line(b"SUNSUBSCRIBE", some(names, 0)),
    *[line(b"PUBLISH", one_name, one_message)] * 3,
    line(b"SPUBLISH", one_name, one_message),
    line(b"PUBSUB", st.just([b"NUMSUB"]), some(names, 0)),
    line(b"PUBSUB", st.just([b"SHARDNUMSUB"]), some(names, 0)),
    line(b"PUBSUB", st.sampled_from([[b"NUMPAT"], [b"numpat", b"x"], [b"HELP"], [b"bad"], []])),
    line(b"PUBSUB", st.sampled_from([[b"CHANNELS"], [b"shardchannels"]]), some(patterns, 0)),
    line(b"PING", some(messages, 0)),
    st.just([b"GET", b"a"]),
    st.just([b"SUBSCRIBE"]),
    st.just([b"PUBLISH", b"a"]),
)


KINDS = {b"UNSUBSCRIBE": "", b"SUNSUBSCRIBE": "s", b"PUNSUBSCRIBE": "p"}


class Client:
    """One client, here and there."""

    def __init__(self, replica: Replica, there: Connection) -> None:
        self.replica = replica
        self.session = Session()
        self.there = there

    def execute(self, request: list[bytes]) -> None:
        reply = self.replica.execute(NOW_US, self.session, request, lambda n: 0)
        ours = list(resp2(reply)) if isinstance(reply, Pushes) else [resp2(reply)]
        packed = hiredis.pack_command(tuple(request))  # type: ignore[arg-type]
        self.there._socket.sendall(packed)
        theirs = [self.there._read() for _ in ours]
        if request[0] == b"PUBSUB":
            assert unordered(ours) == unordered(theirs)
        else:
            assert list(map(repr, ours)) == list(map(repr, theirs))

    def named(self, request: list[bytes]) -> list[bytes]:
        """Without names all are left, in an order of each server's own: so with names."""
        if request[0] not in KINDS or len(request) > 1:
            return request
        return [*request, *self.session.subscriptions.get(KINDS[request[0]], {})]

    def hear(self, pushes: list[Any]) -> None:
        """What this client has been given, and no more than that."""
        received = [self.there._read() for _ in pushes]
        assert in_order(received) == in_order(pushes)


def unordered(replies: list[Any]) -> list[Any]:
    return [sorted(map(repr, each)) if isinstance(each, list) else repr(each) for each in replies]


def in_order(pushes: list[Any]) -> list[Any]:
    """Of one message, the patterns that it matches come in the order of either server's table."""
    return sorted(pushes, key=repr)


@given(steps=st.lists(st.tuples(st.integers(0, CLIENTS - 1), requests), max_size=30))
def test_one_region_is_as_the_real_server(
    oracle: Oracle, steps: list[tuple[int, list[bytes]]]
) -> None:
    replica = Replica(region=1)
    with oracle.clients(CLIENTS) as connections:
        clients = [Client(replica, there) for there in connections]
        by_session = {client.session: client for client in clients}
        for number, request in steps:
            client = clients[number]
            client.execute(client.named(request))
            heard: dict[Client, list[Any]] = {client: [] for client in clients}
            for session, push in replica.wake(NOW_US, lambda n: 0):
                assert isinstance(push, Push)
                heard[by_session[session]].append(list(push))
            for client, pushes in heard.items():
                client.hear(pushes)
        for client in clients:
            client.execute([b"PING", b"the end"])
        # The server notices only with its next event that the others are gone.
        for client in clients:
            for name in KINDS:
                client.execute(client.named([name]))
    assert not any(replica.broker.listeners.values())


# ── one region ──────────────────────────────────────────────────────────────────────────────────


def pushes(replica: Replica) -> list[Any]:
    return [push for _, push in replica.wake(NOW_US, lambda n: 0)]


def test_a_subscriber_gets_messages_in_order_and_others_nothing(replica: Replica, run: Run) -> None:
    listener = Session()
    assert not replica.restless
    assert run("SUBSCRIBE news", session=listener) == [[b"subscribe", b"news", 1]]
    assert run("PUBLISH news 1") == run("PUBLISH news 2") == 1
    assert run("PUBLISH olds 3") == 0
    assert replica.restless
    assert replica.wake(NOW_US, lambda n: 0) == [
        (listener, Push([b"message", b"news", b"1"])),
        (listener, Push([b"message", b"news", b"2"])),
    ]
    assert not replica.restless


def test_a_pattern_says_which_it_is_and_comes_beside_the_channel(
    replica: Replica, run: Run
) -> None:
    listener = Session()
    run("PSUBSCRIBE n?ws", session=listener)
    run("SUBSCRIBE news", session=listener)
    assert run("PUBLISH news m") == 2
    assert pushes(replica) == [
        [b"message", b"news", b"m"],
        [b"pmessage", b"n?ws", b"news", b"m"],
    ]


def test_a_sharded_channel_is_another_than_that_of_its_name(replica: Replica, run: Run) -> None:
    listener = Session()
    run("SSUBSCRIBE c", session=listener)
    assert run("PUBLISH c m") == 0
    assert run("SPUBLISH c m") == 1
    assert pushes(replica) == [[b"smessage", b"c", b"m"]]


def test_who_listens_in_the_older_protocol_may_do_little_else(run: Run) -> None:
    listener = Session()
    run("SUBSCRIBE c", session=listener)
    assert run("GET k", session=listener) == (
        "ERR Can't execute 'get': only (P|S)SUBSCRIBE / (P|S)UNSUBSCRIBE / PING / QUIT / RESET "
        "are allowed in this context"
    )
    assert run("PING", session=listener) == [b"pong", b""]
    listener.protocol = 3
    assert run("GET k", session=listener) is None
    assert run("PING", session=listener) == "PONG"


def test_a_closed_session_is_unsubscribed(replica: Replica, run: Run) -> None:
    listener = Session()
    for name in ("SUBSCRIBE", "PSUBSCRIBE", "SSUBSCRIBE"):
        run(f"{name} a b", session=listener)
    run("PUBLISH a m")
    replica.close(listener)
    assert not replica.broker.outbox
    assert run("PUBLISH a m") == 0
    assert not any(replica.broker.listeners.values())


def test_inside_a_transaction_confirmations_stand_in_its_reply(run: Run) -> None:
    for line in ("MULTI", "SUBSCRIBE c", "PING"):
        run(line)
    reply = run("EXEC")
    assert resp2(reply) == [[b"subscribe", b"c", 1], [b"pong", b""]]


# ── several regions ─────────────────────────────────────────────────────────────────────────────


def listening(regions: Regions, *channels: bytes) -> dict[int, Session]:
    sessions = {region: Session() for region in regions.replicas}
    for region, session in sessions.items():
        for channel in channels:
            request = [b"SUBSCRIBE", channel]
            regions[region].execute(regions.now_us, session, request, lambda n: 0)
    return sessions


def heard(regions: Regions, region: int) -> list[bytes]:
    given = regions[region].wake(regions.now_us, lambda n: 0)
    return [push[2] for _, push in given]  # type: ignore[index, misc]


def test_a_message_reaches_the_subscribers_of_every_region_once() -> None:
    regions = Regions(3)
    listening(regions, b"c")
    regions.settle()
    assert regions.say(1, "PUBLISH c m") == 1, "the reply counts those of its own region"
    assert not regions[1].settled()
    regions.settle()
    assert [heard(regions, region) for region in (1, 2, 3)] == [[b"m"]] * 3
    regions.settle()
    assert [heard(regions, region) for region in (1, 2, 3)] == [[]] * 3


def test_it_comes_behind_the_writes_that_were_made_before_it() -> None:
    regions = Regions(2)
    listening(regions, b"c")
    regions.say(1, "SET k v")
    regions.say(1, "PUBLISH c look")
    (message,) = said(regions, 1)
    assert len(message.writes) == len(message.published) + 1
    assert message.published == ((1, False, b"c", b"look"),)
    regions[2].receive(regions.now_us, message)
    assert regions.say(2, "GET k") == b"v"
    assert heard(regions, 2) == [b"look"]


def test_a_lost_message_is_not_sent_again_but_the_writes_are() -> None:
    regions = Regions(2)
    listening(regions, b"c")
    regions.say(1, "SET k v")
    regions.say(1, "PUBLISH c lost")
    said(regions, 1)
    regions.settle()
    regions.say(1, "PUBLISH c second")
    regions.settle()
    assert regions.say(2, "GET k") == b"v"
    assert heard(regions, 2) == [b"second"]


def test_a_repeated_message_and_one_that_was_overtaken_say_nothing() -> None:
    regions = Regions(2)
    listening(regions, b"c")
    sent = []
    for word in ("first", "second"):
        regions.say(1, f"PUBLISH c {word}")
        sent += said(regions, 1)
    assert all(isinstance(each, Deltas) for each in sent)
    for message in (sent[1], sent[0], sent[1]):
        regions[2].receive(regions.now_us, message)
    assert heard(regions, 2) == [b"second"]


def test_sharded_messages_travel_as_such() -> None:
    regions = Regions(2)
    listener = Session()
    regions[2].execute(regions.now_us, listener, [b"SSUBSCRIBE", b"c"], lambda n: 0)
    regions.say(1, "SPUBLISH c m")
    regions.settle()
    assert regions[2].wake(regions.now_us, lambda n: 0) == [
        (listener, Push([b"smessage", b"c", b"m"]))
    ]


def test_a_region_that_lost_its_memory_is_heard_again() -> None:
    regions = Regions(2)
    listening(regions, b"c")
    for word in ("1", "2"):
        regions.say(1, f"PUBLISH c {word}")
        regions.settle()
    regions.restore(1)
    regions.settle()
    regions.say(1, "PUBLISH c 3")
    regions.settle()
    assert heard(regions, 2) == [b"1", b"2", b"3"]


def test_what_is_heard_from_a_peer_is_not_passed_on() -> None:
    regions = Regions(3)
    listening(regions, b"c")
    regions.say(1, "PUBLISH c m")
    regions.hear(2, 1)
    regions.settle()
    assert heard(regions, 2) == [b"m"]
    assert heard(regions, 3) == []
