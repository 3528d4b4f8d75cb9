"""Strings and counters."""

from fractions import Fraction

from hypothesis import strategies as st

from crdb.command import Reply
from tests.machine._kind import Kind, Request, of
from tests.scripts import Call

amounts = st.sampled_from([b"1", b"-3", b"1000000000000"])
texts = st.sampled_from([b"", b"text", b"7", b"0.5"])


def requests(key: st.SearchStrategy[bytes]) -> st.SearchStrategy[Request]:
    return st.one_of(
        of(b"SET", key, texts),
        of(b"INCRBY", key, amounts),
        of(b"INCRBYFLOAT", key, st.sampled_from([b"0.1", b"-2.5"])),
        of(b"APPEND", key, texts),
        of(b"GETDEL", key),
        of(b"DEL", key),
    )


def operation(request: Request, before: Reply, reply: Reply) -> Call | None:
    name, _, *rest = request
    match name:
        case b"SET":
            return "assign", rest[0]
        case b"APPEND":
            assert before is None or isinstance(before, bytes)
            return "assign", (before or b"") + rest[0]
        case b"INCRBY":
            return "increment", int(rest[0])
        case b"INCRBYFLOAT":
            assert isinstance(reply, bytes)
            assert before is None or isinstance(before, bytes)
            return "increment", Fraction(reply.decode()) - Fraction((before or b"0").decode())
    return ("clear",)


KIND = Kind(
    requests=requests,
    case="string",
    read=(b"GET", b"k"),
    operation=operation,
    by_itself=frozenset({b"APPEND", b"INCRBYFLOAT"}),
)
