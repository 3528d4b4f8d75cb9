"""DUMP: the real server restores what it gives, and finds the same value."""

from hypothesis import given
from hypothesis import strategies as st

from crdb.replica import Replica
from crdb.replies import resp2
from crdb.session import Session
from tests.commands.conftest import NOW_US, Run
from tests.commands.families._family import Request, flat, values
from tests.oracle import Oracle

long = st.sampled_from([63, 64, 16_383, 16_384]).map(lambda size: b"x" * size)
texts = st.one_of(values, long)
scores = st.floats(allow_nan=False).map(lambda score: repr(score).encode())
dumpable = st.one_of(
    texts.map(lambda text: ([b"SET", b"k", text], [b"GET", b"k"])),
    st.lists(texts, min_size=1).map(lambda names: ([b"SADD", b"k", *names], [b"SMEMBERS", b"k"])),
    st.lists(texts, min_size=1).map(
        lambda names: ([b"RPUSH", b"k", *names], [b"LRANGE", b"k", b"0", b"-1"])
    ),
    st.lists(texts, min_size=1).map(
        lambda names: (
            flat([[b"HSET", b"k"], *([each, each] for each in names)]),
            [b"HGETALL", b"k"],
        )
    ),
    st.lists(st.tuples(scores, texts).map(list), min_size=1).map(
        lambda pairs: (
            flat([[b"ZADD", b"k"], *pairs]),
            [b"ZRANGE", b"k", b"0", b"-1", b"WITHSCORES"],
        )
    ),
    st.lists(texts).map(lambda names: ([b"PFADD", b"k", *names], [b"PFCOUNT", b"k"])),
)


@given(dumpable)
def test_the_real_server_restores_what_is_dumped(
    oracle: Oracle, made: tuple[Request, Request]
) -> None:
    replica, session = Replica(1), Session()
    make, read = made

    def ours(request: Request) -> object:
        return resp2(replica.execute(NOW_US, session, list(request), lambda n: 0))

    ours(make)
    dump = ours([b"DUMP", b"k"])
    assert isinstance(dump, bytes)
    with oracle.clients(1) as [there]:
        assert there.execute([b"RESTORE", b"k", b"0", dump]) == "OK"
        here, found = ours(read), there.execute(read)
        if read[0] in (b"SMEMBERS", b"HGETALL"):
            assert isinstance(here, list)
            assert isinstance(found, list)
            here, found = sorted(here), sorted(found)
        assert here == found


def test_what_is_not_there_is_nil_and_equal_values_are_equal_dumps(run: Run) -> None:
    assert run("DUMP none") is None
    run("SADD s a b c"), run("SADD t c b a")
    assert run("DUMP s") == run("DUMP t")


def test_fields_with_deadlines_are_not_dumped_without_them(run: Run) -> None:
    run("HSET h f v"), run("HEXPIRE h 100 FIELDS 1 f")
    assert run("DUMP h") == "ERR a hash whose fields have deadlines cannot be dumped here"
