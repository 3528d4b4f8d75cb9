"""SORT, over lists and sets, by what strings say."""

from hypothesis import strategies as st

from tests.commands.families._family import (
    NUMBER,
    SET,
    Family,
    flat,
    offsets,
)

LIST, NUMBERS, TEXTS = b"list", b"s:numbers", b"s:texts"

sorted_ = st.sampled_from([LIST, NUMBERS, TEXTS] * 3 + [SET, NUMBER, b"none"])
weights = st.sampled_from([b"w*", b"w*", b"*", b"w*->f", b"w*->", b"no*"])
gets = weights | st.sampled_from([b"#", b"#", b"constant", b"w**"])


def options(*more: list[bytes]) -> st.SearchStrategy[list[bytes]]:
    """ALPHA or BY: elements with equal texts by another key come as the server's sort has them."""
    either = st.tuples(st.just(b"BY"), weights).map(list), st.sampled_from([[b"ALPHA"], [b"alpha"]])
    return st.sampled_from(either).flatmap(
        lambda kind: st.lists(
            st.one_of(
                kind,
                st.sampled_from([[b"ASC"], [b"desc"], *more]),
                st.tuples(st.just(b"LIMIT"), offsets, offsets).map(list),
                st.tuples(st.sampled_from([b"GET", b"get"]), gets).map(list),
                st.sampled_from([[b"LIMIT", b"1"], [b"LIMIT", b"x", b"1"], [b"bad"], [b"DESC"]]),
            ),
            max_size=4,
        ).map(flat)
    )


def mostly_sorted(kinds: st.SearchStrategy[list[bytes]]) -> st.SearchStrategy[list[bytes]]:
    """The order of a set that is not sorted is nobody's."""
    unsorted = st.tuples(st.just(LIST), st.just(b"BY"), st.just(b"none"), kinds).map(flat)
    return st.tuples(sorted_, kinds).map(flat) | unsorted


FAMILY = Family(
    prelude=[
        [b"RPUSH", LIST, b"3", b"1", b"-2.5", b"1", b"1e1", b"7"],
        [b"SADD", NUMBERS, b"10", b"9", b"-1", b"1e2"],
        [b"SADD", TEXTS, b"b", b"a", b"", b"ab", b"\xfe"],
        [b"MSET", b"w1", b"30", b"w3", b"2", b"w10", b"5", b"w9", b"5", b"wa", b"x", b"w", b"1"],
    ],
    keys=(LIST, NUMBERS),
    arguments={
        "SORT": (
            mostly_sorted(
                st.tuples(
                    options(),
                    st.sampled_from(
                        [[]] * 4 + [[b"STORE", b"new"]] * 2 + [[b"STORE"], [b"BY"], [b"GET"]]
                    ),
                ).map(flat)
            ),
        ),
        "SORT_RO": (mostly_sorted(options([b"STORE", b"new"])),),
    },
)
