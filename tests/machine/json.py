"""JSON documents."""

from hypothesis import strategies as st

from tests.machine._kind import Kind, Request, of

path = st.sampled_from([b"$.a", b"$.l", b"$.o.b", b"$.l[0]"])
value = st.sampled_from([b"1", b'"text"', b"[1,2]", b'{"b":[3]}', b"{}"])
array = st.just(b"$.l")


def requests(key: st.SearchStrategy[bytes]) -> st.SearchStrategy[Request]:
    return st.one_of(
        of(b"JSON.SET", key, st.just(b"$"), st.just(b'{"a":1,"l":[1],"o":{}}')),
        of(b"JSON.SET", key, path, value),
        of(b"JSON.SET", key, path, value),
        of(b"JSON.NUMINCRBY", key, st.just(b"$.a"), st.sampled_from([b"2", b"-1"])),
        of(b"JSON.ARRAPPEND", key, array, value),
        of(b"JSON.ARRINSERT", key, array, st.just(b"0"), value),
        of(b"JSON.ARRPOP", key, array, st.sampled_from([b"0", b"-1"])),
        of(b"JSON.CLEAR", key, path),
        of(b"JSON.DEL", key, path),
        of(b"DEL", key),
    )


KIND = Kind(requests)
