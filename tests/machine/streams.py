"""Streams and their groups, of which a deletion wins."""

from hypothesis import strategies as st

from tests.machine._kind import Kind, Request, of

group = st.sampled_from([b"g", b"h"])
value = st.sampled_from([b"1", b"2"])


def requests(key: st.SearchStrategy[bytes]) -> st.SearchStrategy[Request]:
    return st.one_of(
        of(b"XADD", key, st.just(b"*"), st.just(b"f"), value),
        of(b"XADD", key, st.just(b"*"), st.just(b"f"), value),
        of(b"XTRIM", key, st.just(b"MAXLEN"), value),
        of(b"XGROUP", st.just(b"CREATE"), key, group, st.just(b"0"), st.just(b"MKSTREAM")),
        of(b"XGROUP", st.just(b"DESTROY"), key, group),
        of(
            b"XREADGROUP",
            st.just(b"GROUP"),
            group,
            st.just(b"c"),
            st.just(b"STREAMS"),
            key,
            st.just(b">"),
        ),
        of(b"DEL", key),
    )


KIND = Kind(requests)
