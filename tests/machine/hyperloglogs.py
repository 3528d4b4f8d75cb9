"""HyperLogLogs, of which a deletion wins."""

from hypothesis import strategies as st

from tests.machine._kind import Kind, Request, many, of

names = st.lists(st.sampled_from([b"a", b"b", b"c", b"d"]), min_size=1, max_size=3)


def requests(key: st.SearchStrategy[bytes]) -> st.SearchStrategy[Request]:
    return st.one_of(
        many(b"PFADD", key, names),
        many(b"PFADD", key, names),
        of(b"PFMERGE", key, key),
        of(b"DEL", key),
    )


KIND = Kind(requests)
