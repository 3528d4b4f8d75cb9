"""Lists: what a command means depends on the elements that it finds, so there is no spec here."""

from hypothesis import strategies as st

from tests.machine._kind import Kind, Request, of

element = st.sampled_from([b"a", b"b", b"c"])
end = st.sampled_from([b"LEFT", b"RIGHT"])


def requests(key: st.SearchStrategy[bytes]) -> st.SearchStrategy[Request]:
    return st.one_of(
        of(b"LPUSH", key, element),
        of(b"RPUSH", key, element, element),
        of(b"LINSERT", key, st.sampled_from([b"BEFORE", b"AFTER"]), element, element),
        of(b"LSET", key, st.sampled_from([b"0", b"-1"]), element),
        of(b"LREM", key, st.sampled_from([b"0", b"1", b"-1"]), element),
        of(b"LTRIM", key, st.sampled_from([b"0", b"1"]), st.sampled_from([b"1", b"-1"])),
        of(b"LMOVE", key, key, end, end),
        of(b"LPOP", key),
        of(b"RPOP", key),
        of(b"DEL", key),
    )


KIND = Kind(requests)
