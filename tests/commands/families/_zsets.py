"""What the families of commands on sorted sets share."""

from hypothesis import strategies as st

from tests.commands.families._family import members

ONE, TWO = b"z", b"z\n2"
PRELUDE = [
    [b"ZADD", ONE, b"0", b"x", b"1", b"y", b"1", b"", b"2.5", b"7"],
    [b"ZADD", TWO, b"3", b"x", b"-1", b"z", b"inf", b"\xfe", b"0.1", b"y", b"0.1", b"7"],
]

zsets = st.sampled_from([ONE, TWO] * 5 + [b"s[1]*", b"none"])
targets = st.sampled_from([ONE, TWO, b"new", b"newer", b"s[1]*", b"n"])
whole = st.integers(-3, 9).map(lambda number: b"%d" % number)
scores = st.one_of(
    whole,
    st.sampled_from([b"0.5", b"0.1", b"1.5", b"1e3", b"inf", b"-inf"]),
    st.sampled_from([b"-0", b"+1", b"1.", b"-.5", b"1e-320", b"1e21", b"0.30000000000004"]),
    st.floats(allow_nan=False).map(lambda number: repr(number).encode()),
    st.sampled_from([b"nan", b"one", b"", b"0x1", b" 1", b"1_0", b"1e", b"1e-400", b"1e400"]),
)
pairs = st.lists(st.tuples(scores, members).map(list), min_size=1, max_size=3)
with_scores = st.sampled_from([b"WITHSCORES", b"withscores"]).map(lambda word: [word])
