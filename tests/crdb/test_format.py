"""Values to bytes and back: nothing is lost, equal is equal, and damage is noticed."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crdb.crdts.base import Delta
from crdb.crdts.counter import CounterDelta, Part
from crdb.crdts.expiry import ExpiryDelta
from crdb.crdts.field import FieldDelta, Written
from crdb.crdts.hash import HashDelta, OneFieldDelta
from crdb.crdts.hyperloglog import HyperLogLogDelta, Spots
from crdb.crdts.jsonnodes import JsonDelta
from crdb.crdts.orset import MemberDelta, SetDelta
from crdb.crdts.register import RegisterDelta
from crdb.crdts.string import StringDelta
from crdb.dots import dot
from crdb.messages import Deltas, Describe, Difference, Digest, Message, Resend
from crdb.persistence.columns import column
from crdb.persistence.format import VERSION, decode, encode
from crdb.persistence.integers import packed, unpacked
from crdb.persistence.reader import Reader, Unreadable
from tests.cases import CASES, Case
from tests.regions import Regions
from tests.scripts import World, scripts

by_type = pytest.mark.parametrize("case", CASES.values(), ids=CASES)

# ── nothing is lost ─────────────────────────────────────────────────────────────────────────────


@by_type
@given(data=st.data())
def test_states_and_deltas_come_back(case: Case, data: st.DataObject) -> None:
    world = World(case).play(data.draw(scripts(case)))
    deltas = [sent.delta for site in world.sites for sent in site.stream]
    for delta in (*deltas, *(site.state.complete() for site in world.sites)):
        assert decode(encode(delta)) == delta


SIZES = (st.integers(0, 3), st.integers(-100, 100), st.integers(0, 1 << 60), st.integers())


@given(st.one_of(*(st.lists(size, max_size=40) for size in (*SIZES, st.one_of(*SIZES)))))
def test_integers_come_back(values: list[int]) -> None:
    reader = Reader(packed(values))
    assert unpacked(reader, len(values)) == values
    assert reader.left == 0


@pytest.mark.parametrize("rare", [0, 1, 5, -(1 << 70)])
@pytest.mark.parametrize("usual", [0, 1, 1 << 48])
def test_long_columns_with_few_exceptions_come_back(usual: int, rare: int) -> None:
    values = [usual] * 300
    values[0] = values[150] = values[151] = values[299] = rare
    assert unpacked(Reader(packed(values)), 300) == values
    steps = [sum(values[: place + 1]) for place in range(300)]
    assert unpacked(Reader(packed(steps)), 300) == steps


NUMBERS = [0, -7, 1 << 80, 0.1, Fraction(-1, 3)]
SCALARS = [None, False, True, *NUMBERS, b"", b"\0\xff", "", "größer", (), (1, 1 << 60)]


def test_whatever_a_register_holds_comes_back_as_what_it_was() -> None:
    deltas = tuple((n, b"k", RegisterDelta(n, n, value)) for n, value in enumerate(SCALARS, 1))
    writes = decode(encode(Deltas(1, {}, 1, 0, len(deltas), deltas))).writes
    found = [delta.top for _, _, delta in writes]
    assert [(type(each), each) for each in found] == [(type(each), each) for each in SCALARS]


def talk() -> list[Message]:
    """What three regions say while one of them loses everything, and comes back."""
    regions, said = Regions(3), list[Message]()

    def settle() -> None:
        regions.tick()
        while regions.flight:
            said.append(regions.flight[0][1])
            regions.deliver()
        regions.now_us += 2_000_000

    for line in ("SADD s a b c", "SET k v EX 9", "INCRBYFLOAT n 0.5", "INCR m", "SREM s b"):
        regions.everywhere(line)
        settle()
    regions.say(1, "INCR m")
    for _, message in regions[1].tick(regions.clock_us(1)):
        said.append(message)  # lost
    regions.everywhere("DEL m n")
    regions.restore(2)
    for _ in range(4):
        regions.say(1, "INCR m")
        settle()
    return said


def test_every_message_comes_back() -> None:
    said = talk()
    assert {type(each) for each in said} == {Deltas, Resend, Describe, Digest, Difference}
    for message in said:
        assert decode(encode(message)) == message


# ── equal values are equal bytes ────────────────────────────────────────────────────────────────


@by_type
@given(data=st.data())
def test_equal_states_are_equal_bytes(case: Case, data: st.DataObject) -> None:
    """Bug 21: the bytes of one state depended on the order in which it came about."""
    world = World(case).play(data.draw(scripts(case)))
    first, second, third = (site.causal for site in world.sites)
    one, other = (first | second) | third, third | (second | first)
    assert encode(one.state.complete()) == encode(other.state.complete())
    assert encode(decode(encode(one.state.complete()))) == encode(one.state.complete())


def test_converged_replicas_are_equal_bytes() -> None:
    regions = Regions(3)
    for region, order in ((1, "abc"), (2, "cab"), (3, "bca")):
        for name in order:
            regions.say(region, f"SADD set:{name} {region} {name}")
            regions.say(region, f"SET text:{name} {region}")
            regions.say(region, f"INCRBYFLOAT number:{name} 0.{region}")
    regions.settle()
    held = [replica.snapshot().states for replica in regions.replicas.values()]
    assert len({tuple(states) for states in held}) == 3, "the keys arrived in different orders"
    assert len({encode(Difference(1, {}, 1, (), states=states)) for states in held}) == 1


# ── damage ──────────────────────────────────────────────────────────────────────────────────────


def sample() -> Difference:
    delta = SetDelta({b"tea": dot(1, 1), b"milk": (dot(1, 2), dot(2, 1))}, {})
    return Difference(2, {1: 2, 2: 1}, 2, (dot(3, 9),), states={b"breakfast": (delta,)})


def test_a_file_that_was_cut_short_is_refused_wherever_it_ends() -> None:
    data = encode(sample())
    for size in range(len(data)):
        with pytest.raises(Unreadable):
            decode(data[:size])


def test_a_flipped_bit_is_noticed_wherever_it_is() -> None:
    data = encode(sample())
    for place in range(8 * len(data)):
        rotten = bytearray(data)
        rotten[place // 8] ^= 1 << place % 8
        with pytest.raises(Unreadable):
            decode(bytes(rotten))


def test_bytes_appended_are_noticed() -> None:
    with pytest.raises(Unreadable, match="checksum"):
        decode(encode(sample()) + b"\0")


@pytest.mark.parametrize(
    ("before", "after", "why"),
    [
        (b"\xcb", b"\xca", r"begins with b'\\xca', not with the magic byte b'\\xcb'"),
        (bytes([VERSION]), bytes([VERSION + 1]), f"format version {VERSION + 1}, while"),
        (b"Difference", b"difference", "98 bytes are damaged or cut short: the checksum is wrong"),
    ],
)
def test_what_is_wrong_is_said(before: bytes, after: bytes, why: str) -> None:
    with pytest.raises(Unreadable, match=why):
        decode(encode(sample()).replace(before, after, 1))


# ── what cannot be written ──────────────────────────────────────────────────────────────────────


def test_a_value_of_an_undeclared_type_is_refused() -> None:
    with pytest.raises(TypeError, match="complex"):
        encode(RegisterDelta(1, 1, 1j))
    with pytest.raises(TypeError, match="only RegisterDelta may stand where it is declared"):
        encode(StringDelta(ExpiryDelta(), CounterDelta()))


def test_an_annotation_without_a_form_is_refused() -> None:
    with pytest.raises(TypeError, match=r"set\[int\] cannot be encoded"):
        column(set[int])
    with pytest.raises(TypeError, match="two are of one class"):
        column(tuple[int, ...] | tuple[bytes, bytes])


def test_the_order_of_a_union_does_not_change_the_bytes() -> None:
    column.cache_clear()
    one = column(bytes | int | None).pack([None, 1])
    column.cache_clear()
    assert column(None | int | bytes).pack([None, 1]) == one


# ── the format of today ─────────────────────────────────────────────────────────────────────────

A, B = dot(1, 1), dot(2, 3)
VALUES: dict[str, Delta | Message] = {
    "set": SetDelta({b"tea": A, b"milk": (A + 1, B)}, {b"milk": A}),
    "member": MemberDelta(b"tea", None, (A, B)),
    "string": StringDelta(
        RegisterDelta(A, 77, b"v", B, {B: (5, "w")}),
        CounterDelta((Part(A, A, Fraction(1, 3)),), ((B, (Part(A, A, -4),)),), None),
    ),
    "expiry": ExpiryDelta(A, 1 << 62, None, None),
    "hash": HashDelta(
        {
            b"stock": Written(A, 77, b"10"),
            b"price": FieldDelta(
                StringDelta(RegisterDelta(A + 1, 5, b"2"), CounterDelta((Part(B, B, 1),))),
                ExpiryDelta(A + 2, 1 << 62, (A + 1, B)),
            ),
        },
        {b"stock": B},
    ),
    "field": OneFieldDelta(b"stock", None, A),
    "spots": Spots(A + 1, A, {2: 3}, (65, 130)),
    "hyperloglog": HyperLogLogDelta(
        RegisterDelta(A, 77, b"HYLL", B), (Spots(B, B, {1: 1}, (7,)),), (A + 1, B + 1), B
    ),
    "json": JsonDelta(
        {A: (0, "", 8190, b"["), A + 1: (A, "", 4094, b","), A + 2: (A + 1, "", 4094, 1.5)},
        ((A, A + 1, 8190, 0, 0, 0),),
        {B: (A + 3, A + 4)},
        {B + 1: A + 3},
        (A + 3, A + 4, A + 5),
    ),
    "deltas": Deltas(1, {1: 2, 2: 3}, 1, 0, 2, ((1, b"k", Part(A, A, 1)),), True),
    "published": Deltas(1, {}, 1, 2, 2, (), published=((7, True, b"news", b"tea"),)),
    "digest": Digest(1, {1: 9}, 1, (B,), tuple(range(A, A + 9))),
    "difference": sample(),
}
BYTES = {
    "set": (
        "cb01011053657444656c746104000601017465616d696c6b000001018280808080808001040482808080"
        "80808001011002086d696c6b008280808080808001c332c8b4"
    ),
    "member": ("cb0101164d656d62657244656c7461067465610004040482808080808080010101fb043831"),
    "string": (
        "cb010116537472696e6744656c746182808080808080019a010602760286808080808080020202868080"
        "80808080020a080277028280808080808001828080808080800100020602868080808080800202828080"
        "80808080018280808080808001020700c3a9fa14"
    ),
    "expiry": ("cb01011645787069727944656c746182808080808080018080808080808080800100000077f2214d"),
    "hash": (
        "cb0101124861736844656c746104020a0073746f636b70726963650000011084808080808080010a060232"
        "00000286808080808080028680808080808002020200008680808080808001808080808080808080010e04"
        "0482808080808080010110000082808080808080019a01043130020a73746f636b008680808080808002f1"
        "7d7303"
    ),
    "field": "cb01011a4f6e654669656c6444656c74610a73746f636b0002828080808080800184737b01",
    "spots": ("cb01010a53706f747384808080808080018280808080808001020406040682010006a3557c"),
    "hyperloglog": (
        "cb01012048797065724c6f674c6f6744656c746182808080808080019a01060848594c4c028680808080"
        "808002000286808080808080028680808080808002020202020e04068480808080808001000286808080"
        "80808002eee768a8"
    ),
    "json": (
        "cb0101124a736f6e44656c746106008280808080808001020128050009008180808080804001020000"
        "00fc3f048888100800040200180202005b2c000000000000f83f028280808080808001848080808080"
        "8001fc7f00000002868080808080800204008880808080808001010102888080808080800288808080"
        "8080800106008880808080808001020128f7fbd7c6"
    ),
    "deltas": (
        "cb01010c44656c7461730204060200000401010200040202026b01085061727482808080808080018280"
        "80808080800102020200f7c31afe"
    ),
    "published": ("cb01010c44656c74617302000204040000020e02086e65777306746561b86608c8"),
    "digest": (
        "cb01010c446967657374020202120202868080808080800212060201008280808080808001119f4ef2"
    ),
    "difference": (
        "cb010114446966666572656e636504040602000002011004029280808080808003000000021262726561"
        "6b6661737402011053657444656c746104000601017465616d696c6b0000010182808080808080010404"
        "feffffffffff7f0130007a3109de"
    ),
}


@pytest.mark.parametrize("name", VALUES)
def test_the_format_is_that_of_its_version(name: str) -> None:
    """A failure here: files and peers of this version are no longer understood. Raise `VERSION`."""
    assert VERSION == 1
    assert encode(VALUES[name]).hex() == BYTES[name]
    assert decode(bytes.fromhex(BYTES[name])) == VALUES[name]
